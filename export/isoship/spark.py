"""A bundle over Spark DataFrames: the answers of `isoship predict`, computed where the rows are.

    import isoship.spark
    answered = isoship.spark.predict(df, "bundle")

Workers need isoship, as the driver does. Spark 4; docs/engines.md has the how-to.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from isoship.errors import MissingExtraError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame
    from pyspark.sql.types import DataType

    from isoship_edge.manifest import Column

__all__ = ["predict"]


def predict(df: DataFrame, bundle: str | Path, *, on_error: Literal["fail", "column"] = "fail") -> DataFrame:
    """The frame with the model's columns behind its own, under the names that `isoship predict` writes. Lazy.

    df: a DataFrame with the model's columns; others are carried through.
    bundle: the bundle's folder on the driver. Its manifest and model go to each executor once, as a broadcast variable.
    on_error: "fail", and the first refused row ends the job; "column", and a column `_error` (string) says what is
    wrong with a row, whose answers are null, and is null where a row is answered.

    Raises:
        InputError: before the job: a column of the model's is absent, or of a type that it never takes.
        BundleError: no bundle. MissingExtraError: there is no pyspark.

    While the job runs, what goes wrong is in the message of Spark's `PythonException`: `InputError` with row,
    partition and column; `DamagedFile`; `ModuleNotFoundError` where a worker has no isoship.
    """
    try:
        from pyspark.sql import functions as F
        from pyspark.sql.types import (
            BooleanType,
            CalendarIntervalType,
            DoubleType,
            LongType,
            StringType,
            StructField,
            StructType,
            YearMonthIntervalType,
        )
    except ImportError as err:
        raise MissingExtraError("pyspark", "spark", "isoship.spark") from err
    from isoship.engines.asked import asked
    from isoship.engines.importing import on_workers
    from isoship.engines.shipping import once
    from isoship.errors import InputError
    from isoship_edge.encoding.words import quoted

    session = df.sparkSession
    if not hasattr(session, "_jsparkSession"):
        raise InputError(
            "a session of Spark Connect has no broadcast variables, which take the bundle to the executors: ask from"
            " the driver itself, or read docs/engines.md"
        )
    context = session.sparkContext
    exactly = str(session.conf.get("spark.sql.caseSensitive")).lower() == "true"
    found = asked(bundle, df.schema.names, on_error, key=str if exactly else str.lower)
    for column in found.columns:
        _check_type(df.schema[column.name].dataType, column)
    for field in df.schema.fields:
        if isinstance(field.dataType, CalendarIntervalType | YearMonthIntervalType):
            raise InputError(
                f"column {quoted(field.name)}: Spark hands no {field.dataType.simpleString()} to Python: cast it to"
                " string, or drop it before",
                column=field.name,
            )
    kinds = {"double": DoubleType(), "int64": LongType(), "bool": BooleanType(), "string": StringType()}
    added = [StructField(field.name, kinds[str(field.type)]) for field in found.added]
    answer = on_workers(
        "isoship.engines.on_spark",
        "answer_partition",
        {
            "digest": found.digest,
            "names": df.schema.names,
            "shipped": once(context.applicationId, found.digest, found.files, context.broadcast),
            "added": found.plain,
            "on_error": on_error,
        },
        "spark",
    )
    # By numbers: mapInArrow finds neither a column whose name holds a dot nor one of two that share a name.
    fields = [*df.schema.fields, *added]
    numbers = [f"c{i}" for i in range(len(fields))]
    numbered = StructType(
        [StructField(number, field.dataType, field.nullable) for number, field in zip(numbers, fields, strict=True)]
    )
    made = df.toDF(*numbers[: len(df.schema.fields)]).mapInArrow(answer, numbered)
    return made.select(
        [
            F.col(number).alias(field.name, metadata=field.metadata)
            for number, field in zip(numbers, fields, strict=True)
        ]
    )


def _check_type(kind: DataType, column: Column) -> None:
    """Raises:
    InputError: the column takes nothing of this type.
    """
    from pyspark.sql.types import BooleanType, DecimalType, NullType, NumericType, StringType

    from isoship.engines.asked import refuse_type

    plain = isinstance(kind, NumericType | StringType | BooleanType | NullType)
    if not plain or (isinstance(kind, DecimalType) and column.dtype == "string"):
        raise refuse_type(column, kind.simpleString())
