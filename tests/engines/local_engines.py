"""Spark and Ray on this machine alone, small, quiet, and ended with the tests."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

#: Read by both before their first process starts; the workers are this Python.
os.environ |= {"SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable, "PYSPARK_DRIVER_PYTHON": sys.executable}
os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}


@contextmanager
def spark_session(master: str, folder: Path, **options: str) -> Iterator[Any]:
    """A session of its own on `master`; its files go to the folder."""
    from pyspark.sql import SparkSession

    settings = {
        "spark.ui.enabled": "false",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.memory": "1g",
        "spark.local.dir": str(folder),
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.extraJavaOptions": f"-Dderby.system.home={folder}",
        **options,
    }
    builder = SparkSession.builder.master(master).appName("isoship")
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    try:
        yield session
    finally:
        session.stop()


@contextmanager
def ray_session() -> Iterator[Any]:
    """Ray with two workers and a small store."""
    import ray
    import ray.data

    os.environ.pop("PYTEST_CURRENT_TEST", None)  # by which Ray raises what it otherwise copes with
    ray.init(
        num_cpus=2,
        include_dashboard=False,
        object_store_memory=200 * 2**20,
        log_to_driver=False,
        logging_level="ERROR",
        _node_ip_address="127.0.0.1",
    )
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    try:
        yield ray
    finally:
        ray.shutdown()


def said_by(err: BaseException, name: str) -> str | None:
    """The last line of an engine's exception that says what an error of a name said; None where there is none."""
    for line in reversed(str(err).splitlines()):
        kind, _, text = line.partition(": ")
        if kind.rpartition(".")[2] == name:
            return text
    return None


def differing(found: Any, expected: Any) -> list[str]:
    """The columns of an Arrow table that are not those of another, to the last bit. Both have `id`, in any order."""
    import pyarrow as pa

    found, expected = found.sort_by("id"), expected.sort_by("id")
    assert found.column_names == expected.column_names
    bad = []
    for name in expected.column_names:
        ours, theirs = found[name].combine_chunks(), expected[name].combine_chunks()
        if pa.types.is_dictionary(theirs.type):
            theirs = theirs.cast(theirs.type.value_type)
        ours = ours.cast(theirs.type)
        both = ours.equals(theirs)
        if pa.types.is_float64(theirs.type):  # the sign of a zero, too
            both = both and bytes(ours.fill_null(0.0).buffers()[1]) == bytes(theirs.fill_null(0.0).buffers()[1])
        if not both:
            bad.append(name)
    return bad
