"""Exported bundles whose pages are walked through."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestClassifier
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, PowerTransformer
from walking import LONG, WORDY

import isoship

RANDOM = np.random.default_rng(3)


def exported(folder: Path, name: str, model: Any, sample: pd.DataFrame) -> Path:
    out = folder / name
    isoship.export(model, sample=sample, out=out, name=name, targets=("web",), offline=True)
    return out


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pages")


@pytest.fixture(scope="session")
def birds(folder: Path) -> Path:
    """A forest over numbers, three kinds of categories and a boolean."""
    n = 300
    species = RANDOM.choice(["Adelie", "Chinstrap", "Gentoo"], n)
    k = pd.Series(species).map({"Adelie": 0, "Chinstrap": 1, "Gentoo": 2}).to_numpy()
    sample = pd.DataFrame(
        {
            "bill": np.round(np.array([38.8, 48.8, 47.5])[k] + RANDOM.normal(0, 2.8, n), 1),
            "mass": (np.array([3700, 3733, 5076])[k] + RANDOM.normal(0, 450, n)).astype("int64"),
            "island": np.where(k == 2, "Biscoe", RANDOM.choice(["Dream", "Torgersen"], n)),
            "year": RANDOM.integers(2007, 2010, n),
            "sex": RANDOM.choice(["female", "male"], n),
            "tagged": RANDOM.random(n) > 0.5,
        }
    )
    sample.loc[::17, "bill"] = np.nan
    columns = make_column_transformer(
        ("passthrough", ["bill", "mass"]),
        (OneHotEncoder(handle_unknown="ignore"), ["island", "year"]),
        (OneHotEncoder(), ["sex"]),
        ("passthrough", ["tagged"]),
    )
    model = make_pipeline(columns, RandomForestClassifier(20, random_state=0)).fit(sample, species)
    return exported(folder, "birds", model, sample)


@pytest.fixture(scope="session")
def houses(folder: Path) -> Path:
    """A regressor of prices in millions."""
    sample = pd.DataFrame(
        {
            "amount": RANDOM.gamma(2, 50, 300),
            "rooms": RANDOM.integers(1, 7, 300),
            "city": RANDOM.choice(["Oslo", "Rome"], 300),
        }
    )
    columns = make_column_transformer(
        ("passthrough", ["amount", "rooms"]),
        (OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), ["city"]),
    )
    price = 12e6 + sample["rooms"] * 1e5 + sample["amount"] * 900
    model = make_pipeline(columns, HistGradientBoostingRegressor(max_iter=30)).fit(sample, price)
    return exported(folder, "houses", model, sample)


@pytest.fixture(scope="session")
def line(folder: Path) -> Path:
    """A model without thresholds; the logarithm of `size` wants numbers above 0."""
    sample = pd.DataFrame({"size": RANDOM.gamma(2, 50, 200), "weight": RANDOM.normal(60, 9, 200)})
    columns = make_column_transformer(
        (PowerTransformer("box-cox", standardize=False), ["size"]), remainder="passthrough"
    )
    model = make_pipeline(columns, LinearRegression()).fit(sample, sample["size"] + sample["weight"])
    return exported(folder, "line", model, sample)


@pytest.fixture(scope="session")
def wide(folder: Path) -> Path:
    """Sixty columns, sixteen classes, and names as long as they come."""
    names = [LONG, WORDY, *(f"column {i}" for i in range(2, 60))]
    sample = pd.DataFrame(RANDOM.normal(0, 1, (250, 60)), columns=names)
    group = np.digitize(sample[LONG] + sample[WORDY], np.linspace(-2, 2, 15))
    classes = np.array([LONG, WORDY.strip(), *(f"class {i}" for i in range(2, 16))])
    return exported(folder, "wide", RandomForestClassifier(10, random_state=0).fit(sample, classes[group]), sample)


@pytest.fixture(scope="session")
def vector(folder: Path) -> Path:
    """Twenty-four numbers an answer."""
    sample = pd.DataFrame(RANDOM.normal(0, 1, (200, 25)), columns=[f"x{i}" for i in range(25)])
    return exported(folder, "vector", PCA(24).fit(sample), sample)
