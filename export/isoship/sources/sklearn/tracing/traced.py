"""What traced arrays, columns and tables have in common, and the table of numpy's functions that they answer to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from isoship.sources.sklearn.tracing.stopped import Stopped
from isoship.sources.sklearn.tracing.tensors import Trace

#: numpy's functions that are no universal ones, filled by `array_functions`: (trace, args, kwargs) -> traced value.
FUNCTIONS: dict[Any, Callable[..., Any]] = {}


#: What pandas and numpy compute over all rows.
_OVER_ROWS = frozenset([
    "sum", "mean", "min", "max", "std", "var", "median", "quantile", "mode", "prod", "any", "all", "count",
    "nunique", "unique", "value_counts", "rank", "cumsum", "cumprod", "cummax", "cummin", "diff", "shift",
    "pct_change", "rolling", "expanding", "ewm", "sort", "sort_values", "sort_index", "argsort", "argmax",
    "argmin", "idxmax", "idxmin", "drop_duplicates", "duplicated", "sample", "interpolate", "ffill", "bfill",
    "describe", "ptp", "groupby", "resample",
])  # fmt: skip


class Traced:
    """What arrays, columns and tables have in common: nothing of their rows can be looked at while they are traced."""

    trace: Trace
    computed: Any

    def __bool__(self) -> bool:
        raise self.trace.stop(
            "it decides by the values of rows (if, and, or, not, any, all): a graph has one way for every row;"
            " numpy.where chooses row by row"
        )

    def __float__(self) -> float:
        raise self.trace.stop("it takes one number out of the rows")

    __int__ = __complex__ = __index__ = __float__

    def __iter__(self) -> Any:
        raise self.trace.stop("it goes through the rows one by one")

    def __contains__(self, item: Any) -> bool:
        raise self.trace.stop("it looks for a value among those of all rows")

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise self.trace.stop(
            "it hands the rows, by themselves or in a list, to code that cannot be followed: a library that is not"
            " numpy or pandas, or a function that makes an array of them first"
        )

    def __len__(self) -> int:
        return self.trace.rows

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or not hasattr(self.computed, name):
            raise AttributeError(f"{type(self.computed).__name__!r} object has no attribute {name!r}")
        if name.startswith("_"):
            raise AttributeError(name)
        if name in _OVER_ROWS:
            return _Refused(self, name)
        raise self.trace.stop(f"{type(self.computed).__name__}.{name} is not followed")

    def __copy__(self) -> Any:
        return self.copy()

    def __deepcopy__(self, memo: Any) -> Any:
        return self.copy()

    def __reduce__(self) -> Any:
        raise self.trace.stop("it hands the rows to another process or a file")

    def __repr__(self) -> str:
        return f"<traced {type(self.computed).__name__}>"

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        write = FUNCTIONS.get(function)
        if write is None:
            raise self.trace.stop(f"numpy.{getattr(function, '__name__', function)} is not followed")
        return write(self.trace, *args, **kwargs)


class _Refused:
    """A method that is not followed: why depends on the axis."""

    def __init__(self, of: Traced, name: str) -> None:
        self._of, self._name = of, name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        axis = kwargs.get("axis", args[0] if args else 0)
        if isinstance(axis, (int, str)) and axis in (1, -1, "columns"):
            kind = type(self._of.computed).__name__
            raise self._of.trace.stop(f"{kind}.{self._name} along rows, in this form, is not followed")
        raise over_rows(self._of.trace, self._name)

    def __getattr__(self, name: str) -> Any:
        raise over_rows(self._of.trace, self._name)


def over_rows(trace: Trace, name: str) -> Stopped:
    return trace.stop(
        f"{name} over rows depends on which rows come together in a batch; learn it in fit, or take it along each row"
        " (axis=1)"
    )


def plain(thing: Any) -> Any:
    """numpy's and pandas's own values in place of traced ones, in lists and tuples too."""
    if isinstance(thing, Traced):
        return thing.computed
    if type(thing) in (list, tuple):
        return type(thing)(plain(each) for each in thing)
    if type(thing) is dict:
        return {key: plain(each) for key, each in thing.items()}
    return thing


def is_learnt(thing: Any) -> bool:
    """Whether it is a table or a column of pandas's own, such as `fit` keeps."""
    return not isinstance(thing, Traced) and hasattr(thing, "iloc")


def follows(*functions: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Registers what follows these functions of numpy's."""

    def register(write: Callable[..., Any]) -> Callable[..., Any]:
        FUNCTIONS.update(dict.fromkeys(functions, write))
        return write

    return register
