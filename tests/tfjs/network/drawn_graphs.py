"""Random networks of ONNX operators, drawn node by node, each with results that onnxruntime has for two batch sizes."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
from onnx import helper, numpy_helper

Array = np.ndarray[Any, Any]
_SIZES = (2, 5)
_OPTIONS = ort.SessionOptions()
_OPTIONS.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
_OPTIONS.intra_op_num_threads = 1
_OPTIONS.log_severity_level = 4
_UNARY = ["Abs", "Neg", "Relu", "LeakyRelu", "Floor", "Ceil", "Round", "Sign", "Identity", "HardSigmoid", "Celu"]
_SMOOTH = ["Sigmoid", "Tanh", "Exp", "Erf", "Softplus", "Elu", "Softsign"]


def answers(model: onnx.ModelProto, feeds: dict[str, Array]) -> list[Array]:
    """By onnxruntime as the graph stands."""
    session = ort.InferenceSession(model.SerializeToString(), _OPTIONS, providers=["CPUExecutionProvider"])
    made: list[Array] = session.run(None, feeds)
    return made


class Drawn:
    """A graph under construction. samples: what each value is for each of two batch sizes; exact: values that no
    rounding has touched, which steps with jumps may follow."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.opset = int(self.rng.integers(13, 22))
        self.samples: dict[str, tuple[Array, ...]] = {}
        self.exact: set[str] = set()
        self.nodes: list[onnx.NodeProto] = []
        self.tensors: list[onnx.TensorProto] = []
        picture = ["N", int(self.rng.integers(1, 5)), *map(int, self.rng.integers(3, 7, 2))]
        self.inputs: dict[str, tuple[type, list[Any]]] = {
            "p": (np.float32, picture),
            "x": (np.float32, ["N", int(self.rng.integers(1, 5))]),
            "i": (np.int64, ["N", 4]),
            "j": (np.int32, [3, 4]),
            "b": (np.bool_, ["N", 1]),
        }
        for name, samples in zip(self.inputs, zip(*(self.feeds(n).values() for n in _SIZES), strict=True), strict=True):
            self.samples[name] = samples
            self.exact.add(name)
        count = int(self.rng.integers(3, 16))
        for _ in range(20 * count):
            if len(self.nodes) < count:
                self.step()

    def feeds(self, n: int) -> dict[str, Array]:
        made = {}
        for name, (dtype, shape) in self.inputs.items():
            drawn = self.rng.integers(-12, 13, [n if size == "N" else size for size in shape])
            made[name] = (drawn / 4 if dtype is np.float32 else drawn > 0 if dtype is np.bool_ else drawn).astype(dtype)
        return made

    def model(self) -> onnx.ModelProto:
        used = {name for node in self.nodes for name in node.input}
        outputs = [node.output[0] for node in self.nodes if node.output[0] not in used]
        kinds = {n: helper.np_dtype_to_tensor_dtype(np.dtype(d)) for n, (d, _) in self.inputs.items()}
        given = [helper.make_tensor_value_info(n, kinds[n], shape) for n, (_, shape) in self.inputs.items()]
        infos = [
            helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(self.samples[n][0].dtype), None)
            for n in outputs
        ]
        graph = helper.make_graph(self.nodes, "drawn", given, infos, self.tensors)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)], ir_version=10)

    # -- steps -------------------------------------------------------------------------------------------------

    def one(self, choices: Any) -> Any:
        return choices[int(self.rng.integers(len(choices)))]

    def some(self, *kinds: str, rank: int | None = None, exact: bool = False) -> str:
        """A value; later ones likelier. kinds: of numpy dtypes."""
        fit = [
            name
            for name, x in self.samples.items()
            if x[0].dtype.kind in kinds and rank in (None, x[0].ndim) and (not exact or name in self.exact)
        ]
        if not fit:
            raise LookupError
        return str(fit[-1 - min(int(self.rng.geometric(0.3)) - 1, len(fit) - 1)])

    def constant(self, value: Any) -> str:
        self.tensors.append(numpy_helper.from_array(np.asarray(value), f"c{len(self.tensors)}"))
        return str(self.tensors[-1].name)

    def numbers(self, shape: Any, dtype: Any = np.float32) -> str:
        drawn = self.rng.integers(-6, 7, shape)
        return self.constant(drawn.astype(dtype) if np.dtype(dtype).kind != "f" else (drawn / 4).astype(dtype))

    def beside(self, name: str) -> str:
        """A constant that broadcasts against a value."""
        x = self.samples[name]
        kept = [s if s == t else 1 for s, t in zip(x[0].shape, x[1].shape, strict=True)]
        shape = [size if self.rng.random() < 0.5 else 1 for size in kept]
        shape = shape[int(self.rng.integers(len(shape) + 1)) :]
        if self.rng.random() < 0.2:
            shape = [2, 1, *shape] if len(shape) == x[0].ndim < 4 else shape
        return self.numbers(shape, x[0].dtype)

    def step(self) -> None:
        """Draws a node; one that onnxruntime has no answer to is dropped."""
        tensors = len(self.tensors)
        try:
            op, inputs, attrs, outputs = self.one(STEPS)(self)
            node = helper.make_node(
                op, inputs, [f"v{len(self.nodes)}_{k}" for k in range(outputs)], f"n{len(self.nodes)}", **attrs
            )
            made = self.tried(node)
        except (LookupError, ValueError, *FAULTS):
            del self.tensors[tensors:]
            return
        self.nodes.append(node)
        smooth = op in (
            *_SMOOTH,
            "Softmax",
            "Div",
            "ReduceMean",
            "LayerNormalization",
            "BatchNormalization",
            "GlobalAveragePool",
            "AveragePool",
            "Celu",
            "HardSigmoid",
            "LeakyRelu",
            "LogSoftmax",
        )
        for k, name in enumerate(node.output):
            self.samples[name] = (made[0][k], made[1][k])
            if all(x in self.exact or x not in self.samples for x in node.input) and not (
                smooth and made[0][k].dtype.kind == "f"
            ):
                self.exact.add(name)

    def tried(self, node: onnx.NodeProto) -> list[list[Array]]:
        tensors = {t.name: t for t in self.tensors}
        names = [n for n in dict.fromkeys(node.input) if n and n not in tensors]
        made = []
        for k in range(2):
            feeds = {name: self.samples[name][k] for name in names}
            given = [
                helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(x.dtype), [None] * x.ndim)
                for n, x in feeds.items()
            ]
            used = [tensors[n] for n in dict.fromkeys(node.input) if n in tensors]
            graph = helper.make_graph([node], "one", given, [onnx.ValueInfoProto(name=n) for n in node.output], used)
            model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)], ir_version=10)
            found = answers(onnx.shape_inference.infer_shapes(model), feeds)
            if any(
                x.size > 20_000 or x.size == 0 or x.ndim > 5 or np.abs(x.astype(np.float64)).max() > 1e6 for x in found
            ):
                raise ValueError
            made.append(found)
        if any(len({x.ndim for x in pair}) > 1 for pair in zip(*made, strict=True)):
            raise ValueError
        return made


