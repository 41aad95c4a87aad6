"""Samples are read without guessing where a guess could be wrong; rows are read by the signature."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from isoship.data import parse_dtypes, read_rows, read_sample
from isoship.errors import InputError, SampleError
from isoship_edge.manifest import Column, Signature


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_csv_sample_types_and_only_the_empty_cell_is_missing(tmp_path: Path) -> None:
    path = write(tmp_path, "s.csv", "age,city,ok\n39,Oslo,true\n,NA,false\n41.5,,TRUE\n")
    frame = read_sample(path)
    assert [str(t) for t in frame.dtypes] == ["float64", "str", "bool"]
    assert frame["age"].isna().tolist() == [False, True, False]
    assert frame["city"][1] == "NA"
    assert pd.isna(frame["city"][2])


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ("01234\n56789", "zip=string"),
        ("1\n2\nNA", "Only the empty cell is missing"),
    ],
)
def test_an_ambiguous_csv_column_is_an_error_that_names_dtype(tmp_path: Path, cells: str, words: str) -> None:
    path = write(tmp_path, "s.csv", f"zip\n{cells}\n")
    with pytest.raises(SampleError, match=words):
        read_sample(path)
    assert str(read_sample(path, {"zip": "string"})["zip"].dtype) == "str"


def test_a_fraction_in_a_column_said_to_hold_integers(tmp_path: Path) -> None:
    path = write(tmp_path, "s.csv", "n\n1\n2.5\n")
    with pytest.raises(SampleError, match="row 1"):
        read_sample(path, {"n": "int64"})


def test_dtype_of_a_column_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SampleError, match="does not have: zap"):
        read_sample(write(tmp_path, "s.csv", "zip\n1\n"), {"zap": "string"})


@pytest.mark.parametrize("pair", ["zip", "=string", "zip=text"])
def test_malformed_dtype(pair: str) -> None:
    with pytest.raises(SampleError, match="COLUMN=TYPE"):
        parse_dtypes([pair])


def test_a_column_name_may_hold_an_equals_sign() -> None:
    assert parse_dtypes(["a=b=double"]) == {"a=b": "double"}


def test_json_lines_sample(tmp_path: Path) -> None:
    path = write(tmp_path, "s.jsonl", '{"a": 1, "b": "x"}\n{"a": null, "b": "y"}\n')
    frame = read_sample(path)
    assert [str(t) for t in frame.dtypes] == ["float64", "str"]
    with pytest.raises(SampleError, match="several kinds"):
        read_sample(write(tmp_path, "t.jsonl", '{"a": 1}\n{"a": "x"}\n'))


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("s.csv", "", "is empty"),
        ("s.csv", "a,b\n", "no rows"),
        ("s.csv", "a,a\n1,2\n", "twice"),
        ("s.csv", "a,b\n1\n", "1 cells under 2 columns"),
        ("s.jsonl", "{", "not JSON"),
        ("s.json", "[1]", "list of objects"),
        ("s.parquet", "x", "no Parquet file"),
        ("s.xlsx", "x", "ends in '.xlsx'"),
    ],
)
def test_files_that_are_no_sample(tmp_path: Path, name: str, text: str, words: str) -> None:
    with pytest.raises(SampleError, match=words):
        read_sample(write(tmp_path, name, text))


def test_a_missing_file() -> None:
    with pytest.raises(SampleError, match="No such file"):
        read_sample("nowhere.csv")


SIGNATURE = Signature(
    "columns",
    (
        Column("zip", "string", missing=True),
        Column("n", "int64"),
        Column("x", "double", missing=True),
        Column("ok", "bool"),
    ),
)


def test_rows_are_read_by_the_signature(tmp_path: Path) -> None:
    path = write(tmp_path, "r.csv", "id,x,zip,n,ok\n7,1e3,0123,2.0,False\n8,,NA,-3,1\n")
    assert read_rows(path, SIGNATURE) == [
        {"zip": "0123", "n": 2, "x": 1000.0, "ok": False},
        {"zip": "NA", "n": -3, "x": None, "ok": True},
    ]


def test_parquet_and_json_rows_agree_with_csv(tmp_path: Path) -> None:
    rows = [{"zip": "0123", "n": 2, "x": 1000.0, "ok": False}, {"zip": None, "n": -3, "x": None, "ok": True}]
    pd.DataFrame(rows).astype({"n": "int64"}).to_parquet(tmp_path / "r.parquet")
    write(tmp_path, "r.json", json.dumps({"rows": rows}))
    assert read_rows(tmp_path / "r.parquet", SIGNATURE) == rows
    assert read_rows(tmp_path / "r.json", SIGNATURE) == rows


@pytest.mark.parametrize(
    ("line", "column"), [("1,x,1,true", "n"), ("1,2,x,true", "x"), ("1,2,3,2", "ok"), ("1,2,nan,true", "x")]
)
def test_a_cell_its_column_cannot_hold_is_named(tmp_path: Path, line: str, column: str) -> None:
    path = write(tmp_path, "r.csv", f"zip,n,x,ok\n{line}\n")
    with pytest.raises(InputError) as caught:
        read_rows(path, SIGNATURE)
    assert (caught.value.row, caught.value.column) == (0, column)


def test_rows_without_a_column_of_the_model(tmp_path: Path) -> None:
    with pytest.raises(SampleError, match='lacks the columns "zip"'):
        read_rows(write(tmp_path, "r.csv", "n,x,ok\n1,2,true\n"), SIGNATURE)
