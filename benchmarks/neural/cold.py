"""Cold start of the digits CNN under awslambdaric, with the machinery of benchmarks.cold_start."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.cold_start import measure, summary
from benchmarks.cold_start.variants import ECHO, FASTAPI, FLOOR, OURS, build
from benchmarks.neural.graphs import INPUT, OUTPUT, Network
from isoship.bundle.target import Target


@dataclass(frozen=True, eq=False)
class Asked:
    """One picture of zeros and ones: what is timed is no parsing of long numbers. logits: its answer."""

    network: Network
    bundle: Path
    picture: np.ndarray[Any, Any]
    logits: np.ndarray[Any, Any]

    @property
    def slug(self) -> str:
        return self.network.slug

    @property
    def facts(self) -> dict[str, Any]:
        classes = [str(number) for number in range(self.network.classes)]
        return {
            "COLUMNS": [], "CLASSES": classes, "MATRIX": False, "NETWORK": (INPUT, OUTPUT, list(self.network.shape)),
        }  # fmt: skip

    @property
    def body(self) -> str:
        return json.dumps({"inputs": {INPUT: self.picture.tolist()}})

    def is_answer(self, document: dict[str, Any]) -> bool:
        given = np.array(document.get("outputs", {}).get(OUTPUT), np.float64)
        return given.shape == self.logits.shape and bool(np.allclose(given, self.logits, rtol=1e-4, atol=1e-4))


def asked(network: Network, bundle: Path) -> Asked:
    """logits: onnxruntime's Python binding's, with its defaults."""
    import onnxruntime

    picture = np.round(np.random.default_rng(0).random((1, *network.shape))).astype(np.float32)
    session = onnxruntime.InferenceSession(bundle / "model.onnx", providers=["CPUExecutionProvider"])
    return Asked(network, bundle, picture, session.run([OUTPUT], {INPUT: picture})[0])


def starts(one: Asked, folder: Path, target: Target, machine: measure.Machine, rounds: int) -> dict[str, Any]:
    """Every variant once a round, the order drawn anew; the first round, which reads the disk, is not counted."""
    variants = build(one, one, folder, target, machine.interpreter, lambda _line: None, floors=(ECHO, FLOOR))
    found: dict[str, list[measure.Start]] = {variant.name: [] for variant in variants}
    shuffled, order = random.Random(0), list(variants)
    for number in range(rounds + 1):
        shuffled.shuffle(order)
        for variant in order:
            start = measure.cold_start(machine, variant, one)
            if number:
                found[variant.name].append(start)
    return {
        "variants": summary.figures(found, {variant.name: variant.size for variant in variants}),
        "ours, times the C-API floor": round(summary.ratio(found, OURS, FLOOR), 3),
        "through FastAPI, times the C-API floor": round(summary.ratio(found, FASTAPI, FLOOR), 3),
    }
