"""What a fitted step knows of its input says nothing of the raw column behind it; the model is asked instead."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.feature_selection import VarianceThreshold
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import FunctionTransformer, KBinsDiscretizer, MinMaxScaler, OneHotEncoder, OrdinalEncoder

from isoship.errors import InputError, SampleError, UnsupportedModelError
from isoship.sources import open_source
from isoship.sources.sklearn.walk.fitted import categories_known
from isoship_edge.encoding.decode import decode_rows

N = 80
RNG = np.random.default_rng(8)
VALUE = RNG.normal(size=N)
Y = (VALUE > 0.1).astype(int)
AGE = RNG.uniform(20, 40, N).round(1)
ANY = OneHotEncoder(handle_unknown="ignore")
FLOOR = FunctionTransformer(np.floor)


def behind(*steps, column="age"):
    front = ColumnTransformer([("e", make_pipeline(*steps), [column])], remainder="passthrough")
    return make_pipeline(front, LogisticRegression(max_iter=1000))


def ages(values) -> pd.DataFrame:
    return pd.DataFrame({"age": values, "value": VALUE})


def answered(source, frame) -> int:
    """How many of these rows the contract takes; the model must answer all of those."""
    rows = [
        {name: None if value != value else value for name, value in row.items()} for row in frame.to_dict("records")
    ]
    taken = [row for row in rows if fits(row, source.signature)]
    source.answers(taken)
    return len(taken)


def fits(row, signature) -> bool:
    try:
        decode_rows([row], signature)
    except InputError:
        return False
    return True


GRADES = RNG.integers(1, 5, N).astype(float)
HOLEY = np.where(RNG.random(N) < 0.2, -1.0, GRADES)
WITH_NAN = np.where(RNG.random(N) < 0.2, np.nan, GRADES)


@pytest.mark.parametrize(
    ("model", "frame"),
    [
        (behind(FLOOR, OneHotEncoder()), ages(AGE)),
        (behind(FLOOR, OrdinalEncoder()), ages(AGE)),
        (behind(FunctionTransformer(np.rint), OneHotEncoder()), ages(AGE)),
        (behind(FunctionTransformer(np.absolute), FLOOR, OneHotEncoder()), ages(AGE)),
        (behind(FLOOR, MinMaxScaler(), OneHotEncoder(handle_unknown="ignore")), ages(AGE)),
        (behind(KBinsDiscretizer(4, encode="ordinal", strategy="uniform"), OneHotEncoder()), ages(AGE)),
        (behind(SimpleImputer(missing_values=-1), OneHotEncoder(handle_unknown="ignore")), ages(HOLEY)),
        (behind(SimpleImputer(missing_values=-1, strategy="most_frequent"), OneHotEncoder()), ages(HOLEY)),
        (behind(SimpleImputer(missing_values=-1, strategy="most_frequent"), OrdinalEncoder()), ages(HOLEY.astype(int))),
        (behind(SimpleImputer(strategy="most_frequent"), OneHotEncoder()), ages(WITH_NAN)),
        (behind(KNNImputer(n_neighbors=1), OneHotEncoder()), ages(WITH_NAN)),
        (behind(VarianceThreshold(), OneHotEncoder()), ages(GRADES)),
        (behind(ColumnTransformer([("f", make_pipeline(FLOOR, OneHotEncoder()), [0])])), ages(AGE)),
        (behind(FeatureUnion([("a", make_pipeline(FLOOR, OneHotEncoder())), ("b", MinMaxScaler())])), ages(AGE)),
        (behind(FeatureUnion([("a", ANY), ("b", make_pipeline(FLOOR, OrdinalEncoder()))])), ages(AGE)),
    ],
)  # fmt: skip
def test_the_contract_takes_every_row_of_the_sample(model, frame) -> None:
    source = open_source(model.fit(frame, Y), sample=frame)
    assert answered(source, frame) == N


@pytest.mark.parametrize("encoder", [OneHotEncoder(), OrdinalEncoder()])
def test_what_an_imputer_takes_for_missing_is_taken(encoder) -> None:
    frame = pd.DataFrame({"work": RNG.choice(["?", "own", "state", "firm"], N), "value": VALUE})
    imputer = SimpleImputer(missing_values="?", strategy="most_frequent")
    source = open_source(behind(imputer, encoder, column="work").fit(frame, Y), sample=frame)
    assert sorted(source.signature.columns[0].categories) == ["?", "firm", "own", "state"]
    assert answered(source, frame) == N
    with pytest.raises(InputError):
        source.answers([{"work": "unseen", "value": 0.0}])


def test_without_a_sample_an_encoders_integers_are_not_taken_for_the_raw_columns() -> None:
    with pytest.raises(SampleError, match="Give a sample"):
        open_source(behind(FLOOR, OneHotEncoder()).fit(ages(AGE), Y))


def test_integers_with_gaps_are_listed() -> None:
    tens = RNG.choice([1, 2, 4, 7], N)
    source = open_source(behind(FunctionTransformer(np.square), OneHotEncoder()).fit(ages(tens), Y), sample=ages(tens))
    source.to_onnx()
    assert source.signature.columns[0].categories == (1, 2, 4, 7)
    assert answered(source, ages(tens)) == N


def test_doubles_with_a_gap_in_the_middle_are_refused_with_the_way_out() -> None:
    gap = np.where(AGE // 1 == 30, 21.5, AGE)
    source = open_source(behind(FLOOR, OneHotEncoder()).fit(ages(gap), Y), sample=ages(gap))
    with pytest.raises(UnsupportedModelError, match=r"column 'age' it refuses .*one range a column.*") as refused:
        source.to_onnx()
    assert "train again" in refused.value.instead


def test_an_encoder_behind_a_step_that_changes_numbers_says_so() -> None:
    (floored,) = categories_known(behind(FLOOR, OneHotEncoder()).fit(ages(AGE), Y), 2)[0]
    (filled,) = categories_known(behind(SimpleImputer(missing_values=-1), OneHotEncoder()).fit(ages(HOLEY), Y), 2)[0]
    assert (floored.as_it_came, filled.as_it_came, filled.replaced) == (False, True, (-1,))


BIG = 2**60 + np.arange(N) % 7
TIMES = 1_730_000_000_000_000_000 + RNG.integers(0, 10**15, N)


@pytest.mark.parametrize(
    "column",
    [
        BIG,
        TIMES,
        BIG.astype(np.uint64) + np.uint64(2**63),
        pd.array(BIG, dtype="Int64"),
        pd.Series(BIG, dtype=object),
        pd.Series(BIG).astype("category"),
    ],
)
def test_integers_that_no_double_holds_are_refused_by_name(column) -> None:
    frame = ages(column)
    model = behind(OneHotEncoder(handle_unknown="ignore")).fit(frame, Y)
    with pytest.raises(SampleError, match=r'column "age" holds integers above 2\*\*53.*a double.*train on'):
        open_source(model, sample=frame)


def test_an_encoders_large_integers_are_refused_without_a_sample_too() -> None:
    model = behind(OneHotEncoder()).fit(ages(BIG), Y)
    with pytest.raises(SampleError, match=r"above 2\*\*53"):
        open_source(model)


def test_large_integers_of_which_the_size_counts_are_doubles_on_demand() -> None:
    frame = ages(TIMES)
    model = make_pipeline(MinMaxScaler(), LogisticRegression()).fit(frame, Y)
    source = open_source(model, sample=frame, dtypes={"age": "double"})
    rows = frame.to_dict("records")
    assert np.array_equal(source.answers(rows).outputs["probabilities"], model.predict_proba(frame))
