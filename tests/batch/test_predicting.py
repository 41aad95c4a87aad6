"""`isoship predict`: folders, globs, streams, refused rows in a column, and nothing half-written."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn.linear_model import LogisticRegression

from isoship.batch.scoring import predict
from isoship.errors import SampleError
from isoship.exporting import export
from isoship_edge.errors import InputError
from isoship_edge.inference.model import load

X = pd.DataFrame({"age": [20.0, 30.0, 40.0, 50.0], "income": [1.0, 3.0, 2.0, 4.0]})
#: A command, and the most kB that its process held.
PEAK = """
from isoship.cli import main
try:
    main()
except SystemExit:
    pass
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""
MADE = ["label", "probabilities_0", "probabilities_1"]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    model = LogisticRegression().fit(X, [0, 1, 0, 1])
    return export(model, sample=X, out=tmp_path_factory.mktemp("predicting") / "b", name="b", targets=()).path


def rows(start: int, count: int) -> pd.DataFrame:
    return pd.DataFrame(
        {"age": [20.0 + (start + i) % 50 for i in range(count)], "income": 1.0, "id": range(start, start + count)}
    )


def isoship(*arguments: str, **options: object) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-m", "isoship", *arguments], capture_output=True, timeout=120, **options)  # type: ignore[call-overload, no-any-return]


def test_a_folder_becomes_one_file_or_a_file_each(bundle: Path, tmp_path: Path) -> None:
    night = tmp_path / "night"
    (night / "north").mkdir(parents=True)
    rows(0, 5).to_parquet(night / "b.parquet")
    rows(5, 3).to_parquet(night / "north" / "a.parquet")
    (night / "_SUCCESS").touch()
    (night / ".b.parquet.crc").write_bytes(b"x")
    (night / "README.txt").write_text("no rows")
    done = predict(bundle, night, tmp_path / "all.parquet")
    assert (done.rows, done.files) == (8, 1)
    assert pq.read_table(tmp_path / "all.parquet")["id"].to_pylist() == list(range(8))
    done = predict(bundle, night, tmp_path / "each")
    assert (done.rows, done.files) == (8, 2)
    assert pq.read_table(tmp_path / "each" / "north" / "a.parquet")["id"].to_pylist() == [5, 6, 7]
    done = predict(bundle, tmp_path / "night" / "**" / "*.parquet", tmp_path / "all.csv")
    assert pd.read_csv(tmp_path / "all.csv")["id"].tolist() == list(range(8))


def test_files_of_other_columns_and_globs_of_nothing(bundle: Path, tmp_path: Path) -> None:
    rows(0, 2).to_csv(tmp_path / "a.csv", index=False)
    rows(2, 2).assign(more=1).to_csv(tmp_path / "b.csv", index=False)
    with pytest.raises(SampleError, match=r"b\.csv has other columns than .*a\.csv: give a folder with -o"):
        predict(bundle, tmp_path / "*.csv", tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()
    predict(bundle, tmp_path / "*.csv", tmp_path / "out")
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["a.csv", "b.csv"]
    with pytest.raises(SampleError, match="no file matches"):
        predict(bundle, tmp_path / "*.parquet", tmp_path / "out.csv")
    (tmp_path / "empty").mkdir()
    with pytest.raises(SampleError, match="holds no file of rows"):
        predict(bundle, tmp_path / "empty", tmp_path / "out.csv")


def test_answers_never_go_where_the_rows_are(bundle: Path, tmp_path: Path) -> None:
    rows(0, 2).to_csv(tmp_path / "a.csv", index=False)
    rows(0, 2).to_json(tmp_path / "b.json", orient="records")
    before = (tmp_path / "a.csv").read_bytes()
    for out in (tmp_path, tmp_path / "scored"):
        with pytest.raises(SampleError, match="lies in the folder of the rows"):
            predict(bundle, tmp_path, out)
    with pytest.raises(SampleError, match="written over by its answers"):
        predict(bundle, tmp_path / "*.csv", tmp_path)
    with pytest.raises(SampleError, match="into a folder that is there"):
        predict(bundle, tmp_path / "a.csv", tmp_path.parent / "nowhere")
    assert (tmp_path / "a.csv").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "b.json"]
    elsewhere = tmp_path.parent / f"{tmp_path.name}-scored"
    assert predict(bundle, tmp_path, elsewhere).files == 2
    assert sorted(path.name for path in elsewhere.iterdir()) == ["a.csv", "b.jsonl"]


