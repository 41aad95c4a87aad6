"""LightGBM models as sources."""
