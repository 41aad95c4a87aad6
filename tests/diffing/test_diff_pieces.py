"""Rows of a file in pieces: as the readers of whole files have them, whatever the form, and in bounded memory."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from compared import COUNT, answered

import isoship
from isoship.data import read_rows
from isoship.diffing import pieces
from isoship.diffing.asking import ask
from isoship.diffing.pairs import pairs_of
from isoship.diffing.pieces import ByColumn, pieces_of
from isoship.diffing.tally import Tally
from isoship.errors import SampleError
from isoship_edge.inference.model import Model
from isoship_edge.manifest import Column, Signature, read_manifest


def written(rows: pd.DataFrame, path: Path) -> Path:
    if path.suffix == ".parquet":
        rows.to_parquet(path)
    elif path.suffix == ".csv":
        rows.to_csv(path, index=False)
    else:
        records = json.loads(rows.to_json(orient="records"))
        lines = path.suffix == ".jsonl"
        path.write_text("\n".join(map(json.dumps, records)) if lines else json.dumps(records), encoding="utf-8")
    return path


@pytest.mark.parametrize("ending", ["csv", "jsonl", "json", "parquet"])
def test_pieces_hold_what_a_whole_file_does(
    ending: str, old: Path, rows: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces, "PIECE", 64)
    file = written(rows.assign(extra=1), tmp_path / f"rows.{ending}")
    signature = read_manifest(old).signature
    found: list[dict[str, Any]] = []
    firsts = []
    with pieces_of(file, [signature]) as (header, parts):
        assert set(header) >= {"age", "city", "member"}
        for piece in parts:
            firsts.append(piece.first)
            columns, faults = piece.by(signature)
            assert not faults
            found += [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    assert firsts == list(range(0, COUNT, 64))
    assert found == read_rows(file, signature)


@pytest.mark.parametrize("ending", ["csv", "jsonl", "json", "parquet"])
def test_every_form_of_a_file_gives_one_report(
    ending: str, old: Path, new: Path, rows: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces, "PIECE", 100)
    found = answered(isoship.diff(old, new, written(rows, tmp_path / f"rows.{ending}")), "own")
    monkeypatch.undo()
    whole = answered(isoship.diff(old, new, written(rows, tmp_path / "whole.parquet")), "own")
    assert (found.labels_changed, found.largest, found.worst) == (whole.labels_changed, whole.largest, whole.worst)
    assert [(s.mean, s.quantiles) for s in found.shifts] == [
        (pytest.approx(s.mean, abs=1e-15), s.quantiles) for s in whole.shifts
    ]


def test_frames_and_dicts_give_what_their_file_does(old: Path, new: Path, rows: pd.DataFrame, rows_file: Path) -> None:
    whole = answered(isoship.diff(old, new, rows_file), "own")
    for given in (rows, json.loads(rows.to_json(orient="records"))):
        report = isoship.diff(old, new, given)
        assert answered(report, "own") == whole
        assert report.headline.endswith("400 rows of the rows given")
    with pytest.raises(SampleError, match="rows is int: give a file"):
        isoship.diff(old, new, 7)


def test_rows_of_the_same_values_are_shown_once(old: Path, new: Path, rows: pd.DataFrame) -> None:
    once, thrice = (answered(isoship.diff(old, new, given), "own") for given in (rows, pd.concat([rows] * 3)))
    assert thrice.labels_changed == 3 * once.labels_changed
    assert thrice.worst == once.worst
    assert len({json.dumps(one.values) for one in thrice.worst}) == 10


def test_a_file_without_rows_compares_nothing(old: Path, new: Path, tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("age,city,member\n", encoding="utf-8")
    report = isoship.diff(old, new, file)
    assert (report.status, report.exit_code) == ("not compared", 2)
    assert report.headline == "not compared: no row was answered"


def test_cells_that_only_one_model_reads_are_refusals_by_row(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("code,n\n0123,1\nAB,2\n7,x\n", encoding="utf-8")
    text, number = (Signature("columns", (Column("code", kind), Column("n", "double"))) for kind in ("string", "int64"))
    with pieces_of(file, [text, number]) as (_, parts):
        (piece,) = parts
    columns, faults = piece.by(text)
    assert (columns["code"], columns["n"], list(faults)) == (["0123", "AB", "7"], [1.0, 2.0, None], [2])
    columns, faults = piece.by(number)
    assert (columns["code"], sorted(faults)) == ([123, None, 7], [1, 2])
    assert (faults[1].column, faults[1].expected, faults[1].seen) == ("code", "an integer", 'a string "AB"')
    assert faults[2].column == "n"


def test_an_absent_key_is_a_refusal_of_its_row(old: Path, new: Path, rows: pd.DataFrame, tmp_path: Path) -> None:
    records = json.loads(rows.to_json(orient="records"))
    del records[7]["city"]
    file = tmp_path / "rows.jsonl"
    file.write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
    assert answered(isoship.diff(old, new, file), "own").neither == 1


@pytest.mark.parametrize("where", [[0], [399], [5, 6, 63, 64, 65, 200], list(range(400))])
def test_refused_rows_are_found_one_by_one_and_the_others_answered(
    where: list[int], old: Path, rows: pd.DataFrame
) -> None:
    model = isoship.load(old)
    assert isinstance(model, Model)
    held = json.loads(rows.to_json(orient="records"))
    for i in where:
        held[i]["city"] = f"Nowhere {i}"
    columns = {name: [row[name] for row in held] for name in rows.columns}
    found = ask(model, ByColumn(columns, {}), len(held))
    assert sorted(found.refused) == where
    assert all(found.refused[i].seen == f'a string "Nowhere {i}"' for i in where)
    assert found.kept == [i for i in range(400) if i not in where]
    expected = model.predict([held[i] for i in found.kept]) if found.kept else {}
    for name, array in expected.items():
        assert array.tolist() == found.outputs[name].tolist()


def test_files_that_are_none(old: Path, tmp_path: Path) -> None:
    signature = read_manifest(old).signature
    for name, content, said in (
        ("a.csv", "", "the file is empty"),
        ("b.csv", "age,age\n1,2\n", "twice"),
        ("c.csv", "age,city,member\n1,Oslo\n", "row 0: 2 cells under 3 columns"),
        ("d.jsonl", '{"age": NaN}', "not JSON"),
        ("e.json", "[1]", "expected a list of objects"),
        ("f.parquet", "no", "is no Parquet file"),
        ("g.txt", "", "rows are read from"),
    ):
        (tmp_path / name).write_text(content, encoding="utf-8")
        with pytest.raises(SampleError, match=said), pieces_of(tmp_path / name, [signature]) as (_, parts):
            list(parts)


def test_memory_does_not_grow_with_the_rows(old: Path, new: Path, rows: pd.DataFrame, tmp_path: Path) -> None:
    """Eight times the rows, more than a piece either way: what Python holds at its peak stays where it was."""
    models = isoship.load(old), isoship.load(new)
    assert isinstance(models[0], Model)
    assert isinstance(models[1], Model)
    signatures = [model.manifest.signature for model in models]
    peaks = []
    for times in (20, 20, 160):
        file = tmp_path / "rows.csv"
        pd.concat([rows] * times).to_csv(file, index=False)
        tracemalloc.start()
        with pieces_of(file, signatures) as (_, parts):
            found = Tally(models[0], models[1], pairs_of(models[0].manifest, models[1].manifest)).over(parts)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert found.rows == COUNT * times
    assert peaks[2] < 1.2 * peaks[1], peaks  # the first is of what is loaded once
