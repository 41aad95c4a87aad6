"""What runs in Spark's Python workers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from isoship.batch.model import OnError
from isoship.engines.worker import answered, loaded, typed


def answer_partition(
    batches: Iterator[pa.RecordBatch],
    *,
    digest: str,
    names: list[str],
    shipped: Any,
    added: list[tuple[str, str]],
    on_error: OnError,
) -> Iterator[pa.RecordBatch]:
    """A partition's batches with the model's columns. names: of the columns, which come and go under
    numbers: c0, c1, ... shipped: a broadcast variable of the bundle's files."""
    from pyspark import SparkFiles, TaskContext

    context = TaskContext.get()
    of = "" if context is None else f" of partition {context.partitionId()}"
    model, first, fields = None, 0, typed(added)
    for batch in batches:
        model = model or loaded(digest, lambda: shipped.value, SparkFiles.getRootDirectory())
        named = batch.rename_columns(names)
        for made in answered(model, named, fields, on_error, first=first, of=of):
            yield made.rename_columns([f"c{i}" for i in range(made.num_columns)])
        first += batch.num_rows
