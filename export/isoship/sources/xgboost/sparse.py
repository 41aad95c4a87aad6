"""Where XGBoost is given a sparse matrix: what the matrix does not store counts as missing, and so does every zero.

Whether a step returns a sparse matrix is seen in the steps in front, as they were fitted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

#: Fitted encoders -> whether their result is sparse.
_BY_ENCODING: dict[str, Callable[[Any], bool]] = {
    "KBinsDiscretizer": lambda step: bool(step.encode == "onehot"),
    "OneHotEncoder": lambda step: bool(step.sparse_output),
    "RandomTreesEmbedding": lambda step: bool(step.sparse_output),
    "SplineTransformer": lambda step: bool(step.sparse_output),
    "ColumnTransformer": lambda step: bool(step.sparse_output_),
    "LabelBinarizer": lambda step: bool(step.sparse_output),
    "MultiLabelBinarizer": lambda step: bool(step.sparse_output),
}
#: Steps whose result is as sparse as what they are given.
_KEEPING = frozenset(
    {
        "Binarizer",
        "FunctionTransformer",
        "GenericUnivariateSelect",
        "MaxAbsScaler",
        "MissingIndicator",
        "Normalizer",
        "PolynomialFeatures",
        "RFE",
        "RFECV",
        "RobustScaler",
        "SelectFdr",
        "SelectFpr",
        "SelectFromModel",
        "SelectFwe",
        "SelectKBest",
        "SelectPercentile",
        "SequentialFeatureSelector",
        "SimpleImputer",
        "StandardScaler",
        "VarianceThreshold",
    }
)
#: Functions that make zeros of other numbers.
_TO_ZERO = frozenset({"rint"})  # of those that scipy's matrices take


def stores_zeros(steps: Sequence[Any], given: bool = False) -> Any:
    """The step whose zeros a sparse matrix stores, as some of what is 0 then is missing to XGBoost and some is not.

    given: whether the first step is given a sparse matrix. None where no step does that.
    """
    for place, step in enumerate(steps):
        if step is None or isinstance(step, str):
            continue
        name = type(step).__name__
        sparse = gives_sparse(steps[:place]) or given
        parts: list[Any] = []
        if hasattr(step, "steps"):
            found = stores_zeros([each for _, each in step.steps], sparse)
            if found is not None:
                return found
        elif name == "ColumnTransformer":
            parts = [each for _, each, _ in step.transformers_] if step.sparse_output_ else []
        elif name == "FeatureUnion":
            parts = [each for _, each in step.transformer_list]
        for part in parts:
            found = stores_zeros([part], sparse and name == "FeatureUnion")
            if found is not None:
                return found
        function = getattr(getattr(step, "func", None), "__name__", "")
        spline = name == "SplineTransformer" and step.sparse_output
        fills = name == "SimpleImputer" and any(value == 0 for value in step.statistics_)
        if spline or (sparse and (fills or (name == "FunctionTransformer" and function in _TO_ZERO))):
            return step
    return None


def gives_sparse(steps: Sequence[Any]) -> bool:
    """Whether these steps, one after the other, return a sparse matrix for dense rows."""
    for place in range(len(steps) - 1, -1, -1):
        step = steps[place]
        name = type(step).__name__
        if step is None or isinstance(step, str) or name == "FrozenEstimator":
            continue
        if "pandas" in str(getattr(step, "_sklearn_output_config", {}).get("transform", "")):
            return False
        if hasattr(step, "steps"):
            if gives_sparse([each for _, each in step.steps]):
                return True
            continue
        if name == "FeatureUnion":
            return any(gives_sparse([each]) for _, each in step.transformer_list)
        if name in _BY_ENCODING:
            return _BY_ENCODING[name](step)
        if name not in _KEEPING:
            return False
    return False
