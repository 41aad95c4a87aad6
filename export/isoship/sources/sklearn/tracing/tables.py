"""Tables of pandas's that are traced: columns chosen, named and computed, and what is taken along each row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from isoship.sources.sklearn.tracing.along_rows import ALONG
from isoship.sources.sklearn.tracing.arrays import TracedArray, like
from isoship.sources.sklearn.tracing.by_column import ByColumn
from isoship.sources.sklearn.tracing.columns import BINARY, TracedColumn, with_operators
from isoship.sources.sklearn.tracing.tensors import Tensor, Trace, held
from isoship.sources.sklearn.tracing.traced import Traced, is_learnt, plain

_OWN = frozenset({"trace", "tensors", "computed", "is_owned"})
#: Methods that choose and name columns: what they do to numbers of columns says which columns they keep.
_CHOOSING = ("drop", "rename", "add_prefix", "add_suffix", "filter", "reindex", "set_axis", "reset_index")


class TracedTable(ByColumn):
    """A DataFrame of the rows. tensors: one for each column, [N, 1]. owned: it is none that somebody else holds."""

    def __init__(self, trace: Trace, tensors: Sequence[Tensor], value: Any, *, owned: bool = True) -> None:
        self.trace, self.tensors, self.computed, self.is_owned = trace, list(tensors), value, owned
        if len(value) != trace.rows:
            raise trace.stop("it leaves rows out or adds some, and each row must have its answer")

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        return type(self.computed)  # pandas's own name for it may be a door's now

    index = property(lambda self: self.computed.index)
    dtypes = property(lambda self: self.computed.dtypes)
    shape = property(lambda self: self.computed.shape)
    ndim = property(lambda self: 2)
    empty = property(lambda self: self.computed.empty)

    @property
    def columns(self) -> Any:
        return self.computed.columns

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_") and name in self.computed.columns:
            return self[name]
        if name in ("iterrows", "itertuples", "T", "transpose", "values_list"):
            raise self.trace.stop("it goes through the rows one by one, or lays the table on its side")
        return Traced.__getattr__(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _OWN:
            object.__setattr__(self, name, value)
        elif name == "columns":
            self._check_owned()
            self.computed = self.computed.set_axis(value, axis=1)
        elif name in self.computed.columns:
            self[name] = value
        else:
            raise self.trace.stop(f"it sets the attribute {name} of a table")

    def __iter__(self) -> Iterator[Any]:
        return iter(self.computed.columns)

    def __contains__(self, key: Any) -> bool:
        return key in self.computed.columns

    def keys(self) -> Any:
        return self.computed.columns

    def items(self) -> Iterator[tuple[Any, TracedColumn]]:
        return ((label, self.column(i)) for i, label in enumerate(self.computed.columns))

    def column(self, place: int) -> TracedColumn:
        return TracedColumn(self.trace, self.tensors[place], self.computed.iloc[:, place])

    def of(self, columns: dict[Any, TracedColumn]) -> TracedTable:
        import pandas as pd

        if len(columns) != self.shape[1]:
            raise self.trace.stop("two of its columns have one name")
        value = pd.DataFrame({label: each.computed for label, each in columns.items()}, index=self.computed.index)
        return TracedTable(self.trace, [each.tensor for each in columns.values()], value)

    def chosen(self, choose: Callable[[Any], Any]) -> Any:
        """What a choice of columns makes of the table; it is asked of the columns' numbers, too."""
        value, numbers = choose(self.computed), choose(self._numbers())
        places = np.asarray(numbers).reshape(len(numbers), -1)
        if len(value) != self.trace.rows or not len(places) or not (places == places[:1]).all():
            raise self.trace.stop("it leaves rows out, or adds columns that are not made of the table's")
        if value.ndim == 1:
            return TracedColumn(self.trace, self.tensors[int(places[0, 0])], value)
        return TracedTable(self.trace, [self.tensors[int(i)] for i in places[0]], value)

    def _numbers(self) -> Any:
        import pandas as pd

        wide = np.tile(np.arange(self.shape[1]), (self.trace.rows, 1))
        return pd.DataFrame(wide, columns=self.computed.columns, index=self.computed.index)

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, (Traced, slice)):
            raise self.trace.stop("it leaves rows out, and each row must have its answer")
        return self.chosen(lambda table: table[key])

    def __setitem__(self, key: Any, value: Any) -> None:
        self._check_owned()
        if isinstance(key, Traced):
            raise self.trace.stop("it writes where a condition holds; DataFrame.mask says the same")
        if not isinstance(key, (list, tuple)) or (isinstance(key, tuple) and key in self.computed.columns):
            self.put(key, self.as_column(value))
            return
        parts = [value] * len(key) if not isinstance(value, Traced) else None
        for i, label in enumerate(key):
            self.put(label, self.as_column(parts[i] if parts else _part(value, i)))

    def put(self, label: Any, column: TracedColumn) -> None:
        """Sets a column, new or in place of another."""
        value = self.computed.copy()
        value[label] = column.computed
        place = value.columns.get_loc(label)
        if not isinstance(place, int):
            raise self.trace.stop("two of its columns have one name")
        self.tensors[place : place + 1] = [column.tensor]
        self.computed = value

    def become(self, found: TracedTable) -> None:
        self._check_owned()
        self.tensors, self.computed = list(found.tensors), found.computed

    def insert(self, loc: int, column: Any, value: Any, allow_duplicates: Any = None) -> None:
        self._check_owned()
        if column in self.computed.columns:
            raise self.trace.stop("two of its columns have one name")
        self.put(column, self.as_column(value))
        labels = list(self.computed.columns)
        labels.insert(loc, labels.pop())
        self.become(self[labels])

    def __delitem__(self, key: Any) -> None:
        self.pop(key)

    def as_column(self, value: Any) -> TracedColumn:
        """A traced column, an array of one, or one constant for every row."""
        import pandas as pd

        if isinstance(value, TracedColumn) and value.computed.index.equals(self.computed.index):
            return value
        if isinstance(value, TracedArray) and value.tensor.width == 1:
            return TracedColumn(
                self.trace, value.tensor, pd.Series(value.computed.reshape(-1), index=self.computed.index)
            )
        if isinstance(value, Traced) or callable(value):
            raise self.trace.stop("it sets a column to what is no column of the same rows")
        series = pd.Series(value, index=self.computed.index)
        if isinstance(series, TracedColumn):  # a number: pandas's name is a door's now
            return series
        dtype = (
            "string"
            if all(isinstance(each, str) for each in series)
            else held(self.trace, series.dtype, "it sets a column")
        )
        if dtype == "string":
            raise self.trace.stop("it sets a column to one string for every row")
        constant = self.trace.constant(series.to_numpy(), (self.trace.rows,), dtype)
        return TracedColumn(
            self.trace, Tensor(like(self.trace, self.trace.counted, constant, 1, dtype), dtype, 1), series
        )

    def _check_owned(self) -> None:
        if not self.is_owned:
            raise self.trace.stop("it writes into its own input, which whoever calls it sees; begin with X = X.copy()")

    @property
    def loc(self) -> Any:
        return _Places(self, "loc")

    @property
    def iloc(self) -> Any:
        return _Places(self, "iloc")

    def copy(self, deep: bool = True) -> TracedTable:
        return TracedTable(self.trace, self.tensors, self.computed.copy(), owned=True)

    def assign(self, **columns: Any) -> TracedTable:
        made = self.copy()
        for label, value in columns.items():
            made[label] = value(made) if callable(value) and not isinstance(value, Traced) else value
        return made

    def select_dtypes(self, include: Any = None, exclude: Any = None) -> Any:
        labels = list(self.computed.select_dtypes(include, exclude).columns)
        return self[labels]

    def get(self, key: Any, default: Any = None) -> Any:
        return self[key] if key in self.computed.columns else default

    def pop(self, item: Any) -> Any:
        self._check_owned()
        found, place = self[item], self.computed.columns.get_loc(item)
        del self.tensors[place]
        self.computed = self.computed.drop(columns=item)
        return found

    def pipe(self, func: Any, *args: Any, **kwargs: Any) -> Any:
        return func(self, *args, **kwargs)

    def to_numpy(self, dtype: Any = None, copy: bool = False, na_value: Any = None) -> Any:
        value = self.computed.to_numpy()
        kind = "string" if all(tensor.dtype == "string" for tensor in self.tensors) else None
        kind = kind or held(self.trace, value.dtype, "pandas makes it an array")
        tensor = self.trace.side_by_side(self.tensors, kind)
        shares = not copy and any(
            np.shares_memory(value, self.computed.iloc[:, i].array) for i in range(self.shape[1]) if kind != "string"
        )
        array = TracedArray(self.trace, tensor, value.copy() if copy else value, owned=not shares)
        return array if dtype is None else array.astype(dtype)

    values = property(to_numpy)

    def two(self, name: str, other: Any, reflected: bool = False, axis: Any = 1) -> Any:
        """`table + other`, or the other way about: column by column, as pandas lines them up."""
        labels = list(self.computed.columns)
        if isinstance(other, TracedColumn):
            if axis not in (0, "index"):
                raise self.trace.stop("pandas lines a column up with the columns of a table here; use axis=0")
            return self.each(lambda column: column.two(name, other, reflected))
        operands: Sequence[Any]
        if isinstance(other, TracedTable) or (is_learnt(other) and other.ndim == 2):
            if list(other.columns) != labels:
                raise self.trace.stop("it computes with two tables of other columns")
            operands = [other[label] for label in labels]
        elif is_learnt(other):  # a Series learnt in fit, one value for each column
            if set(other.index) != set(labels) or axis not in (1, "columns"):
                raise self.trace.stop("it computes with a Series of other names than the table's columns")
            operands = [other[label] for label in labels]
        elif np.ndim(plain(other)) == 0:
            operands = [other] * len(labels)
        elif isinstance(other, TracedArray):
            width = other.tensor.width
            if other.ndim != 2 or width not in (1, len(labels)):
                raise self.trace.stop(f"it computes with a table and an array of the shape {other.shape}")
            operands = [_part(other, i if width > 1 else 0) for i in range(len(labels))]
        else:
            wide = np.broadcast_to(np.asarray(other), self.shape)
            operands = [wide[:, i] for i in range(len(labels))]
        pairs = dict(zip(labels, operands, strict=True))
        return self.of({label: column.two(name, pairs[label], reflected) for label, column in self.items()})

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method != "__call__" or kwargs or ufunc.nout != 1:
            raise self.trace.stop(f"numpy.{ufunc.__name__} of a DataFrame in this form is not followed")
        if len(inputs) == 1:
            return self.each(ufunc)
        name = next((name for name, (_, each) in BINARY.items() if each is ufunc), None)
        other = inputs[1] if inputs[0] is self else inputs[0]
        if name is not None:
            return self.two(name, other, inputs[0] is not self)
        if np.ndim(plain(other)) or isinstance(other, Traced):
            raise self.trace.stop(f"numpy.{ufunc.__name__} of a table and more than one number is not followed")
        return self.each(lambda column: ufunc(column, other) if inputs[0] is self else ufunc(other, column))


