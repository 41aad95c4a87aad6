"""The evaluator as a platform with another C library runs it: each exp, log, tanh or power ends one ulp off.

musl, armhf's glibc and V8 differ from x86's glibc by as much, now and then (issue #17); here every result does, up and
down by turns, where it is not exact by definition.
"""

from __future__ import annotations

import itertools
import math
import sys
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import isoship_edge.rows

_FUNCTIONS = ("cos", "exp", "log", "log1p", "pow", "sin", "tanh")
_EVALUATOR = "isoship_edge.rows"


@contextmanager
def another_libm() -> Iterator[type[Any]]:
    """`RowProgram` over such a library. A program has to be loaded inside; it may be asked outside."""
    usual = isoship_edge.rows
    kept = {name: module for name, module in sys.modules.items() if name.startswith(_EVALUATOR)}
    for name in kept:
        del sys.modules[name]
    sys.modules["math"] = _nudged()
    try:
        from isoship_edge.rows import RowProgram

        yield RowProgram
    finally:
        sys.modules["math"] = math
        for name in [name for name in sys.modules if name.startswith(_EVALUATOR)]:
            del sys.modules[name]
        sys.modules.update(kept)
        isoship_edge.rows = usual


def _nudged() -> types.ModuleType:
    made = types.ModuleType("math")
    made.__dict__.update(vars(math))
    ends = itertools.cycle((math.inf, -math.inf))
    for name in _FUNCTIONS:
        setattr(made, name, _off(getattr(math, name), ends))
    return made


def _off(exact: Callable[..., float], ends: Iterator[float]) -> Callable[..., float]:
    def nudged(*arguments: float) -> float:
        result = exact(*arguments)
        if result in (0.0, 1.0, -1.0) or not math.isfinite(result):
            return result  # of 0, of 1, or out of what doubles hold, on every platform
        return math.nextafter(result, next(ends))

    return nudged
