"""polars frames as pandas frames of what scikit-learn takes out of them: null in text is None, in numbers NaN."""

from __future__ import annotations

from typing import Any


def is_polars(sample: Any) -> bool:
    return type(sample).__module__.split(".")[0] == "polars"


def frame_from_polars(sample: Any) -> Any:
    """A polars DataFrame (or LazyFrame, or Series) column by column; anything else as it came."""
    if not is_polars(sample):
        return sample
    import pandas as pd

    if hasattr(sample, "collect"):
        sample = sample.collect()
    if hasattr(sample, "to_frame"):
        sample = sample.to_frame()
    return pd.DataFrame({name: _series(sample.get_column(name)) for name in sample.columns})


def _series(column: Any) -> Any:
    """Text and booleans with nulls as objects with None, numbers with nulls as doubles with NaN."""
    import pandas as pd

    kind = str(column.dtype)
    if kind.startswith(("String", "Utf8", "Categorical", "Enum")) or (kind == "Boolean" and column.null_count()):
        return pd.Series(column.to_list(), dtype=object)
    return pd.Series(column.to_numpy())
