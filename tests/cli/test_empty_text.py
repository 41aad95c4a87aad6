"""A category that is the empty text, said in CSV: every reader takes the empty cell for what the model knows."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

from isoship.batch.scoring import predict as predict_file
from isoship.exporting import export
from isoship.parity.check import check

N = 90
RNG = np.random.default_rng(3)


def table(*values: str | float | None) -> pd.DataFrame:
    words = pd.Series([values[i % len(values)] for i in range(N)], dtype=object)
    return pd.DataFrame({"c": words, "x": RNG.normal(size=N)})


def target(frame: pd.DataFrame) -> Any:
    return ((frame["c"].isin(["", "a"]) * 2.0 - frame["c"].isna()) + frame["x"] > 0.5).astype(int)


def one_hot(frame: pd.DataFrame) -> Any:
    encoder = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["c"]), remainder="passthrough")
    return make_pipeline(encoder, LogisticRegression()).fit(frame, target(frame))


def ordinal(frame: pd.DataFrame) -> Any:
    encoder = make_column_transformer((OrdinalEncoder(encoded_missing_value=-5), ["c"]), remainder="passthrough")
    return make_pipeline(encoder, LogisticRegression()).fit(frame, target(frame))


def boosted(frame: pd.DataFrame) -> Any:
    from lightgbm import LGBMClassifier

    model = LGBMClassifier(n_estimators=5, min_child_samples=2, verbose=-1)
    return model.fit(frame.astype({"c": "category"}), target(frame))


def hashed(frame: pd.DataFrame) -> Any:
    from catboost import CatBoostClassifier

    model = CatBoostClassifier(iterations=5, verbose=False, allow_writing_files=False, cat_features=["c"])
    return model.fit(frame, target(frame))


def write_csv(path: Path, frame: pd.DataFrame) -> Path:
    """The empty text in quotes and a missing value without."""
    with path.open("w", newline="", encoding="utf-8") as file:
        file.write("c,x\n")
        for c, x in zip(frame["c"], frame["x"], strict=True):
            file.write(("" if pd.isna(c) else f'"{c}"') + f",{x!r}\n")
    return path


CASES = [
    *((train, (), ending) for train in (one_hot, hashed) for ending in ("csv", "parquet")),
    (ordinal, (), "csv"),
    (boosted, (), "csv"),
    (one_hot, (np.nan,), "csv"),
    (boosted, (np.nan,), "csv"),
    (boosted, (np.nan,), "parquet"),
    (ordinal, (None,), "csv"),
    (one_hot, (None,), "parquet"),
]


@pytest.mark.parametrize(("train", "gap", "ending"), CASES)
def test_the_empty_text_is_what_the_model_knows(tmp_path: Path, train: Any, gap: Any, ending: str) -> None:
    frame = table("", "a", "b", *gap)
    model = train(frame)
    write_csv(tmp_path / "rows.csv", frame)
    frame.to_parquet(tmp_path / "rows.parquet")
    made = export(model, sample=tmp_path / f"rows.{ending}", out=tmp_path / "b", name="b", targets=())
    column = next(c for c in made.manifest.signature.columns if c.name == "c")
    assert column.empty == ("quoted" if gap else "value")
    assert any('column "c": the model knows the empty text' in note for note in made.notes)
    asked = frame.astype({"c": "category"}) if train is boosted else frame
    expected = model.predict_proba(asked)[:, 1]
    for name in ("rows.csv", "rows.parquet"):
        for out in ("out.csv", "out.parquet"):
            predict_file(tmp_path / "b", tmp_path / name, tmp_path / out)
            seen = pd.read_parquet(tmp_path / out) if out == "out.parquet" else pd.read_csv(tmp_path / out)
            np.testing.assert_allclose(seen["probabilities_1"], expected, rtol=0, atol=1e-7)
    predict_file(tmp_path / "b", tmp_path / "rows.csv", tmp_path / "again.csv")
    predict_file(tmp_path / "b", tmp_path / "again.csv", tmp_path / "twice.csv")
    with (tmp_path / "twice.csv").open(newline="") as file:
        again = [float(row["predicted_probabilities_1"]) for row in csv.DictReader(file)]
    np.testing.assert_allclose(again, expected, rtol=0, atol=1e-7)
    if ending == "csv":
        report = check(tmp_path / "b", model, runtimes=["onnxruntime"], rows=200, sample=tmp_path / "rows.csv")
        assert report.ok, report.table()


def test_a_file_of_pandas_which_quotes_nothing_is_read_as_the_text_where_no_missing_value_is_known(
    tmp_path: Path,
) -> None:
    frame = table("", "a", "b")
    frame.to_csv(tmp_path / "rows.csv", index=False)
    model = one_hot(frame)
    export(model, sample=tmp_path / "rows.csv", out=tmp_path / "b", name="b", targets=())
    predict_file(tmp_path / "b", tmp_path / "rows.csv", tmp_path / "out.parquet")
    seen = pd.read_parquet(tmp_path / "out.parquet")["probabilities_1"]
    np.testing.assert_allclose(seen, model.predict_proba(frame)[:, 1], rtol=0, atol=1e-9)