def _part(value: Any, place: int) -> Any:
    """A column of what is set to several columns at once."""
    return value.column(place) if isinstance(value, TracedTable) else value[:, place]


class _Places:
    """`table.loc[:, columns]`, and `table.loc[condition, column] = value`."""

    def __init__(self, table: TracedTable, kind: str) -> None:
        self._table, self._kind = table, kind

    def __getitem__(self, key: Any) -> Any:
        if any(isinstance(each, Traced) for each in (key if type(key) is tuple else (key,))):
            raise self._table.trace.stop("it leaves rows out, and each row must have its answer")
        return self._table.chosen(lambda table: getattr(table, self._kind)[key])

    def __setitem__(self, key: Any, value: Any) -> None:
        table = self._table
        if type(key) is not tuple or len(key) != 2 or self._kind != "loc":
            raise table.trace.stop("it writes into some rows")
        rows, label = key
        if isinstance(rows, slice) and rows == slice(None):
            table[label] = value
            return
        if not isinstance(rows, Traced) or isinstance(rows, TracedTable):
            raise table.trace.stop("it writes into some rows, by their names or numbers")
        table._check_owned()
        for each in label if isinstance(label, list) else [label]:
            table.put(each, self._written(rows, each, value))

    def _written(self, rows: Any, label: Any, value: Any) -> TracedColumn:
        """The column with the value where the condition holds; a new one is missing elsewhere."""
        table = self._table
        if isinstance(value, Traced) and not isinstance(value, TracedColumn):
            raise table.trace.stop("it writes an array where a condition holds; Series.mask says the same")
        if label in table.columns:
            before = table[label]
            if isinstance(value, TracedColumn) and value.dtype != before.dtype:
                raise table.trace.stop(
                    f"it writes values of the type {value.dtype} into a column of the type {before.dtype}; make them"
                    " alike with astype"
                )
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            before = table.as_column(np.nan)
        else:
            raise table.trace.stop("it writes into some rows of a new column; numpy.where says the same for every row")
        found: TracedColumn = before.mask(rows, value)
        return found


