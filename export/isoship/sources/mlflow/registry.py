"""Models by MLflow's own names: `models:/NAME/VERSION`, `models:/NAME@ALIAS`, `models:/m-ID` and `runs:/RUN/PATH`.

MLflow says where such a model lies and fetches it; the folder is then read without MLflow, as any other.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from isoship.errors import MissingExtraError, ModelFileError

_URI = re.compile(r"(models|runs):/+(?P<inside>[^/].*)")


def is_uri(model: Any) -> bool:
    """Whether this names a model in MLflow's registry or of a run."""
    return isinstance(model, (str, Path)) and _URI.fullmatch(_text(model)) is not None


def name_of(model: str | Path) -> str:
    """What a bundle of it is called: the registered name, or the last part of the path in a run."""
    found = _URI.fullmatch(_text(model))
    assert found is not None
    inside = found["inside"].rstrip("/")
    if found[1] == "runs":
        return inside.rpartition("/")[2]
    name = inside.partition("@")[0].partition("/")[0]
    return "model" if re.fullmatch(r"m-[0-9a-f]{32}", name) else name


@contextmanager
def fetched(model: str | Path, say: Callable[[str], None]) -> Iterator[Path]:
    """The model's folder, in a temporary place until the block ends.

    Raises:
        MissingExtraError: there is no mlflow. ModelFileError: it has no such model, or does not reach its server.
    """
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # nothing may leave that nobody asked for
    try:
        from mlflow.artifacts import download_artifacts
        from mlflow.exceptions import MlflowException
    except ImportError as err:
        raise MissingExtraError("mlflow", "mlflow", f"reading {_text(model)}") from err
    with tempfile.TemporaryDirectory(prefix="isoship-mlflow-") as place:
        say(f"fetching {_text(model)}")
        try:
            folder = download_artifacts(artifact_uri=_text(model), dst_path=place)
        except (MlflowException, OSError, ValueError) as err:
            first = (str(err).strip().splitlines() or [type(err).__name__])[0].rstrip(".")
            where = os.environ.get("MLFLOW_TRACKING_URI")
            asked = f"MLFLOW_TRACKING_URI is {where}" if where else "MLFLOW_TRACKING_URI is not set"
            said = _without_passwords(f"MLflow does not give {_text(model)}: {first}. {asked}")
            raise ModelFileError(said) from None  # MLflow's own words may hold a password
        yield Path(folder)


def _text(model: str | Path) -> str:
    return str(model)


def _without_passwords(text: str) -> str:
    return re.sub(r"//[^/@\s]*@", "//", text)
