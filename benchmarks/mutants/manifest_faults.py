"""Faults in the manifest and the golden rows: the contract says what the model does not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.mutants.sealing import manifest_of, put, put_manifest
from benchmarks.mutants.tree_faults import Plant

Rng = np.random.Generator


def manifest(text: str, edit: Callable[[Any], None]) -> Plant:
    """The manifest's document, edited in place."""

    def plant(folder: Path, _rng: Rng) -> str:
        document = manifest_of(folder)
        edit(document)
        put_manifest(folder, document)
        return text

    return plant


def column(number: int, **fields: Any) -> Callable[[Any], None]:
    """Fields of one column of the signature; None removes a field."""

    def edit(document: Any) -> None:
        spec = document["signature"]["columns"][number]
        for name, value in fields.items():
            if name not in spec and value is None:
                raise LookupError(f"column {spec['name']} has no {name} to remove")
            spec[name] = value
            if value is None:
                del spec[name]

    return edit


def category_dropped(document: Any) -> None:
    del document["signature"]["columns"][0]["categories"][1]


def filled_refused(document: Any) -> None:
    document["signature"]["columns"][0]["categories"].remove("?")


def category_added(document: Any) -> None:
    document["signature"]["columns"][0]["categories"].append("Nice")


def classes_swapped(document: Any) -> None:
    spec = next(o for o in document["outputs"] if o["name"] == "probabilities")
    spec["classes"][0], spec["classes"][1] = spec["classes"][1], spec["classes"][0]


def tolerance_widened(document: Any) -> None:
    document["tolerances"]["probabilities"]["double"]["atol"] = 0.5


def golden_edited(folder: Path, rng: Rng) -> str:
    """One expected probability is 1e-6 off."""
    document = json.loads((folder / "golden.json").read_bytes())
    row = int(rng.integers(len(document["rows"])))
    document["expected"]["probabilities"][row][0] += 1e-6
    put(folder / "golden.json", json.dumps(document, ensure_ascii=False).encode())
    return f"golden row {row}"


def tensor_tolerance_widened(document: Any) -> None:
    next(iter(document["tolerances"]["probabilities"].values()))["atol"] = 0.5


def golden_bytes_edited(folder: Path, _rng: Rng) -> str:
    """The last probability of the last golden call is 1 % off."""
    (asked, *_) = reversed(json.loads((folder / "golden.json").read_bytes())["asks"])
    start, length = asked["outputs"]["probabilities"]["at"]
    data = bytearray((folder / "golden.bin").read_bytes())
    last = slice(start + length - 4, start + length)
    data[last] = (np.frombuffer(bytes(data[last]), np.float32) * np.float32(1.01)).tobytes()
    put(folder / "golden.bin", bytes(data))
    return f"a call of kind {asked['kind']}"
