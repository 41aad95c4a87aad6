"""Writes a TF.js graph model: `model.json` and weight shards, without TensorFlow.

What `tf.loadGraphModel` reads: a NodeDef list in the JSON mapping of tensorflow/core/framework/node_def.proto (with
attributes such as `{"type": "DT_FLOAT"}`), a signature, and a weights manifest whose shards are the constants' bytes in
order. Constants carry dtype and shape; their data comes from the weights under the node's name.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from isoship.tfjs.canonical import Array

SHARD_BYTES = 4 * 1024 * 1024
#: Weights with fewer numbers are not worth a second dtype.
_LARGE = 64

#: The dtypes that TF.js weights have here, and TensorFlow's names for them.
TF_DTYPES = {"float32": "DT_FLOAT", "int32": "DT_INT32", "bool": "DT_BOOL"}


@dataclass(frozen=True)
class Tensor:
    """A node's output: the node's name (with `:1` and so on for others than the first), and its dtype (float32, int32
    or bool)."""

    name: str
    dtype: str


@dataclass
class GraphDef:
    """NodeDefs in execution order, and the weights of the Const nodes among them."""

    nodes: list[dict[str, Any]] = field(default_factory=list)
    weights: dict[str, Array] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=set)
    _counted: dict[str, int] = field(default_factory=dict)
    _data: dict[tuple[str, tuple[int, ...], bytes], Tensor] = field(default_factory=dict)
    _by_name: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._by_name.update((node["name"], node) for node in self.nodes)

    def placeholder(self, name: str, dtype: str, shape: Sequence[int | str | None]) -> Tensor:
        attrs = {"dtype": _type(dtype), "shape": {"shape": _shape(shape)}}
        return self._add("Placeholder", self._unique(name), (), attrs, dtype)

    def const(self, value: Any, dtype: str | None = None) -> Tensor:
        """A constant that is data: equal ones are written once."""
        array = _weight(value, dtype)
        key = (str(array.dtype), array.shape, array.tobytes())
        if key not in self._data:
            self._data[key] = self.control(array)
        return self._data[key]

    def control(self, value: Any, dtype: str | None = None) -> Tensor:
        """A constant that steers one operator (axis, shape). Never shared: on webgpu a Const that is both an axis and
        data makes later models in the page fail."""
        array = _weight(value, dtype)
        name, kind = self._unique("const"), str(array.dtype)
        self.weights[name] = array
        attrs = {
            "dtype": _type(kind),
            "value": {"tensor": {"dtype": TF_DTYPES[kind], "tensorShape": _shape(array.shape)}},
        }
        return self._add("Const", name, (), attrs, kind)

    def op(self, op: str, *inputs: Tensor, dtype: str | None = None, name: str = "", **attrs: Any) -> Tensor:
        """Adds a node. The result has the first input's dtype unless `dtype` says otherwise. attrs are NodeDef JSON."""
        result = dtype or inputs[0].dtype
        if inputs:
            attrs = {"T": _type(inputs[1 if op == "SelectV2" else 0].dtype), **attrs}
        return self._add(op, self._unique(name or op), inputs, attrs, result)

    def node(self, tensor: Tensor) -> dict[str, Any]:
        """The node that makes a tensor."""
        return self._by_name[node_of(tensor.name)]

    def made_by(self, tensor: Tensor) -> str:
        """The operator whose data a tensor holds: the one that made it, behind those that only rename or reshape."""
        node = self.node(tensor)
        while node["op"] in ("Identity", "Reshape"):
            node = self.node(Tensor(node["input"][0], tensor.dtype))
        return str(node["op"])

    def pruned(self, outputs: Sequence[str]) -> GraphDef:
        """The same graph without nodes that no output needs; placeholders stay."""
        wanted = set(outputs)
        kept = []
        for node in reversed(self.nodes):
            if node["name"] in wanted or node["op"] == "Placeholder":
                wanted.update(map(node_of, node["input"]))
                kept.append(node)
        names = {node["name"] for node in kept}
        return GraphDef(kept[::-1], {name: array for name, array in self.weights.items() if name in names})

    def _add(self, op: str, name: str, inputs: Sequence[Tensor], attrs: dict[str, Any], dtype: str) -> Tensor:
        node = {"name": name, "op": op, "input": [t.name for t in inputs], "attr": attrs}
        self.nodes.append(node)
        self._by_name[name] = node
        return Tensor(name, dtype)

    def _unique(self, seed: str) -> str:
        name, count = seed, self._counted.get(seed, 0)
        while name in self._taken:
            count += 1
            name = f"{seed}_{count}"
        self._counted[seed] = count
        self._taken.add(name)
        return name


