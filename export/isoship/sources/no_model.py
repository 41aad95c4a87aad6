"""What an object is that no source reads, and how the user gets from it to a model that can be read."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from isoship.errors import IsoshipError, ModelFileError, UnsupportedModelError
from isoship.sources.libraries import TITLES

_GIVE = "Give a fitted estimator or pipeline, or a file that joblib.dump or skops.io.dump wrote of one"
_DATA = ("numpy", "pandas", "polars", "pyarrow", "scipy")
_ANSWERING = ("fit", "forward", "score_samples", "transform")


def refusal(thing: Any, readable: tuple[str, ...]) -> IsoshipError:
    """The error for an object of a class that no source reads. readable: the packages whose models are read."""
    if isinstance(thing, type) and (not _answers(thing) or any(c.__module__.startswith("torch") for c in thing.mro())):
        return ModelFileError(f"this is no model but the class {_name(thing)}, not a fitted object. {_GIVE}")
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
        way = f"Train an estimator or pipeline of {TITLES} instead"
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
    packages = {base.__module__.split(".")[0] for base in type(thing).__mro__}
    return bool(packages & set(readable)) and any(hasattr(thing, name) for name in ("predict", "transform"))


def _answers(thing: Any) -> bool:
    return any(name.startswith("predict") or name in _ANSWERING for name in dir(thing))


def _name(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"


def _article(name: str) -> str:
    return f"an {name}" if name[0] in "aeiou" else f"a {name}"
