"""The rows that scikit-learn's own checks for finite numbers refuse: the best guess at where a range ends.

A refusal is one exception for a whole batch, so that the end of a range costs a question for each bit of a double. The
checks themselves see which rows they refuse. Here they note those rows and let them pass, and one question tells a
thousand rows apart. The result is a guess and no more: `ranges_of` puts each end to the model with its checks as they
are.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from isoship.sources.sklearn.contract.overflow import Finite
from isoship.sources.sklearn.truth.answers import ask

#: All of scikit-learn's checks end here (1.8 and 1.9); a version without it costs time and nothing else.
_CHECK = "_assert_all_finite"
_ONE_AT_A_TIME = threading.Lock()


def passed_by_checks(model: Any, methods: Sequence[str], frame: Any) -> Finite | None:
    """Which rows of the frame pass every check while the model answers these methods; None where that cannot be told.

    It cannot where something else refuses the rows: a transform of negative numbers, a booster, a function.
    """
    passed = np.ones(len(frame), bool)

    def note(array: np.ndarray[Any, Any], allow_nan: bool) -> bool:
        if array.dtype.kind != "f" or array.shape[:1] != passed.shape:
            return False  # not these rows
        fine = ~np.isinf(array) if allow_nan else np.isfinite(array)
        passed[:] &= fine.reshape(len(array), -1).all(axis=1)
        return True

    try:
        with _noting(note):
            for method in methods:
                ask(model, method, frame)
    except Exception:  # noqa: BLE001 - what comes of numbers that a check keeps out otherwise is no fault of the model's
        return None
    return Finite(passed, passed, np.zeros(len(passed)))


@contextmanager
def _noting(note: Callable[[np.ndarray[Any, Any], bool], bool]) -> Iterator[None]:
    """Asks `note` whether what a check of this thread refuses may pass; other threads are checked as ever."""
    from sklearn.utils import validation

    here = threading.get_ident()
    with _ONE_AT_A_TIME:
        check = getattr(validation, _CHECK)

        def noted(x: Any, allow_nan: bool = False, **more: Any) -> None:
            try:
                check(x, allow_nan=allow_nan, **more)
            except ValueError:
                if threading.get_ident() != here or not note(np.asarray(x), allow_nan):
                    raise

        setattr(validation, _CHECK, noted)
        try:
            yield
        finally:
            setattr(validation, _CHECK, check)
