"""What pandas does to each column of a table by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from isoship.sources.sklearn.tracing.columns import TracedColumn
from isoship.sources.sklearn.tracing.traced import Traced, is_learnt


class ByColumn(Traced):
    """The methods of a table that change every column and know nothing of the others."""

    columns: Any

    def __getitem__(self, key: Any) -> Any:
        raise NotImplementedError

    def items(self) -> Iterator[tuple[Any, TracedColumn]]:
        raise NotImplementedError

    def of(self, columns: dict[Any, TracedColumn]) -> Any:
        """A table of these columns in place of its own."""
        raise NotImplementedError

    def become(self, found: Any) -> None:
        """Changes the table itself (inplace=True)."""
        raise NotImplementedError

    def each(self, change: Callable[[TracedColumn], Any]) -> Any:
        """Every column changed by itself."""
        return self.of({label: change(column) for label, column in self.items()})

    def __neg__(self) -> Any:
        return self.each(lambda column: -column)

    def __invert__(self) -> Any:
        return self.each(lambda column: ~column)

    def __abs__(self) -> Any:
        return self.each(abs)

    abs = __abs__

    def astype(self, dtype: Any, copy: Any = None, errors: str = "raise") -> Any:
        if isinstance(dtype, dict):
            return self.of({k: column.astype(dtype[k]) if k in dtype else column for k, column in self.items()})
        return self.each(lambda column: column.astype(dtype))

    def isna(self) -> Any:
        return self.each(lambda column: column.isna())

    isnull = isna

    def notna(self) -> Any:
        return self.each(lambda column: column.notna())

    notnull = notna

    def fillna(self, value: Any = None, **kwargs: Any) -> Any:
        if kwargs.pop("inplace", False):
            return self.become(self.fillna(value, **kwargs))
        if kwargs or isinstance(value, Traced) or hasattr(value, "columns"):
            raise self.trace.stop("DataFrame.fillna of this form is not followed")
        if not (isinstance(value, dict) or is_learnt(value)):
            return self.each(lambda column: column.fillna(value))
        known = dict(value)
        return self.of({k: column.fillna(known[k]) if k in known else column for k, column in self.items()})

    def clip(self, lower: Any = None, upper: Any = None, *, axis: Any = None, **kwargs: Any) -> Any:
        ends = []
        for limit in (lower, upper):
            named = is_learnt(limit)
            if kwargs or isinstance(limit, Traced) or (named and axis not in (1, "columns")):
                raise self.trace.stop("DataFrame.clip of this form is not followed; by a Series it needs axis=1")
            wide = limit if named or limit is None or np.isscalar(limit) else dict(zip(self, limit, strict=True))
            ends.append(wide)
        low, high = ends

        def of(limit: Any, label: Any) -> Any:
            return limit if limit is None or np.isscalar(limit) else limit[label]

        return self.of({k: column.clip(of(low, k), of(high, k)) for k, column in self.items()})

    def round(self, decimals: Any = 0) -> Any:
        if isinstance(decimals, dict):
            return self.of({k: column.round(decimals[k]) if k in decimals else column for k, column in self.items()})
        return self.each(lambda column: column.round(decimals))

    def isin(self, values: Any) -> Any:
        return self.each(lambda column: column.isin(values))

    def replace(self, to_replace: Any = None, value: Any = None, **kwargs: Any) -> Any:
        if kwargs.pop("inplace", False):
            return self.become(self.replace(to_replace, value, **kwargs))
        return self.each(lambda column: column.replace(to_replace, value, **kwargs))

    def where(self, cond: Any, other: Any = np.nan, **kwargs: Any) -> Any:
        if not isinstance(cond, ByColumn) or list(cond.columns) != list(self.columns) or not np.isscalar(other):
            raise self.trace.stop("DataFrame.where of this form is not followed")
        return self.of({label: column.where(cond[label], other) for label, column in self.items()})

    def mask(self, cond: Any, other: Any = np.nan, **kwargs: Any) -> Any:
        return self.where(~cond, other)

    def apply(self, func: Any, axis: Any = 0, **kwargs: Any) -> Any:
        if axis not in (0, "index") or kwargs or not callable(func):
            raise self.trace.stop("it calls a function for each row (DataFrame.apply)")
        return self.each(func)
