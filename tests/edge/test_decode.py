"""The input contract: the vectors shared with JavaScript, and what only Python can be asked."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from isoship_edge.encoding import golden
from isoship_edge.encoding.decode import decode_columns, decode_rows, sliced
from isoship_edge.encoding.words import number
from isoship_edge.errors import InputError
from isoship_edge.inference.tensor import values
from isoship_edge.manifest import MISSING_STRING, Column, Signature, manifest_from_json

VECTORS = json.loads((Path(__file__).parent.parent / "vectors" / "rows.json").read_text())["cases"]


def signature_of(document: dict[str, Any]) -> Signature:
    core = {"format": 1, "name": "v", "version": "0", "digest": "", "outputs": [], "tolerances": {}, "encoder": None}
    return manifest_from_json({**core, "provenance": {}, "files": {}, "signature": document}).signature


def refused(rows: Any, signature: Signature) -> InputError:
    with pytest.raises(InputError) as caught:
        decode_rows(rows, signature)
    return caught.value


@pytest.mark.parametrize("case", VECTORS, ids=lambda case: case["name"])
def test_shared_vector(case: dict[str, Any]) -> None:
    signature = signature_of(case["signature"])
    if "refused" in case:
        err, expected = refused(case["rows"], signature), case["refused"]
        seen = {"row": err.row, "column": err.column, "seen": err.seen, "expected": err.expected, "message": str(err)}
        assert {name: seen[name] for name in expected} == expected
        return
    tensors = decode_rows(case["rows"], signature)
    for j, column in enumerate(signature.columns):
        if signature.layout == "matrix":
            got = values(tensors["X"])[j :: len(signature.columns)]
        else:
            got = values(tensors[column.name])
        want = golden.decode(case["columns"][column.name])
        assert [repr(v) for v in got] == [repr(v) for v in want]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (39.0, "39"), (0.1, "0.1"), (-0.0, "0"), (1e21, "1e+21"), (1e20, "100000000000000000000"), (1e-6, "0.000001"),
        (1.5e-7, "1.5e-7"), (123456.789, "123456.789"), (-2.5e300, "-2.5e+300"), (5e-324, "5e-324"),
        (10**400, "Infinity"), (1.7976931348623157e308, "1.7976931348623157e+308"), (0.00012, "0.00012"),
        (2**53, "9007199254740992"),
    ],
)  # fmt: skip
def test_numbers_are_written_as_javascript_writes_them(value: float, text: str) -> None:
    assert number(value) == text


DOUBLE = Signature("columns", (Column("x", "double", True, True, minimum=-10.0, maximum=10.0),))
INT = Signature("columns", (Column("n", "int64", minimum=-5, maximum=5),))
OPEN = Signature("columns", (Column("x", "double", exclusive_minimum=0.0, exclusive_maximum=1.0),))


@pytest.mark.parametrize("value", [10.0, -10, 10, None, 0])
def test_the_ends_themselves_are_accepted(value: Any) -> None:
    got = decode_rows([{"x": value}], DOUBLE)["x"].data[0]
    assert got == value or (value is None and math.isnan(got))


@pytest.mark.parametrize("value", [10.000000000000002, -11, 10**400])
def test_beyond_the_ends_is_refused(value: Any) -> None:
    if value == 10**400:
        assert decode_rows([{"x": value}], DOUBLE)["x"].data[0] == math.inf
        return
    assert refused([{"x": 1.0}, {"x": value}], DOUBLE).expected == "a number from -10 to 10 or null"


def test_integers_have_ends_too() -> None:
    assert refused([{"n": 5}, {"n": -6}], INT).expected == "an integer from -5 to 5"
    assert refused([{"n": 6.0}], INT).row == 0


@pytest.mark.parametrize("value", [5e-324, 0.9999999999999999])
def test_an_open_end_is_one_double_away_from_what_is_accepted(value: float) -> None:
    assert decode_rows([{"x": value}, {"x": 0.5}], OPEN)["x"].data[0] == value
    refusing = refused([{"x": 0.5}, {"x": round(value)}], OPEN)
    assert (refusing.row, refusing.expected) == (1, "a number above 0 and below 1")


def test_nan_is_never_a_number() -> None:
    assert refused([{"x": math.nan}], DOUBLE).seen == "a number NaN"


def test_sums_that_overflow_are_no_infinity() -> None:
    signature = Signature("columns", (Column("x", "double"),))
    assert list(decode_rows([{"x": 1.7e308}, {"x": 1.7e308}], signature)["x"].data) == [1.7e308, 1.7e308]


def test_rows_are_numbered_from_first() -> None:
    with pytest.raises(InputError, match=r'row 4097, column "x"'):
        decode_rows([{"x": 1.0}, {"x": "1"}], DOUBLE, first=4096)


def test_an_absent_key_does_not_hide_an_earlier_fault_in_its_row() -> None:
    signature = Signature("columns", (Column("a", "double"), Column("b", "double")))
    assert refused([{"a": "x"}], signature).column == "a"
    assert refused([{"b": "x"}], signature).column == "a"
    assert refused([{"a": 1, "b": "x"}, {"a": 1}], signature).row == 0


def test_bool_columns_in_a_matrix_are_numbers_not_bytes() -> None:
    signature = Signature("matrix", (Column("a", "bool"), Column("b", "int64"), Column("c", "double")))
    rows = [{"a": i % 2 == 0, "b": i, "c": i / 2} for i in range(9)]
    assert list(decode_rows(rows, signature)["X"].data[:6]) == [1.0, 0.0, 0.0, 0.0, 1.0, 0.5]


def test_slices_keep_rows_whole() -> None:
    signature = Signature("matrix", (Column("a", "double"), Column("b", "double")))
    tensors = decode_columns({"a": [1.0, 2.0, 3.0], "b": [4.0, 5.0, 6.0]}, signature, 3)
    part = sliced(tensors, 1, 3)["X"]
    assert (part.shape, list(part.data)) == ((2, 2), [2.0, 5.0, 3.0, 6.0])


def test_a_missing_string_becomes_the_reserved_character() -> None:
    signature = Signature("columns", (Column("s", "string", True),))
    assert decode_rows([{"s": None}, {"s": ""}], signature)["s"].data == [MISSING_STRING, ""]
