"""Whether what an estimator is given may differ in its last bits from what scikit-learn gives it.

Sums of another order, logarithms and square roots do that. It matters to steps that jump at values which training rows
have: edges at quantiles, and categories. Such a step turns a last bit into another answer for those very rows.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from isoship.sources.sklearn.walk.carrier import Carrier
from isoship.sources.sklearn.walk.inside import is_pipeline

#: Their graphs give scikit-learn's own bits.
_EXACT = frozenset(
    {
        "Binarizer",
        "KBinsDiscretizer",
        "LabelBinarizer",
        "MaxAbsScaler",
        "MinMaxScaler",
        "MissingIndicator",
        "OneHotEncoder",
        "OrdinalEncoder",
        "PolynomialFeatures",
        "RandomTreesEmbedding",
        "RobustScaler",
        "SimpleImputer",
        "StandardScaler",
        "TargetEncoder",
    }
)
_EXACT_FUNCTIONS = frozenset(
    {"absolute", "ceil", "fabs", "floor", "negative", "reciprocal", "rint", "sign", "sqrt", "square"}
)


def rounded_by(c: Carrier) -> str | None:
    """The class of an earlier step whose numbers may differ in their last bits; None where there is none."""
    for parent, child in pairwise(c.walk):
        if is_pipeline(parent):
            for _, step in parent.steps:
                if step is child:
                    break
                name = rounding_step(step)
                if name:
                    return name
    return None


def rounding_step(step: Any) -> str | None:
    """The class of the step, or of one inside it, whose numbers may differ in their last bits; None where none is."""
    if step is None or isinstance(step, str):
        return None
    name = type(step).__name__
    if hasattr(step, "steps"):
        parts = [each for _, each in step.steps]
    elif name == "ColumnTransformer":
        parts = [each for _, each, _ in step.transformers_]
    elif name == "FeatureUnion":
        parts = [each for _, each in step.transformer_list]
    else:
        function = getattr(step, "func", None) if name == "FunctionTransformer" else None
        plain = name == "FunctionTransformer" and (function is None or function.__name__ in _EXACT_FUNCTIONS)
        selects = hasattr(step, "get_support")
        uniform = getattr(step, "output_distribution", "") == "uniform"
        return None if name in _EXACT or plain or selects or uniform else name
    return next((found for part in parts if (found := rounding_step(part))), None)
