"""Every type of column through Spark and Ray: answered as everywhere else, or refused by name (docs/engines.md)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from local_engines import ray_session, spark_session
from type_paths import ray_paths, spark_paths

import column_types


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("engine", ["spark", "ray"])
def test_there_is_no_third_outcome(engine: str, tmp_path: Path) -> None:
    one: Any = spark_session("local[1]", tmp_path) if engine == "spark" else ray_session()
    with one as session:
        paths = (spark_paths if engine == "spark" else ray_paths)(session)
        wrong = {}
        for kind in column_types.TYPES:
            found = {name: column_types.cell(path, kind, tmp_path) for name, path in paths.items()}
            print(kind, found)
            said = {name: column_types.page()[kind][name] for name in paths}
            if found != said:
                wrong[kind] = (found, said)
    assert not wrong, "scripts/column_types.py --write"
