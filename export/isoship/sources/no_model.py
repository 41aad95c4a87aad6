"""What an object is that no source reads, and how the user gets from it to a model that can be read."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from isoship.errors import IsoshipError, ModelFileError, UnsupportedModelError
from isoship.sources.libraries import TITLES

_GIVE = (
    "Give a fitted estimator or pipeline, a torch module or a Keras model, or the file of one (.joblib, .skops, .pt2,"
    " .keras, .onnx)"
)
#: Where a model's library is not read, or there is none.
_OTHERWISE = (
    f"Train an estimator or pipeline of {TITLES} instead, or give what it computes as a torch module, a Keras model or"
    " an .onnx file"
)
#: By the package of a class, what is given in place of the class or of what its library makes.
_NETWORKS = {
    "torch": "Give a module, and a call of it: isoship.export(module.eval(), sample=x)",
    "keras": "Give a model: isoship.export(model)",
    "tf_keras": "Save the model with tf.saved_model.save(model, 'folder') and export that folder",
    "tensorflow": "Save the model with tf.saved_model.save(model, 'folder') and export that folder",
}
_DATA = ("numpy", "pandas", "polars", "pyarrow", "scipy")
_ANSWERING = ("fit", "forward", "score_samples", "transform")


def refusal(thing: Any, readable: tuple[str, ...]) -> IsoshipError:
    """The error for an object of a class that no source reads. readable: the packages whose models are read."""
    network = _network_way(thing)
    if isinstance(thing, type) and (network or not _answers(thing)):
        return ModelFileError(f"this is no model but the class {_name(thing)}, not a fitted object. {network or _GIVE}")
    if isinstance(thing, ModuleType):
        return ModelFileError(f"this is no model but the module {thing.__name__}. {_GIVE}")
    if inspect.isroutine(thing):
        owner = getattr(thing, "__self__", None)
        of = f" of a {type(owner).__name__}" if _is_readable(owner, readable) else ""
        way = f"Give the {type(owner).__name__} itself" if of else _GIVE
        return ModelFileError(f"this is no model but the function {getattr(thing, '__name__', thing)!r}{of}. {way}")
    cls = thing if isinstance(thing, type) else type(thing)
    package = cls.__module__.split(".")[0]
    inside = next(
        (each for each in _inside(thing) if not isinstance(thing, type) and _is_readable(each[1], readable)), None
    )
    way = f"Its {inside[0]} is a {type(inside[1]).__name__}: give that" if inside else _GIVE
    if isinstance(thing, dict) and thing and all(type(each).__module__.startswith("torch") for each in thing.values()):
        return ModelFileError(
            "these are weights (a state_dict) and not the model that uses them. Make the module, call"
            " module.load_state_dict on them, and give the module"
        )
    if package == "builtins":
        return ModelFileError(f"this is no model but {_article(cls.__name__) if thing is not None else 'None'}. {way}")
    if package in _DATA:
        return ModelFileError(f"this is no model but data, a {_name(cls)}. {_GIVE}; rows go to sample")
    if network:
        return UnsupportedModelError(_name(cls), "what TensorFlow makes is read from a SavedModel", network)
    if not _answers(thing):
        return ModelFileError(f"this is no model but {_article(_name(cls))}. {way}")
    whose = (
        "a class of your own"
        if package == "__main__"
        else f"of the package {package}, whose models isoship does not read"
    )
    if inside:
        way = f"Its {inside[0]} is a {type(inside[1]).__name__}: give that, where it answers alone what is asked"
    else:
        way = _OTHERWISE
    return UnsupportedModelError(_name(cls), f"it is {whose}", way)


def _inside(thing: Any) -> Iterator[tuple[str, Any]]:
    """What a container or a wrapper holds at first hand, with the expression that gives it."""
    if isinstance(thing, dict):
        yield from ((f"[{key!r}]", value) for key, value in thing.items())
    elif isinstance(thing, (list, tuple)):
        yield from ((f"[{i}]", value) for i, value in enumerate(thing))
    else:
        yield from ((f"attribute {name!r}", value) for name, value in getattr(thing, "__dict__", {}).items())


def _is_readable(thing: Any, readable: tuple[str, ...]) -> bool:
    return bool(_packages(type(thing)) & set(readable)) and any(
        hasattr(thing, name) for name in ("predict", "transform", "forward")
    )


def _packages(cls: type) -> set[str]:
    return {base.__module__.split(".")[0] for base in cls.__mro__}


def _network_way(thing: Any) -> str:
    """The way from a class of a network library, or from an object of one that is not read; else empty."""
    packages = _packages(thing if isinstance(thing, type) else type(thing))
    return next((way for package, way in _NETWORKS.items() if package in packages), "")


def _answers(thing: Any) -> bool:
    """Whether it is asked for answers: by a method of that name, or as networks and text pipelines are, by a call."""
    if any(name.startswith("predict") or name in _ANSWERING for name in dir(thing)):
        return True
    return not isinstance(thing, type) and callable(thing) and not _packages(type(thing)) <= {*sys.stdlib_module_names}


def _name(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"


def _article(name: str) -> str:
    return f"an {name}" if name[0] in "aeiou" else f"a {name}"
