"""A web bundle written by hand: a softmax regression over four columns, small enough to compute again in numpy.

It stands between the runtime's tests and the exporter: nothing here comes from isoship.tfjs.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from isoship_edge.encoding import golden
from isoship_edge.manifest import sealed

HOSTILE = '<img src=x onerror="window.hacked=1">'
ISLANDS = ["Biscoe", HOSTILE, "Ærø 🐧"]
CLASSES = ["Adelie", HOSTILE, "__proto__"]
NUMBER = "bill <b>length</b>"
MEAN, SCALE = 43.9, 5.46
#: float32 values, so that the graph holds the weights exactly.
WEIGHTS = np.random.default_rng(7).normal(size=(6, 3)).astype(np.float32)
BIAS = np.array([0.25, -0.5, 0.125], np.float32)

SIGNATURE = {
    "layout": "columns",
    "columns": [
        {"name": NUMBER, "dtype": "double", "missing": True, "infinity": False},
        {"name": "island", "dtype": "string", "missing": False, "categories": ISLANDS},
        {"name": "eggs", "dtype": "int64", "missing": False},
        {"name": "tagged", "dtype": "bool", "missing": False},
    ],
}


def rows(n: int, seed: int = 0) -> list[dict[str, Any]]:
    rng = np.random.default_rng(seed)
    return [
        {
            NUMBER: None if rng.random() < 0.2 else float(rng.normal(MEAN, SCALE)),
            "island": ISLANDS[rng.integers(3)],
            "eggs": int(rng.integers(0, 3)),
            "tagged": bool(rng.integers(2)),
        }
        for _ in range(n)
    ]


def answers(batch: list[dict[str, Any]]) -> dict[str, list[Any]]:
    """The truth in double: label and probabilities."""
    features = np.array(
        [
            [
                ((MEAN if row[NUMBER] is None else row[NUMBER]) - MEAN) / SCALE,
                *(float(row["island"] == island) for island in ISLANDS),
                float(row["eggs"]),
                float(row["tagged"]),
            ]
            for row in batch
        ]
    )
    scores = features @ WEIGHTS.astype(float) + BIAS.astype(float)
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    probabilities = e / e.sum(axis=1, keepdims=True)
    return {"label": [CLASSES[k] for k in probabilities.argmax(axis=1)], "probabilities": probabilities.tolist()}


def _step(op: str, inputs: list[str], output: str, **attrs: Any) -> dict[str, Any]:
    return {"op": op, "inputs": inputs, "outputs": [output], "attrs": attrs}


def _ints(*values: int) -> dict[str, Any]:
    return {"dtype": "int64", "shape": [len(values)], "data": golden.encode(list(values))}


def program() -> tuple[dict[str, Any], bytes]:
    """program.json and program.bin; one constant lives in the binary."""
    binary = np.array([MEAN], "<f8").tobytes()
    return {
        "format": 1,
        "constants": {
            "mean": {"dtype": "double", "shape": [1], "offset": 0, "length": len(binary)},
            "scale": {"dtype": "double", "shape": [1], "data": [SCALE]},
            "islands": {"dtype": "string", "shape": [3], "data": ISLANDS},
            "wide": _ints(-1, 3),
            "classes": {"dtype": "string", "shape": [3], "data": CLASSES},
        },
        "prefix": [
            _step("IsNaN", [NUMBER], "absent"),
            _step("Where", ["absent", "mean", NUMBER], "filled"),
            _step("Sub", ["filled", "mean"], "centred"),
            _step("Div", ["centred", "scale"], "scaled"),
            _step("ml.OneHotEncoder", ["island"], "hot", keys="islands", zeros=1, to="double"),
            _step("Reshape", ["hot", "wide"], "island_hot", allowzero=0),
            _step("Cast", ["eggs"], "eggs_double", to="double"),
            _step("Cast", ["tagged"], "tagged_double", to="double"),
            _step("Concat", ["scaled", "island_hot", "eggs_double", "tagged_double"], "features", axis=1),
        ],
        "feeds": [{"name": "X", "from": "features", "dtype": "float32", "shape": ["N", 6]}],
        "fetches": [{"name": "probabilities", "to": "p", "dtype": "float32", "shape": ["N", 3]}],
        "suffix": [
            _step("ArgMax", ["p"], "best", axis=1, keepdims=0, select_last_index=0),
            _step("Gather", ["classes", "best"], "name", axis=0),
        ],
        "outputs": {"label": "name", "probabilities": "p"},
        "form": [
            {"column": NUMBER, "kind": "number", "min": 32, "max": 60, "value": 44},
            {"column": "island", "kind": "choice", "choices": ISLANDS, "value": HOSTILE},
            {"column": "eggs", "kind": "number", "min": 0, "max": 2, "value": 1},
            {"column": "tagged", "kind": "checkbox", "value": True},
        ],
    }, binary


def manifest() -> dict[str, Any]:
    reason = "float32 graph"
    return {
        "format": 1,
        "name": "tiny",
        "version": "1.2.3",
        "digest": "sha256:" + "ab" * 32,
        "signature": SIGNATURE,
        "outputs": [
            {"name": "label", "kind": "label", "dtype": "string", "shape": ["N"], "classes": CLASSES},
            {
                "name": "probabilities",
                "kind": "probabilities",
                "dtype": "double",
                "shape": ["N", 3],
                "classes": CLASSES,
            },
        ],
        "tolerances": {
            "label": {p: {"atol": 0.0, "rtol": 0.0, "reason": "exact"} for p in ("double", "float32")},
            "probabilities": {
                "double": {"atol": 1e-12, "rtol": 0.0, "reason": reason},
                "float32": {"atol": 1e-5, "rtol": 0.0, "reason": reason},
            },
        },
        "encoder": None,
        "provenance": {"isoship": "0", "library": "numpy", "library_version": "0", "estimator": "by hand"},
        "files": {},
    }


def _node(name: str, op: str, *inputs: str, **attr: Any) -> dict[str, Any]:
    return {"name": name, "op": op, "input": list(inputs), "attr": attr}


def graph() -> tuple[dict[str, Any], bytes]:
    """model.json and its one shard."""
    float32 = {"type": "DT_FLOAT"}

    def shape(*sizes: int) -> dict[str, Any]:
        return {"shape": {"dim": [{"size": str(size)} for size in sizes]}}

    def const(name: str, array: np.ndarray[Any, Any]) -> dict[str, Any]:
        tensor = {"tensor": {"dtype": "DT_FLOAT", "tensorShape": shape(*array.shape)["shape"]}}
        return _node(name, "Const", dtype=float32, value=tensor)

    no = {"b": False}
    nodes = [
        _node("X", "Placeholder", dtype=float32, shape=shape(-1, 6)),
        const("W", WEIGHTS),
        const("b", BIAS),
        _node("xw", "MatMul", "X", "W", T=float32, transpose_a=no, transpose_b=no),
        _node("scores", "AddV2", "xw", "b", T=float32),
        _node("out", "Softmax", "scores", T=float32),
    ]
    signature = {
        "inputs": {"X": {"name": "X:0", "dtype": "DT_FLOAT", "tensorShape": shape(-1, 6)["shape"]}},
        "outputs": {"probabilities": {"name": "out:0", "dtype": "DT_FLOAT", "tensorShape": shape(-1, 3)["shape"]}},
    }
    weights = [
        {"name": "W", "shape": [6, 3], "dtype": "float32"},
        {"name": "b", "shape": [3], "dtype": "float32"},
    ]
    return {
        "format": "graph-model",
        "modelTopology": {"node": nodes, "versions": {"producer": 1}},
        "signature": signature,
        "weightsManifest": [{"paths": ["group1-shard1of1.bin"], "weights": weights}],
    }, WEIGHTS.astype("<f4").tobytes() + BIAS.astype("<f4").tobytes()


def row_program() -> tuple[dict[str, Any], bytes]:
    """rows.json and rows.bin: the program's steps, and between them those of the graph, in doubles."""
    document, binary = program()
    weights, bias = (array.astype("<f8") for array in (WEIGHTS, BIAS))
    constants = document["constants"] | {
        "W": {"dtype": "double", "shape": [6, 3], "offset": len(binary), "length": weights.nbytes},
        "b": {"dtype": "double", "shape": [3], "data": bias.tolist()},
    }
    graph_steps = [
        _step("Gemm", ["features", "W", "b"], "scores", alpha=1.0, beta=1.0, transA=0, transB=0),
        _step("Softmax", ["scores"], "p", axis=1),
    ]
    return {
        "format": 1,
        "constants": constants,
        "inputs": {c["name"]: {"dtype": c["dtype"], "shape": ["N", 1]} for c in SIGNATURE["columns"]},
        "steps": [*document["prefix"], *graph_steps, *document["suffix"]],
        "outputs": document["outputs"],
    }, binary + weights.tobytes()


