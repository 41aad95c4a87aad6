"""Rows made to part a pipeline and its graph: odd words, odd numbers, gaps, thresholds, and what must be refused."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[2]))  # benchmarks/ is no part of the distribution

from benchmarks.sweep import rows as kinds
from benchmarks.sweep.boundaries import graph_boundaries

from isoship.sources.contract import Row, Source
from isoship.sources.frames import rows_from_frame

#: Never among the fitted categories, or one code point from one of them.
WORDS = (
    "", " ", "unseen", "OSLO", "oslo ", "\u00a0Oslo", "Ма́лага", "e\u0301", "\u00e9", "ΣΊΣΥΦΟΣ", "σίσυφος", "İ",
    "i\u0307", "ß", "ss", "北京", "ｈａｌｆ", "한국", "ไทย", "مرحبا", "שלום", "हिन्दी", "🐧",
    "👩\u200d👩\u200d👧\u200d👦", "\U0001f3f4\u200d☠️", "0", "1", "1.0", "-1", "1e3", "nan", "NaN", "NA", "None", "null",
    "<NA>", "True", "a\tb\nc", "\ufeff", "x" * 20_000,
)  # fmt: skip
_WHOLE = (0, 1, -1, 2, 3, 7, 100, 2**31, -(2**31) - 1, 2**53, -(2**53))
_MOST = 220


def rows_for(source: Source, graph: Any, frame: pd.DataFrame, seed: int = 0) -> dict[str, list[Row]]:
    """Rows by kind. Nothing is filtered: what the contract must refuse is in them."""
    rng = np.random.default_rng(seed)
    signature = source.signature
    training = rows_from_frame(frame, [column.name for column in signature.columns])
    whole = [row for row in training if all(value is not None for value in row.values())] or training[:1]
    made = {
        "training": training,
        "shuffled": _shuffled(training, rng),
        "words": _words(source, training, rng),
        "whole": _one_by_one(source, "int64", _WHOLE, whole),
        "booleans": _one_by_one(source, "bool", (False, True), whole),
        "missing": [*kinds.missing_rows(signature, whole), *_missing(source, whole)],
        "special": kinds.special_rows(signature, whole[0]),
        "infinity": kinds.infinity_rows(signature, whole),
        "midpoint": kinds.midpoint_rows(signature, training, rng),
        "threshold": kinds.threshold_rows(signature, training, graph_boundaries(graph, source), rng),
    }
    return {kind: _thinned(rows, rng) for kind, rows in made.items() if rows}


def _shuffled(training: list[Row], rng: np.random.Generator) -> list[Row]:
    """Every column drawn from its own values: combinations that training did not have."""
    count = len(training)
    return [{name: training[int(rng.integers(count))][name] for name in training[0]} for _ in range(count)]


def _words(source: Source, training: list[Row], rng: np.random.Generator) -> list[Row]:
    names = [column.name for column in source.signature.columns if column.dtype == "string"]
    rows = [{**training[int(rng.integers(len(training)))], name: word} for name in names for word in WORDS]
    rows += [{**training[0], **dict.fromkeys(names, word)} for word in WORDS if names]
    return rows


def _one_by_one(source: Source, dtype: str, values: tuple[Any, ...], bases: list[Row]) -> list[Row]:
    names = [column.name for column in source.signature.columns if column.dtype == dtype]
    return [{**bases[i % len(bases)], name: value} for name in names for i, value in enumerate(values)]


def _missing(source: Source, bases: list[Row]) -> list[Row]:
    """Integers and booleans without a value, which no tensor can hold."""
    names = [column.name for column in source.signature.columns if column.dtype in ("int64", "bool")]
    return [{**bases[0], name: None} for name in names]


def _thinned(rows: list[Row], rng: np.random.Generator) -> list[Row]:
    if len(rows) <= _MOST:
        return rows
    return [rows[i] for i in np.sort(rng.permutation(len(rows))[:_MOST])]
