"""One drawn case on trial: fitted, converted, and asked; exact, refused before anything is written, or at fault."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from agreement import Runner, Tally, faults
from drawn_cases import Drawn, table_of
from row_agreement import program_of, row_faults

from isoship.errors import SampleError, UnsupportedModelError
from isoship.sources import open_source
from isoship.sources.contract import Row, Source
from isoship.sources.frames import rows_from_frame


@dataclass(frozen=True)
class Verdict:
    """status: exact, refused, or unfit (the library does not fit it, or does not answer the rows it was fitted on)."""

    status: str
    why: str = ""


def fitted(drawn: Drawn) -> tuple[Any, Any]:
    """The fitted model and its table.

    Raises what the library raises where the draw makes no sense to it.
    """
    table, target = table_of(drawn)
    from sklearn.base import clone

    model = clone(drawn.model)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return (model.fit(table) if target is None else model.fit(table, target)), table


def tried(drawn: Drawn) -> Verdict:
    """The verdict on a case.

    Raises:
        AssertionError: model and graph part, or the conversion fails in another way than by refusing.
    """
    try:
        model, table = fitted(drawn)
    except Exception as err:  # noqa: BLE001 what the library cannot fit is no case
        return Verdict("unfit", f"{type(err).__name__}: {err}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            source = open_source(model, sample=table)
            graph = source.to_onnx()
        except UnsupportedModelError as err:
            return Verdict("refused", str(err))
        except SampleError as err:
            if _answers(model, table):
                raise
            return Verdict("unfit", str(err))
        tally = Tally()
        run, program = Runner(graph), program_of(graph)
        found = []
        for kind, rows in rows_of(drawn, source, table).items():
            found += faults(source, run, kind, rows, tally, refusals=3)
            if program is not None:
                found += row_faults(source, program, run, kind, rows)
    assert not found, "\n".join(map(str, found))
    return Verdict("exact")


def _answers(model: Any, table: Any) -> bool:
    """Whether the library itself answers the rows that it trained on; some models fit and then cannot."""
    methods = [name for name in ("predict", "predict_proba", "transform") if hasattr(model, name)]
    try:
        for name in methods if "predict" in methods else ["transform"]:
            getattr(model, name)(table)
    except Exception:  # noqa: BLE001 whatever it raises, it does not answer
        return False
    return True


def rows_of(drawn: Drawn, source: Source, table: Any) -> dict[str, list[Row]]:
    """Training rows, and training rows with one drawn value each, where its column's type can hold the value."""
    types = {column.name: column.dtype for column in source.signature.columns}
    training = rows_from_frame(table, list(types))
    places = list(table.columns) if isinstance(table, pd.DataFrame) else [f"x{i}" for i in range(table.shape[1])]
    changed = [
        {**training[row], places[column]: value}
        for row, column, value in drawn.changes
        if not (types.get(places[column], "") == "int64" and isinstance(value, float) and not _whole(value))
        and places[column] in types
    ]
    return {kind: rows for kind, rows in (("training", training), ("drawn", changed)) if rows}


def _whole(value: float) -> bool:
    return value.is_integer() and abs(value) <= 2**53
