"""Folders that are given for a model: what each one is, and which file in it can be read."""

from __future__ import annotations

import shlex
from pathlib import Path

from isoship.errors import ModelFileError

#: MLflow's names for native files -> the name under which isoship reads them.
_NATIVE = {".lgb": ".txt", ".cb": ".cbm", ".xgb": ".json"}
#: What lies beside a model and ends like one.
_BESIDE = ("requirements.txt", "input_example.json", "serving_input_example.json")
#: How deep an MLflow folder is looked for: a run's folder holds artifacts/model/MLmodel.
_DEEPEST = 3


def refusal(path: Path, readable: frozenset[str]) -> ModelFileError:
    """The error for a folder. readable: the endings of the files that isoship reads."""
    if (path / "manifest.json").is_file() and (path / "model.onnx").is_file():
        return ModelFileError(
            f"{path} is a bundle of isoship's: isoship check {shlex.quote(str(path))} checks it. To export again, give"
            " the trained model that it was made from"
        )
    if (path / "saved_model.pb").is_file():
        return ModelFileError(
            f"{path} is a TensorFlow SavedModel, which this version of isoship does not read. Give a model of"
            " scikit-learn, XGBoost, LightGBM or CatBoost"
        )
    inside = next((path / each for each in _homes(path) if (path / each / "MLmodel").is_file()), None)
    if inside is not None:
        return _of_mlflow(path, inside, readable)
    found = _models_in(path, readable)
    if found:
        return ModelFileError(f"{path} is a folder. In it is {found[0].name}: {_line(found[0])}")
    return ModelFileError(
        f"{path} is a folder. Give a .joblib, .pkl or .skops file, or the fitted estimator itself to isoship.export"
    )


def _of_mlflow(path: Path, folder: Path, readable: frozenset[str]) -> ModelFileError:
    what = f"{path} is an MLflow model folder, which this version of isoship does not read"
    found = _models_in(folder, readable)
    if found:
        return ModelFileError(f"{what}; the model itself is {found[0].relative_to(path)} in it: {_line(found[0])}")
    native = sorted(each for each in folder.rglob("*") if each.suffix in _NATIVE and each.is_file())
    if native:
        copy = native[0].with_suffix(_NATIVE[native[0].suffix])
        line = f"cp {shlex.quote(str(native[0]))} {shlex.quote(str(copy))} && {_line(copy)}"
        return ModelFileError(f"{what}; the model itself is {native[0].relative_to(path)} in it: {line}")
    return ModelFileError(
        f"{what}, and it holds no file that isoship reads. Load it with mlflow where it was logged, and give the fitted"
        " estimator to isoship.export"
    )


def _homes(path: Path) -> list[Path]:
    """Folders in which MLflow keeps a model, the nearest first, relative to the path."""
    deep = [each.parent.relative_to(path) for n in range(1, _DEEPEST + 1) for each in path.glob("*/" * n + "MLmodel")]
    return [Path(), *sorted(deep, key=lambda each: (len(each.parts), each))]


def _models_in(folder: Path, readable: frozenset[str]) -> list[Path]:
    """Files that are read as they are, those that hold whole estimators first."""
    files = [each for each in folder.iterdir() if each.is_file() and each.suffix.lower() in readable]
    files += [each for each in folder.glob("data/*") if each.is_file() and each.suffix.lower() in readable]
    models = [each for each in files if each.name not in _BESIDE]
    return sorted(models, key=lambda each: (each.suffix != ".skops", each.suffix not in (".pkl", ".joblib"), each.name))


def _line(file: Path) -> str:
    return f"isoship export {shlex.quote(str(file))}"
