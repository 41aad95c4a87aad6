"""LightGBM models as sources: what scikit-learn's contract says of an estimator holds for them too."""

from __future__ import annotations

from typing import Any

from isoship.sources.sklearn.source import SklearnSource


class LightGBMSource(SklearnSource):
    """Implements `isoship.sources.contract.Source` for LightGBM's estimators and native models."""

    library = "LightGBM"

    def __init__(self, estimator: Any, **options: Any) -> None:
        import lightgbm

        name = type(estimator).__name__
        if isinstance(estimator, lightgbm.Booster):
            from isoship.sources.lightgbm.booster import estimator_of

            estimator = estimator_of(estimator)
        super().__init__(estimator, **options)
        self.estimator = name
        self.library_version = lightgbm.__version__
