"""One set of cases for every operator of the browser's program and of the row program, with ONNX Runtime's answers.

`tests/web/test_program_ops.py` asks JavaScript, `tests/edge/rows/test_operators_of_rows.py` Python, and
`tests/edge/rows/on_machines.py` Pythons of other machines.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper

from isoship.row_program.operators import ROW_OPS
from isoship.tfjs.program_ops import PROGRAM_OPS
from isoship.tfjs.steps import CONSTANT_INPUTS
from isoship_edge.encoding import golden

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

Array = np.ndarray[Any, Any]
DTYPES = {"double": np.float64, "float": np.float32, "int64": np.int64, "int32": np.int32, "bool": np.bool_}
ONNX_TYPES = {
    "double": TensorProto.DOUBLE,
    "float": TensorProto.FLOAT,
    "int64": TensorProto.INT64,
    "int32": TensorProto.INT32,
    "bool": TensorProto.BOOL,
    "string": TensorProto.STRING,
}
RNG = np.random.default_rng(20)
REALS = ("double", "float")
NUMBERS = (*REALS, "int64", "int32")


@dataclass
class Case:
    """One node. `attrs` are ours, `onnx_attrs` ONNX's where they differ. `constants` are what attrs name."""

    op: str
    inputs: list[tuple[str, Array] | None]
    attrs: dict[str, Any] = field(default_factory=dict)
    onnx_attrs: dict[str, Any] | None = None
    constants: dict[str, tuple[str, Array]] = field(default_factory=dict)
    outputs: int = 1
    name: str = ""
    reference: Callable[..., Array] | None = None
    """numpy's answer, where ONNX Runtime has no kernel or a wrong one."""

    def __str__(self) -> str:
        dtypes = "-".join(x[0] for x in self.inputs if x is not None)
        return f"{self.op}-{dtypes}{'-' + self.name if self.name else ''}"


def numbers(dtype: str, *shape: int, positive: bool = False) -> tuple[str, Array]:
    """Ordinary values; integers include 0."""
    if dtype in REALS:
        x = RNG.normal(scale=3, size=shape)
        return dtype, np.asarray(np.abs(x) + 0.1 if positive else x, DTYPES[dtype])
    low = 1 if positive else -9
    return dtype, np.asarray(RNG.integers(low, 10, size=shape), DTYPES[dtype])


def edge(dtype: str) -> tuple[str, Array]:
    """NaN, infinities, zeros of both signs, halves, denormals, the largest."""
    if dtype in REALS:
        info = np.finfo(DTYPES[dtype])
        values = [np.nan, np.inf, -np.inf, 0.0, -0.0, 0.5, -0.5, 1.5, 2.5, -2.5, 1e-8, info.max, -info.max]
        return dtype, np.array([*values, info.smallest_subnormal, info.tiny, 1 / 3], DTYPES[dtype])
    info = np.iinfo(DTYPES[dtype])
    return dtype, np.array([0, 1, -1, 7, -7, 2, info.max, info.max - 1], DTYPES[dtype])


def ints(*values: int) -> tuple[str, Array]:
    return "int64", np.array(values, np.int64)


def bools(*shape: int) -> tuple[str, Array]:
    return "bool", RNG.integers(0, 2, size=shape).astype(bool)


def strings(*shape: int) -> tuple[str, Array]:
    return "string", RNG.choice(np.array(["", "a", "Ærø", "🐧", "\ufdd0"], object), size=shape)


def any_dtype(*shape: int) -> Iterator[tuple[str, Array]]:
    yield from (numbers(dtype, *shape) for dtype in NUMBERS)
    yield bools(*shape)
    yield strings(*shape)


