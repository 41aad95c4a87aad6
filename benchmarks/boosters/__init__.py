"""The sweep over configurations of XGBoost, LightGBM and CatBoost: `python -m benchmarks.boosters`."""
