"""Files answered by columns are what the reader and writer of single rows make of them, refusals included."""

from __future__ import annotations

import io
import json
import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.bundles import make_bundle

from isoship.batch import csv_blocks, json_lines, sources
from isoship.batch.columns import decode, refusal
from isoship.batch.scoring import predict
from isoship_edge.encoding.batch import score_file
from isoship_edge.encoding.cells import value
from isoship_edge.encoding.decode import decode_column, decode_rows
from isoship_edge.encoding.rows_of_files import read_csv, read_jsonl
from isoship_edge.errors import InputError
from isoship_edge.inference.model import load, with_rows
from isoship_edge.manifest import Column

#: A multiple of 16, so that the reader of single rows asks onnxruntime for full vectors, too.
COUNT = 64
FINE: dict[str, list[str]] = {
    "age": ["39", "-1.5", "+2", ".5", "1e2", "7.", "", " 12 ", "true", "0001"],
    "income": ["10", "inf", "-1e300", "0.1", "1E-320"],
    "visits": ["3", "3.0", "-7", "9007199254740991", "70e-1", "true"],
    "member": ["true", "FALSE", "1", "0", " 1.0"],
    "city": ["Oslo", "Rome", "", "NA", '"a ""b"""', "Ærøskøbing 🐧"],
    "plan": ["basic", "pro"],
    "note": ["", "x", "=1", "1;=2", "a-b", '"c, d"', '"e\nf"'],
}
ODD = {
    "age": ["1001", "inf", "NaN", "1,5", "x", "1e400"],
    "income": ["", "nan", "--1"],
    "visits": ["", "1.5", "9007199254740993", "1e300", "a"],
    "member": ["", "2", "yes"],
    "city": ["\ufdd0"],
    "plan": ["", "gold", "basic "],
}


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bundle(tmp_path_factory.mktemp("visits"))


def drawn(random_: random.Random, odd: float) -> str:
    names = list(FINE)
    random_.shuffle(names)
    lines = [",".join(names)]
    for _ in range(COUNT):
        cells = []
        for name in names:
            choices = ODD[name] if name in ODD and random_.random() < odd else FINE[name]
            text = random_.choice(choices)
            cells.append(f'"{text}"' if "," in text and '"' not in text else text)
        lines.append(",".join(cells))
    return "\n".join(lines) + random_.choice(["\n", ""])


def outcome(asked: Callable[[], Any]) -> Any:
    """What is made, or the words of the refusal."""
    try:
        return asked()
    except InputError as err:
        return f"refused: {err}"


def row_by_row(bundle: Path, text: str, read: str, write: str) -> str:
    """What the reader of single rows writes; of several rows that are refused it names the first."""
    model = with_rows(load(bundle))
    target = io.StringIO()
    try:
        score_file(model, io.StringIO(text, newline=""), target, read=read, write=write)
    except InputError:
        source = io.StringIO(text, newline="")
        signature = model.manifest.signature
        records = read_csv(source, signature)[1] if read == "csv" else read_jsonl(source, signature)
        for i, (_, row) in enumerate(records):
            decode_rows([row], signature, first=i)
        raise
    return target.getvalue()


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("write", ["csv", "jsonl"])
def test_csv(bundle: Path, tmp_path: Path, seed: int, write: str, monkeypatch: pytest.MonkeyPatch) -> None:
    random_ = random.Random(seed)
    monkeypatch.setattr(csv_blocks, "_BLOCK", random_.choice([100, 1000, 2**21]))
    refused = 0
    for odd in (0.0, 0.0, 0.002, 0.02):
        text = drawn(random_, odd)
        (tmp_path / "in.csv").write_text(text, encoding="utf-8", newline="")
        out = tmp_path / f"out.{write}"
        threads = random_.choice([1, 2, 5])

        def by_columns(out: Path = out, threads: int = threads) -> str:
            predict(bundle, tmp_path / "in.csv", out, threads=threads)
            return out.read_bytes().decode()

        expected = outcome(lambda text=text: row_by_row(bundle, text, "csv", write))
        assert outcome(by_columns) == expected
        refused += expected.startswith("refused")
        assert out.exists() != expected.startswith("refused")
        out.unlink(missing_ok=True)
    assert refused < 4