def _choosing(name: str) -> Callable[..., Any]:
    def method(self: TracedTable, *args: Any, **kwargs: Any) -> Any:
        if kwargs.pop("inplace", False):
            return self.become(method(self, *args, **kwargs))
        return self.chosen(lambda table: getattr(table, name)(*args, **kwargs))

    return method


def _along(name: str) -> Callable[..., Any]:
    def method(self: TracedTable, axis: Any = 0, **kwargs: Any) -> Any:
        if axis not in (1, "columns") or not set(kwargs) <= {"skipna", "numeric_only"}:
            return Traced.__getattr__(self, name)(axis, **kwargs)
        table = self.select_dtypes(["number", "bool"]) if kwargs.get("numeric_only") else self
        value = getattr(table.computed, name)(axis=1, **kwargs)
        return ALONG[name](table.trace, [column for _, column in table.items()], value, kwargs.get("skipna", True))

    return method


def _to_frame(self: TracedColumn, name: Any = None) -> TracedTable:
    value = self.computed.to_frame() if name is None else self.computed.to_frame(name)
    return TracedTable(self.trace, [self.tensor], value)


TracedColumn.to_frame = _to_frame  # type: ignore[attr-defined]
for _name in _CHOOSING:
    setattr(TracedTable, _name, _choosing(_name))
for _name in ALONG:
    setattr(TracedTable, _name, _along(_name))
with_operators(TracedTable)
