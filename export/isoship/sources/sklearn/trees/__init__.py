"""Converters for scikit-learn's trees, registered over skl2onnx's: exact routing, values in double, no ZipMap.

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


def register() -> None:
    """Puts these converters in the place of skl2onnx's. Calling it again changes nothing."""
    from isoship.sources.sklearn.trees import (
        ada_boost,
        bagging,
        embedding,
        forest,
        gradient_boosting,
        hist_gradient_boosting,
        isolation_forest,
    )

    for family in (forest, gradient_boosting, hist_gradient_boosting, ada_boost, bagging, isolation_forest, embedding):
        family.register()
