"""The models that faults are planted in: trained here, exported once a run.

| base | model |
|---|---|
| penguins | the demo: imputers, scaler, one-hot encoder, a forest of 100 trees; float32 inside the trees |
| newer | the same with another seed: what a stale file comes from |
| mixed | HistGradientBoostingRegressor: doubles with missing values, one categorical column |
| numeric | HistGradientBoostingClassifier: three classes, doubles with missing values, an array |
| linear | StandardScaler and LogisticRegression: three classes, an array |
| closed | OneHotEncoder and OrdinalEncoder that refuse what they do not know, a linear model |
| marked | an imputer that fills "?" before an encoder, and an encoder that met None |
| tied | DecisionTreeClassifier whose leaves hold as many of one class as of another |
| binned | a median that lies on an edge of KBinsDiscretizer |
| periodic | the sine of an hour, and a threshold at 0 |
| net-image, net-text, net-bytes | networks as ONNX files (`benchmarks.mutants.networks`); their sample is None |

`penguins:web` is the bundle of penguins with web/ alone, `penguins:` the one without a target; the evaluator of rows is
that of edge/ where there is one.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.mutants.networks import GRAPHS
from benchmarks.mutants.sealing import derived

_TARGETS = {
    "penguins": ("lambda", "edge", "web"),
    "newer": ("web",),
    "numeric": ("edge", "web"),
    "linear": ("edge", "web"),
    "tied": ("edge", "web"),
}


@cache
def trained(base: str, folder: Path) -> tuple[Any, Any]:
    """The fitted model of a base and the sample that it was trained on; trained once a run, and kept in the folder."""
    import joblib

    name = base.partition(":")[0]
    kept = folder / f"{name}.joblib"
    if not kept.exists():
        aside = folder / f"{name}.{os.getpid()}"
        joblib.dump(_MODELS[name](), aside)
        aside.replace(kept)
    found: tuple[Any, Any] = joblib.load(kept)
    return found


def exported(base: str, folder: Path) -> Path:
    """The base's bundle below `folder`, exported when it is not there yet."""
    from isoship.exporting import export

    place = folder / base.replace(":", "-only-")
    if place.is_dir():
        return place
    name, colon, targets = base.partition(":")
    if colon:
        return derived(exported(name, folder), place, tuple(filter(None, targets.split(","))))
    model, sample = trained(name, folder)
    export(model, sample=sample, out=place, name=name, targets=_TARGETS.get(name, ()), offline=True)
    return place


def _penguins(seed: int = 0) -> tuple[Any, Any]:
    from isoship.demo import penguins, train

    columns, species = penguins()
    model = train(columns, species)
    if seed:
        model.set_params(randomforestclassifier__random_state=seed).fit(columns, species)
    return model, columns


def _mixed() -> tuple[Any, Any]:
    import pandas as pd
    from sklearn.ensemble import HistGradientBoostingRegressor

    rng = np.random.default_rng(1)
    numbers = rng.normal([0, 10, 100, 5], [1, 3, 25, 2], (900, 4))
    city = rng.choice(["Oslo", "Rome", "Bern", "Riga", "Cork", "Kyiv"], 900)
    effect = {"Oslo": 0.4, "Rome": -0.7, "Bern": 0.1, "Riga": 0.9, "Cork": -0.3, "Kyiv": 0.6}
    y = np.sin(numbers[:, 0] * 2) + 0.1 * numbers[:, 1] * (numbers[:, 2] > 100) + [effect[c] for c in city]
    y += np.array([effect[c] for c in city]) * (numbers[:, 3] > 5) - 0.5
    numbers[rng.random(numbers.shape) < 0.08] = np.nan
    frame = pd.DataFrame(numbers, columns=["offset", "speed", "weight", "age"])
    frame["city"] = pd.Categorical(city)
    model = HistGradientBoostingRegressor(max_iter=30, max_leaf_nodes=12, categorical_features=["city"], random_state=0)
    return model.fit(frame, y), frame


def _numeric() -> tuple[Any, Any]:
    from sklearn.ensemble import HistGradientBoostingClassifier

    rng = np.random.default_rng(2)
    x = rng.normal([0, 50, 3, 1000], [1, 12, 0.5, 300], (900, 4))
    score = x[:, 0] + (x[:, 1] - 50) / 12 * (x[:, 2] > 3) + rng.normal(0, 0.3, 900)
    x[rng.random(x.shape) < 0.08] = np.nan
    model = HistGradientBoostingClassifier(max_iter=12, max_leaf_nodes=10, random_state=0)
    return model.fit(x, np.digitize(score, [-0.6, 0.7])), x