def node_of(name: str) -> str:
    """The node that makes a tensor."""
    return name.partition(":")[0]


def write_model(
    folder: Path,
    graph: GraphDef,
    inputs: Sequence[tuple[str, str, Sequence[int | str | None]]],
    outputs: Sequence[tuple[str, str, Sequence[int | str | None]]],
    metadata: dict[str, Any],
    *,
    halves: bool = False,
) -> tuple[str, ...]:
    """Writes model.json and the shards; the same graph gives the same bytes. Returns the names of the files.

    inputs, outputs: (node name, dtype, shape), "N" and None in shapes standing for any size.
    halves: large weights whose numbers float16 holds, every one of them, are written so: TF.js makes the same float32
    of them.
    """
    stored = {name: _stored(array, halves=halves) for name, array in graph.weights.items()}
    data = b"".join(np.ascontiguousarray(a).tobytes() for a in stored.values())
    count = max(1, -(-len(data) // SHARD_BYTES))
    paths = [f"group1-shard{i + 1}of{count}.bin" for i in range(count)]
    specs: list[dict[str, Any]] = []
    for name, array in graph.weights.items():
        half = {"quantization": {"dtype": "float16"}} if stored[name].dtype == np.float16 else {}
        specs.append({"name": name, "shape": list(array.shape), "dtype": str(array.dtype), **half})
    document = {
        "format": "graph-model",
        "generatedBy": "isoship",
        "convertedBy": "isoship",
        "signature": {
            "inputs": {n: _endpoint(n, dtype, shape) for n, dtype, shape in inputs},
            "outputs": {n: _endpoint(n, dtype, shape) for n, dtype, shape in outputs},
        },
        "userDefinedMetadata": metadata,
        "modelTopology": {
            "node": graph.nodes,
            "library": {},
            "versions": {"producer": 1395, "minConsumer": 12},
        },
        "weightsManifest": [{"paths": paths, "weights": specs}],
    }
    for i, path in enumerate(paths):
        (folder / path).write_bytes(data[i * SHARD_BYTES : (i + 1) * SHARD_BYTES])
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    (folder / "model.json").write_text(text + "\n", encoding="utf-8")
    return ("model.json", *paths)


def _stored(array: Array, *, halves: bool) -> Array:
    if not halves or array.dtype != np.float32 or array.size < _LARGE:
        return array
    with np.errstate(over="ignore"):
        half = array.astype(np.float16)
    return half if np.array_equal(half.astype(np.float32), array) else array


def _weight(value: Any, dtype: str | None) -> Array:
    array = np.asarray(value)
    if dtype is None:
        dtype = {"f": "float32", "i": "int32", "b": "bool"}[array.dtype.kind]
    if dtype == "int32" and array.size and np.abs(array.astype(np.int64)).max() >= 2**31:
        raise ValueError("an int64 constant that int32 does not hold reached the emitter")
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(array, dtype=np.dtype(dtype)).reshape(array.shape)


def _type(dtype: str) -> dict[str, Any]:
    return {"type": TF_DTYPES[dtype]}


def _shape(shape: Sequence[int | str | None]) -> dict[str, Any]:
    return {"dim": [{"size": str(d) if isinstance(d, int) else "-1"} for d in shape]}


def _endpoint(name: str, dtype: str, shape: Sequence[int | str | None]) -> dict[str, Any]:
    return {"name": f"{name}:0", "dtype": TF_DTYPES[dtype], "tensorShape": _shape(shape)}
