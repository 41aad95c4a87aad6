"""The command line on a device: real processes, files in and out, exit codes."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bundles import VISITS_ROWS, make_bundle, visits_reference

EXPECTED = visits_reference(VISITS_ROWS)


def run(*arguments: str | Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "isoship_edge", *map(str, arguments)],
        capture_output=True, text=True, input=stdin, timeout=60, env={**os.environ, "ISOSHIP_CHUNK": "3"},
    )  # fmt: skip


def write_csv(path: Path, rows: list[dict[str, object]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", *VISITS_ROWS[0]])
        for i, row in enumerate(rows):
            values = ["" if v is None else str(v).lower() if isinstance(v, bool) else v for v in row.values()]
            writer.writerow([f"00{i}", *values])
    return path


def test_csv_is_scored_and_its_other_columns_carried_through(visits: Path, tmp_path: Path) -> None:
    source, out = write_csv(tmp_path / "rows.csv", VISITS_ROWS), tmp_path / "out.csv"
    done = run("predict", source, "--bundle", visits, "-o", out)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert done.stderr == "4 rows scored by visits 1.2.3\n"
    with out.open(newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert [line["id"] for line in lines] == ["000", "001", "002", "003"]
    assert [line["label"] for line in lines] == EXPECTED["label"].tolist()
    assert [float(line["probabilities_high"]) for line in lines] == pytest.approx(
        EXPECTED["probabilities"][:, 2].tolist()
    )
    assert not list(tmp_path.glob("*.part"))


def test_a_file_in_another_encoding_is_refused_before_a_row_is_answered(visits: Path, tmp_path: Path) -> None:
    source = write_csv(tmp_path / "rows.csv", VISITS_ROWS)
    right = run("predict", source, "--bundle", visits)
    text = source.read_text(encoding="utf-8")
    source.write_bytes(text.replace(" 🐧", "").encode("cp1252"))
    done = run("predict", source, "--bundle", visits)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"isoship: {source}: the file is not UTF-8 (line 4). Save it as UTF-8")
    source.write_bytes(text.encode("utf-16"))
    assert run("predict", source, "--bundle", visits).stdout == right.stdout


def test_the_locale_decides_nothing(visits: Path) -> None:
    row = json.dumps(VISITS_ROWS[2], ensure_ascii=False) + "\n"
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    program = [sys.executable, "-m", "isoship_edge", "predict", "-", "--bundle", str(visits)]
    for data, code in ((row.encode(), 0), (row.replace(" 🐧", "").encode("cp1252"), 2)):
        done = subprocess.run(program, input=data, capture_output=True, timeout=60, env=environment)
        assert done.returncode == code, done.stderr
        if code == 0:
            assert json.loads(done.stdout)["city"] == VISITS_ROWS[2]["city"]
        else:
            assert b"standard input is not UTF-8" in done.stderr


def test_json_lines_stream_from_stdin_to_stdout(visits: Path) -> None:
    stdin = "\n".join(json.dumps({**row, "id": i}) for i, row in enumerate(VISITS_ROWS)) + "\n\n"
    done = run("predict", "-", "--bundle", visits, stdin=stdin)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["id"] for line in lines] == [0, 1, 2, 3]
    assert [line["label"] for line in lines] == EXPECTED["label"].tolist()
    assert lines[1]["age"] is None


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"age": "abc"}, 'row 4, column "age": expected a number or null, got a string "abc"'),
        ({"age": "1_000"}, 'row 4, column "age": expected a number or null'),
        ({"age": "nan"}, 'got a string "nan"'),
        ({"age": "inf"}, "expected a finite number or null, got a number Infinity"),
        ({"visits": "1.5"}, 'row 4, column "visits": expected an integer, got a number 1.5'),
        ({"visits": ""}, 'row 4, column "visits": expected an integer, got null'),
        ({"member": "2"}, 'row 4, column "member": expected true or false, got a string "2"'),
        ({"plan": "NA"}, 'one of "basic", "pro"'),
    ],
)  # fmt: skip
def test_a_cell_that_does_not_fit_ends_it_and_leaves_no_file(
    changes: dict[str, str], says: str, visits: Path, tmp_path: Path
) -> None:
    source, out = write_csv(tmp_path / "rows.csv", [*VISITS_ROWS, {**VISITS_ROWS[0], **changes}]), tmp_path / "out.csv"
    done = run("predict", source, "--bundle", visits, "-o", out)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["rows.csv"]


def test_a_column_of_the_file_is_never_overwritten(visits: Path, tmp_path: Path) -> None:
    row = {**VISITS_ROWS[0], "label": "mine", "probabilities_high": 7}
    done = run("predict", "-", "--bundle", visits, stdin=json.dumps(row))
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    assert (made["label"], made["predicted_label"]) == ("mine", EXPECTED["label"][0])
    (tmp_path / "rows.jsonl").write_text(json.dumps(row) + "\n")
    done = run("predict", tmp_path / "rows.jsonl", "--bundle", visits, "-o", tmp_path / "out.csv")
    assert done.returncode == 0, done.stderr
    header, cells = csv.reader((tmp_path / "out.csv").open(newline=""))
    assert len(set(header)) == len(header)
    made = dict(zip(header, cells, strict=True))
    assert (made["label"], made["predicted_label"], made["probabilities_high"]) == ("mine", EXPECTED["label"][0], "7")
    assert float(made["predicted_probabilities_high"]) == pytest.approx(EXPECTED["probabilities"][0, 2])


def test_the_country_na_is_a_string_and_the_empty_cell_is_missing(visits: Path, tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [{**VISITS_ROWS[0], "city": "NA"}, {**VISITS_ROWS[0], "city": None}]
    done = run("predict", write_csv(tmp_path / "rows.csv", rows), "--bundle", visits, "-o", tmp_path / "out.jsonl")
    assert done.returncode == 0, done.stderr
    made = [json.loads(line)["probabilities"] for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    expected = visits_reference(rows)["probabilities"]
    assert [list(p.values()) for p in made] == [pytest.approx(p.tolist()) for p in expected]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("id,age\n1,2\n", 'lacks the columns "income"'),
        ("age,age,income,visits,member,city,plan\n", "twice"),
        ("age,income,visits,member,city,plan\n1,2\n", "2 cells under 6 columns"),
    ],
)
def test_csv_that_is_no_table_of_this_model(text: str, says: str, visits: Path, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text(text)
    done = run("predict", tmp_path / "rows.csv", "--bundle", visits)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr


def test_selftest_is_one_line_and_an_exit_code(visits: Path, tmp_path: Path) -> None:
    done = run("selftest", "--bundle", visits)
    assert done.returncode == 0
    assert done.stdout.startswith("ok: 5 golden rows agree")
    assert done.stdout.count("\n") == 1

    folder = make_bundle(tmp_path / "broken")
    golden = json.loads((folder / "golden.json").read_text())
    golden["expected"]["label"][0] = "low"
    (folder / "golden.json").write_text(json.dumps(golden))
    done = run("selftest", "--bundle", folder)
    assert done.returncode == 1
    assert done.stdout == "FAILED: row 0, label: expected 'low', got 'middle'\n"
    done = run("selftest", "--json", "--bundle", folder)
    assert done.returncode == 1
    verdict = json.loads(done.stdout)
    assert (verdict["ok"], verdict["rows"], verdict["backend"]) == (False, 5, "c_api")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["selftest", "--bundle", "nowhere"], "no manifest"),
        (["predict", "nowhere.csv"], "nowhere.csv: No such file"),
        (["predict", "rows.parquet"], "isoship predict"),
        (["serve", "--port", "99999999"], "--port"),
        (["serve", "--host", "203.0.113.1"], "cannot listen"),
        (["update"], "not available"),
    ],
)
def test_what_cannot_run_exits_2_with_one_line(arguments: list[str], says: str, visits: Path) -> None:
    bundle = [] if "--bundle" in arguments else ["--bundle", visits]
    done = run(*arguments, *bundle)
    assert done.returncode == 2
    assert says in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_bundle_may_be_named_by_the_environment(visits: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ISOSHIP_BUNDLE", str(visits))
    assert run("selftest").returncode == 0
