"""`web/program.json` in Python: the twin of the JavaScript interpreter, for the check of stock TF.js.

Runs of ONNX steps become one ONNX graph each and run in onnxruntime; our own operators and the encoders, whose
attributes have a spelling of their own (isoship/tfjs/program_ops.py), run in numpy between them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from isoship.errors import BundleError
from isoship.onnx.sessions import session_of
from isoship.rows.columns import Array
from isoship_edge.encoding.golden import decode
from isoship_edge.manifest import MISSING_STRING

Step = dict[str, Any]
Values = dict[str, Array]

_NUMPY: dict[str, Any] = {
    "double": np.float64,
    "float": np.float32,
    "int64": np.int64,
    "int32": np.int32,
    "bool": np.bool_,
    "string": object,
}


@dataclass(frozen=True, eq=False)
class Program:
    """What stands around the TF.js graph. feeds and fetches are those of the document."""

    constants: Values
    prefix: list[Step]
    feeds: list[dict[str, Any]]
    fetches: list[dict[str, Any]]
    suffix: list[Step]
    outputs: dict[str, str]
    _sessions: dict[tuple[int, ...], Any] = field(default_factory=dict)

    def before(self, inputs: Mapping[str, Array]) -> Values:
        """Every value that the prefix computes, with the inputs and constants."""
        values: Values = {**self.constants, **inputs}
        self._run(self.prefix, values)
        return values

    def after(self, values: Values) -> Values:
        """The outputs, once the graph's fetches are among the values."""
        self._run(self.suffix, values)
        return {name: _without_marker(values[source]) for name, source in self.outputs.items()}

    def _run(self, steps: list[Step], values: Values) -> None:
        for ours, run in groupby(steps, key=lambda s: s["op"] in _OURS):
            if ours:
                for step in run:
                    inputs = [values[i] for i in step["inputs"] if i]
                    values[step["outputs"][0]] = _OURS[step["op"]](inputs, step["attrs"], self.constants)
            else:
                self._run_onnx(list(run), values)

    def _run_onnx(self, steps: list[Step], values: Values) -> None:
        made = {name for step in steps for name in step["outputs"] if name}
        taken = dict.fromkeys(i for step in steps for i in step["inputs"] if i and i not in made)
        feeds = {name: values[name] for name in taken if name not in self.constants}
        key = tuple(map(id, steps))
        if key not in self._sessions:
            fixed = {name: values[name] for name in taken if name in self.constants}
            self._sessions[key] = _session(steps, feeds, fixed)
        names = [name for name in dict.fromkeys(n for step in steps for n in step["outputs"]) if name]
        values.update(zip(names, self._sessions[key].run(names, feeds), strict=True))


def read_program(web: Path) -> Program:
    """The program of a web bundle.

    Raises:
        BundleError: missing, damaged, or of a newer format.
    """
    try:
        document = json.loads((web / "program.json").read_bytes())
        blob = (web / "program.bin").read_bytes() if (web / "program.bin").is_file() else b""
        if document["format"] > 1:
            raise BundleError(f"{web / 'program.json'} has format {document['format']}; this isoship reads up to 1")
        return Program(
            constants={name: _constant(c, blob) for name, c in document["constants"].items()},
            prefix=document["prefix"],
            feeds=document["feeds"],
            fetches=document["fetches"],
            suffix=document["suffix"],
            outputs=document["outputs"],
        )
    except (OSError, ValueError, KeyError, TypeError) as err:
        raise BundleError(f"{web / 'program.json'} is missing or damaged: {type(err).__name__}: {err}") from err


def rank(features: Array, thresholds: Array, attrs: Mapping[str, Any]) -> Array:
    """isoship.Rank (docs/architecture.md): how many thresholds of its run each feature has passed, int32 [N, K]."""
    columns, start = [], 0
    for feature, count, side, nan in zip(attrs["feature"], attrs["count"], attrs["side"], attrs["nan"], strict=True):
        x = features[:, feature]
        # t < x counts those strictly below: the insertion point left of equals, in numpy's words
        place = np.searchsorted(thresholds[start : start + count], x, side=side)
        columns.append(np.where(np.isnan(x), -1 if nan == "low" else count, place))
        start += count
    return np.stack(columns, axis=1).astype(np.int32)


