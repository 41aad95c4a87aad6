"""`load({engine})` in Node, on a model written by hand: the row program in doubles, TF.js where it is asked for."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_bundle
from tiny_bundle import CLASSES, NUMBER, SIGNATURE

from isoship_edge.manifest import sealed


@pytest.fixture
def with_rows(bundle: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "with rows"
    shutil.copytree(bundle, folder)
    tiny_bundle.add_rows(folder)
    return folder


def assert_right(answer: Any, rows: list[dict[str, Any]], atol: float = 1e-14) -> None:
    expected = tiny_bundle.answers(rows)
    assert [row["label"] for row in answer["ok"]] == expected["label"]
    made = np.array([[row["probabilities"][name] for name in CLASSES] for row in answer["ok"]])
    np.testing.assert_allclose(made, expected["probabilities"], atol=atol, rtol=0)


@pytest.mark.parametrize("options", [{}, {"engine": "auto"}, {"engine": "rows"}], ids=str)
def test_the_row_program_answers_in_doubles_without_tf_js(
    options: Any, with_rows: Path, ask: Callable[..., Any]
) -> None:
    shutil.rmtree(with_rows / "tfjs")
    (with_rows / "model.json").unlink()
    rows = tiny_bundle.rows(2500)
    made = ask(with_rows, options=options, batches=[rows, rows[:1], []], selftest=True)
    assert (made["engine"], made["backend"]) == ("rows", "javascript")
    assert_right(made["answers"][0], rows)
    assert made["answers"][1] == {"ok": made["answers"][0]["ok"][:1]}
    assert made["answers"][2] == {"ok": []}
    assert (made["selftest"]["ok"], made["selftest"]["rows"]) == (True, 21)
    assert made["selftest"]["worst"] < 1e-14


@pytest.mark.parametrize(
    "options", [{"engine": "tfjs"}, {"backend": "cpu"}, {"engine": "tfjs", "backend": "wasm"}], ids=str
)
def test_tf_js_answers_where_it_is_asked_for(options: Any, with_rows: Path, ask: Callable[..., Any]) -> None:
    rows = tiny_bundle.rows(20)
    made = ask(with_rows, options=options, batches=[rows])
    assert (made["engine"], made["backend"]) == ("tfjs", options.get("backend", "cpu"))
    assert_right(made["answers"][0], rows, atol=1e-6)


def test_a_tf_js_of_the_callers_own_is_asked(with_rows: Path, ask: Callable[..., Any]) -> None:
    assert ask(with_rows, own="npm", options={"backend": "cpu"}, batches=[tiny_bundle.rows(2)])["engine"] == "tfjs"


def test_a_bundle_without_a_row_program_is_answered_by_tf_js(bundle: Path, ask: Callable[..., Any]) -> None:
    assert ask(bundle)["engine"] == "tfjs"
    error = ask(bundle, options={"engine": "rows"})["error"]
    assert error["name"] == "BundleError"
    assert "no row program" in error["message"]


@pytest.mark.parametrize("options", [{"engine": "fast"}, {"engine": "rows", "backend": "wasm"}], ids=str)
def test_engines_that_there_are_not_are_errors(options: Any, with_rows: Path, ask: Callable[..., Any]) -> None:
    assert ask(with_rows, options=options)["error"]["name"] == "IsoshipError"


@pytest.mark.parametrize("name", ["rows.json", "rows.bin"])
def test_a_changed_row_program_answers_nothing(name: str, with_rows: Path, ask: Callable[..., Any]) -> None:
    content = bytearray((with_rows / name).read_bytes())
    content[-20] ^= 1
    (with_rows / name).write_bytes(content)
    error = ask(with_rows)["error"]
    assert (error["name"], error["message"][: len(name) + 11]) == ("BundleError", f"{name} is damaged")
    assert ask(with_rows, options={"engine": "tfjs"}, batches=[tiny_bundle.rows(1)])["engine"] == "tfjs"


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda d: d.update(format=2), "row program format 2"),
        (lambda d: d["steps"][0].update(op="Erf"), 'no operator "Erf"'),
        (lambda d: d["outputs"].pop("label"), "of other inputs or outputs"),
        (lambda d: d["inputs"].update(more={"dtype": "double", "shape": ["N", 1]}), "of other inputs or outputs"),
        (lambda d: d["steps"][-1]["inputs"].reverse(), "Gather"),
    ],
)
def test_a_row_program_that_does_not_fit_is_refused(
    edit: Callable[[Any], Any], words: str, with_rows: Path, ask: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    document, binary = tiny_bundle.row_program()
    edit(document)
    monkeypatch.setattr(tiny_bundle, "row_program", lambda: (document, binary))
    tiny_bundle.add_rows(with_rows)
    error = ask(with_rows)["error"]
    assert error["name"] == "BundleError"
    assert words in error["message"]


def columns_of(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    return {column["name"]: [row[column["name"]] for row in rows] for column in SIGNATURE["columns"]}


def test_arrays_by_column_are_answered_as_rows_are(with_rows: Path, ask: Callable[..., Any]) -> None:
    rows = tiny_bundle.rows(1500)
    made = ask(with_rows, batches=[rows], columns=[columns_of(rows), columns_of(rows[:1])])
    assert made["columns"][0]["ok"] == made["tensors"]
    assert made["columns"][1]["ok"]["label"]["data"] == made["tensors"]["label"]["data"][:1]


@pytest.mark.parametrize(
    ("edit", "row", "column"),
    [
        (lambda c: c.pop("eggs"), None, "eggs"),
        (lambda c: c.update(more=[1, 2, 3]), None, "more"),
        (lambda c: c.update(eggs=[1, 2]), None, "eggs"),
        (lambda c: c.update(eggs=7), None, "eggs"),
        (lambda c: c["eggs"].__setitem__(1, 0.5), 1, "eggs"),
        (lambda c: c["island"].__setitem__(2, "Atlantis"), 2, "island"),
        (lambda c: c["tagged"].__setitem__(0, 2), 0, "tagged"),
        (lambda c: c[NUMBER].__setitem__(0, "1.5"), 0, NUMBER),
    ],
)
def test_arrays_that_the_contract_refuses_are_named(
    edit: Callable[[Any], Any], row: int | None, column: str, with_rows: Path, ask: Callable[..., Any]
) -> None:
    given = json.loads(json.dumps(columns_of(tiny_bundle.rows(3))))
    edit(given)
    error = ask(with_rows, columns=[given])["columns"][0]["error"]
    assert (error["name"], error["row"], error["column"]) == ("InputError", row, column)


@pytest.fixture
def of_a_matrix(bundle: Path, tmp_path: Path) -> Path:
    """The sum of three columns, two of doubles and one of integers, without what is missing."""
    folder = tmp_path / "matrix"
    shutil.copytree(bundle, folder)
    columns = [
        {"name": "a", "dtype": "double", "missing": True, "minimum": -10.0},
        {"name": "b", "dtype": "double", "missing": False, "exclusiveMinimum": 0.0},
        {"name": "c", "dtype": "int64", "missing": False},
    ]
    output = {"name": "value", "kind": "value", "dtype": "double", "shape": ["N"]}
    tolerance = {"value": {"double": {"atol": 0.0, "rtol": 0.0, "reason": "exact"}}}
    document = tiny_bundle.manifest() | {
        "signature": {"layout": "matrix", "columns": columns}, "outputs": [output], "tolerances": tolerance
    }  # fmt: skip
    steps = [
        {"op": "IsNaN", "inputs": ["X"], "outputs": ["t1"], "attrs": {}},
        {"op": "Where", "inputs": ["t1", "zero", "X"], "outputs": ["t2"], "attrs": {}},
        {"op": "ReduceSum", "inputs": ["t2", "axis"], "outputs": ["t3"], "attrs": {"keepdims": 0}},
    ]
    constants = {
        "zero": {"dtype": "double", "shape": [], "data": [0.0]},
        "axis": {"dtype": "int64", "shape": [1], "data": [{"$": "int64", "v": "1"}]},
    }
    inputs = {"X": {"dtype": "double", "shape": ["N", 3]}}
    program = {"format": 1, "constants": constants, "inputs": inputs, "steps": steps, "outputs": {"value": "t3"}}
    (folder / "rows.json").write_text(json.dumps(program), encoding="utf-8")
    (folder / "program.json").write_text(json.dumps({"format": 1, "outputs": {}}), encoding="utf-8")
    digests = {f"web/{n}": hashlib.sha256((folder / n).read_bytes()).hexdigest() for n in ("rows.json", "program.json")}
    (folder / "manifest.json").write_bytes(sealed({**document, "files": digests}))
    return folder


def test_a_matrix_is_answered_row_by_row(of_a_matrix: Path, ask: Callable[..., Any]) -> None:
    rows = [{"a": -10, "b": 1.5, "c": 2}, {"c": 3, "b": 5e-324, "a": None}]
    by_column = {"a": [-10, None], "b": [1.5, 5e-324], "c": [2, 3]}
    made = ask(of_a_matrix, batches=[rows, []], columns=[{"X": [-10, 1.5, 2, None, 5e-324, 3]}, by_column, {"X": []}])
    assert made["answers"] == [{"ok": [{"value": -6.5}, {"value": 3.0}]}, {"ok": []}]
    assert [each["ok"]["value"]["data"] for each in made["columns"]] == [[-6.5, 3.0], [-6.5, 3.0], []]


@pytest.mark.parametrize(
    ("given", "row", "column"),
    [
        ({"X": [0, 1.5, 2, 0]}, None, "X"),
        ({"X": "text"}, None, "X"),
        ({"X": [0, 1.5, 2, -11, 1.5, 3]}, 1, "a"),
        ({"X": [0, 0, 2]}, 0, "b"),
        ({"X": [0, None, 2]}, 0, "b"),
        ({"X": [0, 1, 2.5]}, 0, "c"),
        ({"X": [0, "1", 2]}, 0, "b"),
    ],
    ids=str,
)
def test_a_matrix_that_the_contract_refuses_is_named(
    given: Any, row: int | None, column: str, of_a_matrix: Path, ask: Callable[..., Any]
) -> None:
    error = ask(of_a_matrix, columns=[given])["columns"][0]["error"]
    assert (error["name"], error["row"], error["column"]) == ("InputError", row, column)