def test_a_refusal_in_a_folder_names_its_file(bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("age,income\n1,2\n")
    (tmp_path / "b.csv").write_text("age,income\n1,2\nx,2\n")
    with pytest.raises(InputError, match=r'b\.csv: row 1, column "age": expected a number'):
        predict(bundle, tmp_path, tmp_path / "out.csv")


@pytest.mark.parametrize("read", ["csv", "parquet", "jsonl", "json"])
@pytest.mark.parametrize("write", ["csv", "parquet", "jsonl"])
def test_refused_rows_have_their_reason_in_a_column(bundle: Path, tmp_path: Path, read: str, write: str) -> None:
    table = X.assign(id=range(4)).astype({"age": object})
    table.loc[2, "age"] = None
    source, out = tmp_path / f"in.{read}", tmp_path / f"out.{write}"
    if read == "csv":
        table.to_csv(source, index=False)
    elif read == "parquet":
        table.astype({"age": float}).to_parquet(source)
    else:
        table.to_json(source, orient="records", lines=read == "jsonl")
    done = predict(bundle, source, out, on_error="column")
    assert (done.rows, done.refused) == (4, 1)
    if write == "jsonl":
        lines = [json.loads(line) for line in out.read_text().splitlines()]
        assert [line["_error"] for line in lines] == [None, None, 'column "age": expected a number, got null', None]
        assert lines[2]["label"] is None
        assert lines[3]["probabilities"].keys() == {"0", "1"}
        return
    made = pd.read_csv(out) if write == "csv" else pd.read_parquet(out)
    assert list(made.columns) == ["age", "income", "id", *MADE, "_error"]
    assert made["_error"].isna().tolist() == [True, True, False, True]
    assert made["_error"][2] == 'column "age": expected a number, got null'
    assert made[MADE].isna().all(axis=1).tolist() == [False, False, True, False]
    want = load(bundle).predict(X)["probabilities"]
    assert made["probabilities_1"][[0, 1, 3]].tolist() == pytest.approx(want[[0, 1, 3], 1], rel=1e-14)


def test_the_column_is_there_without_refusals_and_gives_way_to_one_of_its_name(bundle: Path, tmp_path: Path) -> None:
    X.assign(_error="mine").to_parquet(tmp_path / "in.parquet")
    assert predict(bundle, tmp_path / "in.parquet", tmp_path / "out.parquet", on_error="column").refused == 0
    made = pd.read_parquet(tmp_path / "out.parquet")
    assert list(made.columns) == ["age", "income", "_error", *MADE, "predicted__error"]
    assert made["predicted__error"].isna().all()


def test_every_row_refused(bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("age,income\n,\nx,1\n")
    assert predict(bundle, tmp_path / "in.csv", tmp_path / "out.csv", on_error="column").refused == 2
    _, first, second = (tmp_path / "out.csv").read_text().splitlines()
    assert first == ',,,,,"column ""age"": expected a number, got null"'
    assert second == 'x,1,,,,"column ""age"": expected a number, got a string ""x"""'


def test_an_arrow_stream_is_answered_by_one(bundle: Path, tmp_path: Path) -> None:
    table = pa.table(
        {"age": [20.0, None, 40.0], "income": [1.0, 3.0, 2.0], "tag": pa.array(["a", None, "b"]).dictionary_encode()}
    )
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=2)
    sent = sink.getvalue().to_pybytes()
    done = isoship("predict", str(bundle), "-", "--on-error", "column", input=sent)
    assert done.returncode == 0, done.stderr
    made = pa.ipc.open_stream(done.stdout).read_all()
    assert made.column_names == ["age", "income", "tag", *MADE, "_error"]
    assert made.schema.field("tag").type == table.schema.field("tag").type
    assert made["tag"].to_pylist() == ["a", None, "b"]
    assert made["label"].to_pylist()[1] is None
    assert made["_error"].to_pylist() == [None, 'column "age": expected a number, got null', None]
    refused = isoship("predict", str(bundle), "-", "-o", str(tmp_path / "out.parquet"), input=sent)
    assert refused.returncode == 2
    assert b'row 1, column "age"' in refused.stderr
    assert not list(tmp_path.iterdir())
    damaged = isoship("predict", str(bundle), "-", input=sent[:-60])
    assert damaged.returncode == 2
    assert b"Arrow stream" in damaged.stderr


def test_lines_on_standard_input_are_text_as_before(bundle: Path) -> None:
    done = isoship("predict", str(bundle), "-", input=b'{"age": 20, "income": 1}\n')
    assert done.returncode == 0
    assert json.loads(done.stdout)["label"] in (0, 1)
    assert isoship("predict", str(bundle), "-", "--on-error", "column", input=b"age,income\n").returncode == 2


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_interrupted_work_leaves_nothing(bundle: Path, tmp_path: Path, form: str) -> None:
    many = rows(0, 400_000)
    many.to_parquet(tmp_path / "in.parquet") if form == "parquet" else many.to_csv(tmp_path / "in.csv", index=False)
    out = tmp_path / "out.jsonl"
    out.write_text("what was there\n")
    process = subprocess.Popen(
        [sys.executable, "-m", "isoship", "predict", str(bundle), str(tmp_path / f"in.{form}"), "-o", str(out)]
    )
    aside = tmp_path / ".out.jsonl.part"
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None and not (aside.exists() and aside.stat().st_size):
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 143
    assert {path.name for path in tmp_path.iterdir()} == {f"in.{form}", "out.jsonl"}
    assert out.read_text() == "what was there\n"


def test_memory_does_not_grow_with_the_rows(bundle: Path, tmp_path: Path) -> None:
    peaks = []
    random = np.random.default_rng(0)
    for count in (100_000, 2_000_000):
        path, out = tmp_path / f"{count}.parquet", tmp_path / "out.parquet"
        numbers = {"age": random.random(count), "income": random.random(count), "x": random.random(count)}
        # row groups of half a million; 24 bytes a row, which nothing makes smaller
        pq.write_table(pa.table(numbers), path, row_group_size=500_000, use_dictionary=False)
        command = [sys.executable, "-c", PEAK, "predict", str(bundle), str(path), "-o", str(out)]
        peaks.append(int(subprocess.run(command, capture_output=True, check=True, timeout=300).stdout))
    assert peaks[1] < peaks[0] + 30_000, peaks


def test_progress_is_told_in_rows_and_shares(bundle: Path, tmp_path: Path) -> None:
    rows(0, 100_000).to_parquet(tmp_path / "in.parquet")
    told: list[tuple[int, float | None]] = []
    predict(bundle, tmp_path / "in.parquet", tmp_path / "out.csv", progress=lambda *now: told.append(now))
    assert told[-1] == (100_000, 1.0)
    assert len(told) > 2
    assert [n for n, _ in told] == sorted(n for n, _ in told)
