"""Bundles in MLflow.

    import isoship.mlflow
    info = isoship.mlflow.log_model("bundle", name="churn", registered_model_name="churn")
    mlflow.pyfunc.load_model(info.model_uri).predict(frame)      # as the bundle answers

What is logged needs Python, onnxruntime, numpy and pandas, and no isoship. docs/mlflow.md has the how-to.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from isoship.errors import MissingExtraError

__all__ = ["log_model", "save_model"]


def log_model(bundle: str | Path, *, name: str | None = None, **options: Any) -> Any:
    """Logs a bundle as a python_function model in the active run, or in one that MLflow starts.

    name: of the logged model; the bundle's by default. options: of `mlflow.pyfunc.log_model`
    (`registered_model_name`, `tags`, ...). Returns MLflow's ModelInfo.

    Raises:
        BundleError: no bundle, or a damaged one. UnsupportedModelError: a network that takes texts.
        MissingExtraError: there is no mlflow. mlflow.exceptions.MlflowException: its server refuses.
    """
    return _written(bundle, "log_model", name, options)


def save_model(bundle: str | Path, path: str | Path, **options: Any) -> None:
    """The same as a folder. options: of `mlflow.pyfunc.save_model`.

    Raises: as above, and what MLflow raises where `path` is there already.
    """
    _written(bundle, "save_model", None, {**options, "path": str(path)})


def _written(bundle: str | Path, how: str, name: str | None, options: dict[str, Any]) -> Any:
    try:
        import mlflow.pyfunc
    except ImportError as err:
        raise MissingExtraError("mlflow", "mlflow", "isoship.mlflow") from err
    from isoship.as_mlflow.written import arguments
    from isoship.bundle.bundle import Bundle

    opened = Bundle.open(bundle)
    with tempfile.TemporaryDirectory(prefix="isoship-mlflow-") as place:
        given = arguments(opened, Path(place))
        if how == "log_model":
            given["name"] = name or opened.manifest.name
        return getattr(mlflow.pyfunc, how)(**{**given, **options})