def elementwise() -> Iterator[Case]:
    for op in ("Add", "Sub", "Mul", "Div", "Less", "LessOrEqual", "Greater", "GreaterOrEqual", "Equal", "Min", "Max"):
        for dtype in NUMBERS:
            positive = op == "Div"
            yield Case(op, [numbers(dtype, 4, 3), numbers(dtype, 4, 3, positive=positive)])
            yield Case(op, [numbers(dtype, 4, 1), numbers(dtype, 3, positive=positive)], name="broadcast")
            yield Case(op, [numbers(dtype, 2, 1, 3), numbers(dtype, 4, 1, positive=positive)], name="rank")
            yield Case(op, [numbers(dtype, 3), numbers(dtype, positive=positive)], name="scalar")
            kind, column = edge(dtype)
            if not (op == "Div" and dtype not in REALS):
                a, b = (kind, column[:, None]), (kind, column[None, :])
                yield Case(op, [a, b], name="edge")
    for dtype in NUMBERS:
        yield Case("Min", [numbers(dtype, 3, 2), numbers(dtype, 2), numbers(dtype, 3, 1)], name="three")
        yield Case("Max", [numbers(dtype, 3, 2)], name="one")
        yield Case("Mod", [numbers(dtype, 5, 4), numbers(dtype, 4, positive=True)], {"fmod": 1})
    for dtype in ("int64", "int32"):
        divisors = dtype, np.array([3, -3, 2, -7], DTYPES[dtype])
        yield Case("Mod", [numbers(dtype, 5, 4), divisors], {"fmod": 0}, name="sign of the divisor")
        yield Case("Div", [numbers(dtype, 5, 4), divisors], name="toward zero")
        big = dtype, np.array([np.iinfo(DTYPES[dtype]).max, np.iinfo(DTYPES[dtype]).min], DTYPES[dtype])
        for op in ("Add", "Mul", "Sub"):
            yield Case(op, [big, (dtype, np.array([3, 5], DTYPES[dtype]))], name="wraps")
    for dtype in REALS:
        yield Case("Pow", [numbers(dtype, 4, 3, positive=True), numbers(dtype, 3)])
        for exponent in (2.0, 3.0, 0.5):
            yield Case("Pow", [numbers(dtype, 4, 3), (dtype, np.array(exponent, DTYPES[dtype]))], name=str(exponent))
        kind, column = edge(dtype)
        yield Case("Clip", [(kind, column), (kind, np.array(-1, column.dtype)), (kind, np.array(1, column.dtype))])
        yield Case("Clip", [(kind, column), None, (kind, np.array(1, column.dtype))], name="no min")
    yield Case("Equal", [strings(4, 3), strings(3)])
    yield Case("Equal", [bools(4, 3), bools(3)])
    for op in ("And", "Or", "Xor"):
        yield Case(op, [bools(4, 1), bools(3)])
    yield Case("Not", [bools(4, 2)])
    for x in any_dtype(4, 3):
        # ONNX Runtime has no Where on booleans.
        yield Case("Where", [bools(4, 1), x, (x[0], x[1][:1])], reference=np.where if x[0] == "bool" else None)


def one_element() -> Iterator[Case]:
    for dtype in NUMBERS:
        for op in ("Abs", "Neg", "Sign"):
            yield Case(op, [edge(dtype)])
    for dtype in REALS:
        for op in ("Floor", "Ceil", "Round", "Sqrt", "Reciprocal", "Relu", "IsNaN"):
            yield Case(op, [edge(dtype)], name="edge")
            yield Case(op, [numbers(dtype, 50)])
        for op in ("Exp", "Sin", "Cos", "Tanh", "Sigmoid"):
            yield Case(op, [numbers(dtype, 50)])
        yield Case("Softplus", [numbers(dtype, 50)], reference=softplus)  # ONNX Runtime has it in float only
        yield Case("Log", [numbers(dtype, 50, positive=True)])
        for negative, positive in ((1, 1), (1, 0), (0, 1)):
            yield Case("IsInf", [edge(dtype)], {"detect_negative": negative, "detect_positive": positive})
    far = np.array([-800.0, -40.0, 40.0, 700.0, 0.0])
    for op in ("Exp", "Tanh", "Sigmoid", "Softplus"):
        yield Case(op, [("double", far)], name="far", reference=softplus if op == "Softplus" else None)


def softplus(x: Array) -> Array:
    return np.logaddexp(np.zeros_like(x), x)


def taken(axis: int) -> Callable[..., Array]:
    return lambda x, indices: np.take(x, indices, axis=axis)


