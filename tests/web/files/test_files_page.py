"""Files on the page, in Chromium: CSV and Parquet with progress and cancel, answered as `isoship predict` does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from file_bundles import assert_same_cells, csv_text, exported, lines_of, predicted, table
from node_script import WEB, run_node

HERE = Path(__file__).parent
ROWS = 100_000
MADE = ["label", "probabilities_=vip", "probabilities_plain"]
CODECS = ("snappy", "zstd", "gzip", "brotli", "lz4", "none")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return exported(tmp_path_factory.mktemp("files"))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("given")

    def write(name: str, text: str, encoding: str = "utf-8") -> None:
        (folder / name).write_text(text, encoding=encoding, newline="")

    rows = table(ROWS)
    write("rows.csv", csv_text(rows))
    small = table(500, seed=3)
    write("small.csv", csv_text(small).replace("\n", "\r\n").replace("two\r\nlines", "two\nlines"))
    write("semicolons.csv", small.to_csv(index=False, sep=";"))
    write("empty.csv", csv_text(small[:0]))
    (folder / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    (folder / "sheet.csv").write_bytes(b"PK\x03\x04" + bytes(100))
    write("columns.csv", "amount,town\n1,2\n")
    write("quote.csv", csv_text(small[:3]) + '"never closed,1,Oslo,2,True\n')
    (folder / "latin.csv").write_bytes("note,amount,city,visits,member\nx,1,Ærø,2,True\n".encode("latin-1"))
    write("utf16.csv", csv_text(small), "utf-16")
    (folder / "nothing.csv").write_bytes(b"")
    lines = csv_text(small.assign(note="n")).splitlines()
    lines[3] = "n,many,Oslo,2,True"
    lines[8] = "n,1,Oslo,2"
    lines[9] = "n,1,Oslo,2.5,True"
    lines[300] = "n,1,Oslo,,True"
    write("refused.csv", "\n".join(lines) + "\n")
    write("all.csv", "\n".join([lines[0], *(["n,many,Oslo,2,True"] * 50)]) + "\n")
    _write_parquet(folder)
    return folder


def _write_parquet(folder: Path) -> None:
    rows = table(3000, seed=5)
    random = np.random.default_rng(5)
    rows["weight"] = np.where(random.random(3000) < 0.2, np.nan, random.normal(size=3000))
    rows["code"] = pd.array(np.where(random.random(3000) < 0.2, None, random.integers(-(2**62), 2**62, 3000)), "Int64")
    rows["when"] = pd.Timestamp("2026-12-01")
    rows["kind"] = pd.Categorical(random.choice(["a", None, "=c"], 3000))
    for codec in CODECS:
        rows.drop(columns="when").to_parquet(folder / f"{codec}.parquet", compression=codec, row_group_size=700)
    plain = pa.Table.from_pandas(rows.drop(columns="when"), preserve_index=False)
    pq.write_table(plain, folder / "plain.parquet", use_dictionary=False, data_page_version="2.0", version="1.0")
    typed = rows.drop(columns="when")[["amount", "city", "visits", "member"]].assign(
        amount=pd.array(range(3000), "Int32"),
        visits=rows["visits"].astype("uint8"),
        member=rows["member"].astype("int16"),
    )
    typed.to_parquet(folder / "typed.parquet")
    rows.to_parquet(folder / "dates.parquet")
    rows[["amount", "city", "visits", "member"]][:0].to_parquet(folder / "norows.parquet")
    whole = (folder / "zstd.parquet").read_bytes()
    (folder / "cut.parquet").write_bytes(whole[: len(whole) // 2])
    (folder / "text.parquet").write_text("amount,city\n")
    listed = plain.set_column(plain.column_names.index("amount"), "amount", pa.array([[1.0]] * 3000))
    pq.write_table(listed, folder / "lists.parquet")
    decimals = plain.set_column(
        plain.column_names.index("amount"), "amount", plain["amount"].cast(pa.decimal128(12, 2), safe=False)
    )
    pq.write_table(decimals, folder / "decimals.parquet")
    gaps = plain.set_column(
        plain.column_names.index("visits"), "visits", pa.array([None if i == 2000 else i % 40 for i in range(3000)])
    )
    pq.write_table(gaps, folder / "gaps.parquet")
    table(400_000, seed=7).to_parquet(folder / "large.parquet", row_group_size=20_000)


@pytest.fixture(scope="module")
def seen(bundle: Path, files: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    out, shots = tmp_path_factory.mktemp("out"), tmp_path_factory.mktemp("shots")
    wrong = ["picture.png", "sheet.csv", "columns.csv", "quote.csv", "latin.csv", "nothing.csv"]
    wrong += ["cut.parquet", "text.parquet", "lists.parquet", "decimals.parquet"]
    read = [f"{codec}.parquet" for codec in CODECS]
    read += ["plain.parquet", "typed.parquet", "dates.parquet", "norows.parquet", "gaps.parquet"]
    read += ["utf16.csv", "semicolons.csv"]
    job = {
        "bundle": str(bundle / "web"), "csv": str(files / "rows.csv"), "small": str(files / "small.csv"),
        "wrong": [str(files / name) for name in wrong], "parquet": [str(files / name) for name in read],
        "refused": str(files / "refused.csv"), "all": str(files / "all.csv"), "empty": str(files / "empty.csv"),
        "largeParquet": str(files / "large.parquet"), "out": str(out), "shots": str(shots),
    }  # fmt: skip
    return {**run_node(HERE / "files_page.mjs", str(WEB / "package.json"), stdin=job), "out": out}


def test_a_file_of_100_000_rows_is_answered_as_the_command_line_answers_it(
    seen: Any, bundle: Path, files: Path
) -> None:
    assert_same_cells(lines_of(seen["out"] / "csv.csv"), predicted(bundle, files / "rows.csv"))
    assert seen["downloads"]["csv"] == "rows-answers.csv"


def test_the_page_says_how_far_it_is_and_how_fast(seen: Any) -> None:
    said = seen["said"]
    assert said["values"] == sorted(said["values"])
    assert 0 < said["values"][0] < 1
    words = re.compile(r"[\d.]+ [KM]B of [\d.]+ MB, [\d,]+ rows, [\d,]+ rows a second(, about \d+ s left)?")
    assert all(words.fullmatch(figures) for figures in said["figures"])
    assert said["figures"]
    assert said["status"][0] == "Reading rows.csv…"
    assert len(said["status"]) <= 6, "a screen reader is told every quarter"
    done = seen["csv"]["status"]
    assert re.match(r"100,000 rows in [\d.]+ seconds \([\d,]+ rows a second\)\. The first 200 are below\.", done)


def test_the_answers_come_first_in_the_table_and_last_in_the_download(seen: Any) -> None:
    own = ["note", "amount", "city", "visits", "member"]
    assert seen["csv"]["header"] == [*MADE, *own]
    assert seen["csv"]["lines"] == 200
    lines = lines_of(seen["out"] / "csv.csv")
    assert lines[0] == [*own, *MADE]
    assert seen["csv"]["first"][0] in ("=vip", "plain")
    assert seen["csv"]["name"] == "rows.csv"


def test_the_chart_counts_every_row(seen: Any) -> None:
    labels = [line[5] for line in lines_of(seen["out"] / "csv.csv")[1:]]
    counts = sorted(((labels.count(f"{quote}{name}"), name) for quote, name in (("'", "=vip"), ("", "plain"))))[::-1]
    words = ", ".join(f"{name} {count:,}" for count, name in counts)
    assert seen["csv"]["chart"] == f"How often each label was answered: {words}"
    assert seen["csv"]["bars"] == 2


def test_a_file_is_dropped_cancelled_and_another_one_answered(seen: Any, bundle: Path, files: Path) -> None:
    assert seen["over"] == [True, False], "the section shows that it takes the file"
    cancelled = seen["cancelled"]
    assert cancelled["status"] == "Cancelled: large.csv was not answered."
    assert (cancelled["running"], cancelled["download"], cancelled["problem"]) == (False, False, None)
    assert seen["after"]["status"].startswith("500 rows in ")
    assert_same_cells(lines_of(seen["out"] / "small.csv"), predicted(bundle, files / "small.csv"))


@pytest.mark.parametrize("which", ["last", "lastAtOnce"])
def test_the_last_file_wins(which: str, seen: Any) -> None:
    assert seen[which]["name"] == "small.csv"
    assert seen[which]["status"].startswith("500 rows in ")
    assert seen["workers"] == 1


WRONG = {
    "picture.png": r"the file is a PNG picture\. This page takes a CSV file .* or a Parquet file",
    "sheet.csv": r"the file is a ZIP archive, as spreadsheets .*: save the sheet as CSV",
    "columns.csv": r'the file lacks the columns "city", "visits", "member"; it has "amount", "town"',
    "quote.csv": r"line \d+: the file ends inside a cell in quotes that begins there",
    "latin.csv": r'the file is not UTF-8 \(line 2\)\. Save it as UTF-8 \("CSV UTF-8" in spreadsheets\)',
    "nothing.csv": "the file is empty; its first line must name the columns",
    "cut.parquet": "the Parquet file cannot be read, it is damaged or cut off: ",
    "text.parquet": "the file is not Parquet, whatever its name says: it does not begin with PAR1",
    "lists.parquet": r'the column "amount" holds lists or structures, of which the model takes none',
    "decimals.parquet": r'the column "amount" holds decimals, of which the model takes none',
}


@pytest.mark.parametrize("name", WRONG)
def test_a_file_that_is_none_is_refused_with_what_would_be_right(name: str, seen: Any) -> None:
    found = seen["wrong"][name]
    assert re.match(WRONG[name], found["problem"]), found["problem"]
    assert (found["name"], found["download"], found["header"], found["running"]) == (name, False, [], False)


def test_a_row_that_is_refused_does_not_end_the_file(seen: Any, bundle: Path, files: Path) -> None:
    found = seen["refused"]
    assert found["status"].startswith("496 rows in ")
    assert "4 of 500 rows were refused and have no answer: their column _error says why" in found["status"]
    assert found["refused"] == [
        "4 rows have no answer:",
        'row 2 (line 4): amount: expected a number or null, got a string "many"',
        "row 7 (line 9): 4 cells under 5 columns",
        "row 8 (line 10): visits: expected an integer, got a number 2.5",
        "row 299 (line 301): visits: expected an integer, got null",
    ]
    header, *lines = lines_of(seen["out"] / "refused.csv")
    assert header[5:] == [*MADE, "_error"]
    assert {len(line) for line in lines} == {9}
    assert [i for i, line in enumerate(lines) if line[8]] == [2, 7, 8, 299]
    assert lines[2] == [
        "n",
        "many",
        "Oslo",
        "2",
        "True",
        "",
        "",
        "",
        'amount: expected a number or null, got a string "many"',
    ]
    kept = files / "kept.csv"
    given = (files / "refused.csv").read_text(encoding="utf-8").splitlines()
    kept.write_text("\n".join(line for i, line in enumerate(given) if i - 1 not in (2, 7, 8, 299)), encoding="utf-8")
    assert_same_cells([header[:8], *(line[:8] for line in lines if not line[8])], predicted(bundle, kept))


def test_a_file_of_refused_rows_is_a_problem(seen: Any) -> None:
    problem = (
        "the model refuses every row of the file (50); the first, row 0 (line 2): amount: expected a number or null"
    )
    assert seen["all"]["problem"].startswith(problem)
    assert seen["all"]["download"] is False


def test_a_file_without_rows_has_the_same_columns(seen: Any, bundle: Path, files: Path) -> None:
    assert lines_of(seen["out"] / "empty.csv") == lines_of(seen["out"] / "csv.csv")[:1]
    assert lines_of(seen["out"] / "empty.csv") == predicted(bundle, files / "empty.csv")
    assert seen["empty"]["status"].startswith("0 rows")
    assert seen["empty"]["chart"] is None


@pytest.mark.parametrize("name", [*(f"{codec}.parquet" for codec in CODECS), "plain.parquet", "typed.parquet"])
def test_parquet_is_answered_as_the_command_line_answers_it(name: str, seen: Any, bundle: Path, files: Path) -> None:
    assert seen["parquet"][name]["status"].startswith("3,000 rows in ")
    assert_same_cells(lines_of(seen["out"] / f"{name}.csv"), predicted(bundle, files / name))


@pytest.mark.parametrize("name", ["utf16.csv", "semicolons.csv"])
def test_other_forms_of_csv_are_answered_as_the_command_line_answers_them(
    name: str, seen: Any, bundle: Path, files: Path
) -> None:
    assert_same_cells(lines_of(seen["out"] / f"{name}.csv"), predicted(bundle, files / name))


def test_what_parquet_has_beyond_numbers_and_text_is_left_out_by_name(seen: Any, bundle: Path, files: Path) -> None:
    assert (
        "Left out of the download: when (dates, decimals, lists or bytes)."
        in seen["parquet"]["dates.parquet"]["status"]
    )
    wanted = predicted(bundle, files / "dates.parquet")
    at = wanted[0].index("when")
    without = [[*line[:at], *line[at + 1 :]] for line in wanted]
    assert_same_cells(lines_of(seen["out"] / "dates.parquet.csv"), without)


def test_parquet_without_rows_and_with_a_gap(seen: Any, bundle: Path, files: Path) -> None:
    assert_same_cells(lines_of(seen["out"] / "norows.parquet.csv"), predicted(bundle, files / "norows.parquet"))
    assert seen["parquet"]["gaps.parquet"]["refused"] == [
        "1 row has no answer:",
        "row 2000: visits: expected an integer, got null",
    ]


def test_parquet_has_progress_and_is_cancelled(seen: Any) -> None:
    assert re.match(r"[\d.]+ [KM]B of [\d.]+ MB, [\d,]+ rows, ", seen["parquetFigures"])
    assert seen["parquetCancelled"]["status"] == "Cancelled: large.parquet was not answered."
    assert seen["again"]["status"].startswith("500 rows in ")


def test_the_page_is_accessible_and_silent_and_fits_a_phone(seen: Any) -> None:
    assert seen["axe"] == {"answered": [], "under way": [], "refused": []}
    assert seen["console"] == []
    assert seen["scrolls"] <= 0
