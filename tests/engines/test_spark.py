"""`isoship.spark.predict`: the answers of `isoship predict`, its names and types, and its refusals."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from local_engines import differing, said_by, spark_session

import isoship.spark
from bundles import make_bundle
from isoship.errors import BundleError, InputError


@pytest.mark.parametrize("master", ["local[2]", "local[4]"])
def test_answers_are_those_of_isoship_predict(
    master: str, exported: dict[str, Path], rows: Path, predicted: dict[str, pa.Table], tmp_path: Path
) -> None:
    from pyspark import SparkFiles

    with spark_session(master, tmp_path) as session:
        df = session.read.parquet(str(rows)).repartition(7)
        for name, bundle in exported.items():
            found = isoship.spark.predict(df, bundle).toArrow()
            assert differing(found, predicted[name]) == [], name
        unpacked = {path.name for path in Path(SparkFiles.getRootDirectory()).glob("isoship-*")}
        assert len(unpacked) == len(exported), "once for all tasks and processes"


@pytest.fixture(scope="module")
def visits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("visits")
    make_bundle(folder)
    return folder


ROW = {"age": 39.0, "income": 51000.5, "visits": 3, "member": True, "city": "Oslo", "plan": "pro"}


def frame(spark: Any, *rows: dict[str, Any], **columns: Any) -> Any:
    """Rows like `ROW`, and columns of other types."""
    table = pa.Table.from_pylist([{**ROW, **row} for row in rows or ({},)])
    for name, values in columns.items():
        array = values if isinstance(values, pa.Array) else pa.array(values)
        at = table.schema.get_field_index(name)
        table = table.append_column(name, array) if at < 0 else table.set_column(at, name, array)
    return spark.createDataFrame(table)


def test_refused_rows_have_their_own_column_and_counts(spark: Any, visits: Path) -> None:
    from pyspark.sql import Observation
    from pyspark.sql import functions as F

    df = frame(spark, {}, {"plan": "gold"}, {"age": 2000.0}, {}, id=[0, 1, 2, 3]).coalesce(1)
    seen = Observation()
    answered = isoship.spark.predict(df, visits, on_error="column")
    answered = answered.observe(seen, F.count("_error").alias("refused"), F.count(F.lit(1)).alias("rows"))
    found = answered.toArrow().sort_by("id").to_pylist()
    assert seen.get == {"refused": 2, "rows": 4}
    assert [row["_error"] is None for row in found] == [True, False, False, True]
    assert found[1]["_error"].startswith('column "plan": expected ')
    assert found[2]["label"] is None
    assert found[2]["probabilities_low"] is None
    assert found[0]["label"] is not None
    assert found[0]["label"] == found[3]["label"]


def test_a_refused_row_fails_the_job_by_row_partition_and_column(spark: Any, visits: Path) -> None:
    from pyspark.errors import PythonException

    df = frame(spark, {}, {"plan": "gold"}).coalesce(1)
    with pytest.raises(PythonException) as caught:
        isoship.spark.predict(df, visits).toArrow()
    said = said_by(caught.value, "InputError")
    assert said is not None
    assert said.startswith('row 1 of partition 0, column "plan": expected one of ')
    assert said.endswith('got a string "gold"')


def test_rows_are_numbered_through_a_partition(spark: Any, visits: Path) -> None:
    from pyspark.errors import PythonException

    spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", 4)
    try:
        df = frame(spark, *[{}] * 10, {"visits": None}, id=list(range(11))).coalesce(1)
        with pytest.raises(PythonException) as caught:
            isoship.spark.predict(df, visits).toArrow()
    finally:
        spark.conf.unset("spark.sql.execution.arrow.maxRecordsPerBatch")
    said = said_by(caught.value, "InputError")
    assert said == 'row 10 of partition 0, column "visits": expected an integer, got null'


@pytest.mark.parametrize("on_error", ["fail", "column"])
def test_types_are_as_declared_without_rows_and_without_values(spark: Any, visits: Path, on_error: Any) -> None:
    """An empty frame, one whose partitions are nearly all empty, and one of nulls."""
    names = ["label", "probabilities_low", "probabilities_middle", "probabilities_high"]
    expected = dict.fromkeys(names[1:], "double") | {"label": "string"}
    expected |= {"_error": "string"} if on_error == "column" else {}
    for df in (
        frame(spark).filter("age < 0"),
        frame(spark).repartition(8),
        frame(spark, {"age": None, "city": None}, {"age": None, "city": None}),
        frame(spark, city=pa.nulls(1), age=pa.nulls(1)),
    ):
        made = isoship.spark.predict(df, visits, on_error=on_error)
        assert dict(made.dtypes[len(df.columns) :]) == expected
        assert [name for name, _ in made.dtypes] == [*df.columns, *names, *expected.keys() - names]
        table = made.toArrow()
        assert table.num_rows == df.count()
        assert {name: str(table.schema.field(name).type) for name in expected} == expected
    if on_error == "column":
        all_refused = frame(spark, {"plan": "gold"}, {"plan": "gold"})
        assert isoship.spark.predict(all_refused, visits, on_error="column").toArrow()["label"].null_count == 2


def test_columns_that_the_model_does_not_know_come_through_as_they_are(spark: Any, visits: Path) -> None:
    df = frame(spark, {}, {}).selectExpr(
        "*", "array(1, null) as a", "map('k', 1.5) as m", "named_struct('x', date'2026-11-30') as s",
        "timestamp'2026-11-30 12:00:00' as t", "cast(1.25 as decimal(38, 18)) as d", "cast(null as void) as n",
        "binary('x') as b", "interval '1' day as i", "7 as `s.x`", "timestamp_ntz'2026-11-30 12:00:00' as z",
        "1 as twice", "2 as twice", "3 as TWICE",
    )  # fmt: skip
    made = isoship.spark.predict(df, visits)
    assert made.schema.fields[: len(df.columns)] == df.schema.fields
    assert [tuple(row)[: len(df.columns)] for row in made.collect()] == [tuple(row) for row in df.collect()]


@pytest.mark.parametrize("columns", [["1 as `a.b`"], ["1 as a", "2 as a"]])
def test_spark_still_does_not_find_a_column_by_its_name(spark: Any, columns: list[str]) -> None:
    """mapInArrow by itself (docs/upstream.md)."""
    from pyspark.errors import AnalysisException

    df = spark.range(1).selectExpr(*columns)
    with pytest.raises(AnalysisException):
        df.mapInArrow(lambda batches: batches, df.schema)


def test_names_that_are_taken_get_a_prefix_as_in_files(spark: Any, visits: Path) -> None:
    df = frame(spark, label=["mine"], Probabilities_LOW=[1.0])
    made = isoship.spark.predict(df, visits)
    assert made.columns[-4:] == [
        "predicted_label",
        "predicted_probabilities_low",  # Spark takes it for the other
        "probabilities_middle",
        "probabilities_high",
    ]
    assert made.select("label", "predicted_label", "predicted_probabilities_low").count() == 1
    spark.conf.set("spark.sql.caseSensitive", "true")
    try:
        assert isoship.spark.predict(df, visits).columns[-3] == "probabilities_low"
    finally:
        spark.conf.unset("spark.sql.caseSensitive")


def test_a_column_of_refusals_must_be_free(spark: Any, visits: Path) -> None:
    for name in ("_error", "_ERROR"):
        with pytest.raises(InputError, match='column "_error" already'):
            isoship.spark.predict(frame(spark, **{name: ["x"]}), visits, on_error="column")
    made = isoship.spark.predict(frame(spark, _error=["x"]), visits)
    assert made.first()["_error"] == "x"


@pytest.mark.parametrize(
    ("name", "values", "seen"),
    [
        ("age", pa.array([[1.0]]), "array<double>"),
        ("age", pa.array([0], pa.timestamp("us")), "timestamp"),
        ("age", pa.array([0], pa.date32()), "date"),
        ("visits", pa.array([{"x": 1}]), "struct<x:bigint>"),
        ("city", pa.array([b"Oslo"]), "binary"),
        ("city", pa.array([1], pa.decimal128(10, 2)), "decimal(10,2)"),
        ("plan", pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int64())), "map<string,bigint>"),
    ],
)
def test_types_that_a_column_never_takes_are_refused_before_the_job(
    spark: Any, visits: Path, name: str, values: pa.Array, seen: str
) -> None:
    with pytest.raises(InputError) as caught:
        isoship.spark.predict(frame(spark, **{name: values}), visits)
    assert str(caught.value).startswith(f'column "{name}": expected ')
    assert f"got a column of type {seen}" in str(caught.value)


def test_what_is_wrong_on_the_driver_is_said_there(spark: Any, visits: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match='lacks the columns "plan"'):
        isoship.spark.predict(frame(spark).drop("plan"), visits)
    with pytest.raises(InputError, match="twice"):
        isoship.spark.predict(frame(spark).selectExpr("*", "'x' as plan"), visits)
    for carried in ("interval '1' year as y", "make_interval(1) as y"):
        with pytest.raises(InputError, match='column "y": Spark hands no interval'):
            isoship.spark.predict(frame(spark).selectExpr("*", carried), visits)
    with pytest.raises(BundleError, match="no manifest"):
        isoship.spark.predict(frame(spark), tmp_path)
    with pytest.raises(InputError, match='"fail" or "column"'):
        isoship.spark.predict(frame(spark), visits, on_error="ignore")  # type: ignore[arg-type]


def test_two_models_one_after_the_other(spark: Any, visits: Path) -> None:
    once = isoship.spark.predict(frame(spark, {}, {}), visits)
    twice = isoship.spark.predict(once, visits).toArrow()
    assert twice["label"].equals(twice["predicted_label"])


def test_large_text_and_binary_of_arrow(spark: Any, visits: Path) -> None:
    spark.conf.set("spark.sql.execution.arrow.useLargeVarTypes", "true")
    try:
        assert isoship.spark.predict(frame(spark), visits).first()["label"] in ("low", "middle", "high")
    finally:
        spark.conf.unset("spark.sql.execution.arrow.useLargeVarTypes")


def test_a_stream(spark: Any, visits: Path, tmp_path: Path) -> None:
    df = frame(spark, *[{}] * 3)
    df.write.parquet(str(tmp_path / "in"))
    stream = spark.readStream.schema(df.schema).parquet(str(tmp_path / "in"))
    answered = isoship.spark.predict(stream, visits, on_error="column")
    query = (
        answered.writeStream.format("parquet").option("path", str(tmp_path / "out"))
        .option("checkpointLocation", str(tmp_path / "state")).trigger(availableNow=True).start()
    )  # fmt: skip
    assert query.awaitTermination(60)
    assert spark.read.parquet(str(tmp_path / "out")).filter("label is not null").count() == 3


def test_a_bundle_is_broadcast_once(spark: Any, visits: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    df = frame(spark)
    isoship.spark.predict(df, visits)
    monkeypatch.setattr(type(spark.sparkContext), "broadcast", None)
    assert isoship.spark.predict(df, visits).count() == 1


def test_a_session_without_broadcast_variables_is_refused(visits: Path) -> None:
    connected = type("ConnectFrame", (), {"sparkSession": object()})()
    with pytest.raises(InputError, match="Spark Connect"):
        isoship.spark.predict(connected, visits)


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (pd.Series([1, 2**63], dtype="uint64"), [1, None]),
        (pd.Series([1, 2**63], dtype=object), [1, None]),
        ([1, 2**63], [1, None]),
        (["Oslo", float("nan")], ["Oslo", "nan"]),
        ([Decimal("1.5")], [Decimal("1.500000000000000000")]),
    ],
)
def test_spark_still_changes_values_of_python(spark: Any, values: Any, found: list[Any]) -> None:
    """Before anything of ours sees them (docs/upstream.md)."""
    given = pd.DataFrame({"x": values}) if isinstance(values, pd.Series) else [(value,) for value in values]
    df = spark.createDataFrame(given) if isinstance(values, pd.Series) else spark.createDataFrame(given, ["x"])
    assert list(map(str, (row.x for row in df.collect()))) == list(map(str, found))
