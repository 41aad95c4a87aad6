"""XGBoost models as sources: what scikit-learn's contract says of an estimator holds for them too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from isoship.sources.contract import Row
from isoship.sources.sklearn.source import SklearnSource
from isoship.sources.xgboost.absent import absent_zeros, refuse_stored_zeros
from isoship.sources.xgboost.samples import typed_sample
from isoship.sources.xgboost.saved import NAMES
from isoship_edge.manifest import Scalar


class XGBoostSource(SklearnSource):
    """Implements `isoship.sources.contract.Source` for XGBoost's estimators and native Boosters."""

    library = "XGBoost"

    def __init__(self, estimator: Any, *, sample: Any = None, **options: Any) -> None:
        import xgboost

        notes: list[str] = []
        name = type(estimator).__name__
        self._kept = getattr(estimator, NAMES, None)
        if isinstance(estimator, xgboost.Booster):
            from isoship.sources.xgboost.native import estimator_of

            best = estimator.attr("best_iteration")
            if best is not None and int(best) + 1 < estimator.num_boosted_rounds():
                notes.append(
                    f"the Booster answers with all of its {estimator.num_boosted_rounds()} rounds, as Booster.predict"
                    f" does; round {best} was the best of early stopping (booster[: {int(best) + 1}] ends there)"
                )
            estimator = estimator_of(estimator)
        self.zeros_missing = refuse_stored_zeros(sample, notes)
        sample, more = typed_sample(estimator, sample)
        super().__init__(estimator, sample=sample, **options)
        self.estimator = name
        self.library_version = xgboost.__version__
        self.notes = (*notes, *more, *self.notes)

    def _own_names(self) -> Sequence[Scalar] | None:
        """XGBoost's classes are numbers; files of old releases keep names beside them."""
        return self._kept

    def _frame(self, rows: list[Row]) -> Any:
        frame = super()._frame(rows)
        return absent_zeros(frame) if self.zeros_missing else frame