def casts() -> Iterator[Case]:
    whole = {
        "double": np.array([0.0, -0.0, 1.9, -1.9, 2.0**31 - 1, -3.0]),
        "float": np.array([0.0, 1.9, -1.9, 65536.0], np.float32),
        "int64": np.array([0, 1, -1, 2**31 - 1, -(2**31)]),
        "int32": np.array([0, 1, -1, 2**31 - 1], np.int32),
        "bool": np.array([True, False]),
    }
    for source, values in whole.items():
        for to in DTYPES:
            yield Case("Cast", [(source, values)], {"to": to}, {"to": ONNX_TYPES[to]}, name=to)
    yield Case("Cast", [("double", RNG.normal(size=50))], {"to": "float"}, {"to": TensorProto.FLOAT}, name="rounding")
    for to in REALS:
        big = np.array([2**53 + 1, 2**53 + 3, -(2**53) - 1, 2**62 + 2**9 + 1])
        if to == "double":
            yield Case("Cast", [("int64", big)], {"to": to}, {"to": ONNX_TYPES[to]}, name="rounding " + to)
    decimal = np.array([0, -5, 2**53 + 1, -(2**63)])
    yield Case("Cast", [("int64", decimal)], {"to": "string"}, {"to": TensorProto.STRING}, name="decimal")
    for dtype in REALS:
        yield Case("Cast", [edge(dtype)], {"to": "bool"}, {"to": TensorProto.BOOL}, name="truth")


def layouts() -> Iterator[Case]:
    for x in any_dtype(2, 3, 4):
        yield Case("Identity", [x])
        yield Case("Reshape", [x, ints(0, -1)], {"allowzero": 0})
        yield Case("Reshape", [x, ints(4, 6)], {"allowzero": 0}, name="plain")
        for axis in (0, 1, 3, -1):
            yield Case("Flatten", [x], {"axis": axis}, name=str(axis))
        yield Case("Unsqueeze", [x, ints(0, -1)])
        yield Case("Squeeze", [(x[0], x[1][:, :1]), ints(1)])
        yield Case("Transpose", [x], {"perm": [2, 0, 1]})
        for axis in (0, 1, -1):
            yield Case("Concat", [x, x], {"axis": axis}, name=str(axis))
            # ONNX Runtime 1.31 copies only the first string of each slice (docs/upstream.md).
            numpy_takes = taken(axis) if x[0] == "string" else None
            indices = "int64", np.array([[1, 0], [-1, 1]])
            yield Case("Gather", [x, indices], {"axis": axis}, name=str(axis), reference=numpy_takes)
        yield Case("Concat", [x, (x[0], x[1][:, :1])], {"axis": 1}, name="uneven")
        one = "int32", np.array(1, np.int32)
        yield Case("Gather", [x, one], {"axis": 2}, name="scalar index")
        yield Case("GatherElements", [x, ("int64", RNG.integers(-3, 3, size=(2, 2, 4)))], {"axis": 1})
        yield Case("Slice", [x, ints(1, 0), ints(2**62, -1), ints(1, 2), ints(1, 2)])
        yield Case("Slice", [x, ints(-1), ints(-(2**62)), ints(2), ints(-1)], name="backwards")
        yield Case("Slice", [x, ints(2), ints(1), ints(1), ints(1)], name="empty")
        yield Case("Split", [x, ints(1, 2)], {"axis": 1}, outputs=2)
        yield Case("Expand", [(x[0], x[1][:, :1]), ints(1, 5, 1)])
        yield Case("Tile", [x, ints(1, 2, 3)])
        yield Case("Shape", [x], {"start": 1, "end": None}, {"start": 1})
        yield Case("Shape", [x], {"start": 0, "end": -1}, name="end")
    for x in any_dtype(5, 4):
        if x[0] != "bool":  # ONNX Runtime has no such kernel
            yield Case("ml.ArrayFeatureExtractor", [x, ints(3, 0, 3)])
    yield Case("ml.ArrayFeatureExtractor", [numbers("double", 4), ints(2, 0)], name="vector")


