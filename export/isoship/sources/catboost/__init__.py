"""CatBoost models as sources."""
