"""Steps as people write them, each with the columns of `people()` that it is given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.validation import check_array, check_is_fitted, validate_data


def people(rows: int = 240) -> pd.DataFrame:
    """Customers: whole numbers, numbers with missing ones, strings with missing ones, booleans, places on the globe."""
    draw = np.random.default_rng(8)
    table = pd.DataFrame(
        {
            "age": draw.integers(18, 90, rows),
            "visits": draw.integers(0, 30, rows),
            "hour": draw.integers(0, 24, rows),
            "income": draw.gamma(2.0, 20_000.0, rows).round(2),
            "debt": np.where(draw.random(rows) < 0.2, 0.0, draw.gamma(1.5, 5_000.0, rows)).round(2),
            "height": draw.normal(1.72, 0.1, rows).round(3),
            "weight": draw.normal(75.0, 14.0, rows).round(1),
            "lat": draw.uniform(-60, 70, rows),
            "lon": draw.uniform(-180, 180, rows),
            "rate": draw.normal(0.0, 1.0, rows),
            "city": draw.choice(["Lima", "Oslo", "Rome", "Quito"], rows),
            "plan": draw.choice(["free", "basic", "pro"], rows, p=[0.6, 0.3, 0.1]),
            "active": draw.random(rows) < 0.7,
        }
    )
    table.loc[::11, "rate"] = np.nan
    table.loc[::13, "city"] = np.nan
    return table


def log_of_money(X: pd.DataFrame) -> pd.DataFrame:
    X = X.copy()
    X["income"] = np.log1p(X["income"])
    X["debt"] = np.log1p(X["debt"].clip(lower=0))
    return X


def debt_ratio(X: pd.DataFrame) -> pd.DataFrame:
    ratio = np.where(X["income"] > 0, X["debt"] / X["income"], 0.0)
    return pd.DataFrame({"ratio": ratio}, index=X.index)


def plain_ratio(X: pd.DataFrame) -> pd.DataFrame:
    return X.assign(ratio=X["debt"] / X["income"])


def safe_ratio(X: np.ndarray) -> np.ndarray:
    a, b = X[:, 0], X[:, 1]
    return np.divide(a, b, out=np.zeros_like(a), where=b != 0).reshape(-1, 1)


def hour_of_day(X: pd.DataFrame) -> pd.DataFrame:
    angle = 2 * np.pi * X["hour"] / 24
    return pd.DataFrame({"sin": np.sin(angle), "cos": np.cos(angle)})


def age_bands(X: pd.DataFrame) -> np.ndarray:
    age = X["age"]
    conditions = [age < 25, age < 40, (age >= 40) & (age < 65)]
    return np.select(conditions, [0, 1, 2], default=3).reshape(-1, 1)


def age_decades(X: np.ndarray) -> np.ndarray:
    return np.digitize(X[:, 0], [20, 30, 40, 50, 60.5])[:, None]


def interactions(X: pd.DataFrame) -> pd.DataFrame:
    return X.assign(
        spent=lambda d: d["income"] * d["visits"],
        per_visit=lambda d: d["income"] / (d["visits"] + 1),
    ).drop(columns=["income"])


def missing_flags(X: pd.DataFrame) -> pd.DataFrame:
    return X.isna().astype(int).add_suffix("_missing")


def polynomial(X: np.ndarray) -> np.ndarray:
    return np.column_stack([X, X**2, X[:, 0] * X[:, 1], X[:, [1]] ** 3])


def body_mass(X: pd.DataFrame) -> pd.DataFrame:
    return (X["weight"] / X["height"] ** 2).to_frame("bmi")


def haversine(X: np.ndarray, place: tuple[float, float] = (60.0, 10.7)) -> np.ndarray:
    lat, lon = np.radians(X).T
    lat0, lon0 = np.radians(place)
    a = np.sin((lat - lat0) / 2) ** 2 + np.cos(lat) * np.cos(lat0) * np.sin((lon - lon0) / 2) ** 2
    return np.c_[6371.0 * 2 * np.arcsin(np.sqrt(np.clip(a, 0.0, 1.0)))]


def distance(X: np.ndarray) -> np.ndarray:
    return np.sqrt((X[:, 0] - X[:, 2]) ** 2 + (X[:, 1] - X[:, 3]) ** 2).reshape(-1, 1)


def row_totals(X: pd.DataFrame) -> np.ndarray:
    values = X.to_numpy()
    return np.hstack(
        [values.sum(axis=1, keepdims=True), values.mean(axis=1, keepdims=True), values.max(axis=1)[:, None]]
    )


def frame_totals(X: pd.DataFrame) -> pd.DataFrame:
    out = pd.DataFrame(index=X.index)
    out["total"] = X.sum(axis=1)
    out["mean"] = X.mean(axis=1)
    out["known"] = X.notna().sum(axis=1)
    return out


def in_the_capital(X: pd.DataFrame) -> pd.DataFrame:
    return pd.concat(
        [(X["city"] == "Oslo").astype(float).rename("oslo"), X["city"].isin(["Lima", "Rome"]).rename("south")], axis=1
    )


def plan_rank(X: pd.DataFrame) -> pd.DataFrame:
    return X[["plan"]].assign(rank=X["plan"].map({"free": 0, "basic": 1, "pro": 2.5}))[["rank"]].fillna(-1.0)


def rounded_money(X: pd.DataFrame) -> pd.DataFrame:
    out = X[["income"]].round(-3)
    out["cents"] = (X["debt"] * 100).round() % 100
    out["thousands"] = X["income"] // 1000
    return out


def masked(X: np.ndarray) -> np.ndarray:
    X = np.asarray(X, dtype=float).copy()
    X[X[:, 0] > 60_000, 0] = 60_000
    X[X < 0] = 0
    return X


def night_shift(X: pd.DataFrame) -> pd.DataFrame:
    X = X.copy()
    X.loc[(X["hour"] < 6) | (X["hour"] >= 22), "visits"] = 0
    X["late"] = X["hour"].between(18, 22) & X["active"]
    return X


def filled(X: pd.DataFrame) -> pd.DataFrame:
    return X.assign(rate=X["rate"].fillna(X["rate"] * 0 + 1.5).fillna(0.25))


def with_shift(X: np.ndarray, shift: float = 0.0, scale: float = 1.0) -> np.ndarray:
    return np.nan_to_num((X + shift) / scale, nan=-9.0)


def written_in_place(X: pd.DataFrame) -> pd.DataFrame:
    X = X.copy()
    X.fillna({"rate": 0.5}, inplace=True)
    X = X.rename(columns={"debt": "owed"})
    X.insert(0, "ratio", X["owed"] / (X["age"] + 1))
    X.loc[X["age"] <= 30, "band"] = 0
    X.loc[X["age"] > 30, "band"] = 1
    X.loc[X["rate"] < 0, ["ratio", "owed"]] = 0
    X.loc[X["rate"] > 1, "owed"] = X["rate"]
    del X["age"]
    return X.round({"ratio": 2})


def spreads(X: np.ndarray) -> np.ndarray:
    X = np.append(X, (X[:, 0] * X[:, 1]).reshape(-1, 1), axis=1)
    spread = np.c_[X.std(axis=1), np.var(X, axis=1, ddof=1), X.prod(axis=1)]
    return np.hstack([np.delete(X, [0, 2], axis=1), spread])


def fill_and_divide(X: pd.DataFrame) -> pd.DataFrame:
    X = X.fillna({"rate": 0.25})
    return X.assign(quotient=X["debt"] / X["rate"]).replace([np.inf, -np.inf], 0.0)


class Winsorizer(BaseEstimator, TransformerMixin):
    """Clips each column at quantiles that it learns."""

    def __init__(self, low: float = 0.05, high: float = 0.95) -> None:
        self.low, self.high = low, high

    def fit(self, X: Any, y: Any = None) -> Winsorizer:
        X = validate_data(self, X)
        self.lower_, self.upper_ = np.quantile(X, [self.low, self.high], axis=0)
        return self

    def transform(self, X: Any) -> Any:
        check_is_fitted(self)
        X = validate_data(self, X, reset=False)
        return np.clip(X, self.lower_, self.upper_)


class FrameWinsorizer(BaseEstimator, TransformerMixin):
    """The same with pandas."""

    def fit(self, X: pd.DataFrame, y: Any = None) -> FrameWinsorizer:
        self.low_, self.high_ = X.quantile(0.1), X.quantile(0.9)
        return self

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        return X.clip(self.low_, self.high_, axis=1)


class Standardizer(BaseEstimator, TransformerMixin):
    """A scaler by hand, with a mean and a spread learnt in fit."""

    def fit(self, X: pd.DataFrame, y: Any = None) -> Standardizer:
        self.mean_, self.std_ = X.mean(), X.std(ddof=0)
        return self

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        return (X - self.mean_) / self.std_


class GroupMean(BaseEstimator, TransformerMixin):
    """The mean of a number by group, learnt in fit; the mean of all for a group that was not seen."""

    def fit(self, X: pd.DataFrame, y: Any = None) -> GroupMean:
        self.means_ = X.groupby("city")["income"].mean()
        self.mean_ = X["income"].mean()
        return self

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        mean = X["city"].map(self.means_).fillna(self.mean_)
        return pd.DataFrame({"mean": mean, "above": X["income"] - mean})


class Checked(BaseEstimator):
    """A transformer with nothing of scikit-learn's mixin."""

    def fit(self, X: Any, y: Any = None) -> Checked:
        self.median_ = np.median(check_array(X), axis=0)
        return self

    def fit_transform(self, X: Any, y: Any = None) -> Any:
        return self.fit(X).transform(X)

    def transform(self, X: Any) -> Any:
        X = check_array(X)
        return np.abs(X - self.median_)


