"""The empty cell of a CSV file in a column whose model knows the empty text: it is that text, and no missing value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from isoship.sources.sklearn.walk.fitted import Known
from isoship_edge.manifest import Signature


def with_empty_text(
    signature: Signature, known: Mapping[str, Sequence[Known]], sample: Any
) -> tuple[Signature, list[str]]:
    """The signature with `Column.empty`, and a note for each column that has it.

    The column knows the empty text where an encoder or the sample has it; it knows missing values where one of them
    has those.
    """
    columns, notes = [], []
    for column in signature.columns:
        values = [value for each in known.get(column.name, ()) for value in each.categories]
        held = sample[column.name] if hasattr(sample, "columns") and column.name in sample.columns else None
        if column.dtype == "string" and ("" in values or (held is not None and bool((held == "").any()))):
            both = None in values or (held is not None and bool(held.isna().any()))
            column = column._replace(empty="quoted" if both else "value")
            means = 'in quotes ("") is that text, and without them a missing value' if both else "is that text"
            notes.append(f'column "{column.name}": the model knows the empty text: an empty cell of a CSV file {means}')
        columns.append(column)
    return signature._replace(columns=tuple(columns)), notes
