"""What boosters inside a scikit-learn model need of its rows: the categories and the names of training.

LightGBM's and XGBoost's packages are asked here, because scikit-learn's room names no other library.
"""

from __future__ import annotations

from isoship.sources.lightgbm.columns import as_trained
from isoship.sources.xgboost.unseen import in_known_types, known_types, known_values, refuse_unseen

__all__ = ["as_trained", "in_known_types", "known_types", "known_values", "refuse_unseen"]
