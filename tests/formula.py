"""A model written down as a formula, in every shipped form that this room needs, without any other room's code.

Two numbers (`height`, missing allowed, and `weight`) and a string (`city`) go through imputing, scaling and one-hot
encoding into a softmax over three classes. The source is numpy; model.onnx, program.json and model.json are written
here by hand.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper

from isoship.errors import InputError
from isoship.onnx.graph import GraphBuilder
from isoship.rows.golden import golden_rows
from isoship.rows.structure import column_profiles
from isoship.sources.contract import Answers, Row
from isoship_edge.manifest import Column, Output, Signature, digest_of, output_to_json, signature_to_json

CITIES = ("Oslo", "Rome", "Ærø <b>🐧</b>")
CLASSES = ("low", "<img src=x onerror=alert(1)>", "=high")
IMPUTED, CENTRE, SCALE = 170.5, np.array([170.0, 65.0]), np.array([9.5, 11.25])
WEIGHTS = np.array([[0.5, -0.25, 0.125], [-0.75, 0.5, 0.25], [0.3, -0.3, 0.1], [-0.2, 0.6, -0.1], [0.4, 0.1, -0.9]])
BIAS = np.array([0.1, -0.2, 0.05])

SIGNATURE = Signature(
    "columns", (Column("height", "double", True), Column("weight", "double"), Column("city", "string", True))
)
OUTPUTS = (
    Output("label", "label", "string", ("N",), CLASSES),
    Output("probabilities", "probabilities", "double", ("N", 3), CLASSES),
)
_EXACT = {"atol": 0.0, "rtol": 0.0, "reason": "labels are compared for equality"}
TOLERANCES = {
    "label": {"double": _EXACT, "float32": _EXACT},
    "probabilities": {
        "double": {"atol": 1e-9, "rtol": 0.0, "reason": "the order of sums"},
        "float32": {"atol": 1e-6, "rtol": 0.0, "reason": "24 bits"},
    },
}


class FormulaSource:
    """Implements `isoship.sources.contract.Source`. `calls` counts the batches that were asked."""

    library, library_version, estimator = "numpy", "2", "Formula()"
    signature, outputs, notes = SIGNATURE, OUTPUTS, ()
    double_tolerances: dict[str, Any] = {}  # noqa: RUF012 - the protocol says a dictionary

    def __init__(self) -> None:
        self.calls = 0

    def answers(self, rows: list[Row]) -> Answers:
        self.calls += 1
        for i, row in enumerate(rows):
            for name in ("height", "weight"):
                if row[name] is not None and not np.isfinite(row[name]):
                    raise InputError("Input contains infinity", row=i, column=name)
            if row["weight"] is None:
                raise InputError("Input contains NaN", row=i, column="weight")
        numbers = np.array([[IMPUTED if r["height"] is None else r["height"], r["weight"]] for r in rows], dtype=float)
        cities = np.array([[r["city"] == c for c in CITIES] for r in rows], dtype=float)
        scores = np.hstack([(numbers - CENTRE) / SCALE, cities]) @ WEIGHTS + BIAS
        e = np.exp(scores - scores.max(axis=1, keepdims=True))
        probabilities = e / e.sum(axis=1, keepdims=True)
        ordered = np.sort(probabilities, axis=1)
        labels = np.array([CLASSES[i] for i in probabilities.argmax(axis=1)], dtype=object)
        return Answers({"label": labels, "probabilities": probabilities}, ordered[:, -1] - ordered[:, -2])

    def refuses(self, rows: list[Row]) -> list[bool]:
        return [self._refused(row) for row in rows]

    def _refused(self, row: Row) -> bool:
        try:
            self.answers([row])
        except InputError:
            return True
        return False

    def to_onnx(self) -> onnx.ModelProto:
        return formula_graph()


def formula_graph(weights: np.ndarray[Any, Any] = WEIGHTS) -> onnx.ModelProto:
    """The canonical graph of the formula, or one with other weights."""
    g = GraphBuilder()
    height = g.op("Where", g.op("IsNaN", "height"), np.array([[IMPUTED]]), "height")
    scaled = g.op("Div", g.op("Sub", g.op("Concat", height, "weight", axis=1), CENTRE), SCALE)
    onehot = g.cast(g.op("Equal", "city", np.array([CITIES])), np.float64)
    scores = g.op("Add", g.op("MatMul", g.op("Concat", scaled, onehot, axis=1), weights), BIAS)
    probabilities = g.op("Softmax", scores, axis=1, out="probabilities")
    best = g.op("ArgMax", probabilities, axis=1, keepdims=0)
    g.op("Gather", np.array(CLASSES), best, axis=0, out="label")
    kinds = {"height": TensorProto.DOUBLE, "weight": TensorProto.DOUBLE, "city": TensorProto.STRING}
    return g.model(
        [helper.make_tensor_value_info(name, kind, ["N", 1]) for name, kind in kinds.items()],
        [
            helper.make_tensor_value_info("label", TensorProto.STRING, ["N"]),
            helper.make_tensor_value_info("probabilities", TensorProto.DOUBLE, ["N", 3]),
        ],
    )


def write_formula_bundle(folder: Path, *, web: bool = False, source: FormulaSource | None = None) -> Path:
    """A bundle of the formula: model.onnx, manifest.json, golden.json, and with `web` the stock TF.js graph."""
    source = source or FormulaSource()
    folder.mkdir(parents=True)
    model = formula_graph()
    content = model.SerializeToString(deterministic=True)
    (folder / "model.onnx").write_bytes(content)
    document: dict[str, Any] = {
        "format": 1,
        "name": "formula",
        "version": "1.0.0",
        "signature": signature_to_json(SIGNATURE),
        "outputs": [output_to_json(o) for o in OUTPUTS],
        "tolerances": TOLERANCES,
        "encoder": None,
        "provenance": {"library": "numpy", "library_version": "2", "estimator": "Formula()"},
    }
    document["digest"] = digest_of(hashlib.sha256(content).hexdigest(), document)
    golden = golden_rows(source, column_profiles(model, SIGNATURE), seed=0)
    (folder / "golden.json").write_text(json.dumps({**golden, "digest": document["digest"]}), encoding="utf-8")
    names = ("model.onnx", "golden.json")
    document["files"] = {n: hashlib.sha256((folder / n).read_bytes()).hexdigest() for n in names}
    (folder / "manifest.json").write_text(json.dumps(document), encoding="utf-8")
    if web:
        _write_web(folder / "web")
    return folder


def _write_web(web: Path) -> None:
    """The prefix in program.json, the product and the softmax in model.json, the label in the suffix."""
    web.mkdir()
    step = {"attrs": {}}
    program = {
        "format": 1,
        "constants": {
            "imputed": {"dtype": "double", "shape": [1, 1], "data": [IMPUTED]},
            "centre": {"dtype": "double", "shape": [2], "data": CENTRE.tolist()},
            "scale": {"dtype": "double", "shape": [2], "offset": 0, "length": 16},
            "cities": {"dtype": "string", "shape": [3], "data": list(CITIES)},
            "classes": {"dtype": "string", "shape": [3], "data": list(CLASSES)},
        },
        "prefix": [
            {"op": "IsNaN", "inputs": ["height"], "outputs": ["p0"], **step},
            {"op": "Where", "inputs": ["p0", "imputed", "height"], "outputs": ["p1"], **step},
            {"op": "Concat", "inputs": ["p1", "weight"], "outputs": ["p2"], "attrs": {"axis": 1}},
            {"op": "Sub", "inputs": ["p2", "centre"], "outputs": ["p3"], **step},
            {"op": "Div", "inputs": ["p3", "scale"], "outputs": ["p4"], **step},
            {"op": "ml.OneHotEncoder", "inputs": ["city"], "outputs": ["p5"],
             "attrs": {"keys": "cities", "zeros": 1, "to": "double"}},
            {"op": "Flatten", "inputs": ["p5"], "outputs": ["p6"], "attrs": {"axis": 1}},
            {"op": "Concat", "inputs": ["p4", "p6"], "outputs": ["p7"], "attrs": {"axis": 1}},
            {"op": "Cast", "inputs": ["p7"], "outputs": ["p8"], "attrs": {"to": "float"}},
        ],
        "feeds": [{"name": "features", "from": "p8", "dtype": "float32", "shape": ["N", 5]}],
        "fetches": [{"name": "probabilities", "to": "g0", "dtype": "float32", "shape": ["N", 3]}],
        "suffix": [
            {"op": "ArgMax", "inputs": ["g0"], "outputs": ["s0"],
             "attrs": {"axis": 1, "keepdims": 0, "select_last_index": 0}},
            {"op": "Gather", "inputs": ["classes", "s0"], "outputs": ["s1"], "attrs": {"axis": 0}},
        ],
        "outputs": {"label": "s1", "probabilities": "g0"},
        "form": [],
    }  # fmt: skip
    (web / "program.json").write_text(json.dumps(program), encoding="utf-8")
    (web / "program.bin").write_bytes(SCALE.astype("<f8").tobytes())
    weights = [("w", WEIGHTS.astype("<f4")), ("b", BIAS.astype("<f4"))]
    (web / "group1-shard1of1.bin").write_bytes(b"".join(a.tobytes() for _, a in weights))
    (web / "model.json").write_text(json.dumps(_tfjs(weights)), encoding="utf-8")


def _tfjs(weights: list[tuple[str, np.ndarray[Any, Any]]]) -> dict[str, Any]:
    kind = {"type": "DT_FLOAT"}

    def shape(*sizes: int) -> dict[str, Any]:
        return {"shape": {"dim": [{"size": str(s)} for s in sizes]}}

    nodes: list[dict[str, Any]] = [
        {"name": "features", "op": "Placeholder", "attr": {"dtype": kind, "shape": shape(-1, 5)}},
        *(
            {"name": n, "op": "Const", "attr": {"dtype": kind, "value": {"tensor": {"dtype": "DT_FLOAT",
             "tensorShape": shape(*a.shape)["shape"]}}}}
            for n, a in weights
        ),
        {"name": "product", "op": "MatMul", "input": ["features", "w"],
         "attr": {"T": kind, "transpose_a": {"b": False}, "transpose_b": {"b": False}}},
        {"name": "scores", "op": "AddV2", "input": ["product", "b"], "attr": {"T": kind}},
        {"name": "softmax", "op": "Softmax", "input": ["scores"], "attr": {"T": kind}},
    ]  # fmt: skip

    def info(name: str, *sizes: int) -> dict[str, Any]:
        return {"name": f"{name}:0", "dtype": "DT_FLOAT", "tensorShape": shape(*sizes)["shape"]}

    return {
        "format": "graph-model",
        "modelTopology": {"node": nodes, "library": {}, "versions": {"producer": 1}},
        "signature": {"inputs": {"features": info("features", -1, 5)},
                      "outputs": {"probabilities": info("softmax", -1, 3)}},
        "weightsManifest": [{"paths": ["group1-shard1of1.bin"], "weights": [
            {"name": n, "shape": list(a.shape), "dtype": "float32"} for n, a in weights]}],
    }  # fmt: skip