def _rank(inputs: list[Array], attrs: dict[str, Any], _constants: Values) -> Array:
    return rank(inputs[0], inputs[1], attrs)


def _member(inputs: list[Array], attrs: dict[str, Any], _constants: Values) -> Array:
    features, members = inputs
    columns, start = [], 0
    for feature, count in zip(attrs["feature"], attrs["count"], strict=True):
        columns.append(np.isin(features[:, feature], members[start : start + count]))
        start += count
    return np.stack(columns, axis=1).astype(np.int32)


def _label_encoder(inputs: list[Array], attrs: dict[str, Any], constants: Values) -> Array:
    keys, values = constants[attrs["keys"]].ravel(), constants[attrs["values"]].ravel()
    default = constants[attrs["default"]].ravel()[0]
    table = {_key(k): v for k, v in zip(keys.tolist(), values.tolist(), strict=True)}
    found = [table.get(_key(x), default) for x in inputs[0].ravel().tolist()]
    return np.array(found, dtype=values.dtype).reshape(inputs[0].shape)


def _one_hot(inputs: list[Array], attrs: dict[str, Any], constants: Values) -> Array:
    keys = constants[attrs["keys"]].ravel()
    return np.asarray(inputs[0][..., None] == keys).astype(_NUMPY[attrs["to"]])


_OURS: dict[str, Callable[[list[Array], dict[str, Any], Values], Array]] = {
    "isoship.Rank": _rank,
    "isoship.Member": _member,
    "ml.LabelEncoder": _label_encoder,
    "ml.OneHotEncoder": _one_hot,
}


def _key(value: Any) -> Any:
    return "NaN" if value != value else (type(value) is str, value)


def _without_marker(array: Array) -> Array:
    if array.dtype != object:
        return array
    return np.array([None if v == MISSING_STRING else v for v in array.ravel()], dtype=object).reshape(array.shape)


def _constant(entry: Mapping[str, Any], blob: bytes) -> Array:
    dtype = entry["dtype"]
    if "data" in entry:
        return np.array(decode(entry["data"]), dtype=_NUMPY[dtype]).reshape(entry["shape"])
    stored = np.dtype(_NUMPY[dtype]).newbyteorder("<")
    flat = np.frombuffer(blob, stored, entry["length"] // stored.itemsize, entry["offset"])
    return flat.reshape(entry["shape"]).astype(_NUMPY[dtype])


def _session(steps: list[Step], feeds: Values, fixed: Values) -> Any:
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    from onnx import TensorProto, helper, numpy_helper

    def element(array: Array) -> int:
        return TensorProto.STRING if array.dtype == object else helper.np_dtype_to_tensor_dtype(array.dtype)

    def tensor(name: str, array: Array) -> TensorProto:
        if array.dtype == object:
            return helper.make_tensor(name, TensorProto.STRING, array.shape, [s.encode() for s in array.ravel()])
        return numpy_helper.from_array(np.ascontiguousarray(array).reshape(array.shape), name)

    graph = helper.make_graph(
        [_node(step) for step in steps],
        "program",
        [helper.make_tensor_value_info(n, element(a), [None] * a.ndim) for n, a in feeds.items()],
        [helper.make_empty_tensor_value_info(n) for n in dict.fromkeys(o for s in steps for o in s["outputs"]) if n],
        [tensor(n, a) for n, a in fixed.items()],
    )
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("ai.onnx.ml", 5)]
    return session_of(helper.make_model(graph, opset_imports=opsets, ir_version=10))


def _node(step: Step) -> Any:
    import onnx
    from onnx import helper

    ml = step["op"].startswith("ml.")
    op, domain, version = step["op"].removeprefix("ml."), "ai.onnx.ml" if ml else "", 5 if ml else 21
    node = helper.make_node(op, step["inputs"], step["outputs"], domain=domain)
    schema = onnx.defs.get_schema(op, version, domain)
    for name, value in step["attrs"].items():
        if value is None or name not in schema.attributes:
            continue
        if op == "Cast" and name == "to":
            value = helper.np_dtype_to_tensor_dtype(np.dtype(_NUMPY[value])) if value != "string" else 8
        kind: Any = schema.attributes[name].type
        node.attribute.append(helper.make_attribute(name, value, attr_type=int(kind)))
    return node
