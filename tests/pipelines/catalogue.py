"""Pipelines as people build them, by name: the table, the kind of target, and the unfitted model.

`numbers` and `words` are selectors by dtype; pandas' nullable and string dtypes are among them.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd
from sklearn.compose import make_column_selector
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import (
    OneHotEncoder,
    OrdinalEncoder,
    StandardScaler,
)

numbers = make_column_selector(dtype_include="number")
words = make_column_selector(dtype_include=["object", "string", "str", "category"])
booleans = make_column_selector(dtype_include=["bool", "boolean"])


@dataclass(frozen=True)
class Case:
    """table: in `tables.TABLES`. target: in `tables.targets`. build: makes the unfitted model.

    outputs: kinds beyond the default ones.
    """

    table: str
    target: str
    build: Callable[[], Any]
    outputs: tuple[str, ...] = ()


CASES: dict[str, Case] = {}


def case(name: str, table: str, target: str, *outputs: str) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    def register(build: Callable[[], Any]) -> Callable[[], Any]:
        if name in CASES:
            raise ValueError(f"two pipelines named {name}")
        CASES[name] = Case(table, target, build, outputs)
        return build

    return register


def filled(strategy: str = "median", scaler: Any = None, **options: Any) -> Pipeline:
    return make_pipeline(SimpleImputer(strategy=strategy, **options), scaler or StandardScaler())


def hot(**options: Any) -> Pipeline:
    return make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore", **options))


def text(strategy: str = "most_frequent", **options: Any) -> SimpleImputer:
    """For pandas' string dtype, whose missing value is NA."""
    return SimpleImputer(missing_values=pd.NA, strategy=strategy, **options)


def ordinal(**options: Any) -> OrdinalEncoder:
    return OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, **options)


def all_cases() -> dict[str, Case]:
    """Every pipeline, by name."""
    for module in ("catalogue_people", "catalogue_things", "catalogue_boosters"):
        importlib.import_module(module)
    return CASES