def add_rows(folder: Path) -> None:
    """Adds the row program to a folder that `write` filled, and the digests of every file to its manifest."""
    document, binary = row_program()
    (folder / "rows.json").write_text(json.dumps(document), encoding="utf-8")
    (folder / "rows.bin").write_bytes(binary)
    names = ("rows.json", "rows.bin", "program.json", "program.bin", "model.json", "group1-shard1of1.bin")
    files = {f"web/{name}": folder / name for name in names} | {"golden.json": folder / "golden.json"}
    digests = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()}
    (folder / "manifest.json").write_bytes(sealed({**manifest(), "files": digests}))


def golden_rows() -> dict[str, Any]:
    batch = rows(20, seed=3)
    expected = answers(batch)
    ordered = np.sort(np.array(expected["probabilities"]), axis=1)
    unseen = {**batch[0], "island": "Atlantis"}
    return {
        "format": 1,
        "digest": manifest()["digest"],
        "rows": [{k: golden.encode(v) for k, v in row.items()} for row in batch],
        "kinds": ["category"] * len(batch),
        "expected": {name: golden.encode(values) for name, values in expected.items()},
        "margin": golden.encode((ordered[:, -1] - ordered[:, -2]).tolist()),
        "refused": [
            {"row": {k: golden.encode(v) for k, v in unseen.items()}, "column": "island", "why": "unseen category"}
        ],
    }


def write(folder: Path) -> None:
    """Adds the model's files to a built runtime."""
    program_document, binary = program()
    model, shard = graph()
    documents = {
        "manifest.json": manifest(),
        "golden.json": golden_rows(),
        "program.json": program_document,
        "model.json": model,
    }
    for name, document in documents.items():
        (folder / name).write_text(json.dumps(document), encoding="utf-8")
    (folder / "program.bin").write_bytes(binary)
    (folder / "group1-shard1of1.bin").write_bytes(shard)
