"""What needs Spark and Ray: scripts/extra.sh engines, in an environment of its own (`make test-all GROUP=engines`)."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

# `make test` has neither and must not skip in silence: there these files are not looked at, and the group's script
# fails where one is missing.
collect_ignore_glob = [] if importlib.util.find_spec("pyspark") and importlib.util.find_spec("ray") else ["*"]

ROWS = 100_000


@pytest.fixture(scope="session")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """rows.parquet of the batch benchmark's frame, with a column `id` that no model knows."""
    from benchmarks.batch.models import frame

    path = tmp_path_factory.mktemp("rows") / "rows.parquet"
    table = pa.Table.from_pandas(frame(ROWS, seed=11), preserve_index=False)
    pq.write_table(table.append_column("id", pa.array(range(ROWS))), path, row_group_size=9_000)
    return path


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The bundles of the batch benchmark by name."""
    from benchmarks.batch.models import MODELS, export

    folders = {name: tmp_path_factory.mktemp(name) for name in MODELS}
    for name, folder in folders.items():
        export(folder, name)
    return {name: folder / "bundle" for name, folder in folders.items()}


@pytest.fixture(scope="session")
def predicted(exported: dict[str, Path], rows: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, pa.Table]:
    """What `isoship predict` writes of the rows, by model."""
    from isoship.batch.scoring import predict as predict_file

    folder = tmp_path_factory.mktemp("predicted")
    for name, bundle in exported.items():
        predict_file(bundle, rows, folder / f"{name}.parquet")
    return {name: pq.read_table(folder / f"{name}.parquet") for name in exported}


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from local_engines import spark_session

    with spark_session("local[2]", tmp_path_factory.mktemp("spark")) as session:
        yield session


@pytest.fixture(scope="module")
def ray() -> Iterator[Any]:
    from local_engines import ray_session

    with ray_session() as started:
        yield started
