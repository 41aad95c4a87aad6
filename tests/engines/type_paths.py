"""Spark's and Ray's ways for the table of column types (tests/column_types.py)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from local_engines import said_by

import isoship.ray
import isoship.spark
from column_types import NoSuchType, Path_
from isoship_edge.errors import InputError


def spark_paths(session: Any) -> dict[str, Path_]:
    """From an Arrow table, and from a frame of pandas."""
    from pyspark.errors import PySparkException, PythonException

    def by_arrow(folder: Path, table: pa.Table, _: Path) -> dict[str, list[Any]]:
        return answers(table, folder)

    def by_pandas(folder: Path, table: pa.Table, _: Path) -> dict[str, list[Any]]:
        for column in table.columns:
            if column.type == pa.uint64() and pc.max(column).as_py() >= 2**63:
                raise NoSuchType("Spark makes null of it: test_spark_still_changes_values_of_python")
        return answers(table.to_pandas(), folder)

    def answers(frame: Any, folder: Path) -> dict[str, list[Any]]:
        try:
            df = session.createDataFrame(frame)
        except (PySparkException, ValueError, TypeError) as err:
            raise NoSuchType(str(err)) from err
        try:
            made = isoship.spark.predict(df, folder).toArrow()
        except PythonException as err:
            raise _ours(err) from err
        assert made.schema.field("value").type == pa.float64()
        return {"value": made["value"].to_pylist()}

    return {"Spark": by_arrow, "Spark by pandas": by_pandas}


def ray_paths(ray: Any) -> dict[str, Path_]:
    """From an Arrow table, and from a frame of pandas."""

    def answers(ds: Any, folder: Path) -> dict[str, list[Any]]:
        try:
            made = isoship.ray.predict(ds, folder)
            tables = ray.get(made.to_arrow_refs())
        except ray.exceptions.RayError as err:
            raise _ours(err) from err
        found = [t["value"] for t in tables if t.num_rows]
        assert all(one.type == pa.float64() for one in found)
        return {"value": [value for one in found for value in one.to_pylist()]}

    def by_arrow(folder: Path, table: pa.Table, _: Path) -> dict[str, list[Any]]:
        return answers(ray.data.from_arrow(table), folder)

    def by_pandas(folder: Path, table: pa.Table, _: Path) -> dict[str, list[Any]]:
        try:
            ds = ray.data.from_pandas(table.to_pandas())
        except ValueError as err:  # lists, which Ray would have as tensors of one shape
            raise NoSuchType(str(err)) from err
        return answers(ds, folder)

    return {"Ray": by_arrow, "Ray by pandas": by_pandas}


def _ours(err: Exception) -> Exception:
    text = said_by(err, "InputError")
    return err if text is None else InputError(text)
