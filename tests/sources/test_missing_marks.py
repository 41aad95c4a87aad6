"""None, NaN and pandas.NA: what the model was fitted with is what a missing value is, everywhere it is asked."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from comparison import compare, rows_of
from sklearn.compose import ColumnTransformer, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, TargetEncoder

import isoship
from isoship.errors import SampleError
from isoship.sources import open_source, read_files
from isoship.sources.missing_marks import fitted_marks, marked

N = 120
RNG = np.random.default_rng(0)
LACKING = RNG.random(N) < 0.3
SIZE = RNG.normal(size=N)
WORDS = RNG.choice(["x", "y", "z"], N)


def words_with(mark) -> pd.DataFrame:
    words = [mark if lacking else word for word, lacking in zip(WORDS, LACKING, strict=True)]
    return pd.DataFrame({"size": SIZE, "name": pd.Series(words, dtype=object)})


NONES, NANS = words_with(None), words_with(np.nan)
Y = (LACKING | (WORDS == "x") & (SIZE > 0)).astype(int)


def on_name(*steps):
    front = ColumnTransformer([("n", make_pipeline(*steps), ["name"])], remainder="passthrough")
    return make_pipeline(front, LogisticRegression())


ENCODERS = [
    (OneHotEncoder(handle_unknown="ignore"),),
    (OneHotEncoder(),),
    (OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),),
    (TargetEncoder(cv=3),),
    (SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore")),
    (SimpleImputer(missing_values=None, strategy="most_frequent"), OneHotEncoder()),
    (SimpleImputer(missing_values=pd.NA, strategy="constant", fill_value="?"), OneHotEncoder()),
]


@pytest.mark.parametrize("steps", ENCODERS)
@pytest.mark.parametrize("form", ["parquet", "jsonl", "csv"])
def test_a_file_of_the_training_rows_is_read_with_the_models_own_mark(steps, form, tmp_path) -> None:
    model = on_name(*steps).fit(NONES, Y)
    path = tmp_path / f"rows.{form}"
    if form == "parquet":
        NONES.to_parquet(path)
    elif form == "csv":
        NONES.to_csv(path, index=False)
    else:
        NONES.to_json(path, orient="records", lines=True, double_precision=15)
    source = open_source(model, sample=path)
    rows = rows_of(source, NONES)
    assert np.array_equal(source.answers(rows).outputs["probabilities"], model.predict_proba(NONES))
    compare(source, rows)


def test_the_manifest_keeps_the_mark_and_a_check_without_a_sample_asks_with_it(tmp_path) -> None:
    import joblib

    model = on_name(OneHotEncoder(handle_unknown="ignore")).fit(NONES, Y)
    joblib.dump(model, tmp_path / "model.joblib")
    NONES.to_parquet(tmp_path / "rows.parquet")
    bundle = isoship.export(model, sample=NONES, out=tmp_path / "bundle", targets=())
    assert {c.name: c.mark for c in bundle.manifest.signature.columns} == {"name": "none", "size": None}
    few = {"rows": 200, "runtimes": ["onnxruntime"]}
    assert isoship.check(tmp_path / "bundle", model=tmp_path / "model.joblib", **few).ok
    assert isoship.check(tmp_path / "bundle", model=model, sample=tmp_path / "rows.parquet", **few).ok
    assert isoship.check(tmp_path / "bundle", model=model, sample=pd.read_parquet(tmp_path / "rows.parquet"), **few).ok
    for sample in (NONES, NANS):  # what is missing to the bundle is None to the model
        got = isoship.load(tmp_path / "bundle").predict(sample)["probabilities"]
        assert np.abs(got - model.predict_proba(NONES)).max() < 1e-9


@pytest.mark.parametrize(
    ("trained", "sample", "words"),
    [
        (NONES, NANS, "are NaN in the sample, and None to the model"),
        (NANS, NONES, "are None in the sample, and NaN to"),
    ],
)
def test_a_frame_with_another_mark_than_the_models_is_refused_by_column(trained, sample, words) -> None:
    model = on_name(OneHotEncoder(handle_unknown="ignore")).fit(trained, Y)
    with pytest.raises(SampleError, match=f'column "name": missing values {words}.*Write frame'):
        open_source(model, sample=sample)
    frame = sample.copy()
    told = {"None": None, "NaN": float("nan")}["None" if "None to" in words else "NaN"]
    frame["name"] = frame["name"].astype(object).where(frame["name"].notna(), told)
    open_source(model, sample=frame)


def test_numbers_and_none_under_an_encoder_of_objects(tmp_path) -> None:
    grade = pd.Series(
        [None if b else float(k) for b, k in zip(LACKING, RNG.integers(1, 4, N), strict=True)], dtype=object
    )
    frame = pd.DataFrame({"grade": grade, "size": SIZE})
    front = ColumnTransformer([("n", OneHotEncoder(), ["grade"])], remainder="passthrough")
    model = make_pipeline(front, LogisticRegression()).fit(frame, Y)
    source = open_source(model, sample=frame)
    rows = rows_of(source, frame)
    assert np.array_equal(source.answers(rows).outputs["probabilities"], model.predict_proba(frame))
    compare(source, rows)
    assert isoship.export(model, sample=frame, out=tmp_path / "bundle", targets=()).report.ok
    assert isoship.check(tmp_path / "bundle", model=model, rows=200, runtimes=["onnxruntime"]).ok


def test_booleans_with_none_are_refused_by_name() -> None:
    flags = pd.Series([None if b else bool(w == "x") for b, w in zip(LACKING, WORDS, strict=True)], dtype=object)
    frame = pd.DataFrame({"name": flags, "size": SIZE})
    model = on_name(OneHotEncoder()).fit(frame, Y)
    with pytest.raises(SampleError, match='column "name" holds booleans and missing values'):
        open_source(model, sample=frame)


def test_what_fitted_steps_say() -> None:
    both = make_column_transformer((SimpleImputer(), ["size"]), (OneHotEncoder(), ["name"]))
    assert fitted_marks(both.fit(NONES), 2) == {0: "nan", 1: "none"}
    assert fitted_marks(HistGradientBoostingClassifier(max_iter=2).fit(NONES[["size"]], Y), 1) == {}
    assert marked(NANS, {"name": "none"})["name"].tolist() == NONES["name"].tolist()
    assert read_files(None, NANS, None)[1] is NANS
