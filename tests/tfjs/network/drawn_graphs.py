"""Random networks of ONNX operators, drawn node by node, each with results that onnxruntime has for two batch sizes."""

from __future__ import annotations

from typing import Any

import drawn_arithmetic
import drawn_moves
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
FAULTS = tuple(
    getattr(ort.capi.onnxruntime_pybind11_state, name)
    for name in ("Fail", "InvalidArgument", "NotImplemented", "InvalidGraph", "RuntimeException")
)


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
        made: dict[str, Array] = {}
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
            op, inputs, attrs, outputs = self.one([*drawn_arithmetic.STEPS, *drawn_moves.STEPS])(self)
            node = helper.make_node(
                op, inputs, [f"v{len(self.nodes)}_{k}" for k in range(outputs)], f"n{len(self.nodes)}", **attrs
            )
            made = self.tried(node)
        except (LookupError, ValueError, *FAULTS):
            del self.tensors[tensors:]
            return
        self.nodes.append(node)
        smooth = op in (
            *drawn_arithmetic.SMOOTH,
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
