"""Each lowering alone, in stock TF.js, against onnxruntime on the same node."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from program_runner import TYPES, reference

from isoship.tfjs.canonical import dtype_of, read_canonical
from isoship.tfjs.emitter import write_model
from isoship.tfjs.lowering import CannotLower, Emission, lowering, lowerings

Array = np.ndarray[Any, Any]
NAN, INF = np.nan, np.inf

A = np.random.default_rng(0).normal(0, 2, (5, 4)).astype(np.float32)
B = np.random.default_rng(1).normal(0, 2, (5, 4)).astype(np.float32)
POSITIVE = np.abs(A) + np.float32(0.1)
ODD = np.array([[NAN, INF, -INF, 0.0], [-0.0, 1.5, -2.5, 3.0], [0.5, NAN, -0.5, 1e30]], np.float32)
ODD_B = np.array([[1.0, NAN, INF, NAN], [0.0, -1.5, INF, 3.0], [NAN, NAN, -0.5, 1.0]], np.float32)
ROW = np.array([[1.0, -2.0, 0.5, 3.0]], np.float32)
TRUTH, OTHER = A > 0, B > 0.5
I64 = np.int64


@dataclass(frozen=True, eq=False)
class Case:
    """inputs: arrays fed (tests' X0, X1) and, wrapped in Const, constants. atol: none means equal bits."""

    op: str
    inputs: tuple[Any, ...]
    attrs: dict[str, Any] = field(default_factory=dict)
    rtol: float = 0.0
    label: str = ""

    def __str__(self) -> str:
        return f"{self.op} {self.label}".strip()


@dataclass(frozen=True, eq=False)
class Const:
    value: Any


LIBM = 4e-6
CASES = [
    *[Case(op, (A, B)) for op in ("Add", "Sub", "Mul", "Div", "Max", "Min")],
    *[Case(op, (A, Const(ROW)), label="row") for op in ("Add", "Sub", "Mul", "Div", "Max", "Min")],
    *[Case(op, (ODD, ODD_B), label="nan") for op in ("Max", "Min", "Equal", "Less", "GreaterOrEqual")],
    *[Case(op, (A, B)) for op in ("Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual")],
    Case("Equal", (np.round(A), np.round(B)), label="some"),
    Case("Sign", (np.array([[NAN, 0.0, -3.0, 1e-7], [1e-8, -1e-20, INF, -1e-7]], np.float32),), label="near 0"),
    Case("Equal", (TRUTH, OTHER), label="bool"),
    Case("Pow", (POSITIVE, Const(np.float32(2))), rtol=LIBM),
    Case("Pow", (Const(np.float32(2)), A), rtol=LIBM, label="base"),
    *[Case(op, (A,)) for op in ("Abs", "Ceil", "Floor", "Neg", "Reciprocal", "Round", "Sign", "Identity", "Relu")],
    Case("Round", (np.array([[0.5, 1.5, -0.5, 2.5]], np.float32),), label="halves"),
    *[Case(op, (POSITIVE,), rtol=LIBM) for op in ("Sqrt", "Log")],
    *[Case(op, (A,), rtol=LIBM) for op in ("Exp", "Sin", "Cos", "Tanh", "Sigmoid", "Softplus", "Softsign", "Elu")],
    *[Case(op, (A,), rtol=LIBM) for op in ("Selu", "Erf")],
    *[Case(op, (A,), {"alpha": 0.3}, rtol=LIBM) for op in ("LeakyRelu", "HardSigmoid")],
    Case("Softplus", (np.array([[-40, -14, 0, 90]], np.float32),), rtol=0.02, label="far"),
    *[Case(op, (A,), {"axis": 1}, rtol=LIBM) for op in ("Softmax", "LogSoftmax")],
    Case("Softmax", (A.reshape(5, 2, 2),), rtol=LIBM, label="last of three"),
    Case("LogSoftmax", (A * 40,), rtol=LIBM, label="far"),
    Case("And", (TRUTH, OTHER)),
    Case("Or", (TRUTH, OTHER)),
    Case("Xor", (TRUTH, OTHER)),
    Case("Not", (TRUTH,)),
    Case("IsNaN", (ODD,)),
    Case("Where", (TRUTH, A, B)),
    Case("Where", (TRUTH, Const(np.float32(7)), B), label="scalar"),
    Case("Where", (TRUTH[:, :1], A, Const(ROW)), label="broadcast"),
    Case("Where", (TRUTH, Const(I64(-1)), Const(I64(1))), label="int64"),
    Case("Where", (np.isnan(ODD), Const(np.float32(0)), ODD), label="nan"),
    Case("Clip", (ODD, Const(np.float32(-1)), Const(np.float32(2))), label="nan"),
    Case("Clip", (A, Const(np.float32(-1))), label="low"),
    Case("Cast", (ODD,), {"to": TensorProto.BOOL}, label="to bool"),
    Case("Cast", (TRUTH,), {"to": TensorProto.FLOAT}, label="bool to float"),
    Case("Cast", (TRUTH,), {"to": TensorProto.INT64}, label="bool to int64"),
    Case("Reshape", (A, Const(np.array([-1, 2, 2], I64)))),
    Case("Reshape", (A, Const(np.array([0, 4, 1], I64))), label="zero"),
    Case("Flatten", (A.reshape(5, 2, 2),)),
    Case("Squeeze", (A.reshape(5, 1, 4), Const(np.array([1], I64)))),
    Case("Unsqueeze", (A, Const(np.array([1, -1], I64)))),
    Case("Concat", (A, B, Const(np.ones((5, 1), np.float32))), {"axis": 1}),
    Case("Concat", (A, B), {"axis": -1}, label="negative"),
    Case("Concat", (TRUTH, OTHER), {"axis": 1}, label="bool"),
    Case("Transpose", (A.reshape(5, 2, 2),), {"perm": [0, 2, 1]}),
    Case("Transpose", (A,), label="default"),
    Case("Slice", (A, Const(np.array([1], I64)), Const(np.array([3], I64)), Const(np.array([1], I64)))),
    Case(
        "Slice",
        (A, *(Const(np.array([i], I64)) for i in (3, -99, 1, -2))),
        label="backward",
    ),
    Case("Tile", (A, Const(np.array([1, 3], I64)))),
    Case("Gather", (A, Const(np.array([2, 0, -1], I64))), {"axis": 1}),
    Case("Gather", (A, Const(I64(-1))), {"axis": 1}, label="scalar"),
    Case("Gather", (A, Const(np.array([[0, 1], [2, 3]], I64))), {"axis": 1}, label="matrix"),
    *[Case(op, (A, Const(np.array([1], I64)))) for op in ("ReduceSum", "ReduceMean")],
    *[Case(op, (A, Const(np.array([1], I64))), {"keepdims": 0}) for op in ("ReduceMax", "ReduceMin")],
    *[
        Case(op, (A, Const(np.array([-1], I64))), rtol=LIBM)
        for op in ("ReduceProd", "ReduceSumSquare", "ReduceL1", "ReduceL2")
    ],
    Case("ReduceLogSumExp", (A * 60, Const(np.array([1], I64))), {"keepdims": 0}, rtol=LIBM),
    Case("ReduceSum", (A.reshape(5, 2, 2), Const(np.array([1], I64))), {"keepdims": 0}, label="middle"),
    Case("CumSum", (A, Const(I64(1)))),
    Case("CumSum", (A, Const(I64(1))), {"reverse": 1, "exclusive": 1}, rtol=LIBM, label="flags"),
    *[Case(op, (np.round(A),), {"axis": 1, "keepdims": 1}, label="keepdims") for op in ("ArgMax", "ArgMin")],
    *[Case(op, (np.round(A),), {"axis": 1, "keepdims": 0}) for op in ("ArgMax", "ArgMin")],
    *[Case(op, (np.zeros((3, 40), np.float32),), {"axis": 1}, label="ties") for op in ("ArgMax", "ArgMin")],
    Case("MatMul", (A, Const(B.T.copy())), rtol=LIBM),
    Case("MatMul", (A.reshape(5, 2, 2), B.reshape(5, 2, 2)), rtol=LIBM, label="batch"),
    Case("Gemm", (A, Const(B.T.copy()), Const(np.ones(5, np.float32))), {"alpha": 0.5, "beta": 2.0}, rtol=LIBM),
    Case("Gemm", (A, Const(B), Const(np.ones(5, np.float32))), {"transB": 1}, rtol=LIBM, label="transposed"),
]  # fmt: skip


def model_of(case: Case) -> tuple[onnx.ModelProto, dict[str, Array]]:
    feeds: dict[str, Array] = {}
    names, constants, infos = [], [], []
    for i, given in enumerate(case.inputs):
        name = f"X{i}"
        names.append(name)
        if isinstance(given, Const):
            constants.append(numpy_helper.from_array(np.asarray(given.value), name))
        else:
            feeds[name] = given
            infos.append(helper.make_tensor_value_info(name, TYPES[dtype_of(given)], given.shape))
    node = helper.make_node(case.op, names, ["out"], **case.attrs)
    graph = helper.make_graph([node], "case", infos, [onnx.ValueInfoProto(name="out")], constants)
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("ai.onnx.ml", 5)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10), feeds


