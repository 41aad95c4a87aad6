"""While a function is traced, some names lead elsewhere: to what makes traced arrays and tables, and to a stop.

`np.asarray(X)` and `pd.DataFrame(...)` are no calls that a value can answer by itself, and random draws would become
constants of the graph. The names are replaced in the libraries' own modules and in the modules of the user's code until
the function returns; to other threads they do what they did.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from isoship.sources.sklearn.tracing.makers import makers
from isoship.sources.sklearn.tracing.stopped import LIBRARIES
from isoship.sources.sklearn.tracing.tensors import Trace

#: Names are replaced for one trace after the other: two that end in another order than they began would leave one's
#: names behind.
_ONE_AT_A_TIME = threading.RLock()


@contextmanager
def doors(trace: Trace, function: Any) -> Iterator[None]:
    """The names lead elsewhere for a while. function: the user's, whose modules are found from it."""
    import pandas as pd
    import sklearn.utils
    import sklearn.utils.validation

    libraries = [np, np.random, pd, random, sklearn.utils, sklearn.utils.validation]
    undo: list[tuple[Any, str, Any]] = []
    with _ONE_AT_A_TIME:
        replaced = _replacements(trace)
        try:
            namespaces: list[Any] = [*map(vars, libraries), *_namespaces(function)]
            for namespace in namespaces:
                for name, value in list(namespace.items()):
                    if id(value) in replaced:
                        undo.append((namespace, name, value))
                        namespace[name] = replaced[id(value)]
            yield
        finally:
            for namespace, name, value in reversed(undo):
                namespace[name] = value


def _replacements(trace: Trace) -> dict[int, Any]:
    """What takes the place of an object, by its id."""
    mine = threading.get_ident()
    found: dict[int, Any] = {id(original): door for original, door in makers(trace)}

    def stops(original: Any) -> None:
        def door(*args: Any, **kwargs: Any) -> Any:
            if threading.get_ident() == mine:
                raise trace.stop(drawn)
            return original(*args, **kwargs)

        found[id(original)] = door

    drawn = "it draws at random, and a graph answers a row in one way"
    for module in (np.random, random):
        for name in module.__all__:
            original = getattr(module, name)
            if callable(original) and not isinstance(original, type) and name not in ("default_rng", "SystemRandom"):
                stops(original)
    seeded = np.random.default_rng

    def default_rng(seed: Any = None) -> Any:
        if seed is None and threading.get_ident() == mine:
            raise trace.stop(drawn)
        return seeded(seed)

    found[id(seeded)] = default_rng
    return found


def _namespaces(function: Any) -> Iterator[dict[str, Any]]:
    """The globals of the user's modules that the function's own module knows, and of those that they know."""
    seen: set[int] = set()
    waiting: list[Any] = [function]
    while waiting:
        thing = waiting.pop()
        if isinstance(thing, dict):
            if id(thing) in seen or str(thing.get("__name__", "")).partition(".")[0] in LIBRARIES:
                continue
            seen.add(id(thing))
            yield thing
            waiting += list(thing.values())
        elif isinstance(thing, FunctionType):
            waiting.append(thing.__globals__)
            waiting += [cell.cell_contents for cell in thing.__closure__ or () if _is_full(cell)]
        elif isinstance(thing, ModuleType):
            waiting.append(vars(thing))
        elif isinstance(thing, partial):
            waiting.append(thing.func)
        elif isinstance(thing, type) and id(thing) not in seen:
            seen.add(id(thing))
            waiting += [
                each for base in thing.__mro__ for each in vars(base).values() if isinstance(each, FunctionType)
            ]


def _is_full(cell: Any) -> bool:
    try:
        return callable(cell.cell_contents)
    except ValueError:  # not filled yet
        return False
