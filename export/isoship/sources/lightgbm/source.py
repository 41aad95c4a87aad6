"""LightGBM models as sources: what scikit-learn's contract says of an estimator holds for them too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from isoship.sources.sklearn.source import SklearnSource
from isoship_edge.manifest import Scalar


class LightGBMSource(SklearnSource):
    """Implements `isoship.sources.contract.Source` for LightGBM's estimators and native models."""

    library = "LightGBM"

    def __init__(self, estimator: Any, **options: Any) -> None:
        import lightgbm

        name = type(estimator).__name__
        self._native = isinstance(estimator, lightgbm.Booster)
        if self._native:
            from isoship.sources.lightgbm.booster import estimator_of

            estimator = estimator_of(estimator)
        super().__init__(estimator, **options)
        self.estimator = name
        self.library_version = lightgbm.__version__

    def _own_names(self) -> Sequence[Scalar] | None:
        """A Booster's classes are numbers, and an LGBMClassifier has those that it was trained on."""
        return None if self._native else super()._own_names()
