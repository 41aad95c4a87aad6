"""No value of a sample row stands anywhere under bundle/web.

The sample's numbers are random doubles, so that one that turns up was copied: a fitted mean or a threshold between two
rows cannot equal any of them. Strings of columns that the model does not use must not turn up at all; fitted categories
are the model.
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from isoship.exporting import export


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[pd.DataFrame, Path]:
    random = np.random.default_rng(7)
    sample = pd.DataFrame(random.normal(50, 20, (200, 3)), columns=["age", "income", "visits"])
    sample["city"] = random.choice(["Oslo", "Rome", "Lima"], 200)
    sample["surname"] = [f"Person{random.integers(10**9)}" for _ in range(200)]
    model = make_pipeline(
        make_column_transformer(
            (make_pipeline(SimpleImputer(), StandardScaler()), ["age", "income", "visits"]),
            (OneHotEncoder(handle_unknown="ignore"), ["city"]),
        ),
        RandomForestClassifier(20, random_state=0),
    ).fit(sample, sample["age"] > 50)
    bundle = export(
        model,
        sample=sample,
        out=tmp_path_factory.mktemp("privacy") / "b",
        name="people",
        targets=("web",),
        offline=True,
    )
    return sample, bundle.path / "web"


def test_no_number_of_the_sample_stands_under_web(exported: tuple[pd.DataFrame, Path]) -> None:
    sample, web = exported
    numbers = sample[["age", "income", "visits"]].to_numpy().ravel()
    shortened = [f"{x:.9g}" for x in numbers]
    for file in web.rglob("*"):
        if not file.is_file() or file.suffix == ".wasm":
            continue
        data = file.read_bytes()
        for number, short in zip(numbers, shortened, strict=True):
            assert short.encode() not in data, f"{number!r} in {file.name}"
            assert struct.pack("<d", number) not in data, f"{number!r} in {file.name}"


def test_no_string_of_an_unused_column_stands_under_web(exported: tuple[pd.DataFrame, Path]) -> None:
    sample, web = exported
    text = b"".join(f.read_bytes() for f in web.rglob("*") if f.is_file())
    assert b"Oslo" in text, "fitted categories are there: the search below can find something"
    assert not [name for name in sample["surname"] if name.encode() in text]


def test_golden_rows_are_no_rows_of_the_sample(exported: tuple[pd.DataFrame, Path]) -> None:
    import json

    from isoship_edge.encoding.golden import decode

    sample, web = exported
    seen = set(map(float, sample[["age", "income", "visits"]].to_numpy().ravel()))
    rows = json.loads((web / "golden.json").read_text(encoding="utf-8"))["rows"]
    values = [decode(v) for row in rows for k, v in row.items() if k in ("age", "income", "visits")]
    assert len(values) > 100
    assert not [v for v in values if v in seen]
