"""Tracing: what a user's own function does to its columns, followed into the graph.

The walk asks here for an estimator of a class that isoship does not know, after the converters from outside and before
it refuses (`isoship.sources.sklearn.convert`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from isoship.sources.sklearn.walk.carrier import Carrier, Parts
    from isoship.sources.sklearn.walk.frame import Frame


def may_be_traced(estimator: Any) -> bool:
    """Whether tracing is worth a try: any other estimator of an unknown class is refused before anything is asked."""
    return False


def traced(c: Carrier, estimator: Any, frame: Frame) -> Parts | None:
    """The estimator's parts by tracing; None where it is nothing to trace, as scikit-learn's own classes are.

    What comes to be known of its class (`Record`) is told to the registry: `registry.tell(type(estimator), record)`.

    Raises:
        UnsupportedModelError: tracing stopped, with the line of the user's code.
    """
    return None