def along_axes() -> Iterator[Case]:
    spellings = {"keepdims": 1, "noop_with_empty_axes": 0}
    for op in ("ReduceSum", "ReduceProd", "ReduceSumSquare", "ReduceL1", "ReduceMax", "ReduceMin"):
        for dtype in NUMBERS:
            yield Case(op, [numbers(dtype, 3, 4, 2), ints(1)], spellings)
            yield Case(op, [numbers(dtype, 3, 4, 2), ints(0, -1)], {**spellings, "keepdims": 0}, name="two")
    for op in ("ReduceMean", "ReduceL2", "ReduceLogSumExp"):
        for dtype in REALS:
            yield Case(op, [numbers(dtype, 3, 4, 2), ints(1)], spellings)
            yield Case(op, [numbers(dtype, 3, 4, 2), ints(0, -1)], {**spellings, "keepdims": 0}, name="two")
    for op in ("ArgMax", "ArgMin"):
        for dtype in NUMBERS:
            for last in (0, 1):
                ties = dtype, RNG.integers(0, 3, size=(6, 5)).astype(DTYPES[dtype])
                attrs = {"axis": -1, "keepdims": 0, "select_last_index": last}
                yield Case(op, [ties], attrs, name=f"last={last}")
        yield Case(op, [numbers("double", 4, 3)], {"axis": 0, "keepdims": 1, "select_last_index": 0}, name="keepdims")
    for dtype in NUMBERS:
        for exclusive, reverse in ((0, 0), (1, 0), (0, 1), (1, 1)):
            attrs = {"exclusive": exclusive, "reverse": reverse}
            yield Case("CumSum", [numbers(dtype, 3, 7), ("int64", np.array(1))], attrs, name=f"{exclusive}{reverse}")
    for dtype in REALS:
        for op in ("Softmax", "LogSoftmax"):
            for axis in (-1, 0):
                yield Case(op, [numbers(dtype, 4, 3)], {"axis": axis}, name=str(axis))
            yield Case(op, [numbers(dtype, 2, 3, 4)], {"axis": 1}, name="middle")
        yield Case("Softmax", [(dtype, np.array([[1e4, 0, -1e4], [3, 3, 3]], DTYPES[dtype]))], {"axis": 1}, name="far")


def products() -> Iterator[Case]:
    for dtype in REALS:
        yield Case("MatMul", [numbers(dtype, 5, 7), numbers(dtype, 7, 3)])
        yield Case("MatMul", [numbers(dtype, 2, 5, 7), numbers(dtype, 7, 3)], name="batch")
        yield Case("MatMul", [numbers(dtype, 7), numbers(dtype, 7, 3)], name="vector")
        for a, b in ((0, 0), (1, 0), (0, 1), (1, 1)):
            left = numbers(dtype, *((7, 5) if a else (5, 7)))
            right = numbers(dtype, *((3, 7) if b else (7, 3)))
            attrs = {"alpha": 0.5, "beta": 2.0, "transA": a, "transB": b}
            for shape in ((3,), (5, 1), (5, 3), (1, 3), (1,)):
                yield Case("Gemm", [left, right, numbers(dtype, *shape)], attrs, name=f"{a}{b}{shape}")
            yield Case("Gemm", [left, right, None], {**attrs, "alpha": 1.0}, name=f"{a}{b}")


