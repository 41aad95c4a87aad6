"""Small bundles written by hand, for tests that need one without exporting one.

    visits   layout columns: all four dtypes, missing values, categories, a limit; string labels and probabilities
    yield    layout matrix: a two-tree TreeEnsemble (ai.onnx.ml 5) of leaf numbers; one double value

Expected answers come from plain numpy formulas, not from ONNX Runtime.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from isoship_edge.encoding import golden
from isoship_edge.manifest import MISSING_STRING, canonical_json, digest_of

WEIGHTS = np.array(
    [[0.02, -0.01, 0.005], [1e-5, 3e-5, -2e-5], [0.1, 0.0, -0.2], [0.3, -0.3, 0.1], [0.5, 0.25, -0.4], [-0.2, 0.6, 0.1]]
)
BIAS = np.array([-0.5, 0.25, 0.125])
CITIES = {"Oslo": 1.0, "Rome": 2.0, "Ærøskøbing 🐧": 3.0, MISSING_STRING: -1.0}
PLANS = {"basic": 0.0, "pro": 1.0}
LABELS = ("low", "middle", "high")
LEAVES = np.array([1.5, 2.5, 4.5, 0.25, -0.125])

_TOLERANCE = {"atol": 1e-12, "rtol": 1e-12, "reason": "the order of sums"}
_EXACT = {"atol": 0.0, "rtol": 0.0, "reason": "labels are compared for equality"}

VISITS: dict[str, Any] = {
    "signature": {
        "layout": "columns",
        "columns": [
            {"name": "age", "dtype": "double", "missing": True, "infinity": False,
             "minimum": -1000.0, "maximum": 1000.0},
            {"name": "income", "dtype": "double", "missing": False, "infinity": True},
            {"name": "visits", "dtype": "int64", "missing": False},
            {"name": "member", "dtype": "bool", "missing": False},
            {"name": "city", "dtype": "string", "missing": True},
            {"name": "plan", "dtype": "string", "missing": False, "categories": ["basic", "pro"]},
        ],
    },
    "outputs": [
        {"name": "label", "kind": "label", "dtype": "string", "shape": ["N"], "classes": list(LABELS)},
        {"name": "probabilities", "kind": "probabilities", "dtype": "double", "shape": ["N", 3],
         "classes": list(LABELS)},
    ],
    "tolerances": {
        "label": {"double": _EXACT, "float32": _EXACT},
        "probabilities": {"double": _TOLERANCE, "float32": _TOLERANCE},
    },
}  # fmt: skip
YIELD: dict[str, Any] = {
    "signature": {
        "layout": "matrix",
        "columns": [
            {"name": "x0", "dtype": "double", "missing": True, "infinity": False},
            {"name": "x1", "dtype": "double", "missing": False, "infinity": True},
            {"name": "x2", "dtype": "double", "missing": False, "infinity": False},
        ],
    },
    "outputs": [{"name": "value", "kind": "value", "dtype": "double", "shape": ["N"]}],
    "tolerances": {"value": {"double": _EXACT, "float32": _TOLERANCE}},
}

VISITS_ROWS: list[dict[str, Any]] = [
    {"age": 39.0, "income": 51000.5, "visits": 3, "member": True, "city": "Oslo", "plan": "pro"},
    {"age": None, "income": 0.0, "visits": -7, "member": False, "city": None, "plan": "basic"},
    {"age": 71.25, "income": -1e-300, "visits": 2**53, "member": False, "city": "Ærøskøbing 🐧", "plan": "basic"},
    {"age": 18.1, "income": 12345.678, "visits": 0, "member": True, "city": "Atlantis", "plan": "pro"},
]
YIELD_ROWS: list[dict[str, Any]] = [
    {"x0": 1.0, "x1": 0.5, "x2": 0.0},
    {"x0": 1.0000000000000002, "x1": 0.5000000000000001, "x2": 3.0},
    {"x0": None, "x1": float("inf"), "x2": -2.0},
    {"x0": -4.0, "x1": float("-inf"), "x2": 1e300},
]


def make_bundle(folder: Path, kind: str = "visits") -> Path:
    """Writes manifest.json, model.onnx and golden.json of the bundle `kind` into `folder`, and returns it."""
    folder.mkdir(parents=True, exist_ok=True)
    core, model, rows, reference = {
        "visits": (VISITS, _visits_model(), VISITS_ROWS, visits_reference),
        "yield": (YIELD, _yield_model(), YIELD_ROWS, yield_reference),
    }[kind]
    content = model.SerializeToString()
    (folder / "model.onnx").write_bytes(content)
    sha256 = hashlib.sha256(content).hexdigest()
    document = {"format": 1, "name": kind, "version": "1.2.3", "encoder": None, **core}
    document["digest"] = digest_of(sha256, document)
    document["provenance"] = {"isoship": "0.1.0", "library": "numpy", "library_version": "2", "estimator": "Formula()"}
    document["files"] = {"model.onnx": sha256}
    (folder / "manifest.json").write_bytes(canonical_json(document))
    refused = {"visits": ("plan", "Atlantis", "unseen"), "yield": ("x2", None, "missing")}[kind]
    expected = reference(rows)
    held = {
        "format": 1,
        "digest": document["digest"],
        "rows": [{name: golden.encode(value) for name, value in row.items()} for row in rows],
        "kinds": ["threshold"] * len(rows),
        "expected": {name: golden.encode(values.tolist()) for name, values in expected.items()},
        "margin": golden.encode([float("inf")] * len(rows)),
        "refused": [
            {
                "row": {name: golden.encode(value) for name, value in {**rows[0], refused[0]: refused[1]}.items()},
                "column": refused[0],
                "why": refused[2],
            }
        ],
    }
    (folder / "golden.json").write_text(json.dumps(held))
    return folder


def visits_reference(rows: list[dict[str, Any]]) -> dict[str, np.ndarray[Any, Any]]:
    """What the `visits` model answers, by the formula."""
    features = np.array(
        [
            [
                40.0 if r["age"] is None else r["age"],
                r["income"],
                float(r["visits"]),
                float(r["member"]),
                CITIES.get(MISSING_STRING if r["city"] is None else r["city"], 0.0),
                PLANS[r["plan"]],
            ]
            for r in rows
        ]
    )
    scores = features @ WEIGHTS + BIAS
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    probabilities = powers / powers.sum(axis=1, keepdims=True)
    return {"label": np.array(LABELS, dtype=object)[probabilities.argmax(axis=1)], "probabilities": probabilities}


def yield_reference(rows: list[dict[str, Any]]) -> dict[str, np.ndarray[Any, Any]]:
    """What the `yield` model answers: x0 <= 1 ? 1.5 : (x2 <= 2.5 ? 2.5 : 4.5), plus x1 <= 0.5 ? 0.25 : -0.125."""
    totals = []
    for r in rows:
        first = 1.5 if r["x0"] is not None and r["x0"] <= 1.0 else (2.5 if r["x2"] <= 2.5 else 4.5)
        totals.append(first + (0.25 if r["x1"] <= 0.5 else -0.125))
    return {"value": np.array(totals)}


def _visits_model() -> onnx.ModelProto:
    def encoder(column: str, keys: dict[str, float]) -> onnx.NodeProto:
        # Keys are UTF-8 bytes in the tensor; onnx writes them from str.
        return helper.make_node(
            "LabelEncoder", [column], [f"{column}_code"], domain="ai.onnx.ml",
            keys_strings=list(keys), values_tensor=numpy_helper.from_array(np.array(list(keys.values()))),
            default_tensor=numpy_helper.from_array(np.array([0.0])),
        )  # fmt: skip

    nodes = [
        helper.make_node("IsNaN", ["age"], ["age_missing"]),
        helper.make_node("Where", ["age_missing", "age_fill", "age"], ["age_filled"]),
        helper.make_node("Cast", ["visits"], ["visits_double"], to=TensorProto.DOUBLE),
        helper.make_node("Cast", ["member"], ["member_double"], to=TensorProto.DOUBLE),
        encoder("city", CITIES),
        encoder("plan", PLANS),
        helper.make_node(
            "Concat",
            ["age_filled", "income", "visits_double", "member_double", "city_code", "plan_code"],
            ["features"],
            axis=1,
        ),
        helper.make_node("MatMul", ["features", "weights"], ["products"]),
        helper.make_node("Add", ["products", "bias"], ["sums"]),
        helper.make_node("Softmax", ["sums"], ["probabilities"], axis=-1),
        helper.make_node("ArgMax", ["probabilities"], ["place"], axis=1, keepdims=0),
        helper.make_node(
            "LabelEncoder", ["place"], ["label"], domain="ai.onnx.ml",
            keys_int64s=[0, 1, 2], values_strings=list(LABELS), default_string="?",
        ),
    ]  # fmt: skip
    types = {
        "double": TensorProto.DOUBLE,
        "int64": TensorProto.INT64,
        "bool": TensorProto.BOOL,
        "string": TensorProto.STRING,
    }
    inputs = [
        helper.make_tensor_value_info(c["name"], types[c["dtype"]], ["N", 1]) for c in VISITS["signature"]["columns"]
    ]
    outputs = [
        helper.make_tensor_value_info("label", TensorProto.STRING, ["N"]),
        helper.make_tensor_value_info("probabilities", TensorProto.DOUBLE, ["N", 3]),
    ]
    constants = {"age_fill": np.array([[40.0]]), "weights": WEIGHTS, "bias": BIAS}
    return _model(nodes, inputs, outputs, constants)


def _yield_model() -> onnx.ModelProto:
    trees = helper.make_node(
        "TreeEnsemble", ["X"], ["numbers"], domain="ai.onnx.ml",
        n_targets=2, aggregate_function=1, post_transform=0, tree_roots=[0, 2],
        nodes_featureids=[0, 2, 1],
        nodes_splits=numpy_helper.from_array(np.array([1.0, 2.5, 0.5]), "splits"),
        nodes_modes=numpy_helper.from_array(np.zeros(3, np.uint8), "modes"),
        nodes_truenodeids=[0, 1, 3], nodes_trueleafs=[1, 1, 1],
        nodes_falsenodeids=[1, 2, 4], nodes_falseleafs=[0, 1, 1],
        nodes_missing_value_tracks_true=[0, 0, 0],
        leaf_targetids=[0, 0, 0, 1, 1],
        leaf_weights=numpy_helper.from_array(np.array([0.0, 1.0, 2.0, 0.0, 1.0]), "numbers_of_leaves"),
    )  # fmt: skip
    nodes = [
        trees,
        helper.make_node("Cast", ["numbers"], ["numbers_int"], to=TensorProto.INT64),
        helper.make_node("Add", ["numbers_int", "offsets"], ["leaf"]),
        helper.make_node("Gather", ["leaves", "leaf"], ["by_tree"], axis=0),
        helper.make_node("CumSum", ["by_tree", "one"], ["running"]),
        helper.make_node("Gather", ["running", "last"], ["value"], axis=1),
    ]
    constants = {
        "offsets": np.array([0, 3]),
        "leaves": LEAVES,
        "one": np.array(1),
        "last": np.array(-1),
    }
    inputs = [helper.make_tensor_value_info("X", TensorProto.DOUBLE, ["N", 3])]
    return _model(nodes, inputs, [helper.make_tensor_value_info("value", TensorProto.DOUBLE, ["N"])], constants)


def _model(nodes: list[Any], inputs: list[Any], outputs: list[Any], constants: dict[str, Any]) -> onnx.ModelProto:
    initializers = [numpy_helper.from_array(array, name) for name, array in constants.items()]
    graph = helper.make_graph(nodes, "g", inputs, outputs, initializers)
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("ai.onnx.ml", 5)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10)
