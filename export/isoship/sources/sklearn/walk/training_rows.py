"""Which estimators keep training rows, or text of them: a graph of such a model hands them to whoever has the graph."""

from __future__ import annotations

from typing import Any

from isoship.sources.sklearn.walk.parts import fitted_parts
from isoship.sources.sklearn.walk.registry import record_of


def holds_training_rows(model: Any) -> tuple[str, ...]:
    """The classes of the estimators inside that keep training rows or a vocabulary, each once, sorted."""
    return tuple(sorted({type(part).__name__ for part in fitted_parts(model) if _keeps(part)}))


def _keeps(part: Any) -> bool:
    return any(getattr(part, name, None) is not None for name in record_of(part).training_rows)
