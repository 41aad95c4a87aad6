"""Examines one configuration of a booster as the sweep examines scikit-learn's estimators."""

from __future__ import annotations

import importlib
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np

from benchmarks.sweep.examine import Finding, examine_fitted

LIBRARIES = ("xgboost", "lightgbm", "catboost")

#: Builds a fitted model (or the path of a model file) and its training rows.
Recipe = Callable[[], tuple[Any, Any]]


def recipes() -> dict[str, Recipe]:
    """`library: configuration` -> recipe, of every library."""
    found: dict[str, Recipe] = {}
    for library in LIBRARIES:
        module = importlib.import_module(f"benchmarks.boosters.{library}_recipes")
        found |= {f"{library}: {name}": recipe for name, recipe in module.recipes().items()}
    return found


def examine(name: str) -> list[dict[str, Any]]:
    """One configuration, as JSON. Half of its rows are those it was trained on; the others serve as ordinary ones."""
    started = time.perf_counter()
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            model, rows = recipes()[name]()
        except Exception as err:  # noqa: BLE001 what a library cannot fit is no finding about its conversion
            finding = Finding(name, "not fitted", f"{type(err).__name__}: {err}")
        else:
            finding = examine_fitted(name, model, rows[: len(rows) // 2], rows[len(rows) // 2 :])
    finding.seconds = round(time.perf_counter() - started, 3)
    return [asdict(finding)]