FAULTS = tuple(
    getattr(ort.capi.onnxruntime_pybind11_state, name)
    for name in ("Fail", "InvalidArgument", "NotImplemented", "InvalidGraph", "RuntimeException")
)


def _shape(d: Drawn, name: str) -> list[int]:
    """With -1 for what hangs on the batch."""
    a, b = d.samples[name]
    return [s if s == t else -1 for s, t in zip(a.shape, b.shape, strict=True)]


def _axis(d: Drawn, name: str) -> int:
    rank = d.samples[name][0].ndim
    return int(d.rng.integers(-rank, rank))


def unary(d: Drawn) -> Any:
    op = d.one(_UNARY + _SMOOTH)
    return op, [d.some("f", exact=op in ("Floor", "Ceil", "Round", "Sign"))], {}, 1


def whole(d: Drawn) -> Any:
    return d.one(["Abs", "Neg", "Sign"]), [d.some("i")], {}, 1


def binary(d: Drawn) -> Any:
    name = d.some("f", "i")
    kind = d.samples[name][0].dtype
    same = [n for n, x in d.samples.items() if x[0].dtype == kind]
    pair = [name, d.beside(name) if d.rng.random() < 0.6 else d.one(same)]
    op = d.one(["Add", "Sub", "Mul", "Max", "Min", "Add", "Mul"])
    return op, pair[:: d.one([1, -1])], {}, 1


