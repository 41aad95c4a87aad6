"""A bundle over Ray Datasets: the answers of `isoship predict`, computed where the rows are.

    import isoship.ray
    answered = isoship.ray.predict(ds, "bundle")

Workers need isoship, as the driver does. docs/engines.md has the how-to.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from isoship.errors import MissingExtraError

if TYPE_CHECKING:
    from ray.data import Dataset

__all__ = ["predict"]


def predict(ds: Dataset, bundle: str | Path, *, on_error: Literal["fail", "column"] = "fail") -> Dataset:
    """The dataset with the model's columns behind its own, under the names that `isoship predict` writes. Lazy, but for
    the schema of `ds`, which Ray may have to compute a first row for.

    ds: a dataset with the model's columns; others are carried through.
    bundle: the bundle's folder on the driver. Its manifest and model go into Ray's object store once.
    on_error: "fail", and the first refused row ends the job; "column", and a column `_error` (string) says what is
    wrong with a row, whose answers are null, and is null where a row is answered.

    Raises:
        InputError: before a row is answered: a column of the model's is absent, or of a type that it never takes.
        BundleError: no bundle. MissingExtraError: there is no ray.

    While the job runs, what goes wrong is in the message of Ray's `UserCodeException`: `InputError` with row and
    column, `DamagedFile`, `ModuleNotFoundError` where a worker has no isoship.
    """
    try:
        import ray
        import ray.data
    except ImportError as err:
        raise MissingExtraError("ray", "ray", "isoship.ray") from err
    import pyarrow as pa

    from isoship.engines.asked import asked
    from isoship.engines.importing import on_workers
    from isoship.engines.shipping import once
    from isoship.engines.types import check_types

    schema = ds.schema()
    session = ray.get_runtime_context().get_session_name()
    found = asked(bundle, None if schema is None else schema.names, on_error)
    typed = None if schema is None else schema.base_schema
    if isinstance(typed, pa.Schema):
        check_types(typed, found.columns)
    answer = on_workers(
        "isoship.engines.on_ray",
        "answer_block",
        {
            "digest": found.digest,
            "shipped": once(session, found.digest, found.files, ray.put),
            "added": found.plain,
            "on_error": on_error,
        },
        "ray",
    )
    made = ds.map_batches(answer, batch_format="pyarrow", batch_size=None, zero_copy_batch=True)
    if isinstance(typed, pa.Schema):
        # Ray hands over no block without rows: without this one, a dataset without rows would have no columns.
        made = made.union(ray.data.from_arrow(pa.schema([*typed, *found.added]).empty_table()))
    return made
