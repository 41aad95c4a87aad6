"""Categorical columns as codes: the categories that some split tells apart are 0, 1, ..., every other one is the last.

    string or int64 [N, 1] -> ml.LabelEncoder (known categories; else their count) -> int64 [N, 1]

The model holds hashes and no names, so the names come from the sample. A hash that no name of the sample has cannot be
carried: a row with that category would be answered as one with an unseen category. A name that is in neither is unseen
here. The model itself mistakes one in four billion such names for a category with the same hash.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from isoship.sources.catboost.ctr import Ctr, Projection
from isoship.sources.catboost.examples import values_of
from isoship.sources.catboost.hashes import Hashes, contributions, hashes_of, signed, solve
from isoship.sources.sklearn.walk.carrier import Carrier
from isoship.sources.sklearn.walk.frame import Block, cast
from isoship_edge.manifest import MISSING_STRING

#: How many sums of hashes and look-ups of them are tried for the combinations of one projection: some seconds.
SEARCH = 30_000_000

#: A combination of codes is one number, which JavaScript holds as a double.
_LARGEST = 2**53


@dataclass(frozen=True, eq=False)
class Column:
    """One categorical column. name: in quotes. candidates: hash -> the sample's values that have it."""

    name: str
    block: Block
    candidates: dict[int, list[Any]]
    used: set[int] = field(default_factory=set)

    def codes(self) -> dict[int, int]:
        """hash -> code of the categories in use, in the order of the categories."""
        return {each: i for i, each in enumerate(h for h in self.candidates if h in self.used)}


def open_column(c: Carrier, name: str, block: Block) -> Column:
    """The column with the hashes of the sample's values."""
    if block.dtype == "bool":
        block = cast(c.g, block, "int64")
        values: list[Any] = [0, 1]
    else:
        values = sorted(values_of(c, block))  # the same graph whatever the order of the sample's rows
    hashes = hashes_of([str(value) for value in values])
    candidates: dict[int, list[Any]] = {}
    for value in values:
        candidates.setdefault(hashes[str(value)], []).append(value)
    return Column(name, block, candidates)


def mark_one_hot(c: Carrier, model: Any, column: Column, wanted: Iterable[int]) -> None:
    """Marks the categories that one-hot splits ask for as used.

    Raises:
        UnsupportedModelError: the sample holds no value with one of these hashes.
    """
    hashes = {signed(int(each)) for each in wanted}
    unknown = hashes - column.candidates.keys()
    if unknown:
        raise _uncovered(c, model, [column], len(unknown))
    column.used.update(hashes)


Cells = dict[tuple[int, ...], int]


def cells_of(c: Carrier, model: Any, projection: Projection, ctrs: Sequence[Ctr], columns: dict[int, Column]) -> Cells:
    """The combinations that the CTRs of one projection know: (hash of each category, then bits) -> the combined hash.

    Marks the categories in them as used.

    Raises:
        UnsupportedModelError: a combination that some split tells apart is none of the sample's categories; or there
            are too many to try.
    """
    involved = [columns[i] for i in projection.categories]
    length = len(projection.categories) + len(projection.floats) + len(projection.exact)
    known: list[list[int]] = [list(column.candidates) for column in involved]
    known += [[0, 1]] * (length - len(involved))
    parts: list[Hashes] = [contributions(values, i, length) for i, values in enumerate(known)]
    wanted = np.unique(np.concatenate([ctr.distinguished_hashes() for ctr in ctrs]))
    found = solve(wanted, parts, SEARCH)
    if found is None:
        raise c.unsupported(
            model,
            f"it combines the columns {_names(involved)} in more ways than can be tried against its table of hashes",
            "Train with max_ctr_complexity=1 or 2, or with rarer categories of these columns merged",
        )
    if len(found) < len(wanted):
        raise _uncovered(c, model, involved, len(wanted) - len(found))
    cells: Cells = {}
    for place, choices in found.items():
        for choice in choices:
            cell = tuple(known[i][j] for i, j in enumerate(choice))
            cells[cell] = int(wanted[place])
            for column, value in zip(involved, cell, strict=False):
                column.used.add(value)
    return cells


def write_codes(c: Carrier, column: Column) -> str:
    """Adds the lookup: int64 [N, 1]."""
    codes = column.codes()
    pairs = [(value, code) for each, code in codes.items() for value in column.candidates[each]]
    pairs = pairs or [(MISSING_STRING if column.block.dtype == "string" else 0, 0)]  # a table without keys is no table
    keys = [value for value, _ in pairs]
    attributes: dict[str, Any] = {"keys_strings": keys} if column.block.dtype == "string" else {"keys_int64s": keys}
    return c.g.op(
        "LabelEncoder",
        column.block.name,
        ml=True,
        values_int64s=[code for _, code in pairs],
        default_int64=len(codes),
        seed="category",
        **attributes,
    )


def write_cells(
    c: Carrier, model: Any, cells: Cells, columns: Sequence[Column], codes: Sequence[str], bits: Sequence[str]
) -> tuple[str, list[int]]:
    """Adds the row of each combination in a table, int64 [N], and the combined hash of each row of it.

    codes, bits: int64 [N, 1]. A combination that is no cell gets the row after the last.

    Raises:
        UnsupportedModelError: the combinations are more than a double can number.
    """
    tables = [column.codes() for column in columns] + [{0: 0, 1: 1}] * len(bits)
    sizes = [len(column.codes()) + 1 for column in columns] + [2] * len(bits)
    if float(np.prod([float(size) for size in sizes])) >= _LARGEST:
        raise c.unsupported(
            model,
            f"the combinations of the columns {_names(columns)} are more than can be numbered",
            "Train with a lower max_ctr_complexity",
        )
    rows = {hash_: i for i, hash_ in enumerate(dict.fromkeys(cells.values()))}
    keys, values = [], []
    for cell, hash_ in cells.items():
        number = 0
        for value, table, size in zip(cell, tables, sizes, strict=True):
            number = number * size + table[value]
        keys.append(number)
        values.append(rows[hash_])
    name = ""
    for part, size in zip([*codes, *bits], sizes, strict=True):
        name = c.g.op("Add", c.g.op("Mul", name, np.array([[size]])), part) if name else part
    cells_table: dict[str, Any] = {
        "keys_int64s": keys or [-1],
        "values_int64s": values or [0],
        "default_int64": len(rows),
    }
    row = c.g.op("LabelEncoder", name, ml=True, seed="cell", **cells_table)
    return c.g.op("Squeeze", row, np.array([1])), list(rows)


def _uncovered(c: Carrier, model: Any, columns: Sequence[Column], count: int) -> Exception:
    what = f"{count} of the categories" if len(columns) == 1 else f"{count} combinations of categories"
    return c.unsupported(
        model,
        f"the model knows {what} in {_names(columns)} only by their hash, and no value of the sample has that hash",
        "Give a sample that holds every category of these columns, such as the training data",
    )


def _names(columns: Sequence[Column]) -> str:
    return ", ".join(column.name for column in columns)
