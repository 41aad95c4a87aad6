"""A worker that is killed while it answers loses no row and doubles none: engines run its task again, whole.

A step in front of `predict` writes down its process, hands over a part of its rows, and waits to be killed, once.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from local_engines import differing, ray_session, spark_session

import isoship.ray
import isoship.spark

#: Seconds after which a test has failed.
_LIMIT = 150


def waits_once(folder: str) -> Any:
    """A function of a batch's table that waits for its own end the first time that it is called anywhere."""

    def wait(held: int) -> None:
        import os
        import pathlib
        import time

        if held != 1:
            return
        mine = pathlib.Path(folder) / "waits"
        try:
            mine.touch(exist_ok=False)
        except FileExistsError:
            return
        (pathlib.Path(folder) / "pid").write_text(str(os.getpid()))
        time.sleep(100)  # it is killed before
        raise RuntimeError("nobody came")

    return wait


def pid_of_who_waits(folder: Path, deadline: float) -> int:
    """The process that waits, as soon as it does."""
    while time.monotonic() < deadline:
        written = folder / "pid"
        if written.exists() and (text := written.read_text()):
            return int(text)
        time.sleep(0.05)
    raise AssertionError("no worker waits")


def killing(folder: Path, of: str) -> tuple[threading.Thread, list[int]]:
    """A thread that kills the process of a name in its command line that the waiting one is, or stands below."""
    killed: list[int] = []
    ours = os.getpid()

    def kill() -> None:
        waiting = psutil.Process(pid_of_who_waits(folder, time.monotonic() + _LIMIT))
        above = [waiting, *waiting.parents()]
        assert ours in [one.pid for one in above] or of == "ray::", "somebody else's process"
        target = next(one for one in above if of in " ".join(one.cmdline()))
        time.sleep(0.3)  # some of its rows are on their way
        os.kill(target.pid, signal.SIGKILL)
        killed.append(target.pid)

    thread = threading.Thread(target=kill, daemon=True)
    thread.start()
    return thread, killed


@pytest.mark.parametrize("what", ["the executor", "its Python worker"])
def test_spark(
    what: str, exported: dict[str, Path], rows: Path, predicted: dict[str, pa.Table], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    import pyspark

    monkeypatch.setenv("SPARK_HOME", str(Path(pyspark.__file__).parent))
    wait = waits_once(str(tmp_path))

    def waiting(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for held, batch in enumerate(batches):
            wait(held)
            yield batch

    thread, killed = killing(tmp_path, "CoarseGrainedExecutorBackend" if what == "the executor" else "pyspark")
    with spark_session(
        "local-cluster[2,1,1024]",
        tmp_path,
        **{"spark.executor.memory": "512m", "spark.sql.execution.arrow.maxRecordsPerBatch": "3000"},
    ) as session:
        # By a column: rows that are dealt out in turn cannot be dealt out again, and Spark then ends the job.
        df = session.read.parquet(str(rows)).filter("id < 40000").repartition(4, "id")
        out = tmp_path / "out"
        isoship.spark.predict(df.mapInArrow(waiting, df.schema), exported["hist"]).write.parquet(str(out))
    thread.join(timeout=1)
    assert len(killed) == 1
    found = pq.read_table(out)
    assert differing(found, predicted["hist"].slice(0, 40_000)) == []


def test_ray(exported: dict[str, Path], rows: Path, predicted: dict[str, pa.Table], tmp_path: Path) -> None:
    wait = waits_once(str(tmp_path))

    def waiting(table: pa.Table) -> Iterator[pa.Table]:
        yield table.slice(0, 2000)
        wait(1)
        yield table.slice(2000)

    thread, killed = killing(tmp_path, "ray::")
    table = pq.read_table(rows).slice(0, 40_000)
    with ray_session() as ray:
        ds = ray.data.from_arrow([table.slice(start, 10_000) for start in range(0, len(table), 10_000)])
        made = isoship.ray.predict(ds.map_batches(waiting, batch_format="pyarrow", batch_size=None), exported["hist"])
        found = pa.concat_tables([one for one in ray.get(made.to_arrow_refs()) if one.num_rows])
    thread.join(timeout=1)
    assert len(killed) == 1
    assert differing(found, predicted["hist"].slice(0, 40_000)) == []
