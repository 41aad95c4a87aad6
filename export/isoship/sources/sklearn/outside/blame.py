"""Which converter of the user's is at fault where a bundle cannot be written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from isoship.errors import UnsupportedModelError
from isoship.sources.contract import Row

#: So many rows of the sample are put to the converters where no row is told.
_TRIED = 10_000


def differing_converter(source: Any, rows: Sequence[Row]) -> str:
    """The first step whose converter answers otherwise than the step, in words; empty where none does.

    rows: those that a report shows. It shows none of the sample's, which are tried then.
    """
    steps, own = getattr(source, "outside", None), getattr(source, "own", None)
    if steps is None:
        return ""
    tried = list(rows)
    if not tried and own is not None:
        tried = own.rows(range(min(len(own), _TRIED)))
    return str(steps.differing(tried)) if tried else ""


@contextmanager
def named_by_converters(source: Any, target: str) -> Iterator[None]:
    """An operator that the target lacks is named with the converter that wrote it.

    Raises:
        UnsupportedModelError: as inside, with another text where a converter from outside wrote the operator.
    """
    try:
        yield
    except UnsupportedModelError as err:
        steps = getattr(source, "outside", None)
        where = "" if steps is None else steps.written.get(err.node, "")
        if not where:
            raise
        raise UnsupportedModelError(
            f"{target}: {where}",
            f"the operator {err.operator} that its converter writes has no form in the browser ({err.why})",
            "Leave the browser out (--targets lambda,edge), or write it with other operators (docs/extending.md)",
        ) from err
