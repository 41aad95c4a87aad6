"""Where XGBoost is given a sparse matrix: what is not stored in it counts as missing, so every zero does.

Whether a step returns one is seen in the steps in front, as they were fitted.
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
