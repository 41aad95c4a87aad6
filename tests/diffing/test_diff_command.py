"""The command: exit codes, limits, stdout that is JSON and nothing else, the page in a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pandas as pd
import pytest
from click.testing import CliRunner, Result
from compared import SCHEMA, Edit, answered

import isoship
from isoship.cli import main
from small_networks import image_network, write_network_bundle


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["diff", *map(str, arguments)])


def test_equal_bundles_exit_0(old: Path) -> None:
    ran = run(old, old)
    assert (ran.exit_code, ran.stdout.splitlines()[-1]) == (0, "equal: both have one digest, and so the same answers")


def test_limits_are_the_last_number_that_passes(old: Path, new: Path, rows_file: Path) -> None:
    found = answered(isoship.diff(old, new, rows_file), "own")
    share, shift = str(found.share), repr(found.largest)
    for arguments, code in (
        ((), 1),
        (("--max-changed", share), 1),
        (("--max-shift", shift), 1),
        (("--max-changed", share, "--max-shift", shift), 0),
        (("--max-changed", str(found.share - 1e-9), "--max-shift", shift), 1),
        (("--max-changed", share, "--max-shift", repr(found.largest * (1 - 1e-9))), 1),
    ):
        ran = run(old, new, "--rows", rows_file, *arguments)
        assert ran.exit_code == code, (arguments, ran.output)
    assert "within limits: " in run(old, new, "--rows", rows_file, "--max-changed", "1", "--max-shift", "1").stdout


def test_refused_rows_count_into_the_share(old: Path, without_rome: Path, rows: pd.DataFrame, rows_file: Path) -> None:
    found = answered(isoship.diff(old, without_rome, rows_file), "own")
    assert found.share == (found.labels_changed + (rows["city"] == "Rome").sum()) / len(rows)
    labels_alone = found.labels_changed / len(rows)
    ran = run(
        old, without_rome, "--rows", rows_file, "--allow-schema", "--max-shift", "1", "--max-changed", labels_alone
    )
    assert ran.exit_code == 1


def test_a_breaking_change_exits_1_unless_it_is_meant(old: Path, without_rome: Path, rows_file: Path) -> None:
    wide = ("--max-changed", "1", "--max-shift", "1")
    ran = run(old, without_rome, "--rows", rows_file, *wide)
    assert ran.exit_code == 1
    assert '! column "city": "Rome" refused now, "Bergen" accepted now' in ran.stdout
    assert run(old, without_rome, "--rows", rows_file, "--allow-schema", *wide).exit_code == 0
    assert run(without_rome, without_rome).exit_code == 0


def test_an_added_output_is_named_and_breaks_nobody(old: Path, edit: Edit) -> None:
    def less(document: dict[str, Any]) -> None:
        document["outputs"] = [o for o in document["outputs"] if o["name"] == "label"]

    short = edit(old, less)
    wide = ("--max-changed", "1", "--max-shift", "1")
    assert run(short, old, *wide).exit_code == 0
    gone = run(old, short, *wide)
    assert gone.exit_code == 1
    assert '! output "probabilities" (probabilities) is gone' in gone.stdout


def test_what_cannot_be_compared_exits_2(
    old: Path, prices: tuple[Path, Path], renamed: Path, rows_file: Path, tmp_path: Path
) -> None:
    network = write_network_bundle(tmp_path / "network", image_network())
    for arguments, said in (
        ((old, prices[0]), "no output in common"),
        ((old, network), "churn takes rows and network takes tensors: they cannot be compared"),
        ((old, tmp_path), "no manifest at"),
        ((old, renamed, "--rows", tmp_path / "none.csv"), "cannot read"),
        ((network, write_network_bundle(tmp_path / "n2", image_network(1)), "--rows", rows_file), "golden calls"),
    ):
        ran = run(*arguments)
        assert (ran.exit_code, ran.stdout) == (2, ""), ran.output
        assert said in ran.stderr
    assert run(old, renamed, "--allow-schema").exit_code == 2
    assert run(old, renamed).exit_code == 1
    for wrong in (("--max-changed", "2"), ("--max-changed", "-1"), ("--max-shift", "-1")):
        assert run(old, old, *wrong).exit_code == 2


def test_a_damaged_bundle_is_not_asked(old: Path, edit: Edit) -> None:
    damaged = edit(old, lambda document: None)
    model = damaged / "model.onnx"
    content = bytearray(model.read_bytes())
    content[len(content) // 2] ^= 1
    model.write_bytes(content)
    ran = run(old, damaged)
    assert ran.exit_code == 2
    assert "model.onnx" in ran.stderr


def test_json_is_all_of_stdout_and_the_page_a_file(old: Path, new: Path, rows_file: Path, tmp_path: Path) -> None:
    page = tmp_path / "diff.html"
    ran = run(old, new, "--rows", rows_file, "--json", "--html", page)
    document = json.loads(ran.stdout)
    jsonschema.validate(document, SCHEMA)
    assert (document["exit_code"], ran.exit_code) == (1, 1)
    assert document == isoship.diff(old, new, rows_file).to_json()
    assert page.read_text(encoding="utf-8") == isoship.diff(old, new, rows_file).to_html()
    assert "asking both for rows.parquet" in ran.stderr


def test_nothing_is_written_into_either_bundle(old: Path, new: Path) -> None:
    before = {p: (p.stat().st_mtime_ns, p.read_bytes()) for b in (old, new) for p in b.rglob("*") if p.is_file()}
    run(old, new)
    assert before == {
        p: (p.stat().st_mtime_ns, p.read_bytes()) for b in (old, new) for p in b.rglob("*") if p.is_file()
    }


def test_help_has_examples_that_parse(old: Path) -> None:
    shown = CliRunner().invoke(main, ["diff", "--help"]).stdout
    examples = [
        line.split("|")[0].split()[2:] for line in shown.splitlines() if line.strip().startswith("isoship diff ")
    ]
    assert len(examples) >= 4
    for words in examples:
        main.commands["diff"].make_context("diff", list(words))


@pytest.mark.parametrize("seed", [0, 3])
def test_made_rows_are_the_same_for_the_same_seed(old: Path, new: Path, seed: int) -> None:
    first, again = (run(old, new, "--seed", str(seed), "--json").stdout for _ in range(2))
    assert first == again
    assert json.loads(first) != json.loads(run(old, new, "--seed", str(seed + 1), "--json").stdout)