def test_the_empty_text_is_carried_as_it_stood(bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text('note,age,income,visits,member,city,plan\n"",1,1,1,1,"",pro\n,1,1,1,1,,pro\n')
    predict(bundle, tmp_path / "in.csv", tmp_path / "out.csv")
    _, quoted, empty = (tmp_path / "out.csv").read_text().splitlines()
    assert quoted.startswith('"",1,1,1,1,"",pro,')
    assert empty.startswith(",1,1,1,1,,pro,")


@pytest.mark.parametrize("seed", range(6))
def test_json_lines(bundle: Path, tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    random_ = random.Random(seed)
    monkeypatch.setattr(json_lines, "_BLOCK", random_.choice([50, 1000]))
    fine: dict[str, list[Any]] = {
        "age": [39, -1.5, None, "12", True], "income": [1, 0.1, "inf"], "visits": [3, 3.0, "7", False],
        "member": [True, 0, "true"], "city": ["Oslo", None, "", 7, True], "plan": ["basic", "pro"],
        "note": [[1], {"a": None}, "x", 2**70, None],
    }  # fmt: skip
    odd: dict[str, list[Any]] = {
        "age": [1001, [1], 2**70],
        "visits": [None, 1.5],
        "plan": [None, "gold"],
        "city": [1.5],
    }
    for share in (0.0, 0.0, 0.002, 0.02):
        rows = []
        for _ in range(COUNT):
            rows.append(
                {n: random_.choice(odd[n] if n in odd and random_.random() < share else c) for n, c in fine.items()}
            )
            if random_.random() < share / 4:
                del rows[-1][random_.choice(list(odd))]
        text = "".join(
            json.dumps(row, ensure_ascii=random_.random() < 0.5) + random_.choice(["\n", " \n\n"]) for row in rows
        )
        (tmp_path / "in.jsonl").write_text(text, encoding="utf-8")

        def by_columns() -> str:
            predict(bundle, tmp_path / "in.jsonl", tmp_path / "out.jsonl")
            return (tmp_path / "out.jsonl").read_text(encoding="utf-8")

        assert outcome(by_columns) == outcome(lambda text=text: row_by_row(bundle, text, "jsonl", "jsonl"))


def test_lines_that_are_json_together_only(bundle: Path, tmp_path: Path) -> None:
    row = '"age": 1, "income": 1, "visits": 1, "member": true, "city": "Oslo", "plan": "pro"'
    whole = f"{{{row}}}"
    for lines in (
        [f"{{{row}", '"note": 1}'],
        [whole, f"{whole}, {whole}"],
        ['{"note": [{}', f"{{}}], {row}}}, {whole}"],
        ['{"note": [{}', f"{{}}], {row}}}, 5, {whole}"],
    ):
        (tmp_path / "in.jsonl").write_text("\n".join(lines) + "\n")
        with pytest.raises(InputError, match="not JSON"):
            predict(bundle, tmp_path / "in.jsonl", tmp_path / "out.jsonl")


def test_parquet_pieces(bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "PIECE", 7)
    rows = [
        {"age": [None, 3.5][i % 2], "income": i / 3, "visits": i, "member": i % 3 == 0,
         "city": [None, "Rome", "x"][i % 3], "plan": "pro", "id": f"r{i}"}
        for i in range(COUNT)
    ]  # fmt: skip
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "in.parquet", row_group_size=13)
    text = "".join(json.dumps(row) + "\n" for row in rows)
    expected = row_by_row(bundle, text, "jsonl", "csv")
    for threads in (1, 3):
        predict(bundle, tmp_path / "in.parquet", tmp_path / "out.csv", threads=threads)
        assert (tmp_path / "out.csv").read_text(encoding="utf-8") == expected


COLUMNS = [
    Column("c", "double"), Column("c", "double", missing=True, infinity=True), Column("c", "double", minimum=0.0),
    Column("c", "double", missing=True, exclusive_maximum=2.0), Column("c", "double", categories=(1.0, 2.5)),
    Column("c", "int64"), Column("c", "int64", minimum=0, maximum=2), Column("c", "int64", categories=(1, 3)),
    Column("c", "bool"), Column("c", "string"), Column("c", "string", missing=True),
    Column("c", "string", missing=True, categories=("a", "1")),
]  # fmt: skip
ARRAYS = [
    pa.array([1, None, 3, 2]), pa.array([2**53 + 1, 2**53, -(2**53)]), pa.array([2**64 - 1, 1], pa.uint64()),
    pa.array([0, 255], pa.uint8()), pa.array([1.0, math.nan, None, 2.5, math.inf]), pa.array([0.1, 2.5], pa.float32()),
    pa.array([True, None, False]), pa.array(["a", None, "1", " 2", "", "true", "1e5", "1e999"]),
    pa.array(["1", "2.5", None]), pa.array(["a", None, "1"]).dictionary_encode(),
    pa.array([1, None]).dictionary_encode(), pa.nulls(2), pa.array([], pa.int64()),
    pa.DictionaryArray.from_arrays(pa.array([0, 1, None]), pa.array(["1", None])),
    pa.array([b"a"]), pa.array([[1]]), pa.array([{"a": 1}]), pa.array(["1", "a"], pa.string_view()),
    pa.array(["1", None], pa.large_string()), pa.array(["3", "x\x00y", "\ufdd0"]),
]  # fmt: skip


@pytest.mark.parametrize("column", COLUMNS, ids=str)
@pytest.mark.parametrize("array", ARRAYS, ids=lambda a: str(a.type)[:20])
def test_a_column_is_its_values(array: pa.Array, column: Column) -> None:
    made = decode(array, column)
    assert len(made.data) == len(array)
    for i, found in enumerate(array.to_pylist()):
        expected = outcome(lambda i=i, found=found: decode_column([value(found, column, i)], column, first=i)[0])
        if made.refused is not None and made.refused[i]:
            assert f"refused: {refusal(array, column, i, i)}" == expected
        else:
            seen = made.data[i] if made.texts is None else made.texts[made.data[i]]
            assert seen == expected or (seen != seen and expected != expected), (i, found)
