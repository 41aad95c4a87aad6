"""Steps from outside in the walk: each class's converter is called, and what it writes is held against the step itself.

The model is asked for some rows, and the step is overheard. So the converter is told the names of its columns, its part
of the graph answers the very rows that the step answered, and what differs is named before anything is built on it.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from isoship.errors import ConversionError, IsoshipError
from isoship.sources.sklearn.outside.builder import Builder
from isoship.sources.sklearn.outside.columns import Columns
from isoship.sources.sklearn.outside.converters import Convert, Converters
from isoship.sources.sklearn.outside.given import Given
from isoship.sources.sklearn.outside.returned import METHODS, by_method, parts_from
from isoship.sources.sklearn.outside.tensor import Fault
from isoship.sources.sklearn.outside.trial import Part, part_of
from isoship.sources.sklearn.walk.carrier import Carrier, Parts
from isoship.sources.sklearn.walk.frame import Frame, width_of

#: A converter that is this far off is wrong, whatever rounds in it: nothing else is told before the bundle is verified.
_WRONG = 1e-6
#: As near as a bundle has to be.
_NEAR = 1e-9

#: (estimator, rows or None for those of the export) -> what the estimator is given and answers.
Overhear = Callable[[Any, Any], Given | None]


@dataclass(frozen=True, eq=False)
class _Carried:
    """A step that was carried. where: its place and itself, as error messages have it."""

    where: str
    estimator: Any
    part: Part
    names: Sequence[str] | None


class Steps:
    """written: the names of nodes that converters wrote, each with the step that it was written for."""

    def __init__(self, converters: Converters, overhear: Overhear) -> None:
        self._converters, self._overhear = converters, overhear
        self._carried: list[_Carried] = []
        self.written: dict[str, str] = {}

    def carry(self, c: Carrier, estimator: Any, frame: Frame) -> Parts | None:
        """One of the ways of the walk.

        Raises:
            ConversionError: the converter fails, writes what does not run, or answers otherwise than the estimator.
        """
        convert = self._converters.by_class.get(type(estimator))
        if convert is None:
            return None
        where = c.named(estimator)
        given, start = self._overhear(estimator, None), len(c.g.nodes)

        def fault(why: str) -> ConversionError:
            return ConversionError(f"the converter of {where}: {why}")

        names = None if given is None else given.names(estimator, width_of(frame))
        g = Builder(c, estimator, frame, fault, self.written, where)
        returned = _called(convert, g, estimator, Columns(c.g, frame, names, fault), fault)
        tensors = by_method(returned, estimator, fault)
        part = part_of(c.g, start, frame, tensors, fault)
        parts = parts_from(tensors, part.measured(given), fault)
        for method in METHODS:
            if hasattr(estimator, method) and method not in parts:
                why = f"its converter gives no {method}"
                c.leave_out(estimator, method, why, "Return a dict with it from the converter")
        self._carried.append(_Carried(where, estimator, part, names))
        if given is not None and not g.carries:  # what is carried inside has ties of its own, which verifying knows
            apart = part.difference(given, names, _WRONG)
            if apart:
                raise fault(f"it answers otherwise than the estimator: {apart}")
        return parts

    def differing(self, rows: Any) -> str:
        """The first of the steps whose converter answers some of these rows otherwise than the step; empty without one.

        rows: as `Overhear` takes them.
        """
        for each in self._carried:
            given = self._overhear(each.estimator, rows)
            apart = "" if given is None else each.part.difference(given, each.names, _NEAR)
            if apart:
                return f"the converter of {each.where} answers otherwise than the estimator: {apart}"
        return ""


def _called(convert: Convert, g: Builder, estimator: Any, columns: Columns, fault: Fault) -> Any:
    try:
        return convert(g, estimator, columns)
    except IsoshipError:
        raise
    except Exception as err:
        last = traceback.extract_tb(err.__traceback__)[1:]
        where = f" ({last[0].filename}, line {last[0].lineno})" if last else ""
        raise fault(f"{type(err).__name__}: {err}{where}") from err
