"""Sources and bundles of small networks, written by hand."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from benchmarks.mutants.networks import image_graph, text_graph
from networks import Network

from isoship.parity.runners.arrays import DTYPES
from isoship.tensors.contract import Arrays
from isoship_edge.manifest import Output, Signature, digest_of, output_to_json, sealed, signature_to_json
from isoship_edge.tensors.signature import Input


def image_network(seed: int = 0) -> Network:
    signature = Signature("tensors", (), (Input("image", "float", ("N", 2, 8, 8)),))
    outputs = (
        Output("logits", "tensor", "float", ("N", 5)),
        Output("probabilities", "tensor", "float", ("N", 5), ("a", "b", "c", "d", "e")),
    )
    return _network(image_graph(seed), signature, outputs)


def text_network(seed: int = 0) -> Network:
    tokens = Input("tokens", "int64", ("N", "T"), minimum=0, maximum=10)
    signature = Signature("tensors", (), (tokens, Input("scale", "float", ("N", 1, 1))))
    outputs = (Output("scores", "tensor", "float", ("N", 3)), Output("best", "tensor", "int64", ("N",)))
    return _network(text_graph(seed), signature, outputs)


def _network(graph: onnx.ModelProto, signature: Signature, outputs: tuple[Output, ...]) -> Network:
    """Of another library than ONNX, so that tolerances count and bits do not."""
    places = {node.name: f"layers.{node.name}" for node in graph.graph.node}
    return Network(graph, signature, outputs, library="hand", library_version="1", estimator="network", places=places)


def asks_of(source: Network, seed: int = 0) -> list[tuple[str, Arrays]]:
    """Golden calls: (kind, inputs)."""
    rng = np.random.default_rng(seed)
    if source.signature.inputs[0].name == "image":
        made = [("zeros", np.zeros((1, 2, 8, 8))), ("ordinary", rng.normal(0, 1, (1, 2, 8, 8))),
                ("batch-2", rng.normal(0, 1, (2, 2, 8, 8))), ("batch-3", rng.normal(0, 3, (3, 2, 8, 8)))]  # fmt: skip
        return [(kind, {"image": a.astype(np.float32)}) for kind, a in made]
    calls = [("zeros", 1, 1), ("ordinary", 1, 6), ("batch-2", 2, 4), ("batch-3", 3, 9)]
    return [
        (k, {"tokens": rng.integers(0, 11, (n, t)), "scale": rng.normal(1, 0.5, (n, 1, 1)).astype(np.float32)})
        for k, n, t in calls
    ]


def write_network_bundle(
    folder: Path, source: Network, graph: onnx.ModelProto | None = None, atol: float = 1e-6, rtol: float = 1e-5
) -> Path:
    """A bundle without targets. graph: what ships in place of the source's own."""
    folder.mkdir(parents=True)
    content = (graph or source.model).SerializeToString(deterministic=True)
    (folder / "model.onnx").write_bytes(content)
    asks = asks_of(source)
    document: dict[str, Any] = {
        "format": 2,
        "name": "network",
        "version": "1.0.0",
        "signature": signature_to_json(source.signature),
        "outputs": [output_to_json(o) for o in source.outputs],
        "tolerances": {
            o.name: {"float32": {"atol": atol, "rtol": rtol, "reason": "float32 sums"}
                     if o.dtype == "float" else {"atol": 0.0, "rtol": 0.0, "reason": "integers"}}
            for o in source.outputs
        },
        "encoder": None,
        "provenance": {"library": source.library, "library_version": "1", "estimator": "network"},
    }  # fmt: skip
    document["digest"] = digest_of(hashlib.sha256(content).hexdigest(), document)
    blob = bytearray()
    golden = {
        "format": 2,
        "digest": document["digest"],
        "asks": [
            {"kind": kind, "inputs": _kept(inputs, blob), "outputs": _kept(source.answers(inputs), blob)}
            for kind, inputs in asks
        ],
        "refused": [],
    }
    (folder / "golden.json").write_text(json.dumps(golden), encoding="utf-8")
    (folder / "golden.bin").write_bytes(bytes(blob))
    names = ("model.onnx", "golden.json", "golden.bin")
    document["files"] = {n: hashlib.sha256((folder / n).read_bytes()).hexdigest() for n in names}
    (folder / "manifest.json").write_bytes(sealed(document))
    return folder


def _kept(arrays: Mapping[str, np.ndarray[Any, Any]], blob: bytearray) -> dict[str, Any]:
    found = {}
    for name, array in arrays.items():
        data = np.ascontiguousarray(array).tobytes()
        found[name] = {"dtype": DTYPES[array.dtype], "shape": list(array.shape), "at": [len(blob), len(data)]}
        blob += data
    return found
