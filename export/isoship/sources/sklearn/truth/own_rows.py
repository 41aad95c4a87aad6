"""The sample as it came: its rows as users write them, and the model's answers to the sample itself.

Rows rebuilt from plain values (`isoship.sources.frames`) are not used here. Where they differ from the sample, the
sample holds something that rows do not, such as None beside NaN.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from isoship.sources.contract import Row
from isoship.sources.frames import plain, rows_from_frame
from isoship.sources.sklearn.contract.sample_answers import in_row_order
from isoship_edge.manifest import Signature

Array = np.ndarray[Any, Any]


class OwnRows:
    """ask: outputs of the model for a part of the sample.

    narrow: the sample holds floats of less than 64 bits, for which the model's own last digits are others.
    """

    def __init__(
        self, sample: Any, signature: Signature, container: str, ask: Callable[[Any], dict[str, Array]]
    ) -> None:
        self._names = [column.name for column in signature.columns]
        self._table, self._container, self._ask = sample_table(sample, self._names), container, ask
        dtypes = self._table.dtypes if hasattr(self._table, "columns") else [self._table.dtype]
        self.narrow = any(str(dtype).lower() in ("float16", "float32") for dtype in dtypes)

    def __len__(self) -> int:
        return int(self._table.shape[0])

    def rows(self, places: Sequence[int]) -> list[Row]:
        return rows_from_frame(_dense(self._at(places)), self._names)

    def columns(self, places: Sequence[int]) -> dict[str, list[Any]]:
        """The same rows, a list a column."""
        table = self._at(places)
        if hasattr(table, "columns"):
            held = (table[name].tolist() for name in self._names)
        else:
            held = (column.tolist() for column in _dense(table).T)
        return {name: [plain(value) for value in values] for name, values in zip(self._names, held, strict=True)}

    def answers(self, places: Sequence[int]) -> dict[str, Array]:
        """The model's outputs, in one batch.

        Raises:
            InputError: the model refuses one of the rows.
        """
        table = self._at(places)
        return self._ask(table if hasattr(table, "tocsr") else in_row_order(table, self._container))

    def _at(self, places: Sequence[int]) -> Any:
        return self._table.iloc[list(places)] if hasattr(self._table, "iloc") else self._table[list(places)]


def sample_table(sample: Any, names: list[str]) -> Any:
    """The whole sample as the model itself would be asked: a DataFrame of the columns `names`, or a 2-D array."""
    import pandas as pd

    if isinstance(sample, list) and sample and isinstance(sample[0], dict):
        sample = pd.DataFrame(sample)
    if isinstance(sample, pd.DataFrame):
        if any(name not in sample.columns for name in names):
            return sample.set_axis([str(name) for name in sample.columns], axis=1)
        return sample[names]
    if hasattr(sample, "tocsr"):
        return sample.tocsr()
    return np.asarray(sample)


def sample_head(sample: Any, names: list[str], count: int) -> Any:
    """The first rows of it."""
    table = sample_table(sample, names)
    return table.head(count) if hasattr(table, "head") else table[:count]


def sample_rows(sample: Any, names: list[str], count: int) -> list[Row]:
    return rows_from_frame(_dense(sample_head(sample, names, count)), names)


def _dense(table: Any) -> Any:
    return table.toarray() if hasattr(table, "toarray") else table
