"""Faults in web/: weights, the program around the graph, the graph itself, the JavaScript that runs it."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.mutants.graph import Canonical
from benchmarks.mutants.sealing import put, replaced
from benchmarks.mutants.tree_faults import PENGUIN_NUMBERS, Plant
from benchmarks.mutants.trees import Branch, Ensemble, chosen

Rng = np.random.Generator
_BYTES = {"float32": 4, "int32": 4, "bool": 1}


def program(text: str, edit: Callable[[Any], None]) -> Plant:
    """web/program.json, edited in place."""

    def plant(folder: Path, _rng: Rng) -> str:
        path = folder / "web" / "program.json"
        document = json.loads(path.read_bytes())
        edit(document)
        put(path, json.dumps(document, ensure_ascii=False).encode())
        return text

    return plant


def operand(document: Any, op: str, which: int) -> Any:
    """The constant that stands at a place of the first step of a kind."""
    step = next(s for s in document["prefix"] + document["suffix"] if s["op"] == op)
    return document["constants"][step["inputs"][which]]


def last_digit(document: Any) -> None:
    """The first mean of the scaler, one ulp up: its last digit in program.json."""
    first_up(operand(document, "Sub", 1)["data"])


def first_up(data: list[Any]) -> None:
    """The first number, one ulp up."""
    data[0] = math.nextafter(data[0], math.inf)


def labels_swapped(document: Any) -> None:
    step = document["suffix"][-1]
    data = document["constants"][step["inputs"][0]]["data"]
    data[0], data[1] = data[1], data[0]


def categories_swapped(document: Any) -> None:
    step = next(s for s in document["prefix"] if s["op"] == "ml.LabelEncoder")
    data = document["constants"][step["attrs"]["keys"]]["data"]
    data[0], data[1] = data[1], data[0]


def rank_one_ulp(folder: Path, rng: Rng) -> str:
    """One threshold of a twig in program.bin, one ulp of float32 up: the width in which the trees compare."""
    ensemble = Ensemble(Canonical(folder))

    def after(twig: Branch) -> float:
        return float(np.nextafter(ensemble.split[twig.index], np.float32(np.inf)))

    twigs = ensemble.twigs(numbers=PENGUIN_NUMBERS)
    twig = chosen(twigs, rng, lambda b: after(b) <= ensemble.interval(b)[1])
    feature, old = int(ensemble.feature[twig.index]), float(ensemble.split[twig.index])
    document = json.loads((folder / "web" / "program.json").read_bytes())
    step = next(s for s in document["prefix"] if s["op"] == "isoship.Rank")
    table = document["constants"][step["inputs"][1]]
    blob = bytearray((folder / "web" / "program.bin").read_bytes())
    found, place = 0, table["offset"]
    for of, count in zip(step["attrs"]["feature"], step["attrs"]["count"], strict=True):
        for at in range(place, place + 8 * count, 8):
            if of == feature and struct.unpack_from("<d", blob, at) == (old,):
                struct.pack_into("<d", blob, at, after(twig))
                found += 1
        place += 8 * count
    if not found:
        raise LookupError(f"program.bin holds no threshold {old!r} of feature {feature}")
    put(folder / "web" / "program.bin", bytes(blob))
    return f"feature {feature}: {old!r}, in {found} runs"


def weight_byte(folder: Path, rng: Rng) -> str:
    """The highest bit of the mantissa of one leaf's share, in the shard: at least a quarter more or less."""
    name, offset, shape = _leaf_table(folder)
    path = folder / "web" / "group1-shard1of1.bin"
    blob = bytearray(path.read_bytes())
    table = np.frombuffer(bytes(blob), np.float32, math.prod(shape), offset)
    usable = np.flatnonzero(table > 0.2)
    at = offset + 4 * int(usable[rng.integers(len(usable))]) + 2
    blob[at] ^= 0x40
    put(path, bytes(blob))
    return f"byte {at}, in {name}"


def weight_dtype(folder: Path, _rng: Rng) -> str:
    """The leaf table is declared int32."""
    name = _leaf_table(folder)[0]
    path = folder / "web" / "model.json"
    document = json.loads(path.read_bytes())
    spec = next(w for w in document["weightsManifest"][0]["weights"] if w["name"] == name)
    spec["dtype"] = "int32"
    put(path, json.dumps(document).encode())
    return name


