"""Steps as people write them, each with its converter. `converters` makes the module a file for `--converters`, too."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin, clone

import isoship


def people(rows: int = 240) -> pd.DataFrame:
    """All four types, with gaps in numbers and in text."""
    draw = np.random.default_rng(16)
    frame = pd.DataFrame(
        {
            "age": draw.normal(40, 18, rows).clip(1).round(1),
            "fare": draw.lognormal(3, 1, rows).round(2),
            "town": draw.choice(["Bodø", "Lima", "Oslo", "Rome"], rows),
            "plan": draw.choice(["basic", "pro"], rows),
            "visits": draw.integers(0, 9, rows),
            "member": draw.random(rows) < 0.4,
        }
    )
    frame.loc[::17, "age"], frame.loc[::23, "town"] = np.nan, None
    return frame


def chances(frame: pd.DataFrame) -> np.ndarray:
    """A label that the columns decide in part."""
    score = frame["age"].fillna(30) / 40 + (frame["town"] == "Oslo") + np.log1p(frame["fare"]) / 4
    return np.where(score + np.random.default_rng(3).normal(0, 0.3, len(frame)) > 2.2, "yes", "no")


class ClipAtQuantiles(TransformerMixin, BaseEstimator):
    """Numbers between two quantiles learnt in fit."""

    def __init__(self, low=0.05, high=0.95):
        self.low, self.high = low, high

    def fit(self, X, y=None):
        self.low_, self.high_ = np.nanquantile(np.asarray(X, float), [self.low, self.high], axis=0)
        return self

    def transform(self, X):
        return np.clip(np.asarray(X, float), self.low_, self.high_)


@isoship.converter(same_bits=True, jumps=False)
def clip_at_quantiles(g, step, columns):
    return g.op.Min(g.op.Max(columns.matrix(), step.low_), step.high_)


class MeanByGroup(TransformerMixin, BaseEstimator):
    """A number in place of a town: the mean of y there, and of all where the town is new or missing."""

    def fit(self, X, y):
        grouped = pd.Series(np.asarray(y, float)).groupby(X["town"].to_numpy())
        self.means_, self.overall_ = grouped.mean().to_dict(), float(np.mean(y))
        return self

    def transform(self, X):
        return X[["town"]].apply(lambda town: town.map(self.means_).astype(float).fillna(self.overall_))


def mean_by_group(g, step, columns):
    return g.lookup(columns["town"], list(step.means_), list(step.means_.values()), step.overall_)


class AgeBands(TransformerMixin, BaseEstimator):
    """Bands by np.select, as text."""

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        age = X["age"].to_numpy()
        bands = np.select([np.isnan(age), age < 18, age < 65], ["unknown", "young", "grown"], "old")
        return bands.astype(object).reshape(-1, 1)


@isoship.converter(same_bits=True)
def age_bands(g, step, columns):
    age = columns["age"]
    grown = g.op.Where(g.op.Less(age, 65), g.const("grown"), g.const("old"))
    young = g.op.Where(g.op.Less(age, 18), g.const("young"), grown)
    return g.op.Where(g.is_missing(age), g.const("unknown"), young)


class SmoothedTarget(TransformerMixin, BaseEstimator):
    """A target encoder: a category's mean drawn towards the mean of all; what is missing is a category of its own."""

    def __init__(self, weight=5.0):
        self.weight = weight

    def fit(self, X, y):
        target = pd.Series((np.asarray(y) == "yes").astype(float))
        self.overall_ = target.mean()
        self.tables_ = []
        for name in X.columns:
            grouped = target.groupby(self._filled(X[name])).agg(["sum", "count"])
            smooth = (grouped["sum"] + self.weight * self.overall_) / (grouped["count"] + self.weight)
            self.tables_.append(smooth.to_dict())
        return self

    def transform(self, X):
        coded = [self._filled(X[name]) for name in X.columns]
        return np.array(
            [[table.get(v, self.overall_) for v in each] for table, each in zip(self.tables_, coded, strict=True)]
        ).T

    @staticmethod
    def _filled(column):
        return ["(missing)" if value is None or value != value else value for value in column.tolist()]


def smoothed_target(g, step, columns):
    coded = []
    for column, table in zip(columns, step.tables_, strict=True):
        keys = [None if key == "(missing)" else key for key in table]
        coded.append(g.lookup(column, keys, list(table.values()), step.overall_))
    return coded


class Logged(TransformerMixin, BaseEstimator):
    """Another transformer behind log1p."""

    def __init__(self, inner):
        self.inner = inner

    def fit(self, X, y=None):
        self.inner_ = clone(self.inner).fit(np.log1p(np.asarray(X, float)), y)
        return self

    def transform(self, X):
        return self.inner_.transform(np.log1p(np.asarray(X, float)))


def logged(g, step, columns):
    return g.carry(step.inner_, g.numpy.log1p(columns.matrix()))


class Prototypes(ClassifierMixin, BaseEstimator):
    """The nearest mean of a class, in scaled numbers."""

    def fit(self, X, y):
        x = np.asarray(X, float)
        self.classes_ = np.unique(y)
        self.scale_ = x.std(axis=0)
        self.means_ = np.array([x[y == each].mean(axis=0) for each in self.classes_])
        return self

    def decision_function(self, X):
        apart = (np.asarray(X, float)[:, None, :] - self.means_) / self.scale_
        scores = -(apart**2).sum(axis=2)
        return scores[:, 1] - scores[:, 0]

    def predict_proba(self, X):
        second = 1 / (1 + np.exp(-self.decision_function(X)))
        return np.column_stack([1 - second, second])

    def predict(self, X):
        return self.classes_[(self.decision_function(X) > 0).astype(int)]


def prototypes(g, step, columns):
    x = g.op.Unsqueeze(columns.matrix(), [1])
    apart = g.op.Div(g.op.Sub(x, step.means_[None]), step.scale_.reshape(1, 1, -1))
    scores = g.op.Neg(g.op.ReduceSum(g.op.Mul(apart, apart), [2], keepdims=0))
    score = g.op.Sub(g.op.Gather(scores, [1], axis=1), g.op.Gather(scores, [0], axis=1))
    second = g.op.Sigmoid(score)
    positive = g.op.Squeeze(g.cast(g.op.Greater(score, 0.0), "int64"), [1])
    return {
        "predict": g.op.Gather(g.const(step.classes_), positive, axis=0),
        "predict_proba": g.op.Concat(g.op.Sub(1.0, second), second, axis=1),
        "decision_function": g.op.Squeeze(score, [1]),
    }


converters = {
    AgeBands: age_bands,
    ClipAtQuantiles: clip_at_quantiles,
    Logged: logged,
    MeanByGroup: mean_by_group,
    Prototypes: prototypes,
    SmoothedTarget: smoothed_target,
}