def lowered(model: onnx.ModelProto, folder: Path) -> str:
    """Writes the node as a graph model; the name of its result."""
    graph = read_canonical(model)
    e = Emission(graph)
    e.lower(graph.nodes[0])
    end = e.end(e.data("out"), "out")
    folder.mkdir(exist_ok=True)
    pruned = e.g.pruned([end.name])
    write_model(folder, pruned, [], [(end.name, end.dtype, graph.values["out"].shape)], {})
    return end.name


@pytest.mark.parametrize("case", CASES, ids=str)
def test_lowered_node_answers_as_onnxruntime(case: Case, node: Any, tmp_path: Path, backend: str) -> None:
    model, feeds = model_of(case)
    expected = reference(model, feeds)["out"]
    name = lowered(model, tmp_path / "form")
    # placeholders are X, X_1, ... in the order in which they were first used
    placeholders = [f"X_{i}" if i else "X" for i in range(len(feeds))]
    ordered = dict(zip(placeholders, feeds.values(), strict=True))
    answered = node.run(tmp_path / "form", backend, ordered, [name])[name]
    assert answered.shape == expected.shape
    tolerance = case.rtol or (
        2e-7 if case.op in ("Div", "Reciprocal") or case.op.startswith(("Reduce", "CumSum")) else 0
    )
    np.testing.assert_allclose(answered, expected.astype(answered.dtype), rtol=tolerance, atol=tolerance)


