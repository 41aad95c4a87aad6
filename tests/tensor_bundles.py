"""Small bundles of tensors written by hand, for tests that need one without exporting one.

    digits   pictures of 8 x 8 grays, uint8 [N, 8, 8, 1], through a convolution to ten float32 logits [N, 10]
    mixed    an input of every dtype, each given back as it came; rows of an embedding by int64 with ends; NaN and
             infinities in two of the floats; [N, 2] each, a scalar, and two dimensions with names
    numbers  the same without strings, whose calls are kept
    any_size gray pictures of any size, and the sum of each [N]

Expected answers come from numpy, not from ONNX Runtime.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from isoship_edge.inference.model import load
from isoship_edge.manifest import digest_of, sealed
from isoship_edge.tensors.model import TensorModel
from isoship_edge.tensors.signature import DATATYPES

Arrays = dict[str, np.ndarray[Any, Any]]

ELEMENTS = {
    "double": TensorProto.DOUBLE, "float": TensorProto.FLOAT, "float16": TensorProto.FLOAT16, "bool": TensorProto.BOOL,
    "string": TensorProto.STRING, **{n: getattr(TensorProto, n.upper()) for n in DATATYPES if "int" in n},
}  # fmt: skip
NUMPY = {"double": "float64", "float": "float32", "string": "object"}
_RANDOM = np.random.default_rng(7)
KERNEL = _RANDOM.normal(0, 0.1, (4, 1, 3, 3)).astype("float32")
WEIGHTS = _RANDOM.normal(0, 0.1, (4 * 6 * 6, 10)).astype("float32")
EMBEDDING = _RANDOM.normal(size=(5, 3)).astype("float32")
_EXACT = {"atol": 0.0, "rtol": 0.0, "reason": "given back as it came"}
_ROUNDING = {"atol": 1e-4, "rtol": 1e-5, "reason": "the order of sums in float32"}


def entry(name: str, dtype: str, shape: list[Any], **more: Any) -> dict[str, Any]:
    floats = {"nan": False, "infinity": False} if dtype in ("double", "float", "float16") else {}
    return {"name": name, "dtype": dtype, "shape": shape, **floats, **more}


DIGITS = [entry("image", "uint8", ["N", 8, 8, 1], image={"color": "gray"})]
MIXED = [
    *(entry(f"x_{dtype}", dtype, ["N", 2]) for dtype in DATATYPES if dtype != "double"),
    entry("x_double", "double", ["N", 2], nan=True, infinity=True),
    entry("nan", "float", ["N", "M"], nan=True),
    entry("scalar", "float", [], minimum=-1.5, maximum=2.5),
    entry("ids", "int64", ["N", "L"], minimum=0, maximum=4),
]

NUMBERS = [one for one in MIXED if one["dtype"] != "string"]


def digits_reference(inputs: Mapping[str, Any]) -> Arrays:
    pixels = np.asarray(inputs["image"], "float64")[..., 0] / 16
    windows = np.lib.stride_tricks.sliding_window_view(pixels, (3, 3), axis=(1, 2))
    features = np.maximum(np.einsum("nijkl,ckl->ncij", windows, KERNEL[:, 0].astype("float64")), 0)
    return {"logits": (features.reshape(len(pixels), -1) @ WEIGHTS.astype("float64")).astype("float32")}


def mixed_reference(inputs: Mapping[str, Any]) -> Arrays:
    made = {f"{name}_out": np.asarray(value) for name, value in inputs.items() if name != "ids"}
    return {**made, "rows": EMBEDDING[inputs["ids"]]}


def mixed_inputs(count: int = 2, *, seed: int = 0, kind: str = "mixed") -> Arrays:
    """Numbers of each dtype's whole range."""
    random = np.random.default_rng(seed)
    made: Arrays = {}
    for one in MIXED if kind == "mixed" else NUMBERS:
        sizes = tuple({"N": count, "M": 3, "L": 4}.get(size, size) for size in one["shape"])
        dtype = one["dtype"]
        if dtype == "string":
            held = np.array(["", "Ærø 🐧", "a"], dtype=object)[random.integers(0, 3, sizes)]
        elif dtype == "bool":
            held = random.integers(0, 2, sizes).astype("bool")
        elif "int" in dtype:
            ends = np.iinfo(dtype)
            low, high = one.get("minimum", ends.min), one.get("maximum", ends.max)
            held = random.integers(low, high, sizes, dtype=dtype, endpoint=True)
        else:
            held = np.asarray(random.normal(0, 1, sizes)).astype(NUMPY.get(dtype, dtype))
        made[one["name"]] = held
    made["x_double"].reshape(-1)[:3] = [np.nan, np.inf, -0.0][: min(3, 2 * count)]
    if made["nan"].size:
        made["nan"][0, 0] = np.nan
    return made