def function(func: Callable[..., Any], **options: Any) -> FunctionTransformer:
    return FunctionTransformer(func, **options)


#: Name -> (step, columns, the step is given an array).
STEPS: dict[str, tuple[Any, list[str], bool]] = {
    "log1p of some columns": (function(log_of_money), ["income", "debt", "age"], False),
    "ratio of two": (function(plain_ratio), ["income", "debt"], False),
    "ratio with a guard": (function(debt_ratio), ["income", "debt"], False),
    "ratio with where": (function(safe_ratio), ["income", "debt"], True),
    "hour as sine and cosine": (function(hour_of_day), ["hour"], False),
    "age bands by select": (function(age_bands), ["age"], False),
    "age by digitize": (function(age_decades), ["age", "visits"], True),
    "interactions": (function(interactions), ["income", "visits"], False),
    "missing flags": (function(missing_flags), ["rate", "city"], False),
    "polynomial by hand": (function(polynomial), ["height", "weight"], True),
    "body mass index": (function(body_mass), ["height", "weight"], False),
    "haversine": (function(haversine, kw_args={"place": (59.9, 10.8)}), ["lat", "lon"], True),
    "distance of two points": (function(distance), ["lat", "lon", "height", "weight"], True),
    "row totals": (function(row_totals), ["income", "debt", "weight"], False),
    "frame totals": (function(frame_totals), ["rate", "debt", "visits"], False),
    "string equality flags": (function(in_the_capital), ["city"], False),
    "rank by a dict": (function(plan_rank), ["plan"], False),
    "rounded money": (function(rounded_money), ["income", "debt"], False),
    "boolean masks": (function(masked), ["income", "lat"], False),
    "writing by loc": (function(night_shift), ["hour", "visits", "active"], False),
    "filled by hand": (function(filled), ["rate"], False),
    "arguments": (function(with_shift, kw_args={"shift": 1.5, "scale": 3.0}), ["rate", "lat"], True),
    "validated": (function(with_shift, validate=True, kw_args={"shift": -1.0}), ["lat", "age"], False),
    "written in place": (function(written_in_place), ["age", "debt", "rate"], False),
    "spreads along rows": (function(spreads), ["height", "weight", "lat"], True),
    "filled and divided by": (function(fill_and_divide), ["debt", "rate"], False),
    "a lambda": (function(lambda X: np.c_[X, np.minimum(X[:, 0], X[:, 1])]), ["lat", "lon"], True),
    "clipping at learnt quantiles": (Winsorizer(), ["income", "debt"], False),
    "clipping a frame": (FrameWinsorizer(), ["income", "weight"], False),
    "standardized by hand": (Standardizer(), ["income", "weight"], False),
    "mean by group": (GroupMean(), ["city", "income"], False),
    "without the mixin": (Checked(), ["height", "weight"], False),
}