def _linear() -> tuple[Any, Any]:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    rng = np.random.default_rng(3)
    x = rng.normal([0, 50, 3, 1000], [1, 12, 0.5, 300], (600, 4))
    score = x[:, 0] + (x[:, 1] - 50) / 12 + rng.normal(0, 0.5, 600)
    return make_pipeline(StandardScaler(), LogisticRegression()).fit(x, np.digitize(score, [-0.8, 0.8])), x


def _closed() -> tuple[Any, Any]:
    import pandas as pd
    from sklearn.compose import make_column_transformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

    rng = np.random.default_rng(4)
    frame = pd.DataFrame({
        "city": rng.choice(["Bern", "Cork", "Oslo", "Rome"], 500),
        "size": rng.choice(["large", "medium", "small"], 500),
        "income": rng.normal(30_000, 9_000, 500),
    })  # fmt: skip
    y = (frame["income"] > 30_000) ^ (frame["city"] == "Rome") ^ (frame["size"] == "small")
    prepare = make_column_transformer(
        (OneHotEncoder(), ["city"]), (OrdinalEncoder(), ["size"]), (StandardScaler(), ["income"])
    )
    return make_pipeline(prepare, LogisticRegression()).fit(frame, np.where(y, "yes", "no")), frame


def _marked() -> tuple[Any, Any]:
    import pandas as pd
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    rng = np.random.default_rng(6)
    origin = [None if lacking else word for word, lacking in zip(
        rng.choice(["inland", "coast"], 400), rng.random(400) < 0.3, strict=True)]  # fmt: skip
    frame = pd.DataFrame({
        "work": pd.Series(rng.choice(["?", "firm", "own", "state"], 400), dtype=object),
        "origin": pd.Series(origin, dtype=object),
        "income": rng.normal(30_000, 9_000, 400),
    })  # fmt: skip
    y = (frame["income"] > 30_000) ^ frame["origin"].isna() ^ (frame["work"] == "own")
    filled = make_pipeline(SimpleImputer(missing_values="?", strategy="most_frequent"), OneHotEncoder())
    prepare = make_column_transformer((filled, ["work"]), (OneHotEncoder(), ["origin"]), (StandardScaler(), ["income"]))
    return make_pipeline(prepare, LogisticRegression()).fit(frame, np.where(y, "yes", "no")), frame


def _tied() -> tuple[Any, Any]:
    from sklearn.tree import DecisionTreeClassifier

    rng = np.random.default_rng(5)
    x = np.repeat(rng.normal(0, 3, (120, 3)), 2, axis=0)
    # both copies of a row: of one class, or one of each of two
    pairs = np.where(rng.random((120, 1)) < 0.3, [[0, 2]], np.where(x[::2, :1] > 0, [[1, 1]], [[2, 2]]))
    return DecisionTreeClassifier(random_state=0).fit(x, pairs.ravel()), x


def _binned() -> tuple[Any, Any]:
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import KBinsDiscretizer

    rng = np.random.default_rng(6)
    x = np.round(rng.normal([0, 20], [1, 4], (401, 2)), 3)
    y = (x[:, 0] > 0) ^ (x[:, 1] > 20)
    x[rng.random(x.shape) < 0.1] = np.nan
    bins = KBinsDiscretizer(4, strategy="quantile", quantile_method="averaged_inverted_cdf", encode="onehot-dense")
    return make_pipeline(SimpleImputer(strategy="median"), bins, LogisticRegression()).fit(x, y.astype(int)), x


def _periodic() -> tuple[Any, Any]:
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    hours = np.random.default_rng(7).integers(0, 24, 600)
    x = (2 * np.pi * hours / 24).reshape(-1, 1)
    model = make_pipeline(FunctionTransformer(np.sin), HistGradientBoostingClassifier(max_iter=10, random_state=0))
    return model.fit(x, ((hours >= 12) & (hours < 23)).astype(int)), x


def _network(name: str) -> tuple[Any, Any]:
    return GRAPHS[name](), None


_MODELS: dict[str, Callable[[], tuple[Any, Any]]] = {
    "penguins": _penguins,
    "newer": lambda: _penguins(1),
    "mixed": _mixed,
    "numeric": _numeric,
    "linear": _linear,
    "closed": _closed,
    "marked": _marked,
    "tied": _tied,
    "binned": _binned,
    "periodic": _periodic,
    **{f"net-{name}": partial(_network, name) for name in GRAPHS},
}
