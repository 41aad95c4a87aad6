"""What engines run on their workers, without an engine (tests/engines has Spark and Ray)."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import column_types
import isoship.ray
import isoship.spark
from bundles import make_bundle
from isoship.engines import worker
from isoship.engines.asked import Asked, asked
from isoship.engines.importing import on_workers
from isoship.errors import DamagedFile, InputError, MissingExtraError
from isoship_edge.manifest import ROW_FILES

ROW = {"age": 39.0, "income": 51000.5, "visits": 3, "member": True, "city": "Oslo", "plan": "pro"}


@pytest.fixture
def found(tmp_path: Path) -> Asked:
    make_bundle(tmp_path / "bundle")
    return asked(tmp_path / "bundle", [*ROW], "column")


def test_a_process_loads_a_bundle_once(found: Asked, tmp_path: Path) -> None:
    fetched = []

    def fetch() -> dict[str, bytes]:
        fetched.append(1)
        return dict(found.files)

    first = worker.loaded(found.digest, fetch, tmp_path)
    assert worker.loaded(found.digest, fetch, tmp_path) is first
    worker._loaded.clear()
    assert worker.loaded(found.digest, fetch, tmp_path) is not first
    assert len(fetched) == 1, "another process finds it unpacked"
    assert [path.name for path in tmp_path.glob("isoship-*")] == [f"isoship-{found.digest}"]


def test_a_process_keeps_few_bundles(found: Asked, tmp_path: Path) -> None:
    worker._loaded.clear()
    models = [worker.loaded(str(i), lambda: dict(found.files), tmp_path) for i in range(worker._MOST + 1)]
    assert [*worker._loaded] == ["1", "2", "3", "4"]
    table = pa.Table.from_pylist([ROW])
    assert len({models[0].answer(table).columns[0][0].as_py(), models[4].answer(table).columns[0][0].as_py()}) == 1


def test_two_processes_that_unpack_at_once(found: Asked, tmp_path: Path) -> None:
    def fetch() -> dict[str, bytes]:
        other = tmp_path / f"isoship-{found.digest}"
        other.mkdir()
        for name, content in found.files.items():
            (other / name).write_bytes(content)
        return dict(found.files)

    worker._loaded.clear()
    worker.loaded(found.digest, fetch, tmp_path)
    assert [path.name for path in tmp_path.glob("isoship-*")] == [f"isoship-{found.digest}"]


def test_what_arrives_otherwise_is_not_answered_from(found: Asked, tmp_path: Path) -> None:
    content = bytearray(found.files["model.onnx"])
    content[-20] ^= 1
    worker._loaded.clear()
    with pytest.raises(DamagedFile, match=r"model\.onnx is damaged"):
        worker.loaded(found.digest, lambda: {**found.files, "model.onnx": bytes(content)}, tmp_path)


def test_only_the_models_own_files_travel() -> None:
    folder = column_types.bundle()
    assert {"golden.json", "SHA256SUMS", "parity.html"} <= {path.name for path in folder.iterdir()}
    travel = set(asked(folder, None, "fail").files)
    assert {"manifest.json", "model.onnx", "rows.json"} <= travel <= {"manifest.json", "model.onnx", *ROW_FILES}


def test_rows_are_answered_in_pieces_and_numbered_through(
    found: Asked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "ROWS", 3)
    model = worker.loaded(found.digest, lambda: dict(found.files), tmp_path)
    table = pa.Table.from_pylist([*[ROW] * 7, {**ROW, "plan": "gold"}])
    pieces = [*worker.answered(model, table, found.added, "column", first=10, of=" of partition 2")]
    assert [piece.num_rows for piece in pieces] == [3, 3, 2]
    assert len({piece.schema for piece in pieces}) == 1
    assert pieces[-1]["_error"].to_pylist() == [
        None,
        'column "plan": expected one of "basic", "pro", got a string "gold"',
    ]
    with pytest.raises(InputError, match=r'^row 17 of partition 2, column "plan"') as caught:
        [*worker.answered(model, table, found.added[:-1], "fail", first=10, of=" of partition 2")]
    assert (caught.value.row, caught.value.column) == (17, "plan")
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)  # Ray sends it


def test_a_worker_without_isoship_says_what_to_install() -> None:
    answer = on_workers("isoship.no_such_module", "f", {}, "spark")
    with pytest.raises(ModuleNotFoundError) as caught:
        answer(None)
    assert f"pip install 'isoship[spark]=={isoship.__version__}'" in str(caught.value)
    assert sys.executable in str(caught.value)


def test_a_worker_with_another_release_answers_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = on_workers("builtins", "len", {}, "ray")
    assert answer([1, 2]) == 2
    monkeypatch.setattr(isoship, "__version__", "0.0.1")
    with pytest.raises(RuntimeError, match=r"^isoship 0\.0\.1 is installed on the worker .*isoship\[ray\]=="):
        answer([1, 2])


@pytest.mark.parametrize(("ask", "package"), [(isoship.spark.predict, "pyspark"), (isoship.ray.predict, "ray")])
def test_a_missing_engine_prints_the_line_that_installs_it(
    ask: Any, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (package, "pyspark.sql", "pyspark.sql.types", "ray.data"):
        monkeypatch.setitem(sys.modules, name, None)
    extra = package.removeprefix("py")
    with pytest.raises(MissingExtraError, match=rf"needs {package}: pip install 'isoship\[{extra}\]'"):
        ask(None, "bundle")
