"""The converters that a user gives: for which classes, what is known of those, and the file they may come in."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from isoship.errors import InputError
from isoship.sources.sklearn.outside.file import converters_in
from isoship.sources.sklearn.walk.registry import OUTSIDE, Record, carried, key_of_class, tell

#: (g, estimator, columns) -> the columns that the estimator gives, or a dict of them by method.
Convert = Callable[..., Any]

_ATTRIBUTE = "isoship_record"


def converter(*, same_bits: bool = False, jumps: bool = True) -> Callable[[Convert], Convert]:
    """Says of a converter what is known of the class that it carries: it decides which rows of a check are ties.

        @isoship.converter(same_bits=True, jumps=True)
        def age_bands(g, estimator, columns): ...

    same_bits: the graph gives the class's own answers to the last bit. Comparisons, selections, lookups, and single
        additions, products and divisions do; sums of many terms, logarithms and exponentials do not.
    jumps: the class has thresholds, so a last bit of what it is given may change its answer.

    Without it a class counts as one that rounds and jumps.
    """

    def marked(convert: Convert) -> Convert:
        convert.__dict__[_ATTRIBUTE] = Record(same_bits=same_bits, jumps=jumps, enlarges=True)
        return convert

    return marked


@dataclass(frozen=True, eq=False)
class Converters:
    """by_class: the very class -> its converter; a subclass may compute something else. module: the file of them."""

    by_class: Mapping[type, Convert] = field(default_factory=dict)
    module: ModuleType | None = None

    def __contains__(self, cls: type) -> bool:
        return cls in self.by_class

    def tell(self) -> None:
        """What is known of these classes goes to the registry."""
        for cls, convert in self.by_class.items():
            tell(cls, getattr(convert, _ATTRIBUTE, OUTSIDE))

    @property
    def names(self) -> frozenset[str]:
        """The file's own classes and functions as a saved model may name them: under the file's name or `__main__`."""
        return frozenset(f"{place}.{name}" for name in self._own() for place in (self._module_name(), "__main__"))

    @contextmanager
    def in_main(self) -> Iterator[None]:
        """What the file defines is found in `__main__` for a while: there a notebook or a script had it."""
        main, own = sys.modules["__main__"].__dict__, self._own()
        before = {name: main[name] for name in own if name in main}
        main.update(own)
        try:
            yield
        finally:
            for name in own:
                main.pop(name, None)
            main.update(before)

    def _module_name(self) -> str:
        return "" if self.module is None else self.module.__name__

    def _own(self) -> dict[str, Any]:
        held = {} if self.module is None else vars(self.module)
        return {name: each for name, each in held.items() if getattr(each, "__module__", "") == self._module_name()}


def converters_from(given: Any) -> Converters:
    """The converters that a user gives: a dict, the path of a Python file with one, or None.

    Raises:
        InputError: it is neither; a key is no class, or one that isoship carries by itself; the file does not load.
    """
    if given is None:
        return Converters()
    if isinstance(given, Converters):
        return given
    module = None
    if isinstance(given, (str, Path)):
        module, given = converters_in(Path(given))
    if not isinstance(given, Mapping):
        raise InputError(f"converters is a {type(given).__name__}: give a dict {{Class: convert}}, or a file with one")
    for cls, convert in given.items():
        _check(cls, convert)
    return Converters(dict(given), module)


def _check(cls: Any, convert: Any) -> None:
    if not isinstance(cls, type):
        raise InputError(
            f"converters has the key {cls!r}: the keys are classes, such as {{{type(cls).__name__}: convert}}"
        )
    if not callable(convert):
        raise InputError(
            f"the converter of {cls.__name__} is a {type(convert).__name__}: give convert(g, estimator, columns)"
        )
    key = key_of_class(cls)
    if key is not None and key in carried():
        raise InputError(
            f"isoship carries {cls.__module__}.{cls.__qualname__} itself, by a converter that was measured exact: leave"
            " it out of the converters. A class of your own that derives from it can have one"
        )
