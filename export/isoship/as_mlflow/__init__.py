"""A bundle as an MLflow model: what `isoship.mlflow` writes, and the module that loads it where isoship is not."""
