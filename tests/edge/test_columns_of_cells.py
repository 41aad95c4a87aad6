"""Cells read a column at a time are what they are one by one, and what is odd is left to that way."""

from __future__ import annotations

import io
import random

import pytest

from isoship_edge.cells import cell, column_of_cells
from isoship_edge.errors import InputError
from isoship_edge.manifest import Column, Signature
from isoship_edge.rows_of_files import read_csv

TEXTS = ["1", "-2", "+3.5", ".5", "7.", "1e5", "-1E-3", "0", "-0.0", "", "12345678901234567890", "9" * 400]
ODD = ["nan", "inf", "-inf", "1_000", " 1", "1 ", "0x1", "１", "1\n2", "\n", "true", "1,5", "9" * 4000, "e5", "."]


@pytest.mark.parametrize("dtype", ["double", "int64", "string"])
@pytest.mark.parametrize("odd", [None, *ODD], ids=lambda text: repr(text)[:12])
def test_a_column_is_read_as_its_cells_are(dtype, odd):
    column = Column("a", dtype, missing=True)
    texts = [t for t in TEXTS if dtype != "int64" or t.lstrip("+-").isdigit() or not t] * 3
    random.Random(4).shuffle(texts)
    texts += [] if odd is None else [odd]
    found = column_of_cells(texts, column)
    if odd is None or dtype == "string":
        assert found is not None
    if found is not None:
        assert list(map(repr, found)) == [repr(cell(text, column, i)) for i, text in enumerate(texts)]
    else:
        assert dtype != "string"
        assert odd is not None


@pytest.mark.parametrize("column", [Column("a", "bool"), Column("a", "string", empty="value")])
def test_what_needs_a_look_at_each_cell_is_left(column):
    assert column_of_cells(["true", ""], column) is None


def test_of_several_rows_at_fault_the_first_is_told_beyond_a_block_of_lines():
    signature = Signature("columns", (Column("a", "double"), Column("b", "bool"), Column("c", "int64")))
    lines = [f"{k}.5,{'true' if k % 2 else 'false'},{k}" for k in range(700)]
    _, records = read_csv(io.StringIO("\n".join(["a,b,c", *lines])), signature)
    rows = [row for _, row in records]
    assert rows == [{"a": k + 0.5, "b": bool(k % 2), "c": k} for k in range(700)]
    lines[600], lines[599] = "x,true,1", "1,true,1.5x"
    _, records = read_csv(io.StringIO("\n".join(["a,b,c", *lines])), signature)
    with pytest.raises(InputError, match='row 599, column "c"'):
        list(records)
