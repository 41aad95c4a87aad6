"""Reads model files: joblib, pickle, skops and the boosters' own forms, in MLflow folders, too.

Each other form is refused with the way there.
"""

from __future__ import annotations

import importlib
import importlib.util
import pickle
import re
import warnings
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isoship.errors import ModelFileError
from isoship.sources import folders
from isoship.sources.mlflow.folder import folder_of
from isoship.sources.pickles import contents, refuse_other_boosters
from isoship.sources.sklearn.saved_by import other_release, refuse_other_release, release_in
from isoship.sources.skops_files import read_skops
from isoship.sources.tensor_models import endings

if TYPE_CHECKING:
    from isoship.sources.sklearn.outside.converters import Converters

_STATE_DICT = (
    "holds weights and not the model that uses them. Save the whole model instead:"
    " torch.export.save(torch.export.export(model.eval(), (x,), dynamic_shapes=({0: torch.export.Dim.DYNAMIC},)),"
    " 'model.pt2'); or call isoship.export(model, sample=x) where the module is"
)
_NOT_MODELS = {
    ".pt": _STATE_DICT,
    ".pth": _STATE_DICT,
    ".ckpt": _STATE_DICT,
    ".h5": "is Keras' old format. Load it with Keras and save it with model.save('model.keras')",
    ".hdf5": "is Keras' old format. Load it with Keras and save it with model.save('model.keras')",
    ".pb": "is a frozen graph of TensorFlow 1, or an ONNX file under another name. Name the latter .onnx; convert the"
    " former: python -m tf2onnx.convert --graphdef model.pb --inputs x:0 --outputs y:0 --output model.onnx",
    ".tflite": "is a model of TensorFlow Lite. Give the model that it was made from; or convert it:"
    " python -m tf2onnx.convert --tflite model.tflite --output model.onnx",
    ".mlmodel": "is a Core ML model, which Apple's runtime alone answers. Give the model that it was made from",
    ".mlpackage": "is a Core ML model, which Apple's runtime alone answers. Give the model that it was made from",
    ".safetensors": "holds weights and not the model that uses them. Load them into the module and export that:"
    " isoship.export(module.eval(), sample=x)",
    ".gguf": "holds the weights of a language model for llama.cpp, which isoship does not ship",
    ".ort": "is ONNX Runtime's own format, for one release of it. Give the .onnx file that it was made from",
}


