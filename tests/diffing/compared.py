"""What the tests of this room share: the models that are compared, and a report that is as its schema says."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder

import isoship
from isoship.diffing.answered import Answered

SCHEMA = json.loads(Path(__file__).with_name("diff.schema.json").read_text(encoding="utf-8"))
COUNT = 400
Export = Callable[..., Path]
Edit = Callable[[Path, Callable[[dict[str, Any]], None]], Path]


def forest(estimator: Any, X: pd.DataFrame, y: Any) -> Pipeline:
    """Imputed numbers, cities that must be known, booleans as they are."""
    numbers = X.select_dtypes("number").columns.tolist()
    texts = X.select_dtypes(["object", "str"]).columns.tolist()
    steps = make_column_transformer((SimpleImputer(), numbers), (OneHotEncoder(), texts), remainder="passthrough")
    return make_pipeline(steps, estimator).fit(X, y)


def held(report: isoship.DiffReport) -> dict[str, Any]:
    """The document, which is as the schema says and survives JSON."""
    document: dict[str, Any] = json.loads(json.dumps(report.to_json(), allow_nan=False))
    jsonschema.validate(document, SCHEMA)
    assert report.to_html().startswith("<!doctype html>")
    assert max(map(len, report.text().splitlines())) <= 80, report.text()
    return document


def answered(report: isoship.DiffReport, source: str) -> Answered:
    (found,) = (g.answered for g in report.groups if g.source == source)
    assert found is not None
    return found