def divide(d: Drawn) -> Any:
    name = d.some("i", "f")
    shape = d.samples[name][0].shape[1:]
    by = d.constant((d.rng.integers(1, 5, shape) * d.one([1, -1])).astype(d.samples[name][0].dtype))
    op = "Div" if d.samples[name][0].dtype.kind == "f" else d.one(["Div", "Mod", "Fmod"])
    return ("Mod" if op == "Fmod" else op), [name, by], ({"fmod": 1} if op == "Fmod" else {}), 1


def compare(d: Drawn) -> Any:
    name = d.some("f", "i", exact=True)
    return d.one(["Equal", "Less", "Greater", "GreaterOrEqual", "LessOrEqual"]), [name, d.beside(name)], {}, 1


def logic(d: Drawn) -> Any:
    op = d.one(["Not", "And", "Or", "Xor"])
    return op, [d.some("b")] if op == "Not" else [d.some("b"), d.some("b")], {}, 1


def choose(d: Drawn) -> Any:
    name = d.some("f", "i", "b")
    return "Where", [d.some("b"), *[name, d.beside(name)][:: d.one([1, -1])]], {}, 1


def cast(d: Drawn) -> Any:
    to = int(d.one([1, 6, 7, 9]))
    return "Cast", [d.some("f", "i", "b", exact=True)], {"to": to}, 1


def clip(d: Drawn) -> Any:
    name = d.some("f", "i")
    kind = d.samples[name][0].dtype
    low, high = (d.numbers((), kind) if d.rng.random() < 0.8 else "" for _ in range(2))
    return "Clip", [name, low, high], {}, 1