def lookups() -> Iterator[Case]:
    tables: list[tuple[str, list[Any], str, list[Any], Any, Any]] = [
        ("string", ["a", "b", "\ufdd0"], "int64", [3, 2**53 + 1, -1], -7, ["b", "?", "a", "\ufdd0", ""]),
        ("string", ["a", "Ærø"], "double", [0.1, np.inf], np.nan, ["Ærø", "a", "x"]),
        ("int64", [5, -2, 2**53 + 1], "string", ["five", "", "big"], "other", [2**53 + 1, 5, 2**53, -2]),
        ("double", [0.5, 0.0], "int64", [1, 2], 0, [0.5, -0.0, 0.25, 0.0, np.inf]),
        ("double", [1.0, np.nan], "double", [10.0, 20.0], -1.0, [np.nan, 1.0, 2.0]),
        ("double", [1.0, 2.0], "double", [10.0, 20.0], -1.0, [np.nan, 2.0]),
        ("int64", [0, 1], "double", [0.25, 0.5], 0.0, [1, 0, 2]),
    ]
    for key, keys, to, values, otherwise, asked in tables:
        constants = {"k": constant(key, keys), "v": constant(to, values), "d": constant(to, [otherwise])}
        onnx_attrs = {
            "keys_tensor": tensor("keys", *constants["k"]),
            "values_tensor": tensor("values", *constants["v"]),
            "default_tensor": tensor("default", *constants["d"]),
        }
        kind, data = constant(key, asked)
        yield Case(
            "ml.LabelEncoder",
            [(kind, data[:, None])],
            {"keys": "k", "values": "v", "default": "d"},
            onnx_attrs,
            constants,
            name=f"to {to} {len(keys)} {keys[0]}",
        )
    # ONNX Runtime gives float; the program also makes double and int64 of the same zeros and ones.
    for key, keys, spelled, asked in (
        ("string", ["a", "Ærø"], "cats_strings", ["Ærø", "b", "a"]),
        ("int64", [3, -1], "cats_int64s", [-1, 3, 2]),
    ):
        yield Case(
            "ml.OneHotEncoder",
            [constant(key, asked)],
            {"keys": "k", "zeros": 1, "to": "float"},
            {spelled: keys, "zeros": 1},
            {"k": constant(key, keys)},
        )


def constant(dtype: str, values: list[Any]) -> tuple[str, Array]:
    return dtype, np.array(values, object if dtype == "string" else DTYPES[dtype])


def tensor(name: str, dtype: str, data: Array) -> onnx.TensorProto:
    raw = [x.encode() for x in data.ravel()] if dtype == "string" else data.ravel()
    return helper.make_tensor(name, ONNX_TYPES[dtype], data.shape, raw)


CASES = [c for family in (elementwise, one_element, casts, layouts, along_axes, products, lookups) for c in family()]


def of_rows() -> Iterator[Case]:
    """What the row program has and the browser's program does not."""
    for dtype in NUMBERS:
        ties = dtype, RNG.integers(0, 4, size=(3, 5, 2)).astype(DTYPES[dtype])
        for largest in (0, 1):
            attrs = {"axis": 1, "largest": largest, "sorted": 1}
            yield Case("TopK", [ties, ints(3)], attrs, outputs=2, name=f"largest={largest}")
        if dtype in REALS:
            attrs = {"axis": -1, "largest": 0, "sorted": 1}
            special = np.array([[np.inf, 0.0, -0.0, -np.inf, 5e-45]], DTYPES[dtype])
            yield Case("TopK", [(dtype, special), ints(5)], attrs, outputs=2, name="special")
            yield Case("MatMul", [numbers(dtype, 3, 1, 4), numbers(dtype, 3, 4, 2)], name="matrices")
            yield Case("MatMul", [numbers(dtype, 2, 1, 5, 4), numbers(dtype, 3, 4, 2)], name="broadcast")
            yield Case("MatMul", [numbers(dtype, 3, 4), numbers(dtype, 4)], name="vector right")
            beyond = np.array([np.nan, np.inf, -np.inf, 1e19, -1e19, 2.0**63, -(2.0**63)], DTYPES[dtype])
            yield Case("Cast", [(dtype, beyond)], {"to": "int64"}, {"to": TensorProto.INT64}, name="beyond int64")
    twice = np.array(
        [2**62 + 2**38 + 1, -(2**62) - 2**38 - 1, 2**54 + 2**30 + 1, 2**53 + 2**29 + 1, -(2**63), 2**63 - 1]
    )
    yield Case("Cast", [("int64", twice)], {"to": "float"}, {"to": TensorProto.FLOAT}, name="rounds once")


ROW_CASES = [case for case in [*CASES, *of_rows()] if case.op in ROW_OPS]


