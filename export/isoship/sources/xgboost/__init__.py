"""XGBoost models as sources."""