def load_model(
    path: str | Path, say: Callable[[str], None] | None = None, converters: Converters | None = None
) -> tuple[Any, list[str]]:
    """The object in a model file, and notes for the user, one line each.

    converters: what their file defines is found by a model that names it, also as `__main__`'s.

    say: is told that a pickle runs code before any of it runs; the same stands in the notes.

    Raises:
        ModelFileError: missing, of a form that is not read, no model, or saved by another scikit-learn.
        MissingExtraError: a .skops file without skops.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    folder = folder_of(path)
    if folder is not None:
        path, suffix = folder.file, folder.ending
    if path.is_dir():
        raise folders.refusal(path, frozenset([*_READERS, *endings()]))
    if not path.exists():
        raise ModelFileError(f"there is no model file {path}. Check the path; isoship reads {_listed()}")
    if suffix in _NOT_MODELS:
        raise ModelFileError(f"{path} {_NOT_MODELS[suffix]}")
    if suffix in endings():
        raise ModelFileError(
            f"{path} is a model of tensors: isoship.export reads it, and what is asked here takes columns"
        )
    if suffix not in _READERS:
        _name_xgboosts_own(path)
        raise ModelFileError(f"{path} does not look like a model: isoship reads {_listed()}")
    notes: list[str] = []
    if _READERS[suffix] is _read_pickle:
        notes.append(
            f"{path.name} is a pickle: loading it runs code from the file. Prefer .skops for files from others"
        )
        if say is not None:
            say(notes[0])
    with warnings.catch_warnings(record=True) as caught, nullcontext() if converters is None else converters.in_main():
        warnings.simplefilter("always")
        try:
            if suffix == ".skops":
                model = read_skops(path, notes, frozenset() if converters is None else converters.names)
            else:
                model = _READERS[suffix](path, notes)
        except ModelFileError as err:
            if folder is None or not folder.brings_code:
                raise
            raise ModelFileError(
                f"{err}. The folder brings code of its own, which isoship does not import: where you trust it, set"
                f" PYTHONPATH to {folder.path / 'code'}"
            ) from err
    notes += _version_notes(path, caught)
    return model, notes


def _name_xgboosts_own(path: Path) -> None:
    """XGBoost writes its forms under any name, `.model` and `.bin` by habit."""
    from isoship.sources.xgboost.files import is_old_form, read_file
    from isoship.sources.xgboost.ubjson import is_ubjson

    with path.open("rb") as file:
        data = file.read(400)
    if is_old_form(data):
        read_file(path, [])
    if is_ubjson(data):
        raise ModelFileError(f"{path} may be an XGBoost model: name it .ubj, as which isoship reads it")


def _listed() -> str:
    return ", ".join(sorted([*_READERS, *endings()]))


def _read_pickle(path: Path, _notes: list[str]) -> Any:
    pickled = contents(path)
    refuse_other_release(path, release_in(pickled))
    refuse_other_boosters(path, pickled)
    try:
        import joblib

        return joblib.load(path)
    except (ModuleNotFoundError, AttributeError) as err:
        raise ModelFileError(f"{path} needs code that is not here: {_what_is_missing(err)}") from err
    except OSError as err:
        raise ModelFileError(f"cannot read {path}: {err.strerror or err}") from err
    except ValueError as err:
        if "LZ4" in str(err):
            raise ModelFileError(f"{path} is compressed with lz4, which is not here: pip install lz4") from err
        raise _no_model_file(path, err) from err
    except (pickle.UnpicklingError, EOFError, KeyError, IndexError, TypeError, ImportError) as err:
        raise _no_model_file(path, err) from err


def _no_model_file(path: Path, err: BaseException) -> ModelFileError:
    return ModelFileError(
        f"{path} is no model file: {type(err).__name__}: {_first_line(err)}. Write it with joblib.dump(model, path) or"
        " skops.io.dump(model, path)"
    )


#: What unpicklers say of a name that a module lacks, in protocol 4 and newer ones and in older ones.
_LACKS = (
    re.compile(r"get (?:local )?attribute '(?P<name>[^']+)' on <module '(?P<module>[^']+)'"),
    re.compile(r"module '(?P<module>[^']+)' has no attribute '(?P<name>[^']+)'"),
)


def _what_is_missing(err: ModuleNotFoundError | AttributeError) -> str:
    """The class or the package that a pickle names and that cannot be had here, and the way to it."""
    text = str(err)
    if isinstance(err, ModuleNotFoundError) and err.name:
        package = err.name.split(".")[0]
        if importlib.util.find_spec(package) is None:
            file = "" if "." in err.name else f". If it is a file of yours, give that: --converters {package}.py"
            return (
                f"the module {err.name!r} is not installed. Install the package that it belongs to, or run isoship in"
                f" the environment that trained the model{file}"
            )
        return (
            f"the {package} that is installed here has no module {err.name!r}. Install the release of it that trained"
            " the model"
        )
    found = next((match for pattern in _LACKS if (match := pattern.search(text))), None)
    if found is None:
        return f"{_first_line(err)}. Run isoship in the environment that trained the model"
    if found["module"].rpartition(".")[2] == "__main__":  # isoship.__main__ under python -m
        return (
            f"{found['name']!r} was defined in the notebook or script that saved the model, and a pickle holds its name"
            " alone. Paste its text into FILE.py and give that: --converters FILE.py (with converters = {} where it"
            " needs none). Or call isoship.export(model) in that notebook or script"
        )
    return (
        f"the module {found['module']!r} that is installed here has no {found['name']!r}. Install the release of it"
        " that trained the model, or run isoship in that environment"
    )


def _read_native(package: str) -> Callable[[Path, list[str]], Any]:
    """A reader of a booster's own files: `read_file(path, notes)` of isoship.sources.<package>.files."""

    def read(path: Path, notes: list[str]) -> Any:
        return importlib.import_module(f"isoship.sources.{package}.files").read_file(path, notes)

    return read


_READERS: dict[str, Callable[[Path, list[str]], Any]] = {
    ".joblib": _read_pickle,
    ".pkl": _read_pickle,
    ".pickle": _read_pickle,
    ".skops": read_skops,
    ".json": _read_native("xgboost"),
    ".ubj": _read_native("xgboost"),
    ".txt": _read_native("lightgbm"),
    ".cbm": _read_native("catboost"),
}


def _version_notes(path: Path, caught: list[warnings.WarningMessage]) -> list[str]:
    """A note for estimators saved by another patch release of scikit-learn; another minor release is an error."""
    notes = []
    for warning in caught:
        original = getattr(warning.message, "original_sklearn_version", None)
        if original is None:
            continue
        current = str(getattr(warning.message, "current_sklearn_version", ""))
        if str(original).split(".")[:2] != current.split(".")[:2]:
            raise ModelFileError(other_release(path, str(original), current))
        note = f"{path.name} was saved by scikit-learn {original}; this is {current}"
        if note not in notes:
            notes.append(note)
    return notes


def _first_line(err: BaseException) -> str:
    text = str(err).strip()
    return text.splitlines()[0][:200] if text else type(err).__name__
