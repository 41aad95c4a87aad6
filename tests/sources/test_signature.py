"""Columns and their types: from a sample, from fitted attributes, and what is refused with a way out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from comparison import compare, rows_of
from sklearn.compose import make_column_transformer
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from isoship.errors import InputError, SampleError
from isoship.sources import open_source
from isoship.sources.signature import signature_for

N = 40
NUMBER = np.linspace(0.0, 1.0, N)


def fitted_on(column) -> tuple[DummyClassifier, pd.DataFrame]:
    """A model that takes anything, trained on one column `c` beside a number."""
    frame = pd.DataFrame({"n": NUMBER, "c": column})
    model = DummyClassifier().fit(frame, np.arange(N) % 2)
    model.feature_names_in_ = np.array(["n", "c"], dtype=object)
    return model, frame


WORDS = ["a", "b"] * (N // 2)
WITH_NONE = [*WORDS[:-1], None]


@pytest.mark.parametrize(
    ("column", "dtype", "training", "missing"),
    [
        (NUMBER.astype(np.float32), "double", "float64", "nan"),
        (np.arange(N, dtype=np.int8), "int64", "int64", "nan"),
        (np.arange(N) % 2 == 0, "bool", "bool", "nan"),
        (pd.array([1, None] * (N // 2), dtype="Int64"), "double", "float64", "nan"),
        (pd.array([1, 2] * (N // 2), dtype="Int32"), "int64", "int64", "nan"),
        (pd.array([1.5, None] * (N // 2), dtype="Float64"), "double", "float64", "nan"),
        (pd.array([True, False] * (N // 2), dtype="boolean"), "bool", "bool", "nan"),
        (pd.Series(WITH_NONE, dtype="object"), "string", "object", "none"),
        (pd.Series([*WORDS[:-1], np.nan], dtype="object"), "string", "object", "nan"),
        (pd.Series(WITH_NONE, dtype="string"), "string", "string", "NA"),
        (pd.Series(WITH_NONE, dtype="category"), "string", "category", "nan"),
        (pd.Series([1, 2.5] * (N // 2), dtype="object"), "double", "float64", "nan"),
        (pd.Series([True, False] * (N // 2), dtype="object"), "bool", "bool", "nan"),
    ],
)
def test_types_come_from_the_samples_dtypes(column, dtype, training, missing) -> None:
    model, frame = fitted_on(column)
    signature, frames, _ = signature_for(model, frame)
    assert signature.layout == "columns"
    assert [c.name for c in signature.columns] == ["n", "c"]
    assert (signature.columns[1].dtype, frames.dtypes[1], frames.missing[1]) == (dtype, training, missing)


@pytest.mark.parametrize(
    ("column", "says"),
    [
        (pd.Series([1, "a"] * (N // 2), dtype="object"), 'column "c" holds values of several kinds'),
        (pd.date_range("2020-01-01", periods=N), "holds dates or times"),
        (pd.date_range("2020-01-01", periods=N, tz="Europe/Oslo"), "holds dates or times"),
        (pd.Series(list(pd.date_range("2020-01-01", periods=N)), dtype="object"), "holds dates or times"),
        (pd.Series([True, None] * (N // 2), dtype="object"), "booleans and missing values"),
        (pd.array([True, None] * (N // 2), dtype="boolean"), "booleans and missing values"),
        (pd.Series([1, 2] * (N // 2), dtype="category"), "whether they are numbers or names is unclear"),
        (pd.Series([None] * N, dtype="object"), "--dtype c=double or --dtype c=string"),
    ],
)
def test_unclear_columns_are_refused_by_name_with_the_way_out(column, says) -> None:
    model, frame = fitted_on(column)
    with pytest.raises(SampleError, match='"c"') as caught:
        signature_for(model, frame)
    assert says in str(caught.value)


def test_the_trained_order_wins_and_extra_columns_cost_one_note() -> None:
    frame = pd.DataFrame({"b": NUMBER, "a": NUMBER**2, "id": np.arange(N), "when": pd.date_range("2020", periods=N)})
    model = LogisticRegression().fit(frame[["a", "b"]], np.arange(N) % 2)
    source = open_source(model, sample=frame)
    assert [c.name for c in source.signature.columns] == ["a", "b"]
    assert source.notes == ("columns of the sample that the model does not know are ignored: 'id', 'when'",)
    compare(source, rows_of(source, frame))


def test_missing_columns_are_named() -> None:
    frame = pd.DataFrame({"a": NUMBER, "b": NUMBER})
    model = LogisticRegression().fit(frame, np.arange(N) % 2)
    with pytest.raises(SampleError, match=r"lacks the model's columns 'b'; it has 'a', 'c'"):
        open_source(model, sample=frame.rename(columns={"b": "c"}))


def test_columns_that_the_model_drops_are_not_asked_for() -> None:
    frame = pd.DataFrame({"when": pd.date_range("2020", periods=N), "a": NUMBER, "b": NUMBER})
    model = make_pipeline(make_column_transformer((StandardScaler(), ["b"]), ("drop", ["a"])), LogisticRegression())
    source = open_source(model.fit(frame, np.arange(N) % 2), sample=frame)
    assert [c.name for c in source.signature.columns] == ["b"]
    assert len([note for note in source.notes if "left out of the signature" in note]) == 2
    compare(source, rows_of(source, frame))


def test_without_a_sample_names_and_categories_come_from_the_fitted_model_and_guesses_are_printed() -> None:
    frame = pd.DataFrame({"n": NUMBER, "word": WORDS, "code": np.arange(N) % 3})
    encoders = make_column_transformer(
        (OneHotEncoder(), ["word"]), (OrdinalEncoder(), ["code"]), (StandardScaler(), ["n"])
    )
    source = open_source(make_pipeline(encoders, LogisticRegression()).fit(frame, np.arange(N) % 2))
    assert [(c.name, c.dtype) for c in source.signature.columns] == [
        ("n", "double"),
        ("word", "string"),
        ("code", "int64"),
    ]
    assert source.signature.columns[1].categories == ("a", "b")
    assert source.signature.columns[2].categories == (0, 1, 2)
    assert len(source.notes) == 3
    compare(source, rows_of(source, frame))


def test_an_array_trained_model_has_one_matrix_of_doubles() -> None:
    x = np.column_stack([NUMBER, NUMBER**2])
    model = LogisticRegression().fit(x, np.arange(N) % 2)
    for sample in (None, x, x.astype(np.int64)):
        source = open_source(model, sample=sample)
        assert source.signature.layout == "matrix"
        assert [(c.name, c.dtype) for c in source.signature.columns] == [("x0", "double"), ("x1", "double")]
    named = open_source(model, sample=pd.DataFrame(x, columns=["width", "height"]))
    assert [c.name for c in named.signature.columns] == ["width", "height"]
    with pytest.raises(SampleError, match="3 columns and the model was trained on 2"):
        open_source(model, sample=np.ones((4, 3)))


def test_an_array_of_strings_and_numbers_keeps_both() -> None:
    x = np.array([["a", 1.0], ["b", 2.0], ["c", None]] * 5, dtype=object)
    source = open_source(OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1).fit(x), sample=x)
    assert [(c.name, c.dtype) for c in source.signature.columns] == [("x0", "string"), ("x1", "double")]
    compare(source, [*rows_of(source, x), {"x0": "z", "x1": 7.0}])


def test_a_list_of_dicts_is_a_sample() -> None:
    rows = [{"n": float(i), "word": "ab"[i % 2]} for i in range(10)]
    model = make_pipeline(make_column_transformer((OneHotEncoder(), ["word"]), remainder="passthrough"))
    source = open_source(model.fit(pd.DataFrame(rows)), sample=rows)
    assert [c.dtype for c in source.signature.columns] == ["double", "string"]


def test_dtype_holds_a_column_to_integers_and_contradictions_are_refused() -> None:
    frame = pd.DataFrame({"a": NUMBER, "n": np.arange(N, dtype=float)})
    model = LogisticRegression().fit(frame, np.arange(N) % 2)
    source = open_source(model, sample=frame, dtypes={"n": "int64"})
    assert [c.dtype for c in source.signature.columns] == ["double", "int64"]
    compare(source, [{"a": 0.5, "n": 3}])
    for dtypes, says in (
        ({"a": "int64"}, "no whole numbers"),
        ({"a": "string"}, "the sample holds double values"),
        ({"zip": "string"}, "columns that the model does not have: zip"),
    ):
        with pytest.raises(SampleError, match=says):
            open_source(model, sample=frame, dtypes=dtypes)


def test_pandas_categories_reach_the_model_as_categories() -> None:
    """Histogram boosting reads categorical dtypes; an unseen value must stay a value and not become a missing one."""
    word = pd.Series(list("abcd") * (N // 4), dtype="category")
    frame = pd.DataFrame({"n": NUMBER, "word": word})
    model = HistGradientBoostingClassifier(categorical_features="from_dtype", min_samples_leaf=2, max_iter=5)
    source = open_source(model.fit(frame, (word.isin(["a", "d"])).to_numpy()), sample=frame)
    assert source.training.dtypes == ("float64", "category")
    rows = rows_of(source, frame)
    compare(source, [*rows, {"n": 0.2, "word": "zz"}, {"n": 0.2, "word": None}])


def test_outputs_asked_for_are_added_and_unknown_ones_refused() -> None:
    x = np.column_stack([NUMBER, NUMBER**2])
    model = LogisticRegression().fit(x, np.arange(N) % 3)
    source = open_source(model, sample=x, outputs=["scores"])
    assert [o.name for o in source.outputs] == ["label", "probabilities", "scores"]
    compare(source, rows_of(source, x))
    for outputs, says in ((["speed"], "no such output"), (["transformed"], "has no transform")):
        with pytest.raises(InputError, match=says):
            open_source(model, sample=x, outputs=outputs)
