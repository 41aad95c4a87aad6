"""What boosters inside a scikit-learn model ask for: the categories and the names of training, and no others.

scikit-learn's room names no other library; what LightGBM and XGBoost need of its rows is asked here.
"""

from __future__ import annotations

from isoship.sources.lightgbm.columns import as_trained
from isoship.sources.xgboost.unseen import in_known_types, known_types, known_values, refuse_unseen

__all__ = ["as_trained", "in_known_types", "known_types", "known_values", "refuse_unseen"]
