"""Every operator of the row program, and the module that makes it ready. Only those that a program names are imported.

The list that the exporter writes by is `isoship.row_program.operators`; a test holds the two against each other.
"""

from __future__ import annotations

from isoship_edge.errors import BundleError

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from isoship_edge.rows.values import Prepare

_FAMILIES = {
    "arithmetic": "Add Clip Div Max Min Mod Mul Pow Sub",
    "casts": "Cast",
    "comparisons": "And Equal Greater GreaterOrEqual Less LessOrEqual Not Or Where Xor",
    "functions": "Abs Ceil Cos Exp Floor IsInf IsNaN Log Neg Reciprocal Relu Round Sigmoid Sign Sin Softplus Sqrt Tanh",
    "indexing": "Gather GatherElements Slice Split ml.ArrayFeatureExtractor",
    "layout": "Concat Expand Flatten Identity Reshape Shape Squeeze Tile Transpose Unsqueeze",
    "lookups": "ml.LabelEncoder ml.OneHotEncoder",
    "products": "Gemm MatMul",
    "reductions": "ArgMax ArgMin CumSum ReduceL1 ReduceL2 ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum"
    " ReduceSumSquare",
    "selection": "TopK",
    "softmax": "LogSoftmax ReduceLogSumExp Softmax",
    "trees": "isoship.Trees",
}
#: Operator -> the module of this package that has it.
MODULES = {op: family for family, ops in _FAMILIES.items() for op in ops.split(" ")}


def prepare_of(op: str) -> Prepare:
    """What makes a step of this operator ready.

    Raises:
        BundleError: there is no such operator here.
    """
    family = MODULES.get(op)
    if family is None:
        raise BundleError(f"this runtime has no operator {op!r}; the bundle needs a newer one")
    module = __import__(f"isoship_edge.rows.{family}", fromlist=["PREPARE"])
    prepare: Prepare = module.PREPARE[op]
    return prepare