def test_every_lowering_has_a_case_or_a_test_of_its_own() -> None:
    elsewhere = {"ml.TreeEnsemble", "GatherElements", "TopK", "ml.ArrayFeatureExtractor"}  # test_trees, test_partition
    assert set(lowerings()) == {case.op for case in CASES} | elsewhere


@pytest.mark.parametrize(
    "case",
    [
        Case("Softmax", (A,), {"axis": 0}, label="over the batch"),
        Case("Cast", (A,), {"to": TensorProto.INT64}, label="reals to integers"),
        Case("ArgMax", (A,), {"axis": 1, "select_last_index": 1}, label="last of equals"),
        Case("Elu", (A,), {"alpha": 0.5}, label="another alpha"),
        Case("Gather", (A, Const(I64(-1))), {"axis": 0}, label="the last row of a batch of any size"),
        Case("Add", (A.astype(np.float64), Const(np.float64(1e300))), label="a constant beyond float32"),
        Case("Where", (TRUTH, Const(I64(2**40)), Const(I64(1))), label="integers beyond 2**24"),
        Case("Div", (np.ones((5, 1), I64), Const(np.array([[7]], I64))), label="integers"),
    ],
    ids=str,
)
def test_what_is_not_right_on_every_backend_is_not_lowered(case: Case) -> None:
    model, _ = model_of(case)
    batch = model.graph.input[0].type.tensor_type.shape.dim[0]
    batch.Clear()
    batch.dim_param = "N"
    graph = read_canonical(model)
    with pytest.raises(CannotLower):
        Emission(graph).lower(graph.nodes[0])


def test_two_lowerings_for_one_operator_raise() -> None:
    with pytest.raises(ValueError, match="two lowerings for Add"):
        lowering("Add")(lambda e, node: e.data(node.inputs[0]))
