"""What a worker does: the bundle unpacked, loaded once in its process, and tables answered."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from threading import Lock

import pyarrow as pa

from isoship.batch.model import Answered, BatchModel, OnError
from isoship.engines.types import check_types
from isoship_edge.errors import InputError

#: Names of the bundle's files -> what is in them.
Files = Mapping[str, bytes]

#: So many bundles stay loaded in a process; of more, the one that was asked longest ago goes.
_MOST = 4
#: Rows that are decoded and answered at once.
ROWS = 2**16
_ROW = r"^row (\d+)"

_loaded: OrderedDict[str, BatchModel] = OrderedDict()
_lock = Lock()


def loaded(digest: str, fetch: Callable[[], Files], root: str | Path) -> BatchModel:
    """The bundle of a digest, loaded in this process. fetch: asked for its files where it is not yet.
    root: a folder of the engine's on this machine: the bundle is unpacked in it once for all its processes, which end
    without a word and could not remove one of their own.

    Raises:
        DamagedFile: a file is not the one that was exported. RuntimeMissing: ONNX Runtime does not load here.
    """
    with _lock:
        model = _loaded.get(digest)
        if model is None:
            model = BatchModel.load(_unpacked(digest, fetch, root))
            _loaded[digest] = model
            while len(_loaded) > _MOST:
                _loaded.popitem(last=False)  # its session goes with whoever asks it last
        _loaded.move_to_end(digest)
        return model


def typed(added: Sequence[tuple[str, str]]) -> list[pa.Field]:
    """Columns out of their names and types."""
    return [pa.field(name, pa.type_for_alias(kind)) for name, kind in added]


def answered(
    model: BatchModel,
    batch: pa.Table | pa.RecordBatch,
    added: Sequence[pa.Field],
    on_error: OnError,
    *,
    first: int = 0,
    of: str = "",
) -> Iterator[pa.Table | pa.RecordBatch]:
    """The rows with the model's columns behind their own, at most `ROWS` of them in each piece.

    added: name and type of each new column, in the order of the model's own, `_error` last where refusals have one.
    first: the number of the first row. of: of what it is the number, for messages.

    Raises:
        InputError: a column whose type the model never takes; with "fail", the first row that is refused.
    """
    check_types(batch.schema, model.signature.columns)
    schema = pa.schema([*batch.schema, *added], metadata=batch.schema.metadata)
    for start in range(0, batch.num_rows, ROWS):
        piece = batch.slice(start, ROWS)
        try:
            made = model.answer(piece, first=first + start, on_error=on_error)
        except InputError as err:
            raise InputError(
                re.sub(_ROW, rf"row \1{of}", str(err)),
                row=err.row,
                column=err.column,
                seen=err.seen,
                expected=err.expected,
            ) from None
        columns = [*piece.columns, *_columns(made, added, piece.num_rows)]
        yield type(piece).from_arrays(columns, schema=schema)


def _columns(made: Answered, added: Sequence[pa.Field], count: int) -> list[pa.Array]:
    found = list(made.columns)
    if len(added) > len(found):
        found.append(pa.nulls(count, pa.string()) if made.errors is None else made.errors)
    return [one.cast(field.type) for one, field in zip(found, added, strict=True)]


def _unpacked(digest: str, fetch: Callable[[], Files], root: str | Path) -> Path:
    folder = Path(root) / f"isoship-{digest}"
    if folder.is_dir():
        return folder
    aside = Path(tempfile.mkdtemp(prefix="isoship-", dir=root))
    for name, content in fetch().items():
        path = aside / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    try:
        aside.rename(folder)
    except OSError:  # another process of the engine's was first
        shutil.rmtree(aside)
    return folder
