"""Which models take tensors, and what reads them: looked up by a file's ending, a folder or a class's package."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isoship.errors import InputError
from isoship.sources.arrow_frames import frame_from_arrow

if TYPE_CHECKING:
    from isoship.tensors.contract import TensorSource

#: Module and function `(model, *, sample) -> TensorSource`, by a file's ending and by the package of a model's class.
_KERAS = ("isoship.sources.keras.source", "opened")
_ONNX = ("isoship.sources.onnx_file.source", "opened")
_TORCH = ("isoship.sources.torch.source", "opened")
_FILES = {".keras": _KERAS, ".onnx": _ONNX, ".pt2": _TORCH}
_PACKAGES = {"keras": _KERAS, "onnx": _ONNX, "torch": _TORCH}
_SAVED_MODEL = ("isoship.sources.tensorflow.source", "opened")


def endings() -> tuple[str, ...]:
    """The files that are read as models of tensors."""
    return tuple(_FILES)


def packages_of_networks() -> tuple[str, ...]:
    """The packages whose models are read as models of tensors, by the package of a model's class."""
    return tuple(_PACKAGES)


def takes_tensors(model: Any) -> bool:
    """Whether a model, or the path of one, is read here."""
    return _opener(model) is not None


def says_nothing_of_its_inputs(model: Any) -> bool:
    """Whether the caller has to say what a model takes and which sizes may vary: a torch module knows neither."""
    return _opener(model) == _TORCH and hasattr(model, "forward")


def open_tensor_source(
    model: Any,
    sample: Any = None,
    *,
    dynamic: Mapping[str, Mapping[int, str]] | None = None,
    say: Callable[[str], None] | None = None,
) -> TensorSource:
    """Reads a model of tensors for which `takes_tensors` is true.

    sample: calls, as `isoship.tensors.samples.read_samples` takes them.
    dynamic: of a torch module, the dimensions that may be of any size: input -> {axis: name}.
    say: is told that a file's code runs, before it does.

    Raises:
        ModelFileError, UnsupportedModelError, SampleError: as the source does.
        InputError: `dynamic` is given for another model, which says itself what its dimensions are.
    """
    found = _opener(model)
    assert found is not None, model
    module, function = found
    more = {"dynamic": dynamic, "say": say} if found == _TORCH else {}
    if dynamic is not None and not more:
        raise InputError("--dynamic is for torch modules: this model says itself which dimensions may be of any size")
    notes: list[str] = []
    if isinstance(model, (str, Path)):
        model, sample = _inside(Path(model), sample, notes)
    opener = getattr(importlib.import_module(module), function)
    source: TensorSource = opener(model, sample=frame_from_arrow(sample), **more)
    source.notes = (*notes, *source.notes)
    return source


def is_saved_model(path: Path) -> bool:
    return (path / "saved_model.pb").is_file()


def _opener(model: Any) -> tuple[str, str] | None:
    if not isinstance(model, (str, Path)):
        packages = (base.__module__.split(".")[0] for base in type(model).__mro__)
        return next((_PACKAGES[each] for each in packages if each in _PACKAGES), None)
    path = Path(model)
    if not path.is_dir():
        return _FILES.get(path.suffix.lower())
    if is_saved_model(path):
        return _SAVED_MODEL
    from isoship.sources.mlflow.folder import folder_of

    folder = folder_of(path)
    if folder is None:
        return None
    return _SAVED_MODEL if is_saved_model(folder.file) else _FILES.get(folder.ending)


def _inside(path: Path, sample: Any, notes: list[str]) -> tuple[Path, Any]:
    """The model's own file or folder, and the calls: an MLflow folder's input example, where none are given."""
    if not path.is_dir() or is_saved_model(path):
        return path, sample
    from isoship.sources.mlflow.example import calls_in
    from isoship.sources.mlflow.folder import folder_of

    folder = folder_of(path)
    assert folder is not None, path
    return folder.file, calls_in(folder, notes) if sample is None else sample
