"""The hand-written bundles of tests/tensor_bundles.py with a web folder, and Node to ask them."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from node_script import run_node

from isoship.bundle.core import record_files
from isoship.bundle.web_tensors import WebNetwork, compiled, described, tfjs_dtype, write_web_tensors
from isoship.parity.runners.arrays import received, sent
from isoship.tfjs.emitter import GraphDef
from isoship.tfjs.network import Network, Port
from isoship_edge.manifest import Manifest, read_manifest
from tensor_bundles import EMBEDDING, NUMBERS, make_tensor_bundle

_SCRIPT = Path(__file__).with_name("ask.mjs")


def digits_bundle(folder: Path, runtime: Path) -> Path:
    """Its graph is compiled."""
    make_tensor_bundle(folder, "digits")
    manifest = read_manifest(folder)
    web = compiled(onnx.load(folder / "model.onnx"), manifest.signature, manifest.outputs)
    return _with_web(folder, web, runtime)


def numbers_bundle(folder: Path, runtime: Path, *, extra: str = "") -> Path:
    """Its graph is written here: nothing but the ports is in question.

    extra: "beyond wasm", large enough for wasm with an operator that is cpu's alone; "dynamic", with an operator whose
    result has a size of its own.
    """
    make_tensor_bundle(folder, "numbers")
    manifest = read_manifest(folder)
    network = _passing(manifest, extra)
    return _with_web(folder, described(network, manifest.signature, manifest.outputs), runtime)


def _passing(manifest: Manifest, extra: str) -> Network:
    g = GraphDef()
    fed = {one.name: g.placeholder(one.name, tfjs_dtype(one.dtype), one.shape) for one in manifest.signature.inputs}
    made = {f"{one['name']}_out": g.op("Identity", fed[one["name"]]) for one in NUMBERS if one["name"] != "ids"}
    made["rows"] = g.op("GatherV2", g.const(EMBEDDING), fed["ids"], g.control(np.int32(0)))
    if extra == "beyond wasm":
        equation = {"s": base64.b64encode(b"ij,jk->ik").decode()}
        made["x_float_out"] = g.op("Einsum", fed["x_float"], g.const(np.eye(2, dtype="float32")), equation=equation)
        g.const(np.zeros(2**15, "float32"))
    if extra == "dynamic":
        places = g.op("Where", fed["x_bool"], dtype="int32")
        kinds: dict[str, Any] = {"SrcT": {"type": "DT_INT32"}, "DstT": {"type": "DT_FLOAT"}}
        places = g.op("Cast", places, dtype="float32", **kinds)
        total = g.op("Sum", places, g.control(np.array([0, 1], "int32")), keep_dims={"b": False})
        made["x_float_out"] = g.op("AddV2", fed["x_float"], g.op("Mul", total, g.const(np.float32(0))))
    inputs = [Port(s.name, fed[s.name].name, s.dtype, fed[s.name].dtype, s.shape) for s in manifest.signature.inputs]
    outputs = [Port(o.name, made[o.name].name, o.dtype, made[o.name].dtype, o.shape) for o in manifest.outputs]
    return Network(g, tuple(inputs), tuple(outputs), ())


def _with_web(folder: Path, web: WebNetwork, runtime: Path) -> Path:
    files = write_web_tensors(folder / "web", folder, web, runtime=runtime)
    record_files(folder, [f"web/{name}" for name in files])
    (folder / "web" / "manifest.json").write_bytes((folder / "manifest.json").read_bytes())
    return folder


def asked(bundle: Path, **job: Any) -> Any:
    """What ask.mjs answers of a bundle's web folder."""
    return run_node(_SCRIPT, str(bundle / "web" / "index.js"), stdin=job)


def call_of(arrays: Mapping[str, np.ndarray[Any, Any]]) -> dict[str, Any]:
    """Arrays as `predictTensors` of ask.mjs takes them."""
    return {name: sent(np.asarray(array)) for name, array in arrays.items()}


def arrays_of(made: Mapping[str, Any]) -> dict[str, np.ndarray[Any, Any]]:
    """What ask.mjs gives back."""
    names = {"float": "float32", "double": "float64"}
    return {name: received({**one, "dtype": names.get(one["dtype"], one["dtype"])}) for name, one in made.items()}
