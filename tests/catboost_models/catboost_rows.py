"""Rows on what CatBoost decides by, and the comparison of a graph with the model on them."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from comparison import run

from isoship.sources import open_source
from isoship.sources.catboost.document import document_of
from isoship.sources.contract import Row, Source
from isoship.sources.frames import rows_from_frame
from isoship.sources.sklearn.walk.parts import fitted_parts

#: Links come from another libm than CatBoost's; everything before them is bit-equal.
LINK = 1e-12

NUMBERS = (0.0, -0.0, 5e-324, 1e-300, 1e-40, 0.1, 19.99, 1_700_000_000.0, 59.910001, 1e9, 3.5e38, 1e300)
SPECIAL = (*NUMBERS, *(-value for value in NUMBERS), np.inf, -np.inf, None)
WORDS = ("", "unseen", "Ærøskøbing", "日本", "🐧", "NA", "nan", "None", " Oslo", "oslo", "0", "1", "q")
INTEGERS = (0, -1, 1, 2, 10**6, 2**31, -(2**31), 2**53 + 1, 2**63 - 1)


def borders_of(model: Any) -> dict[int, list[float]]:
    """Column -> the float32 borders of its splits, in every fitted CatBoost estimator that the model holds."""
    found: dict[int, list[float]] = {}
    for part in fitted_parts(model):
        if type(part).__module__.startswith("catboost") and part.is_fitted():
            for each in document_of(part)["features_info"].get("float_features", ()):
                found.setdefault(int(each["flat_feature_index"]), []).extend(each.get("borders") or [])
    return found


def around(border: float) -> list[float]:
    """A border and one ulp to either side, in float32 and float64."""
    single = np.float32(border)
    with np.errstate(over="ignore"):
        near = [np.nextafter(single, np.float32(side)) for side in (-np.inf, np.inf)]
    return [border, *map(float, near), *(float(np.nextafter(border, side)) for side in (-np.inf, np.inf))]


def hostile_rows(source: Source, model: Any, rows: list[Row], seed: int = 0) -> list[Row]:
    """Training rows, midpoints, and rows with up to three columns on a border or at an edge that the model accepts."""
    rng = np.random.default_rng(seed)
    columns = source.signature.columns
    known = {} if isinstance(model, Path) or hasattr(model, "steps") else borders_of(model)
    choices: list[list[Any]] = []
    for place, column in enumerate(columns):
        if column.dtype == "double":
            values = [value for border in known.get(place, []) for value in around(border)]
            values += [value for value in SPECIAL if value is None or np.isfinite(value) or column.infinity]
        elif column.dtype == "string":
            values = [*WORDS, *{row[column.name] for row in rows}, None]
        else:
            values = [True, False] if column.dtype == "bool" else [*INTEGERS, *{row[column.name] for row in rows}]
        choices.append([value for value in values if value is not None or column.missing])
    found = [*rows]
    for row, other in pairwise(rows):
        middle = {}
        for column in columns:
            a, b = row[column.name], other[column.name]
            middle[column.name] = (a + b) / 2 if column.dtype == "double" and None not in (a, b) else a
        found.append(middle)
    for column, values in zip(columns, choices, strict=True):
        found += [{**rows[rng.integers(len(rows))], column.name: value} for value in values]
    for _ in range(300):
        row = dict(rows[rng.integers(len(rows))])
        for place in rng.integers(len(columns), size=3):
            row[columns[place].name] = choices[place][rng.integers(len(choices[place]))]
        found.append(row)
    return found


def agree(model: Any, sample: Any, *, exact: bool = False, graph: Any = None) -> Source:
    """Asserts equal labels and values within LINK (bit-equal when `exact`) on hostile rows."""
    source = open_source(model, sample=sample)
    rows = rows_from_frame(sample, [column.name for column in source.signature.columns])
    asked = hostile_rows(source, model, rows)
    answers = source.answers(asked)
    got = run(graph or source.to_onnx(), asked, source)
    assert list(got) == [output.name for output in source.outputs]
    for output in source.outputs:
        mine, theirs = got[output.name], answers.outputs[output.name]
        assert (mine.shape, mine.dtype) == (theirs.shape, theirs.dtype), output
        if output.kind == "label" or exact:
            np.testing.assert_array_equal(mine, theirs, err_msg=output.name)
        else:
            np.testing.assert_allclose(mine, theirs, rtol=LINK, atol=LINK, err_msg=output.name)
    return source
