"""Frames of polars, pyarrow and others as pandas frames of what scikit-learn takes out of them.

Each of them hands its columns over as Arrow arrays (the Arrow PyCapsule interface), so that one way serves all. null is
NaN among numbers and None among all else; a NaN among numbers stays one.
"""

from __future__ import annotations

from typing import Any

from isoship.errors import SampleError


def frame_from_arrow(sample: Any) -> Any:
    """A polars DataFrame (or LazyFrame, or Series), a pyarrow Table or RecordBatch, or another frame that Arrow can
    read, as a pandas DataFrame; anything else as it came, pandas' own frames among it.

    Raises:
        SampleError: Arrow cannot read a column.
    """
    if type(sample).__module__.split(".")[0] == "polars":
        sample = sample.collect() if hasattr(sample, "collect") else sample
        sample = sample.to_frame() if hasattr(sample, "to_frame") else sample
    arrow = hasattr(sample, "__arrow_c_stream__") or hasattr(sample, "__arrow_c_array__")
    if not arrow or not hasattr(sample, "columns") or hasattr(sample, "iloc"):
        return sample
    import pandas as pd
    import pyarrow as pa

    try:
        table = pa.table(sample)
    except Exception as err:  # each library has its own errors
        kind = f"{type(sample).__module__.split('.')[0]} {type(sample).__name__}"
        raise SampleError(
            f"the sample, a {kind}, has a column that Arrow does not read{_unread(sample)}: {err}. Make it numbers,"
            " booleans, strings or categories, and train again; leave it out where the model does not take it"
        ) from err
    frame = pd.DataFrame({place: _series(column) for place, column in enumerate(table.columns)})
    return frame.set_axis(table.column_names, axis=1)


def _series(column: Any) -> Any:
    """Numbers and dates as numpy has them, with NaN or NaT; text, and booleans with nulls, as objects with None."""
    import pandas as pd
    from pyarrow import types

    kind = column.type.value_type if types.is_dictionary(column.type) else column.type
    numeric = types.is_integer(kind) or types.is_floating(kind) or types.is_temporal(kind)
    if numeric or (types.is_boolean(kind) and not column.null_count):
        return pd.Series(column.cast(kind).to_numpy())
    return pd.Series(column.to_pylist(), dtype=object)


def _unread(sample: Any) -> str:
    """The names of columns that Arrow does not read, where the frame can be asked for one."""
    import pyarrow as pa

    names = []
    for name in sample.columns if hasattr(sample, "select") else ():
        try:
            pa.table(sample.select(name))
        except Exception:  # noqa: BLE001 - as above
            names.append(f'"{name}"')
    return f" ({', '.join(names)})" if names else ""


def refuse_nulls_in_dictionaries(model: Any, sample: Any) -> None:
    """Refuses columns of a pyarrow Table out of which a model may have learnt another value for null than None.

    pyarrow hands numpy, and so scikit-learn, the last category for a null in a dictionary column (docs/upstream.md).
    Whether the model was trained on that cannot be seen. XGBoost reads Arrow itself, and rightly.

    Raises:
        SampleError: the model takes such columns.
    """
    if type(sample).__module__.split(".")[0] != "pyarrow" or type(model).__module__.split(".")[0] == "xgboost":
        return
    from pyarrow import types

    from isoship.sources.sklearn.walk import fitted

    taken = fitted.column_names(model)
    names = [
        f'"{field.name}"'
        for field, column in zip(sample.schema, sample.columns, strict=True)
        if types.is_dictionary(field.type) and column.null_count and (taken is None or field.name in taken)
    ]
    if names:
        raise SampleError(
            f"the columns {', '.join(names)} of the sample are dictionaries of pyarrow's with nulls, for which"
            " scikit-learn is given the last category: a model that was trained on this table took null for that. Make"
            " them text, table = table.set_column(i, name, table[name].cast(pyarrow.string())), train again on that,"
            " and give that"
        )
