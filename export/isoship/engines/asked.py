"""What is asked of an engine, on the driver: the bundle, the columns that it adds, and what it can never take."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from isoship.batch.answers import fields
from isoship.batch.model import ERROR, BatchModel, OnError
from isoship_edge.encoding.batch import free_name
from isoship_edge.encoding.words import expected_of, quoted
from isoship_edge.errors import InputError
from isoship_edge.manifest import ROW_FILES, Column

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Asked:
    """columns: those that the model reads. added: name and type of each column of the answers, `_error` last.
    files: the model's own files by name; nothing else of the bundle goes to a worker. digest: of them all."""

    columns: tuple[Column, ...]
    added: tuple[pa.Field, ...]
    on_error: OnError
    files: Mapping[str, bytes]
    digest: str

    @property
    def plain(self) -> list[tuple[str, str]]:
        """`added` as a worker without pyarrow can read it."""
        return [(field.name, str(field.type)) for field in self.added]


def asked(
    folder: str | Path, carried: Sequence[str] | None, on_error: OnError, *, key: Callable[[str], str] = str
) -> Asked:
    """carried: the frame's own columns, None where they are not known. key: what makes one name of two to the engine.

    Raises:
        InputError: the model takes tensors; a column of the model's is absent or there twice; with "column", there is
            one that is called `_error`.
        BundleError: no bundle.
    """
    import pyarrow as pa

    if on_error not in ("fail", "column"):
        raise InputError(f'on_error: expected "fail" or "column", got {quoted(str(on_error))}')
    model = BatchModel.load(folder, many=False)
    try:
        if carried is not None:
            model.check_names(list(carried))
        taken = {key(name) for name in carried or ()}
        added = []
        for field in fields(model.outputs):
            name = free_name(field.name, _Keyed(taken, key))
            taken.add(key(name))
            added.append(field.with_name(name))
        if on_error == "column":
            if key(ERROR) in taken:
                raise InputError(
                    f"there is a column {quoted(ERROR)} already, which is where refusals go: rename it, or ask with"
                    ' on_error="fail"',
                    column=ERROR,
                )
            added.append(pa.field(ERROR, pa.string()))
        files = _files(Path(folder), model.model.manifest.files)
    finally:
        model.close()
    return Asked(model.signature.columns, tuple(added), on_error, files, _digest(files))


def refuse_type(column: Column, seen: str) -> InputError:
    """A column whose type holds nothing that the model takes. seen: the type, as its engine calls it."""
    advice = ""
    if column.dtype == "string" and "decimal" in seen:
        advice = ". The text of a decimal depends on the scale that the column was given: cast it to string yourself"
    return InputError(
        f"column {quoted(column.name)}: expected {expected_of(column)}, got a column of type {seen}{advice}",
        column=column.name,
        seen=seen,
        expected=expected_of(column),
    )


class _Keyed:
    """Names as an engine compares them."""

    def __init__(self, taken: set[str], key: Callable[[str], str]) -> None:
        self._taken, self._key = taken, key

    def __contains__(self, name: object) -> bool:
        return self._key(str(name)) in self._taken


def _files(folder: Path, listed: Mapping[str, str]) -> dict[str, bytes]:
    names = ["manifest.json", *(name for name in listed if name.startswith("model.onnx") or name in ROW_FILES)]
    return {name: (folder / name).read_bytes() for name in names}


def _digest(files: Mapping[str, bytes]) -> str:
    each = (f"{name} {sha256(content).hexdigest()}\n" for name, content in sorted(files.items()))
    return sha256("".join(each).encode()).hexdigest()