def conv(d: Drawn) -> Any:
    name = d.some("f", rank=4)
    channels, outer = _shape(d, name)[1], int(d.rng.integers(1, 5))
    k = int(d.rng.integers(1, 4))
    group = channels if d.rng.random() < 0.3 else 1
    outer = outer * group
    inputs = [name, d.numbers([outer, channels // group, k, k])]
    if d.rng.random() < 0.5:
        inputs.append(d.numbers([outer]))
    return (
        "Conv",
        inputs,
        {
            "pads": [int(x) for x in d.rng.integers(0, 2, 4)],
            "strides": [int(x) for x in d.rng.integers(1, 3, 2)],
            "group": group,
        },
        1,
    )


def pool(d: Drawn) -> Any:
    op = d.one(["MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool"])
    attrs = {} if op[0] == "G" else {"kernel_shape": [2, 2], "strides": [1, 2], "ceil_mode": int(d.rng.integers(2))}
    return op, [d.some("f", rank=4)], attrs, 1


def batch_norm(d: Drawn) -> Any:
    name = d.some("f", rank=4)
    c = _shape(d, name)[1]
    positive = d.constant(np.abs(d.rng.normal(size=c)).astype(np.float32) + 0.5)
    return "BatchNormalization", [name, *(d.numbers([c]) for _ in range(3)), positive], {}, 1


def layer_norm(d: Drawn) -> Any:
    if d.opset < 17:
        raise LookupError
    name = d.some("f")
    return "LayerNormalization", [name, d.numbers([d.samples[name][0].shape[-1]])], {"axis": -1}, 1


def transpose(d: Drawn) -> Any:
    name = d.some("f", "i", "b")
    return "Transpose", [name], {"perm": [int(x) for x in d.rng.permutation(d.samples[name][0].ndim)]}, 1


def reshape(d: Drawn) -> Any:
    name = d.some("f", "i", "b")
    shape = _shape(d, name)
    if d.rng.random() < 0.3:
        return "Flatten", [name], {"axis": _axis(d, name)}, 1
    if d.rng.random() < 0.3 and len(shape) > 2:
        return "Reshape", [name, d.constant(np.array([0, -1, shape[-1]]))], {}, 1
    if d.rng.random() < 0.5:
        return "Unsqueeze", [name, d.constant(np.array([_axis(d, name)]))], {}, 1
    return "Squeeze", [name], {}, 1


def concat(d: Drawn) -> Any:
    name = d.some("f", "i", "b")
    mine = d.samples[name][0]
    same = [n for n, x in d.samples.items() if x[0].dtype == mine.dtype and x[0].ndim == mine.ndim]
    return "Concat", [name, d.one(same)], {"axis": _axis(d, name)}, 1


def split(d: Drawn) -> Any:
    name = d.some("f", "i", "b")
    axis = _axis(d, name)
    size = d.samples[name][0].shape[axis]
    cut = int(d.rng.integers(1, max(2, size)))
    return "Split", [name, d.constant(np.array([cut, size - cut]))], {"axis": axis}, 2


def slice_(d: Drawn) -> Any:
    name = d.some("f", "i", "b")
    ends = [
        d.constant(np.array([int(x)]))
        for x in (d.rng.integers(-6, 6), d.one([-7, -2, -1, 1, 2, 3, 2**31 - 1, -(2**31)]))
    ]
    return (
        "Slice",
        [name, *ends, d.constant(np.array([_axis(d, name)])), d.constant(np.array([d.one([1, 1, 2, -1, -2])]))],
        {},
        1,
    )


def reduce(d: Drawn) -> Any:
    name = d.some("f", "i")
    op = d.one(["ReduceMax", "ReduceMin", "ReduceSum", "ReduceMean"])
    keep = {"keepdims": int(d.rng.integers(2))}
    axis = _axis(d, name)
    if op == "ReduceSum" or d.opset >= 18:
        return op, [name, d.constant(np.array([axis]))], keep, 1
    return op, [name], {"axes": [axis], **keep}, 1


def arg(d: Drawn) -> Any:
    name = d.some("f", "i", exact=True)
    flags = {"keepdims": int(d.rng.integers(2)), "select_last_index": int(d.rng.integers(2))}
    return d.one(["ArgMax", "ArgMin"]), [name], {"axis": _axis(d, name), **flags}, 1


def top_k(d: Drawn) -> Any:
    name = d.some("f", "i", exact=True)
    return (
        "TopK",
        [name, d.constant(np.array([int(d.rng.integers(1, 4))]))],
        {"axis": _axis(d, name), "largest": int(d.rng.integers(2))},
        2,
    )


def cum_sum(d: Drawn) -> Any:
    name = d.some("f", "i")
    flags = {"exclusive": int(d.rng.integers(2)), "reverse": int(d.rng.integers(2))}
    return "CumSum", [name, d.constant(np.array(_axis(d, name)))], flags, 1


def softmax(d: Drawn) -> Any:
    name = d.some("f")
    return d.one(["Softmax", "LogSoftmax"]), [name], {"axis": _axis(d, name)}, 1


def gather(d: Drawn) -> Any:
    name = d.some("f", "i", "b")
    axis = _axis(d, name)
    size = d.samples[name][0].shape[axis]
    places = d.constant(d.rng.integers(-size, size, [(), (3,), (2, 1)][int(d.rng.integers(3))]))
    return "Gather", [name, places], {"axis": axis}, 1


def pad(d: Drawn) -> Any:
    name = d.some("f", "i")
    rank = d.samples[name][0].ndim
    widths = d.rng.integers(-1, 3, 2 * rank)
    widths[[0, rank]] = 0
    mode = d.one(["constant", "reflect", "edge"])
    inputs = [name, d.constant(widths)]
    if mode == "constant" and d.rng.random() < 0.5:
        inputs.append(d.numbers((), d.samples[name][0].dtype))
    return "Pad", inputs, {"mode": mode}, 1


def repeat(d: Drawn) -> Any:
    name = d.some("f", "i", "b")
    rank = d.samples[name][0].ndim
    if d.rng.random() < 0.5:
        return "Tile", [name, d.constant(d.rng.integers(1, 3, rank))], {}, 1
    return "Expand", [name, d.constant(np.array([2, *[1] * rank]))], {}, 1


def product(d: Drawn) -> Any:
    name = d.some("f")
    x = d.samples[name][0]
    if x.ndim != 2 or d.rng.random() < 0.4:
        return "MatMul", [name, d.numbers([x.shape[-1], *([3] if d.rng.random() < 0.8 else [])])], {}, 1
    back = int(d.rng.integers(2))
    w = [x.shape[1], 3][:: -1 if back else 1]
    c = d.numbers(d.one([(), (1,), (3,), (1, 3), (1, 1)]))
    return "Gemm", [name, d.numbers(w), c], {"transB": back, "alpha": d.one([1.0, 0.5]), "beta": d.one([1.0, 2.0])}, 1


STEPS = [unary, whole, binary, binary, binary, divide, compare, logic, choose, cast, clip, conv, conv, pool, batch_norm,
         layer_norm, transpose, reshape, concat, split, slice_, reduce, arg, top_k, cum_sum, softmax, gather, pad,
         repeat, product]  # fmt: skip
