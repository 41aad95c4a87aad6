"""`.keras` files: a zip archive with the model's configuration, from which Keras builds its layers, and the weights.

A configuration can name any function of any package, hold the bytecode of a lambda, and name files to be read. It is
looked through before Keras sees it; Keras's own safe_mode stays on.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from isoship.errors import ModelFileError
from isoship.sources.keras.library import keras_for
from isoship.sources.tensorflow.library import first_line, quiet

_HERE = "Load it where you trust it, and give the model itself to isoship.export(model)"
#: Layers that run code or programs of the file's.
_PROGRAMS = ("FlaxLayer", "JaxLayer", "Lambda", "TFSMLayer", "TorchModuleWrapper")
_LARGEST = 64 * 2**20


def read_file(path: Path, notes: list[str]) -> Any:
    """The model in a `.keras` file.

    Raises:
        ModelFileError: no such file, a damaged one, or one whose configuration names code or files.
        MissingExtraError: Keras is not here.
    """
    config = _document(path, "config.json")
    refuse_code(path, config)
    keras = keras_for(f"reading {path.name}")
    wrote = _document(path, "metadata.json").get("keras_version")
    if wrote != keras.__version__:
        notes.append(
            f"{path.name} was saved by Keras {wrote}; this is {keras.__version__}, whose answers are the truth"
        )
    try:
        with quiet():
            return keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as err:  # a file may fail in any part of Keras
        raise ModelFileError(
            f"Keras {keras.__version__} does not read {path}: {type(err).__name__}: {first_line(err)}. Save it again"
            " with model.save('model.keras')"
        ) from err


def refuse_code(path: Path, config: Any) -> None:
    """Raises:
    ModelFileError: the configuration names a class that is not Keras's own, a lambda, or a file.
    """
    for each in _objects(config):
        module, name = each.get("module"), each.get("class_name")
        if name in ("__lambda__", *_PROGRAMS) and module in (None, "keras", "keras.layers"):
            what = "a lambda" if name in ("__lambda__", "Lambda") else f"a {name}"
            raise ModelFileError(f"{path} holds {what}, whose code would run here: it is not read. {_HERE}")
        if "class_name" in each and "module" in each and not _of_keras(module):
            whose = f"{module}.{name}" if module else f"{each.get('registered_name') or name}"
            raise ModelFileError(
                f"{path} needs {whose!r}, which is not Keras's own, and isoship imports no class that a file names."
                f" {_HERE}"
            )
        settings = each.get("config")
        vocabulary = settings.get("vocabulary") if isinstance(settings, dict) else None
        if isinstance(vocabulary, str):
            raise ModelFileError(f"{path} takes a vocabulary from the file {vocabulary!r}: it is not read. {_HERE}")


def _of_keras(module: Any) -> bool:
    return isinstance(module, str) and (module in ("keras", "builtins") or module.startswith("keras."))


def _document(path: Path, member: str) -> dict[str, Any]:
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.getinfo(member).file_size > _LARGEST:
                raise ValueError(f"its {member} is larger than 64 MB")
            found = json.loads(archive.read(member))
        if not isinstance(found, dict):
            raise ValueError(f"its {member} is no object")
    except (OSError, KeyError, ValueError, RecursionError, zipfile.BadZipFile, NotImplementedError) as err:
        raise ModelFileError(
            f"{path} is no .keras file: {first_line(err)}. Write it with model.save('model.keras')"
        ) from err
    return found


def _objects(config: Any) -> Iterator[dict[str, Any]]:
    """Every object of the configuration, at any depth."""
    waiting = [config]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            yield one
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
