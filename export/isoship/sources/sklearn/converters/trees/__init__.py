"""Converters for scikit-learn's trees: exact routing, values in double, no ZipMap.

skl2onnx is given them with each conversion (`in_place`). They are never registered with it: its registry belongs to
everybody in the process, and the user's own `skl2onnx.to_onnx` uses it, too.

| estimators | module |
|---|---|
| DecisionTree*, ExtraTree*, RandomForest*, ExtraTrees* | `forest` |
| GradientBoosting* | `gradient_boosting` |
| HistGradientBoosting* | `hist_gradient_boosting` |
| AdaBoost* | `ada_boost` |
| Bagging* | `bagging` |
| IsolationForest | `isolation_forest` |
| RandomTreesEmbedding | `embedding` |

Outputs are skl2onnx's: `label` [N] and `probabilities` [N, C] (a classifier with several outputs: `label` [N, K] and
`probabilities_<i>`), `variable` [N, K] of a regressor, `label` [N] and `scores` [N, 1] of an IsolationForest.
Option `raw_scores` replaces the probabilities by the decision function, [N, 1] for two classes.
"""

from __future__ import annotations

from functools import cache
from typing import Any


@cache
def in_place() -> dict[str, dict[type, Any]]:
    """What `skl2onnx.convert_sklearn` takes to use these converters for one call; nothing is registered with it."""
    from isoship.sources.sklearn.converters.trees import (
        ada_boost,
        bagging,
        embedding,
        forest,
        gradient_boosting,
        hist_gradient_boosting,
        isolation_forest,
    )

    families = (forest, gradient_boosting, hist_gradient_boosting, ada_boost, bagging, isolation_forest, embedding)
    found = [each for family in families for each in family.conversions()]
    return {
        "custom_conversion_functions": {each.estimator: each.convert for each in found},
        "custom_shape_calculators": {each.estimator: each.shapes for each in found},
        "custom_parsers": {each.estimator: each.parser for each in found if each.parser},
    }