def reference(case: Case) -> list[Array]:
    """ONNX Runtime's answer, or numpy's."""
    import onnxruntime as ort

    if case.reference is not None:
        return [np.asarray(case.reference(*(x[1] for x in case.inputs if x is not None)))]
    domain = "ai.onnx.ml" if case.op.startswith("ml.") else ""
    names = ["" if x is None else f"in{i}" for i, x in enumerate(case.inputs)]
    attrs = case.onnx_attrs if case.onnx_attrs is not None else case.attrs
    attrs = {k: v for k, v in attrs.items() if v is not None}
    outputs = [f"out{i}" for i in range(case.outputs)]
    node = helper.make_node(case.op.removeprefix("ml."), names, outputs, domain=domain, **attrs)
    graph = helper.make_graph(
        [node],
        "one",
        [
            helper.make_tensor_value_info(n, ONNX_TYPES[x[0]], x[1].shape)
            for n, x in zip(names, case.inputs, strict=True)
            if x is not None
        ],
        [helper.make_empty_tensor_value_info(name) for name in outputs],
    )
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("ai.onnx.ml", 5)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=10)
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    made = session.run(None, {n: x[1] for n, x in zip(names, case.inputs, strict=True) if x is not None})
    return [np.asarray(x) for x in made]


def encoded(dtype: str, data: Array) -> dict[str, Any]:
    flat = [bool(x) if dtype == "bool" else str(x) if dtype == "string" else x.item() for x in data.ravel()]
    return {"dtype": dtype, "shape": list(data.shape), "data": golden.encode(flat)}


def job_of(case: Case) -> dict[str, Any]:
    """A case as JSON: what it is asked with."""
    return {
        "op": case.op,
        "attrs": case.attrs,
        "inputs": [None if x is None else encoded(*x) for x in case.inputs],
        "constants": {name: encoded(*x) for name, x in case.constants.items()},
        "outputs": case.outputs,
    }


def plain(given: dict[str, Any]) -> list[int]:
    """int32 has no tag in rows.json."""
    return [int(x) for x in golden.decode(given["data"])]


def row_program_of(case: Case, *, folded: bool) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    """A row program of one step, and what it is asked. folded: everything is a constant, computed when it is loaded."""
    job = job_of(case)
    fixed = CONSTANT_INPUTS.get(case.op, (1,) if case.op.startswith("Reduce") else ())
    constants, inputs, row = dict(job["constants"]), {}, {}
    names = ["" if x is None else f"in{i}" for i, x in enumerate(job["inputs"])]
    for i, given in enumerate(job["inputs"]):
        if given is None:
            continue
        if folded or i in fixed:
            constants[names[i]] = {**given, "data": plain(given)} if given["dtype"] == "int32" else given
        else:
            inputs[names[i]] = {"dtype": given["dtype"], "shape": given["shape"]}
            row[names[i]] = plain(given) if given["dtype"] == "int32" else golden.decode(given["data"])
    made = [f"out{i}" for i in range(case.outputs)]
    step = {"op": case.op, "inputs": names, "outputs": made, "attrs": case.attrs}
    outputs = {name: name for name in made}
    return {"format": 1, "constants": constants, "inputs": inputs, "steps": [step], "outputs": outputs}, row


def check(case: Case, made: list[dict[str, Any]]) -> None:
    """Holds outputs (dtype, shape, encoded data) against ONNX Runtime's: bit for bit where program_ops.py says so."""
    for wanted, got in zip(reference(case), made, strict=True):
        assert tuple(got["shape"]) == wanted.shape
        decoded = golden.decode(got["data"])
        if wanted.dtype == object:
            assert decoded == list(wanted.ravel())
            continue
        assert DTYPES[got["dtype"]] == wanted.dtype
        data = np.array(decoded, wanted.dtype).reshape(wanted.shape)
        if (PROGRAM_OPS | ROW_OPS)[case.op].exact or wanted.dtype.kind != "f":
            # The sign of a zero and the payload of a NaN are not compared: Max(0, -0) may be either.
            np.testing.assert_array_equal(data, wanted)
        else:
            # libm and the order of a sum: some units in the last place of the largest term.
            unit = np.finfo(wanted.dtype).eps
            np.testing.assert_allclose(data, wanted, rtol=16 * unit, atol=64 * unit)
