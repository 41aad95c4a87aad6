"""Inputs whose NaN and infinities every runtime passes on alike; all others refuse them.

Kernels differ in what they make of NaN: MaxPool gives the rest, ArgMax goes by the tensor's rank, an LSTM with a bias
answers as if a gate were open. So an input takes it only where all that depends on it is arithmetic of single numbers,
a choice, a lookup or a tree, which IEEE 754 or ONNX settles.
"""

from __future__ import annotations

import onnx

from isoship.tensors.graph import inputs_of, subgraphs

_SETTLED = {
    "Add", "And", "ArrayFeatureExtractor", "Cast", "Concat", "Constant", "Div", "Equal", "FeatureVectorizer",
    "Flatten", "Gather", "Greater", "GreaterOrEqual", "Identity", "Imputer", "IsInf", "IsNaN", "LabelEncoder",
    "Less", "LessOrEqual", "Mul", "Neg", "Not", "Or", "Reshape", "Scaler", "Shape", "Slice", "Split", "Squeeze",
    "Sub", "Transpose", "TreeEnsemble", "TreeEnsembleClassifier", "TreeEnsembleRegressor", "Unsqueeze", "Where",
    "ZipMap",
}  # fmt: skip


#: What comes out of these is a truth value, a class or a leaf, whatever went in.
_ENDS = {"Equal", "Greater", "GreaterOrEqual", "IsInf", "IsNaN", "LabelEncoder", "Less", "LessOrEqual", "Shape"}


def passes_non_finite(model: onnx.ModelProto) -> set[str]:
    """Names of inputs."""
    return {value.name for value in inputs_of(model) if _settled(model.graph, value.name)}


def _settled(graph: onnx.GraphProto, name: str) -> bool:
    depends = {name}
    for node in graph.node:
        if depends & set(node.input):
            to_integer = node.op_type == "Cast" and any(
                a.name == "to" and a.i not in (onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE) for a in node.attribute
            )
            if node.op_type not in _SETTLED or to_integer:
                return False
            if node.op_type not in _ENDS and not node.op_type.startswith("TreeEnsemble"):
                depends |= set(node.output)
        elif subgraphs(node):
            return False
    return True
