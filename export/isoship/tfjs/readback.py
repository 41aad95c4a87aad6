"""Reads a written TF.js model back and compares every weight with the one that was written, bit by bit."""

from __future__ import annotations

import importlib
import importlib.util
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from isoship.errors import ConversionError
from isoship.tfjs.canonical import Array

_WIDTHS = {"float32": 4, "float16": 2, "int32": 4, "bool": 1}


def verify_written(folder: Path, weights: Mapping[str, Array]) -> None:
    """Compares the weights in a folder with these.

    Raises:
        ConversionError: one is missing, of another dtype or shape, or differs in a bit.
    """
    found = read_weights(folder)
    if found.keys() != weights.keys():
        raise ConversionError(f"{folder / 'model.json'} does not list the weights that were written")
    for name, array in weights.items():
        if found[name].dtype != array.dtype or found[name].shape != array.shape:
            raise ConversionError(f"the weight {name} reads back as {found[name].dtype} {found[name].shape}")
        if found[name].tobytes() != array.tobytes():
            raise ConversionError(f"the weight {name} does not read back bit by bit")


def read_weights(folder: Path) -> dict[str, Array]:
    """The weights of a TF.js model by name, read strictly: sizes must add up, every Const must have its data.

    Raises:
        ConversionError: the folder does not hold what its model.json says.
    """
    document = json.loads((folder / "model.json").read_bytes())
    weights: dict[str, Array] = {}
    for group in document["weightsManifest"]:
        data = b"".join((folder / path).read_bytes() for path in group["paths"])
        at = 0
        for spec in group["weights"]:
            kept = spec.get("quantization", {}).get("dtype", spec["dtype"])
            size = int(np.prod(spec["shape"], dtype=np.int64)) * _WIDTHS[kept]
            if at + size > len(data) or spec["name"] in weights:
                raise ConversionError(f"the shards of {folder / 'model.json'} end inside {spec['name']!r}")
            array = np.frombuffer(data[at : at + size], kept).reshape(spec["shape"])
            weights[spec["name"]] = array.astype(spec["dtype"], copy=False)
            at += size
        if at != len(data):
            raise ConversionError(f"{len(data) - at} bytes of the shards belong to no weight")
    constants = {node["name"] for node in document["modelTopology"]["node"] if node["op"] == "Const"}
    if constants != weights.keys():
        raise ConversionError("the graph's Const nodes and the weights manifest differ")
    return weights


def read_back(folder: Path) -> dict[str, Array] | None:
    """The weights as the official `tensorflowjs` package reads them, None where it is not installed.

    Its `__init__` imports all of TensorFlow, so the reader's module is loaded under a bare package of that name.
    """
    spec = importlib.util.find_spec("tensorflowjs")
    if spec is None or spec.submodule_search_locations is None:
        return None
    package = ModuleType("tensorflowjs")
    package.__path__ = list(spec.submodule_search_locations)
    known = sys.modules.get("tensorflowjs")
    sys.modules["tensorflowjs"] = package
    try:
        reader: Any = importlib.import_module("tensorflowjs.read_weights")
    finally:
        if known is None:
            del sys.modules["tensorflowjs"]
        else:
            sys.modules["tensorflowjs"] = known
    manifest = json.loads((folder / "model.json").read_bytes())["weightsManifest"]
    groups = reader.read_weights(manifest, str(folder))
    return {entry["name"]: np.asarray(entry["data"]) for group in groups for entry in group}