def graph_with(
    text: str, nodes: Callable[[str, dict[str, Any]], list[Any]], weights: dict[str, tuple[str, Any]]
) -> Plant:
    """More nodes at the end of the graph, between `probabilities` and what made it.

    nodes: the name of the tensor in front, constants by name -> node documents, the last of which is `probabilities`.
    weights: constant name -> (dtype, values). On cpu the graph answers as before.
    """

    def plant(folder: Path, _rng: Rng) -> str:
        path = folder / "web" / "model.json"
        document = json.loads(path.read_bytes())
        topology = document["modelTopology"]["node"]
        last = next(n for n in topology if n["name"] == "probabilities")
        topology.remove(last)
        blob = bytearray((folder / "web" / "group1-shard1of1.bin").read_bytes())
        for name, (dtype, values) in weights.items():
            array = np.array(values, {"int32": np.int32, "float32": np.float32}[dtype])
            blob += array.tobytes()
            document["weightsManifest"][0]["weights"].append({"name": name, "shape": list(array.shape), "dtype": dtype})
            sizes = [{"size": str(n)} for n in array.shape]
            kind = {"type": "DT_INT32" if dtype == "int32" else "DT_FLOAT"}
            tensor = {"tensor": {"dtype": kind["type"], "tensorShape": {"dim": sizes}}}
            topology.append({"name": name, "op": "Const", "input": [], "attr": {"dtype": kind, "value": tensor}})
        topology += nodes(last["input"][0], weights)
        put(path, json.dumps(document).encode())
        put(folder / "web" / "group1-shard1of1.bin", bytes(blob))
        return text

    return plant


def op(name: str, kind: str, inputs: list[str], **attributes: Any) -> dict[str, Any]:
    return {"name": name, "op": kind, "input": inputs, "attr": attributes}


_FLOAT, _INT = {"type": "DT_FLOAT"}, {"type": "DT_INT32"}


def gather_by_batch(front: str, _weights: dict[str, Any]) -> list[Any]:
    """probabilities[i, j] = front[i, order[i, j]] with order 0, 1, 2 in each row: GatherV2 with batch_dims=1."""
    return [
        op("planted zero", "Mul", [front, "planted nothing"], T=_FLOAT),
        op("planted rows", "Cast", ["planted zero"], SrcT=_FLOAT, DstT=_INT),
        op("planted order", "AddV2", ["planted rows", "planted columns"], T=_INT),
        op(
            "probabilities", "GatherV2", [front, "planted order", "planted axis"],
            Tparams=_FLOAT, Tindices=_INT, Taxis=_INT, batch_dims={"i": "1"},
        ),
    ]  # fmt: skip


GATHER_WEIGHTS = {
    "planted nothing": ("float32", 0.0),
    "planted columns": ("int32", [[0, 1, 2]]),
    "planted axis": ("int32", 1),
}


def one_hot_in_float(front: str, _weights: dict[str, Any]) -> list[Any]:
    """probabilities = front * sum(OneHot(argmax(front))): a factor of 1 wherever OneHot writes a float 1."""
    return [
        op("planted best", "ArgMax", [front, "planted axis"], T=_FLOAT, Tidx=_INT, output_type=_INT),
        op(
            "planted hot", "OneHot", ["planted best", "planted depth", "planted on", "planted off"],
            T=_FLOAT, TI=_INT, axis={"i": "-1"},
        ),
        op("planted factor", "Sum", ["planted hot", "planted axes"], T=_FLOAT, Tidx=_INT, keep_dims={"b": True}),
        op("probabilities", "Mul", [front, "planted factor"], T=_FLOAT),
    ]  # fmt: skip


ONE_HOT_WEIGHTS = {
    "planted axis": ("int32", 1),
    "planted depth": ("int32", 3),
    "planted on": ("float32", 1.0),
    "planted off": ("float32", 0.0),
    "planted axes": ("int32", [1]),
}


def script(file: str, old: str, new: str, text: str) -> Plant:
    """A passage of a module below web/, replaced."""

    def plant(folder: Path, _rng: Rng) -> str:
        replaced(folder / "web" / file, old, new)
        return text

    return plant


def _leaf_table(folder: Path) -> tuple[str, int, list[int]]:
    """Name, place in the shard and shape of the leaves' shares: the largest float32 weight."""
    group = json.loads((folder / "web" / "model.json").read_bytes())["weightsManifest"][0]
    found, offset = [], 0
    for weight in group["weights"]:
        size = math.prod(weight["shape"]) * _BYTES[weight["dtype"]]
        if weight["dtype"] == "float32":
            found.append((size, weight["name"], offset, weight["shape"]))
        offset += size
    _, name, start, shape = max(found)
    return name, start, shape


def float16_textures(folder: Path, _rng: Rng) -> str:
    """webgl renders into 16-bit floats, and the guard that refuses such a device is gone."""
    path = folder / "web" / "graph" / "backend.js"
    loads = 'if (backend === "webgl") await import("../tfjs/webgl.js");'
    force = 'tf.env().set("WEBGL_FORCE_F16_TEXTURES", true);\n    tf.env().set("WEBGL_RENDER_FLOAT32_ENABLED", false);'
    replaced(path, loads, f'if (backend === "webgl") {{\n    await import("../tfjs/webgl.js");\n    {force}\n  }}')
    replaced(path, 'if (backend === "webgl" && !tf.env()', "if (false && !tf.env()")
    return "WEBGL_FORCE_F16_TEXTURES"
