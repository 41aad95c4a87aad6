"""Tables of hundreds of columns: the questions of the contract do not grow with them, and the contract is right."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from isoship.errors import InputError, UnsupportedModelError
from isoship.sources import open_source
from isoship.sources.contract import Variant
from isoship.sources.frames import frame_from_rows
from isoship.sources.sklearn.contract.answered import Answered
from isoship.sources.sklearn.contract.faster_model import faster_model
from isoship.sources.sklearn.contract.group_testing import accepted_by_guess

_COUNT = 90


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    rng = np.random.default_rng(8)
    columns: dict[str, object] = {
        f"n{k}": rng.normal(k, 0.2 if k % 3 else 40.0, 200).round(3) for k in range(2 * _COUNT // 3)
    }
    columns |= {f"i{k}": rng.integers(0, 9, 200) for k in range(_COUNT // 9)}
    columns |= {f"b{k}": rng.random(200) < 0.5 for k in range(3)}
    columns |= {f"c{k}": pd.Categorical(rng.choice(["u", "v", "w"], 200)) for k in range(3)}
    columns |= {f"s{k}": rng.choice(["x", "y", "z"], 200) for k in range(_COUNT // 9)}
    return pd.DataFrame(columns)


def _model(table: pd.DataFrame, *, sparse: bool = False):
    numbers = [c for c in table if c[0] in "ni"]
    words = [c for c in table if c[0] == "s"]
    return make_pipeline(
        ColumnTransformer(
            [
                ("imputed", make_pipeline(SimpleImputer(), StandardScaler()), numbers[::2]),
                ("plain", StandardScaler(), numbers[1::2]),
                ("words", OneHotEncoder(handle_unknown="ignore"), words),
                ("sorts", OrdinalEncoder(), [c for c in table if c[0] == "c"]),
            ],
            sparse_threshold=1.0 if sparse else 0.0,
        ),
        LogisticRegression(),
    ).fit(table, table["n1"] > 1)


def test_the_contract_is_the_models_and_few_questions_find_it(table, monkeypatch):
    asked: list[int] = []
    ask = Answered.__call__
    monkeypatch.setattr(Answered, "__call__", lambda s, rows: asked.append(len(rows)) or ask(s, rows))
    source = open_source(_model(table), sample=table)
    assert len(asked) < 60, "one for every column's infinity and two for every end would be 280 and more"
    base = table.iloc[0].to_dict()

    def answered(name, value):
        try:
            source.answers([{**base, name: value}])
        except InputError:
            return False
        return True

    for column in source.signature.columns:
        if column.dtype == "double":
            assert answered(column.name, None) == column.missing, column
            assert answered(column.name, math.inf) == column.infinity, column
            for end, beyond in ((column.lowest, -math.inf), (column.highest, math.inf)):
                if math.isfinite(end):
                    assert answered(column.name, end), column
                    assert not answered(column.name, math.nextafter(end, beyond)), column


def test_a_frame_of_variants_is_the_frame_of_whole_rows(table):
    source = open_source(_model(table), sample=table)
    base = {name: value.item() if hasattr(value, "item") else value for name, value in table.iloc[0].to_dict().items()}
    changes = [{}, {"n0": None}, {"n1": 7.5, "s1": "q"}, {"c0": "never seen"}, {"b0": True}, {"s0": None}, {"i0": 4}]
    whole = frame_from_rows([{**base, **each} for each in changes], source.signature, source.training)
    variants = frame_from_rows([Variant(base, each) for each in changes], source.signature, source.training)
    pd.testing.assert_frame_equal(variants, whole)


@pytest.mark.parametrize(
    "wrong", ["none", "calls a refused one answered", "calls answered ones refused", "cannot tell"]
)
def test_a_wrong_guess_shows_and_all_are_asked(wrong):
    refused = {f"c{k}" for k in range(30, 100)}
    groups = [[{"name": f"c{k}"}] for k in range(100)]

    class Answers:
        def __call__(self, rows):
            return not any(row["name"] in refused for row in rows)

        def each(self, groups):
            return [self(rows) for rows in groups]

    def guess(rows):
        if wrong == "cannot tell":
            return None
        told = [row["name"] not in refused for row in rows]
        if wrong == "calls a refused one answered":
            told[50] = True
        if wrong == "calls answered ones refused":
            told[:30] = [False] * 30
        return told

    assert accepted_by_guess(groups, Answers(), guess) == [k < 30 for k in range(100)]


@pytest.mark.parametrize("sparse", [False, True])
def test_each_group_is_answered_as_when_it_is_asked_alone(table, sparse):
    model = _model(table, sparse=sparse)
    source = open_source(model, sample=table)
    base = {name: value.item() if hasattr(value, "item") else value for name, value in table.iloc[0].to_dict().items()}
    changes = [{}, {"n0": math.inf}, {"n1": 1e308}, {"n2": None}, {"s0": "never seen"}, {"n3": 1e300}, {"n4": -1e308}]
    groups = [[Variant(base, each)] for each in changes]
    alone = [source._answers_all(rows) for rows in groups]
    whole = [Answered(model, source._methods, source._frame)(rows) for rows in groups]
    assert source._answers_all.each(groups) == alone == whole
    assert {*alone} == {True, False}
    some = [rows for rows in groups if math.inf not in rows[0].values()]  # the steps in front take all of these
    assert source._answers_all.each(some) == [ok for rows, ok in zip(groups, alone, strict=True) if rows in some]


def test_a_lightened_model_transforms_as_the_model_does(table):
    model = _model(table)
    light = faster_model(model)
    source = open_source(model, sample=table)
    base = {name: value.item() if hasattr(value, "item") else value for name, value in table.iloc[0].to_dict().items()}
    other = {name: value.item() if hasattr(value, "item") else value for name, value in table.iloc[7].to_dict().items()}
    for rows in (
        [base] * 3,
        [other],
        [Variant(other, {"n0": float(k)}) for k in range(4)],
        [base, other],
        [Variant(base, {"s0": None}), base],
    ):
        frame = source._frame(rows)
        np.testing.assert_array_equal(light[:-1].transform(frame), model[:-1].transform(frame))


def test_what_stands_for_a_missing_value_is_no_refusal_of_a_lightened_model():
    for values, gap in (
        (pd.array(["a", "b", None, "c"] * 5, dtype="string"), pd.NA),
        (pd.Series(["a", "b", pd.NA, "c"] * 5, dtype=object), pd.NA),
        (pd.Series(["a", "b", None, "c"] * 5, dtype=object), None),
        (pd.Series(["a", "b", np.nan, "c"] * 5, dtype=object), np.nan),
    ):
        frame = pd.DataFrame({"c": values})
        filled = make_pipeline(
            SimpleImputer(missing_values=gap, strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore")
        )
        model = make_pipeline(ColumnTransformer([("c", filled, ["c"])]), LogisticRegression())
        source = open_source(model.fit(frame, np.arange(20) % 2), sample=frame)
        assert source.signature.columns[0].missing, values
        light = faster_model(model)
        for rows in (frame[2:3], frame[:3], pd.concat([frame[2:3]] * 3), frame[:1], frame[2:3]):
            np.testing.assert_array_equal(light.predict_proba(rows), model.predict_proba(rows))


def test_a_column_that_is_named_alone_reaches_its_step_as_a_list_of_values():
    frame = pd.DataFrame({"a": ["one two", "two three", "one"] * 4, "n": np.arange(12.0)})
    words = ColumnTransformer([("t", CountVectorizer(), "a"), ("n", "passthrough", ["n"])], sparse_threshold=0.0)
    model = make_pipeline(words, LogisticRegression()).fit(frame, np.arange(12) % 2)
    light = faster_model(model)
    for rows in (frame[:1], frame[:3], pd.concat([frame[:1]] * 3)):
        np.testing.assert_array_equal(light.predict_proba(rows), model.predict_proba(rows))
    with pytest.raises(UnsupportedModelError, match="CountVectorizer"):
        open_source(model, sample=frame).to_onnx()
