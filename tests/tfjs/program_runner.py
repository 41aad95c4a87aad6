"""Runs program.json without JavaScript: ONNX's own steps one by one in onnxruntime, ours (`isoship.*`) in numpy.

A second reading of the format, independent of the browser runtime: every step has to be valid ONNX as it is spelled.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from isoship.tfjs.canonical import NUMPY, dtype_of
from isoship_edge.encoding.golden import decode

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
import onnxruntime as ort

Array = np.ndarray[Any, Any]

TYPES = {
    "double": TensorProto.DOUBLE,
    "float": TensorProto.FLOAT,
    "int64": TensorProto.INT64,
    "int32": TensorProto.INT32,
    "bool": TensorProto.BOOL,
    "string": TensorProto.STRING,
}


def session_of(model: onnx.ModelProto) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    return ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def reference(model: onnx.ModelProto, inputs: dict[str, Array]) -> dict[str, Array]:
    """onnxruntime on the canonical graph."""
    session = session_of(model)
    return dict(zip([o.name for o in session.get_outputs()], session.run(None, inputs), strict=True))


class ProgramRunner:
    def __init__(self, folder: Path) -> None:
        self.document: dict[str, Any] = json.loads((folder / "program.json").read_bytes())
        binary = (folder / "program.bin").read_bytes() if (folder / "program.bin").exists() else b""
        self.constants = {name: _constant(c, binary) for name, c in self.document["constants"].items()}
        self.sessions: dict[str, ort.InferenceSession] = {}

    def run(self, region: str, values: dict[str, Array]) -> None:
        """Adds what the steps of a region make to `values`."""
        for step in self.document[region]:
            inputs = [None if n == "" else values[n] if n in values else self.constants[n] for n in step["inputs"]]
            if step["op"].startswith("isoship."):
                values[step["outputs"][0]] = _OURS[step["op"]](*inputs, **step["attrs"])
            else:
                values.update(zip(step["outputs"], self._onnx(step, inputs), strict=True))

    def _onnx(self, step: dict[str, Any], inputs: list[Array | None]) -> list[Array]:
        key = step["outputs"][0]
        names = ["" if array is None else f"i{i}" for i, array in enumerate(inputs)]
        if key not in self.sessions:
            self.sessions[key] = self._session(step, inputs, names)
        feeds = {n: a for n, a in zip(names, inputs, strict=True) if a is not None}
        return list(self.sessions[key].run(None, feeds))

    def _session(self, step: dict[str, Any], inputs: list[Array | None], names: list[str]) -> ort.InferenceSession:
        attrs = {k: v for k, v in step["attrs"].items() if v is not None}
        op = step["op"].removeprefix("ml.")
        if op in ("Cast", "OneHotEncoder"):
            to = attrs.pop("to")
            attrs |= {"to": TYPES[to]} if op == "Cast" else {}
        if op == "LabelEncoder":
            attrs = {
                "keys_tensor": _tensor(self.constants[attrs["keys"]]),
                "values_tensor": _tensor(self.constants[attrs["values"]]),
                "default_tensor": _tensor(self.constants[attrs["default"]]),
            }
        domain = "ai.onnx.ml" if step["op"].startswith("ml.") else ""
        node = helper.make_node(op, names, [f"o{i}" for i in range(len(step["outputs"]))], domain=domain, **attrs)
        infos = [
            helper.make_tensor_value_info(n, TYPES[dtype_of(a)], [None] * a.ndim)
            for n, a in zip(names, inputs, strict=True)
            if a is not None
        ]
        outputs = [onnx.ValueInfoProto(name=name) for name in node.output]
        graph = helper.make_graph([node], "step", infos, outputs)
        opsets = [helper.make_opsetid("", 21), helper.make_opsetid("ai.onnx.ml", 5)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=10)
        return session_of(model)


def _constant(entry: dict[str, Any], binary: bytes) -> Array:
    kind = NUMPY[entry["dtype"]]
    if "data" in entry:
        return np.array(decode(entry["data"]), dtype=kind).reshape(entry["shape"])
    assert entry["offset"] % 8 == 0
    data = binary[entry["offset"] : entry["offset"] + entry["length"]]
    return np.frombuffer(data, np.dtype(kind).newbyteorder("<")).astype(kind).reshape(entry["shape"])


def _tensor(array: Array) -> onnx.TensorProto:
    if array.dtype == object:
        return helper.make_tensor("", TensorProto.STRING, array.shape, [w.encode() for w in array.ravel()])
    return numpy_helper.from_array(array)


def _rank(x: Array, thresholds: Array, feature: list[int], count: list[int], side: list[str], nan: list[str]) -> Array:
    """The definition of docs/architecture.md, counted and not searched."""
    ranks = np.empty((len(x), len(feature)), np.int32)
    ends = np.cumsum(count)
    for k, (f, end, n) in enumerate(zip(feature, ends, count, strict=True)):
        t, column = thresholds[end - n : end], x[:, f].astype(np.float64)
        below = t[None] < column[:, None] if side[k] == "left" else t[None] <= column[:, None]
        ranks[:, k] = np.where(np.isnan(column), -1 if nan[k] == "low" else n, below.sum(axis=1))
    return ranks


def _member(x: Array, members: Array, feature: list[int], count: list[int], nan: list[int]) -> Array:
    found = np.empty((len(x), len(feature)), np.int32)
    ends = np.cumsum(count)
    for k, (f, end, n) in enumerate(zip(feature, ends, count, strict=True)):
        column = x[:, f]
        found[:, k] = np.where(np.isnan(column), nan[k], np.isin(column, members[end - n : end]))
    return found


_OURS = {"isoship.Rank": _rank, "isoship.Member": _member}
