"""One rule for CSV: devices, the command line and the page read and write the cases of csv.json alike."""

from __future__ import annotations

import csv
import io
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from isoship.data.files import opened, text_records
from isoship.errors import SampleError
from isoship_edge.encoding.batch import CsvWriter, written_names
from isoship_edge.encoding.formulas import defused, may_run, may_run_behind
from isoship_edge.encoding.rows_of_files import read_csv
from isoship_edge.errors import InputError
from isoship_edge.manifest import Manifest, manifest_from_json

HERE = Path(__file__).parent
VECTORS = json.loads((HERE / "csv.json").read_text(encoding="utf-8"))


def manifest(outputs: list[Any]) -> Manifest:
    return manifest_from_json(
        {
            "format": 1, "name": "m", "version": "1", "digest": "d", "signature": VECTORS["signature"],
            "outputs": outputs, "tolerances": {}, "encoder": None, "provenance": {}, "files": {},
        }
    )  # fmt: skip


SIGNATURE = manifest([]).signature


@pytest.fixture(scope="module")
def page() -> Any:
    """What web/src makes of every case."""
    source = HERE.parents[1] / "web" / "src"
    done = subprocess.run(
        ["node", str(HERE / "csv_vectors.mjs"), str(source)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def read_by_device(case: dict[str, Any]) -> list[dict[str, Any]]:
    return [row for _, row in read_csv(io.StringIO(case["text"], newline=""), SIGNATURE)[1]]


def read_by_command_line(case: dict[str, Any], folder: Path) -> list[dict[str, Any]]:
    path = folder / "rows.csv"
    path.write_text(case["text"], encoding="utf-8", newline="")
    with opened(path) as source:
        return [row for _, row in text_records(path, source, SIGNATURE)[1]]


@pytest.mark.parametrize("index", range(len(VECTORS["read"])), ids=lambda i: VECTORS["read"][i]["name"])
def test_a_file_is_read_alike(index: int, page: Any, tmp_path: Path) -> None:
    case = VECTORS["read"][index]
    assert read_by_device(case) == case["rows"]
    assert read_by_command_line(case, tmp_path) == case["rows"]
    assert page["read"][index] == {"rows": case["rows"], "refused": []}


@pytest.mark.parametrize("index", range(len(VECTORS["refused"])), ids=lambda i: VECTORS["refused"][i]["name"])
def test_a_row_is_refused_alike(index: int, page: Any) -> None:
    case = VECTORS["refused"][index]
    wanted = case["refused"]
    with pytest.raises(InputError) as raised:
        read_by_device(case)
    assert (raised.value.row, raised.value.column) == (wanted["row"], wanted["column"])
    [found] = page["refused"][index]["refused"]
    assert {key: found[key] for key in wanted} == wanted
    if "message" in wanted:
        assert str(raised.value) == f"row {wanted['row']}: {wanted['message']}"
    else:
        assert (raised.value.seen, raised.value.expected) == (wanted["seen"], wanted["expected"])


@pytest.mark.parametrize("index", range(len(VECTORS["files"])), ids=lambda i: VECTORS["files"][i]["name"])
def test_a_file_that_is_none_is_refused_alike(index: int, page: Any, tmp_path: Path) -> None:
    case = VECTORS["files"][index]
    for read in (lambda: read_by_device(case), lambda: read_by_command_line(case, tmp_path)):
        with pytest.raises((InputError, SampleError)) as raised:
            read()
        assert case["message"] in str(raised.value)
    assert page["files"][index]["message"].startswith(case["message"])


@pytest.mark.parametrize("index", range(len(VECTORS["written"])), ids=str)
def test_cells_are_written_alike_and_run_in_no_spreadsheet(index: int, page: Any) -> None:
    case = VECTORS["written"][index]
    out = io.StringIO(newline="")
    header = [f"c{j}" for j in range(len(case["cells"]))]
    CsvWriter(out, ()).write(dict(zip(header, case["cells"], strict=True)), {})
    [_, line] = out.getvalue().split("\n", 1)
    assert list(csv.reader([line], strict=True)) == list(csv.reader([case["line"]], strict=True))
    assert page["written"][index] == case["line"]
    for cell in case["cells"]:
        if cell is not None and defused(cell) != cell:
            assert may_run(cell) or may_run_behind(cell) or "\r" in cell or "\n" in cell, (
                "or its line would be written raw"
            )


@pytest.mark.parametrize("index", range(len(VECTORS["names"])), ids=str)
def test_the_models_columns_have_the_same_names(index: int, page: Any) -> None:
    case = VECTORS["names"][index]
    assert written_names(manifest(case["outputs"]).outputs, case["header"]) == case["names"]
    assert page["names"][index] == case["names"]


def test_lines_that_are_written_as_they_stand_hold_no_formula() -> None:
    """The quick way of a CSV file, with a class that is a formula."""
    outputs = manifest(
        [{"name": "label", "kind": "label", "dtype": "string", "shape": ["N"], "classes": ["=1+1"]}]
    ).outputs
    out = io.StringIO(newline="")
    writer = CsvWriter(out, outputs, ["zip", "x", "own"], frozenset({"x"}))
    lines = [["a", "-1.5", "b"], ["=1", "-2", "c"], ["d", "3", "e;@x"], ["f", "-inf", "-7"]]
    writer.write_lines([(line, frozenset()) for line in lines], [{"label": "=1+1"}] * 4)
    assert out.getvalue().split("\n")[1:] == [
        "a,-1.5,b,'=1+1",
        "'=1,-2,c,'=1+1",
        "d,3,e;'@x,'=1+1",
        "f,-inf,-7,'=1+1",
        "",
    ]
