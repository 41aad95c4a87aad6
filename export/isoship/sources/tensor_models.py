"""Which models take tensors, and what reads them: looked up by a file's ending or a class's package."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isoship.errors import InputError
from isoship.sources.polars_frames import frame_from_polars

if TYPE_CHECKING:
    from isoship.tensors.contract import TensorSource

#: Module and function `(model, *, sample) -> TensorSource`, by a file's ending and by the package of a model's class.
_TORCH = ("isoship.sources.torch.source", "opened")
_FILES = {".onnx": ("isoship.sources.onnx_file.source", "opened"), ".pt2": _TORCH}
_PACKAGES = {"onnx": ("isoship.sources.onnx_file.source", "opened"), "torch": _TORCH}


def endings() -> tuple[str, ...]:
    """The files that are read as models of tensors."""
    return tuple(_FILES)


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
    opener = getattr(importlib.import_module(module), function)
    source: TensorSource = opener(model, sample=frame_from_polars(sample), **more)
    return source


def _opener(model: Any) -> tuple[str, str] | None:
    if isinstance(model, (str, Path)):
        path = Path(model)
        return _FILES.get(path.suffix.lower()) if not path.is_dir() else None
    packages = (base.__module__.split(".")[0] for base in type(model).__mro__)
    return next((_PACKAGES[each] for each in packages if each in _PACKAGES), None)
