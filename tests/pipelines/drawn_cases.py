"""Strategies for whole cases: a table, an unfitted pipeline over its columns, a target, and rows to ask.

Everything a case does follows from what is drawn, so that hypothesis can repeat it and shrink it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from drawn_models import classifiers, regressors, unsupervised
from drawn_steps import columnwise, encoders, number_imputers, transformers, unions, word_imputers
from hypothesis import strategies as st
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import make_pipeline

ROWS = 30
NUMBERS = ("number", "cents", "whole", "gappy", "Int64")
WORDS = ("word", "None word", "NaN word", "NA word", "category")
_KNOWN = ("a", "b", "é", "e\u0301", "", "東", "λ", "🐧", " a")
#: Models that take NaN, and those that take several targets.
_TAKE_NAN = ("DecisionTree", "HistGradient", "RandomForest", "ExtraTrees", "Dummy", "XGB", "LGBM", "CatBoost")
_TAKE_SEVERAL = ("DecisionTree", "ExtraTree", "RandomForest", "KNeighbors", "Ridge", "MLPRegressor", "Dummy")
_BLACKLIST = {"\0", "\ufdd0"}  # refused by the contract, and answered by every model

_DRAWN_NUMBERS = st.one_of(
    st.floats(-4, 4),
    st.sampled_from([0.0, -0.0, 0.5, -1.0, 5e-324, 1e-300, 1.0000000180025095e-35, 16777217.0, 1e9, -1e9, 1e16]),
    st.none(),
    st.sampled_from([np.inf, -np.inf, 3.4028235677973366e38, 1e39, -1e39, 1e100]),
    st.floats(allow_nan=False),
)
_DRAWN_WHOLE = st.one_of(st.integers(-3, 9), st.integers(-(2**53), 2**53), st.none())
_DRAWN_WORDS = st.one_of(
    st.sampled_from(_KNOWN),
    st.none(),
    st.text(
        st.one_of(
            st.characters(max_codepoint=0x24F),
            st.characters(min_codepoint=0x300, max_codepoint=0x36F),
            st.characters(min_codepoint=0x370, max_codepoint=0x6FF),
            st.characters(min_codepoint=0x900, max_codepoint=0xE7F),
            st.characters(min_codepoint=0x3040, max_codepoint=0x9FFF),
            st.characters(min_codepoint=0x1F300, max_codepoint=0x1FAFF),
        ),
        max_size=6,
    ).filter(lambda text: not _BLACKLIST & set(text)),
)


_COLUMNS = st.one_of(
    *[st.lists(st.sampled_from(NUMBERS), min_size=1, max_size=4)] * 3,  # a matrix is asked three times as fast
    st.lists(st.sampled_from((*NUMBERS, *WORDS, "flag")), min_size=1, max_size=4),
)


@dataclass(frozen=True)
class Drawn:
    """columns: one kind a column, of NUMBERS, WORDS or "flag". changes: (row, column, value) for the rows to ask."""

    columns: tuple[str, ...]
    layout: str
    seed: int
    target: str
    model: Any
    changes: tuple[tuple[int, int, Any], ...]


def cases(family: str) -> st.SearchStrategy[Drawn]:
    """family: classifier, regressor, unsupervised or transformer."""
    return _FAMILIES[family]


@st.composite
def _cases(draw: st.DrawFn, final: st.SearchStrategy[Any], targets: tuple[str, ...]) -> Drawn:
    last = draw(final)
    columns = tuple(draw(_COLUMNS))
    numeric = all(kind in NUMBERS for kind in columns)
    layout = draw(st.sampled_from(["matrix", "matrix", "matrix", "columns"])) if numeric else "columns"
    gaps = last is not None and type(last).__name__.startswith(_TAKE_NAN)
    if numeric:
        steps = _over_numbers(draw, columns, gaps)
    else:
        steps = [_over_columns(draw, columns, gaps)]
        if not gaps:
            steps += draw(st.lists(transformers, max_size=1))
    if last is not None:
        steps.append(last)
    if not steps:
        steps = [draw(transformers)]
    change = st.integers(0, len(columns) - 1).flatmap(
        lambda i: st.tuples(st.integers(0, ROWS - 1), st.just(i), _value(columns[i]))
    )
    changes = tuple(draw(st.lists(change, max_size=8)))
    target = draw(st.sampled_from(_suited(last, targets)))
    model = steps[0] if len(steps) == 1 else make_pipeline(*steps)
    return Drawn(columns, layout, draw(st.integers(0, 255)), target, model, changes)


def _suited(last: Any, targets: tuple[str, ...]) -> list[str]:
    """Several targets for those who take them, codes from 0 for XGBoost, positive numbers for logarithms."""
    if last is None:
        return list(targets)
    name, parameters = type(last).__name__, last.get_params().values()
    names = {name, *(type(value).__name__ for value in parameters)}
    if name in ("MultiOutputClassifier", "MultiOutputRegressor"):
        return ["two codes" if target == "two labels" else target for target in targets if target.startswith("two ")]
    if names & {"TransformedTargetRegressor", "TweedieRegressor"} or {"poisson", "gamma"} & set(map(str, parameters)):
        return ["positive"]
    if name in ("TunedThresholdClassifierCV", "FixedThresholdClassifier"):
        return ["flag"] if "XGBClassifier" in names else ["two", "flag"]
    if "XGBClassifier" in names:
        return ["flag", "codes"]
    return [target for target in targets if name.startswith(_TAKE_SEVERAL) or not target.startswith("two ")]


def _over_numbers(draw: st.DrawFn, columns: tuple[str, ...], gaps: bool) -> list[Any]:
    """gaps: what follows takes NaN."""
    if not {"gappy", "Int64"} & set(columns):
        return draw(st.lists(st.one_of(transformers, transformers, unions), max_size=2))
    if gaps and draw(st.booleans()):
        return draw(st.lists(columnwise, max_size=1))
    return [draw(number_imputers), *draw(st.lists(st.one_of(transformers, transformers, unions), max_size=2))]


def _over_columns(draw: st.DrawFn, columns: tuple[str, ...], gaps: bool) -> Any:
    """A ColumnTransformer: words through encoders, numbers through steps or as they are, flags as they are."""
    parts: list[tuple[str, Any, list[str]]] = []
    for missing in ("NaN", "NA", "None"):
        group = [i for i, kind in enumerate(columns) if kind in WORDS and _missing_of(kind) == missing]
        if group:
            steps = [draw(encoders(gaps))]
            if missing == "NA" or draw(st.booleans()):
                marker = {"NaN": np.nan, "NA": pd.NA, "None": None}[missing]
                steps.insert(0, draw(word_imputers(marker)))
            parts.append((f"words {missing}", _one(steps), [_name(i) for i in group]))
    group = [i for i, kind in enumerate(columns) if kind in NUMBERS]
    if group:
        coded = draw(st.integers(0, 4)) == 4
        steps = [draw(encoders(gaps))] if coded else _over_numbers(draw, tuple(columns[i] for i in group), gaps)
        parts.append(("numbers", _one(steps) if steps else "passthrough", [_name(i) for i in group]))
    group = [i for i, kind in enumerate(columns) if kind == "flag"]
    if group:
        step = draw(st.one_of(st.just("passthrough"), encoders(gaps), transformers))
        parts.append(("flags", step, [_name(i) for i in group]))
    return ColumnTransformer(parts, sparse_threshold=draw(st.sampled_from([0.0, 0.3])))


def _one(steps: list[Any]) -> Any:
    return steps[0] if len(steps) == 1 else make_pipeline(*steps)


def _name(i: int) -> str:
    return f"c{i}"


def _missing_of(kind: str) -> str:
    return {"None word": "None", "NA word": "NA"}.get(kind, "NaN")


def _value(kind: str) -> st.SearchStrategy[Any]:
    if kind == "flag":
        return st.booleans()
    if kind in WORDS:
        return _DRAWN_WORDS
    return _DRAWN_WHOLE if kind == "whole" else _DRAWN_NUMBERS


def table_of(drawn: Drawn) -> tuple[Any, Any]:
    """The training table (a DataFrame or a matrix) and the target of a case."""
    rng = np.random.default_rng(drawn.seed)
    score = rng.normal(size=ROWS)
    series = {_name(i): _column(kind, rng, score) for i, kind in enumerate(drawn.columns)}
    frame = pd.DataFrame(series)
    target = {
        "two": np.where(score > 0, "ja", "nein").astype(object),
        "three": np.digitize(score, [-0.5, 0.5]) - 1,
        "flag": score > 0.2,
        "codes": np.digitize(score, [-0.5, 0.5]),
        "two codes": np.column_stack([score > 0, np.arange(ROWS) % 3]).astype(np.int64),
        "real": score,
        "positive": np.exp(score),
        "two labels": np.column_stack([score > 0, np.arange(ROWS) % 3 - 1]).astype(np.int64),
        "two numbers": np.column_stack([score, score**2]),
    }[drawn.target]
    return (frame.to_numpy(dtype=np.float64, na_value=np.nan) if drawn.layout == "matrix" else frame), target


def _column(kind: str, rng: np.random.Generator, score: Any) -> Any:
    noise = rng.normal(size=ROWS)
    gone = rng.random(ROWS) < 0.15
    if kind in ("number", "gappy", "cents"):
        values = score + noise
        values = np.round(values * 20, 2) if kind == "cents" else values
        return np.where(gone, np.nan, values) if kind == "gappy" else values
    if kind == "whole":
        return np.round(score * 2 + noise).astype(np.int64)
    if kind == "Int64":
        array = pd.array(np.round(score * 2 + noise).astype(np.int64), dtype="Int64")
        array[gone] = pd.NA
        return array
    if kind == "flag":
        return score + noise > 0
    known = np.array(_KNOWN, dtype=object)[: rng.integers(2, len(_KNOWN))]
    values = known[(np.abs(score + noise) * 3).astype(int) % len(known)]
    if kind == "word":
        return values  # pandas makes its str dtype of it
    values[gone] = {"None word": None, "NA word": pd.NA}.get(kind, np.nan)
    if kind == "NA word":
        return pd.array(values, dtype="string")
    # without the dtype, pandas would turn None into NaN
    return pd.Categorical(values, categories=list(known)) if kind == "category" else pd.Series(values, dtype=object)


_FAMILIES = {
    "classifier": _cases(classifiers, ("two", "three", "flag", "two labels")),
    "regressor": _cases(regressors, ("real", "positive", "two numbers")),
    "unsupervised": _cases(unsupervised, ("three",)),
    "transformer": _cases(st.none(), ("real", "three")),
}
