"""A traced table on its side: `lat, lon = X.T`, and `np.array([a, b]).T`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from isoship.sources.sklearn.tracing.tensors import Trace
from isoship.sources.sklearn.tracing.traced import Traced


class TurnedArray(Traced):
    """[K, N]: columns one after the other. It can be taken apart and turned back, and nothing else."""

    def __init__(self, trace: Trace, columns: Sequence[Any]) -> None:
        self.trace, self.columns = trace, list(columns)
        self.computed = np.array([column.computed for column in columns])

    @property
    def T(self) -> Any:
        return np.column_stack(self.columns)

    def transpose(self) -> Any:
        return self.T

    @property
    def shape(self) -> tuple[int, int]:
        return (len(self.columns), self.trace.rows)

    def __len__(self) -> int:
        return len(self.columns)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.columns)

    def __getitem__(self, key: Any) -> Any:
        if not isinstance(key, (int, np.integer)):
            raise self.trace.stop("it takes a part of a table on its side")
        return self.columns[int(key)]

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        raise self.trace.stop(f"numpy.{ufunc.__name__} of a table on its side is not followed")

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        raise self.trace.stop(f"numpy.{function.__name__} of a table on its side is not followed")
