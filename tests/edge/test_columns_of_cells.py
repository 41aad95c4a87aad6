"""Cells read a column at a time are what they are one by one, and what is odd is left to that way."""

from __future__ import annotations

import csv
import io
import random

import pytest

from isoship_edge.encoding.batch import CsvWriter
from isoship_edge.encoding.cells import cell, column_of_cells
from isoship_edge.encoding.rows_of_files import read_csv
from isoship_edge.encoding.text import encoded, encoded_all
from isoship_edge.errors import InputError
from isoship_edge.manifest import MISSING_STRING, Column, Output, Signature

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


def test_a_fault_in_a_row_is_told_before_one_of_the_file_behind_it():
    signature = Signature("columns", (Column("a", "double"),))
    _, records = read_csv(io.StringIO('a\n1\nx\n2\n"3\n'), signature)
    with pytest.raises(InputError, match='row 1, column "a"'):
        list(records.blocks(100))
    _, records = read_csv(io.StringIO('a\n1\n2\n"3\n'), signature)
    handed = []
    with pytest.raises(InputError, match="line 4"):
        handed.extend(row for _, row in records)
    assert handed == [{"a": 1.0}, {"a": 2.0}]


CARRIED = ["plain", "", "a,b", 'say "x"', "two\nlines", "a\rb", " led by a space", "=1+1", "None", "NA", "ü\u2028"]


@pytest.mark.parametrize("size", [1, 3, 100])
@pytest.mark.parametrize("empty", [None, "quoted"])
def test_lines_are_written_as_records_are(size, empty):
    signature = Signature("columns", (Column("a", "string", missing=True, empty=empty),))
    outputs = (
        Output("label", "label", "string", ("N",)),
        Output("p", "probabilities", "double", ("N", 2), classes=("x", "y")),
    )
    rows = [[text, other] for text in CARRIED for other in CARRIED]
    text = io.StringIO()
    csv.writer(text).writerows([["a", "note"], *rows])
    text = text.getvalue() + '"",""\n,""\n'
    labels = ["x", "", "a,b", None, 'q"', "1\r2"]
    found = [{"label": labels[k % 6], "p": {"x": k / 7, "y": None if k % 5 == 0 else 1e-300}} for k in range(123)]
    by_record, by_line = io.StringIO(), io.StringIO()
    header, records = read_csv(io.StringIO(text, newline=""), signature)
    writer = CsvWriter(by_record, outputs, header)
    for (held, _), prediction in zip(records, found, strict=True):
        writer.write(held, prediction)
    header, records = read_csv(io.StringIO(text, newline=""), signature)
    writer, start = CsvWriter(by_line, outputs, header), 0
    for lines, columns in records.blocks(size):
        assert len(columns["a"]) == len(lines)
        writer.write_lines(lines, found[start : start + len(lines)])
        start += len(lines)
    assert start == len(found)
    assert by_line.getvalue() == by_record.getvalue()


@pytest.mark.parametrize("texts", [[], [""], ["", ""], ["a", "ü", "\U0001f600", MISSING_STRING], ["x"] * 300])
def test_strings_are_encoded_together_as_one_by_one(texts):
    assert encoded_all(texts) == [encoded(text) for text in texts]


@pytest.mark.parametrize("odd", ["a\0b", "\0", "\ud800"])
def test_one_string_that_no_tensor_holds_is_refused_among_others(odd):
    with pytest.raises(InputError, match=r"NUL|surrogate"):
        encoded_all(["a", odd, "b"])


@pytest.mark.parametrize(
    "text", ["9007199254740993", "9007199254740993.0", "9007199254740993.", "9007199254740993e0", "900719925474099.3e1"]
)
def test_an_integer_is_what_its_digits_say_in_every_spelling(text):
    """What no double holds stays beyond what a column of integers takes, and is refused there."""
    assert cell(text, Column("n", "int64"), 0) == 2**53 + 1


@pytest.mark.parametrize("text", ["0.99999999999999999999", "1e-400", "-7.00000000000000000001", "1e-" + "9" * 30])
def test_what_a_double_rounds_to_an_integer_is_none(text):
    with pytest.raises(InputError, match="row 3"):
        cell(text, Column("n", "int64"), 3)


@pytest.mark.parametrize(("text", "whole"), [("7.0", 7), ("70e-1", 7), ("-.7E1", -7), ("0e999", 0)])
def test_integers_are_read_in_every_spelling(text, whole):
    assert cell(text, Column("n", "int64"), 0) == whole
