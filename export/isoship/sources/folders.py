"""Folders that are given for a model: what each one is, and which file in it can be read."""

from __future__ import annotations

import shlex
from pathlib import Path

from isoship.errors import ModelFileError

#: What lies beside a model and ends like one.
_BESIDE = ("requirements.txt",)


def refusal(path: Path, readable: frozenset[str]) -> ModelFileError:
    """The error for a folder. readable: the endings of the files that isoship reads."""
    if (path / "manifest.json").is_file() and (path / "model.onnx").is_file():
        return ModelFileError(
            f"{path} is a bundle of isoship's: isoship check {shlex.quote(str(path))} checks it. To export again, give"
            " the trained model that it was made from"
        )
    found = _models_in(path, readable)
    if found:
        return ModelFileError(f"{path} is a folder. In it is {found[0].name}: {_line(found[0])}")
    return ModelFileError(
        f"{path} is a folder, and neither MLflow's nor a SavedModel. Give a .joblib, .pkl or .skops file, or the fitted"
        " estimator itself to isoship.export"
    )


def _models_in(folder: Path, readable: frozenset[str]) -> list[Path]:
    """Files that are read as they are, those that hold whole estimators first."""
    files = [each for each in folder.iterdir() if each.is_file() and each.suffix.lower() in readable]
    files += [each for each in folder.glob("data/*") if each.is_file() and each.suffix.lower() in readable]
    models = [each for each in files if each.name not in _BESIDE]
    return sorted(models, key=lambda each: (each.suffix != ".skops", each.suffix not in (".pkl", ".joblib"), each.name))


def _line(file: Path) -> str:
    return f"isoship export {shlex.quote(str(file))}"