def make_tensor_bundle(folder: Path, kind: str = "digits") -> Path:
    """Writes manifest.json, model.onnx, golden.json and golden.bin of the bundle `kind`, and returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    inputs, model, outputs, reference, calls, refused = _BUNDLES[kind]()
    content = model.SerializeToString()
    golden = Golden()
    tolerance = _ROUNDING if kind == "digits" else _EXACT
    document: dict[str, Any] = {
        "format": 2, "name": kind, "version": "1.2.3", "encoder": None,
        "signature": {"layout": "tensors", "inputs": inputs},
        "outputs": [{**one, "kind": "tensor"} for one in outputs],
        "tolerances": {
            one["name"]: {"double" if one["dtype"] == "double" else "float32": tolerance}
            for one in outputs
        },
    }  # fmt: skip
    sha256 = hashlib.sha256(content).hexdigest()
    document["digest"] = digest_of(sha256, document)
    document["provenance"] = {"isoship": "0.1.0", "library": "numpy", "library_version": "2", "estimator": "Formula()"}
    held = {
        "format": 2, "digest": document["digest"],
        "asks": [
            {"kind": name, "inputs": golden.tensors(call), "outputs": golden.tensors(reference(call))}
            for name, call in calls
        ],
        "refused": [
            {"why": why, "input": name, "inputs": golden.tensors(call)} for why, name, call in refused
        ],
    }  # fmt: skip
    written = {"model.onnx": content, "golden.json": json.dumps(held).encode(), "golden.bin": bytes(golden.data)}
    document["files"] = {name: hashlib.sha256(data).hexdigest() for name, data in written.items()}
    for name, data in {**written, "manifest.json": sealed(document)}.items():
        (folder / name).write_bytes(data)
    return folder


class Golden:
    """golden.bin as it grows."""

    def __init__(self) -> None:
        self.data = bytearray()

    def tensors(self, arrays: Mapping[str, Any]) -> dict[str, Any]:
        return {name: self.tensor(np.asarray(array)) for name, array in arrays.items()}

    def tensor(self, array: np.ndarray[Any, Any]) -> dict[str, Any]:
        shape = list(array.shape)
        if array.dtype == object:
            return {"dtype": "string", "shape": shape, "strings": array.reshape(-1).tolist()}
        dtype = {numpy: ours for ours, numpy in NUMPY.items()}.get(array.dtype.name, array.dtype.name)
        raw = array.astype(array.dtype.newbyteorder("<")).tobytes()
        start = len(self.data)
        self.data += raw
        return {"dtype": dtype, "shape": shape, "at": [start, len(raw)]}


def _model(nodes: list[Any], inputs: list[dict[str, Any]], outputs: list[dict[str, Any]], held: Any = ()) -> Any:
    info = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        "g",
        [info(one["name"], ELEMENTS[one["dtype"]], one["shape"]) for one in inputs],
        [info(one["name"], ELEMENTS[one["dtype"]], one["shape"]) for one in outputs],
        list(held),
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    onnx.checker.check_model(model)
    return model


def _digits() -> Any:
    outputs = [{"name": "logits", "dtype": "float", "shape": ["N", 10], "classes": list(range(10))}]
    node = helper.make_node
    nodes = [
        node("Cast", ["image"], ["f"], to=TensorProto.FLOAT),
        node("Div", ["f", "sixteen"], ["scaled"]),
        node("Transpose", ["scaled"], ["planes"], perm=[0, 3, 1, 2]),
        node("Conv", ["planes", "kernel"], ["conv"]),
        node("Relu", ["conv"], ["relu"]),
        node("Flatten", ["relu"], ["flat"]),
        node("MatMul", ["flat", "weights"], ["logits"]),
    ]
    held = [
        numpy_helper.from_array(np.float32(16), "sixteen"),
        numpy_helper.from_array(KERNEL, "kernel"),
        numpy_helper.from_array(WEIGHTS, "weights"),
    ]
    random = np.random.default_rng(1)
    calls = [
        ("zeros", {"image": np.zeros((1, 8, 8, 1), "uint8")}),
        *((f"batch-{n}", {"image": random.integers(0, 17, (n, 8, 8, 1), dtype="uint8")}) for n in (1, 2, 3)),
    ]
    refused = [
        ("shape", "image", {"image": np.zeros((1, 8, 9, 1), "uint8")}),
        ("dtype", "image", {"image": np.zeros((1, 8, 8, 1), "float32")}),
        ("empty", "image", {"image": np.zeros((0, 8, 8, 1), "uint8")}),
    ]
    return DIGITS, _model(nodes, DIGITS, outputs, held), outputs, digits_reference, calls, refused


def _mixed(kind: str = "mixed") -> Any:
    inputs = MIXED if kind == "mixed" else NUMBERS
    outputs = [
        {"name": f"{one['name']}_out", "dtype": one["dtype"], "shape": one["shape"]}
        for one in inputs
        if one["name"] != "ids"
    ] + [{"name": "rows", "dtype": "float", "shape": ["N", "L", 3]}]
    nodes = [
        *(
            helper.make_node("Identity", [one["name"]], [f"{one['name']}_out"])
            for one in inputs
            if one["name"] != "ids"
        ),
        helper.make_node("Gather", ["embedding", "ids"], ["rows"]),
    ]
    good = mixed_inputs(kind=kind)
    refused = [
        ("nan", "x_float", {**good, "x_float": np.array([[1, np.nan], [0, 0]], "float32")}),
        ("infinity", "nan", {**good, "nan": np.array([[np.inf], [0]], "float32")}),
        ("range", "ids", {**good, "ids": np.array([[5], [0]], "int64")}),
        ("sizes", "ids", {**good, "ids": np.array([[1], [0], [2]], "int64")}),
        ("absent", "scalar", {name: value for name, value in good.items() if name != "scalar"}),
    ]
    calls = [(f"batch-{n}", mixed_inputs(n, seed=n, kind=kind)) for n in (1, 2, 5)]
    held = [numpy_helper.from_array(EMBEDDING, "embedding")]
    return inputs, _model(nodes, inputs, outputs, held), outputs, mixed_reference, calls, refused


def _any_size() -> Any:
    inputs = [entry("image", "uint8", ["N", "H", "W", 1], image={"color": "gray"})]
    outputs = [{"name": "sum", "dtype": "double", "shape": ["N"]}]
    nodes = [
        helper.make_node("Cast", ["image"], ["f"], to=TensorProto.DOUBLE),
        helper.make_node("ReduceSum", ["f", "axes"], ["sum"], keepdims=0),
    ]
    held = [numpy_helper.from_array(np.array([1, 2, 3]), "axes")]
    calls = [("zeros", {"image": np.zeros((1, 2, 3, 1), "uint8")})]

    def reference(call: Mapping[str, Any]) -> Arrays:
        return {"sum": call["image"].sum(axis=(1, 2, 3), dtype="float64")}

    return inputs, _model(nodes, inputs, outputs, held), outputs, reference, calls, []


_BUNDLES: dict[str, Any] = {
    "any_size": _any_size,
    "digits": _digits,
    "mixed": _mixed,
    "numbers": lambda: _mixed("numbers"),
}


def json_of(arrays: Mapping[str, Any]) -> dict[str, Any]:
    """Arrays as a client would write them in JSON: NaN is null."""
    return {name: _listed(np.asarray(array).tolist()) for name, array in arrays.items()}


def _listed(value: Any) -> Any:
    if isinstance(value, list):
        return [_listed(one) for one in value]
    return None if isinstance(value, float) and value != value else value


def loaded(folder: Path, backend: str | None = None) -> TensorModel:
    model = load(folder, backend=backend)
    assert isinstance(model, TensorModel)
    return model
