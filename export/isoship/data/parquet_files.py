"""Parquet files by the column: only the columns that are needed are read, and one that cannot be read is named."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isoship.errors import MissingExtraError, SampleError

if TYPE_CHECKING:
    import pandas as pd


#: Bytes of a column that are read at once; without a buffer pyarrow holds the whole column of a row group, and with
#: pre_buffer, its default, all that was read of a file.
_BUFFER = 2**18


def arrow(what: str) -> tuple[Any, Any]:
    """`pyarrow` and `pyarrow.parquet`.

    Raises:
        MissingExtraError: they are not here; `what` needs them.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as err:
        raise MissingExtraError("pyarrow", "parquet", what) from err
    return pa, pq


def parquet_file(path: Path, *, read_dictionary: Sequence[str] = ()) -> Any:
    """An open `pyarrow.parquet.ParquetFile` that reads a column of a row group a buffer at a time.

    read_dictionary: text columns that come as dictionaries.

    Raises:
        SampleError: there is none, or it is damaged. MissingExtraError: there is no pyarrow.
    """
    _, pq = arrow(f"reading {path.name}")
    if not path.is_file():
        raise SampleError(f"cannot read {path}: no such file")
    try:
        return pq.ParquetFile(
            path, read_dictionary=list(read_dictionary) or None, buffer_size=_BUFFER, pre_buffer=False
        )
    except (OSError, ValueError) as err:
        raise SampleError(f"{path} is no Parquet file: {err}") from err


def parquet_header(path: Path) -> list[str]:
    """The columns that pandas makes of a file, its index not among them, as text.

    Raises: as `parquet_file`.
    """
    with parquet_file(path) as file:
        return list(map(str, file.schema_arrow.empty_table().to_pandas().columns))


def parquet_frame(path: Path, header: Sequence[str], needed: Sequence[str]) -> pd.DataFrame:
    """A file as pandas reads it: the columns of `header`, of which those that are not needed hold nothing.

    Raises: as `parquet_file` and `reading`.
    """
    import pandas as pd

    with reading(path, needed):
        frame = pd.read_parquet(path, columns=list(needed))
    frame = frame.set_axis([str(name) for name in frame.columns], axis=1)
    return frame if list(header) == list(needed) else frame.reindex(columns=list(header))


@contextmanager
def reading(path: Path, names: Sequence[str], *, others: str = "") -> Iterator[None]:
    """A block that reads columns of a file. others: what may be done where a column fails that the model has not.

    Raises:
        SampleError: pyarrow cannot read them; with the first column that it cannot read by itself.
    """
    pa, _ = arrow(f"reading {path.name}")
    try:
        yield
    except (OSError, ValueError, pa.ArrowException) as err:
        name = _first_unreadable(path, names)
        where = "" if name is None else f", column {name!r}"
        raise SampleError(
            f"{path}{where} cannot be read: {_first_line(err)}. Write the file again with pandas or pyarrow{others}"
        ) from err


def _first_unreadable(path: Path, names: Sequence[str]) -> str | None:
    pa, _ = arrow(f"reading {path.name}")
    for name in names:
        try:
            with parquet_file(path) as file:
                for _ in file.iter_batches(columns=[name]):
                    pass
        except (OSError, ValueError, pa.ArrowException):
            return name
    return None


def _first_line(err: BaseException) -> str:
    return (str(err).strip().splitlines() or [type(err).__name__])[0].rstrip(".")
