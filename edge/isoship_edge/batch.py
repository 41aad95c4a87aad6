"""Files of rows on a device: CSV and JSON lines in, the same with predictions out, a chunk at a time.

CSV is read by the signature: a zip code stays a string, the country "NA" is no missing value, only the empty cell is.
Columns that the model does not know are carried through.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from isoship_edge.encode import predictions
from isoship_edge.errors import InputError
from isoship_edge.manifest import Column, Output, Signature
from isoship_edge.model import Model
from isoship_edge.words import expected_of, got, listed, quoted

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_INTEGER = re.compile(r"[+-]?\d+", re.ASCII)
_INFINITE = ("inf", "+inf", "-inf")
_BOOLEANS = {"true": True, "false": False}

#: A row as it stood in the file, and the model's columns of it as JSON values.
Record = tuple[dict[str, Any], dict[str, Any]]


def score_file(model: Model, source: IO[str], target: IO[str], *, read: str, write: str) -> int:
    """Scores every row of an open file; returns how many. `read` and `write` are "csv" or "jsonl".

    Raises:
        InputError: the first row that does not fit; rows are counted from 0, without the header.
    """
    records = (_read_csv if read == "csv" else _read_jsonl)(source, model.manifest.signature)
    writer = CsvWriter(target, model.manifest.outputs) if write == "csv" else None
    total = 0
    for chunk in _chunks(records, model.chunk):
        rows = [row for _, row in chunk]
        answers = predictions(model.manifest.outputs, model.tensors_from_json(rows, first=total))
        for i, ((held, _), prediction) in enumerate(zip(chunk, answers, strict=True), total):
            taken = held.keys() & prediction.keys()
            if taken:
                name = min(taken)
                message = f"row {i} has a column {quoted(name)} already, which the model would write: rename it"
                raise InputError(message, row=i, column=name)
            if writer is not None:
                writer.write(held, prediction)
            else:
                target.write(json.dumps({**held, **prediction}, ensure_ascii=False, allow_nan=False) + "\n")
        total += len(chunk)
    return total


def cell(text: str, column: Column, row: int) -> Any:
    """One CSV cell as a JSON value, by its column's dtype.

    Raises:
        InputError: the text is none of that type.
    """
    if text == "":
        return None
    if column.dtype == "string":
        return text
    if column.dtype == "bool" and text.lower() in _BOOLEANS:
        return _BOOLEANS[text.lower()]
    if column.dtype == "int64" and _INTEGER.fullmatch(text) and len(text) < 4000:
        return int(text)
    if column.dtype in ("double", "int64") and (_NUMBER.fullmatch(text) or text.lower() in _INFINITE):
        return float(text)
    place, expected = f"row {row}, column {quoted(column.name)}", expected_of(column)
    message = f"{place}: expected {expected}, got {got(text)}"
    raise InputError(message, row=row, column=column.name, seen=got(text), expected=expected)


def _read_csv(source: IO[str], signature: Signature) -> Iterator[Record]:
    reader = csv.reader(source, strict=True)
    try:
        header = next(reader, None)
        if header is None:
            raise InputError("the file is empty; its first line must name the columns")
        header[0] = header[0].removeprefix("\ufeff")
        _check_header(header, signature)
        for i, line in enumerate(line for line in reader if line):
            if len(line) != len(header):
                raise InputError(f"row {i}: {len(line)} cells under {len(header)} columns", row=i)
            held = dict(zip(header, line, strict=True))
            yield held, {column.name: cell(held[column.name], column, i) for column in signature.columns}
    except csv.Error as err:
        raise InputError(f"line {reader.line_num}: {err}") from err


def _check_header(header: list[str], signature: Signature) -> None:
    absent = [column.name for column in signature.columns if column.name not in header]
    if absent:
        raise InputError(f"the file lacks the columns {listed(absent)}; it has {listed(header)}", column=absent[0])
    twice = [name for name in header if header.count(name) > 1]
    if twice:
        raise InputError(f"the file names the column {quoted(twice[0])} twice", column=twice[0])


def _read_jsonl(source: IO[str], signature: Signature) -> Iterator[Record]:
    names = {column.name for column in signature.columns}
    for i, line in enumerate(line for line in source if line.strip()):
        try:
            held = json.loads(line, parse_constant=_no_constant)
        except (ValueError, RecursionError) as err:
            raise InputError(f"row {i}: not JSON: {err}", row=i) from err
        if not isinstance(held, dict):
            raise InputError(f"row {i}: expected an object, got {got(held)}", row=i, seen=got(held))
        yield held, {name: value for name, value in held.items() if name in names}


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number; null means missing")


def _chunks(records: Iterable[Record], size: int) -> Iterator[list[Record]]:
    chunk: list[Record] = []
    for record in records:
        chunk.append(record)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


class CsvWriter:
    """The file's own columns, then one a scalar output, `name_<class>` a class, `name_0`, `name_1` for the rest."""

    def __init__(self, target: IO[str], outputs: tuple[Output, ...]) -> None:
        self._writer = csv.writer(target, lineterminator="\n")
        self._outputs = outputs
        self._names: list[str] | None = None

    def write(self, held: dict[str, Any], prediction: dict[str, Any]) -> None:
        flat = dict(flat_columns(prediction, self._outputs))
        if self._names is None:
            self._names = list(held)
            self._writer.writerow([*held, *flat])
        unknown = [name for name in held if name not in self._names]
        if unknown:
            raise InputError(
                f"a row has a column {quoted(unknown[0])} that the first row lacks, and CSV has one header:"
                " write .jsonl, or give every row the same columns",
                column=unknown[0],
            )
        carried = [held.get(name) for name in self._names]
        self._writer.writerow([_csv_value(value) for value in (*carried, *flat.values())])


def flat_columns(prediction: dict[str, Any], outputs: Iterable[Output]) -> Iterator[tuple[str, Any]]:
    """A prediction as the columns of a table, (name, scalar)."""
    for output in outputs:
        value = prediction[output.name]
        if isinstance(value, dict):
            yield from ((f"{output.name}_{key}", item) for key, item in value.items())
        elif isinstance(value, list):
            yield from ((f"{output.name}_{k}", item) for k, item in enumerate(value))
        else:
            yield output.name, value


def _csv_value(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False)
    return repr(value) if isinstance(value, float) else value


def kind_of(path: Path) -> str:
    """ "csv" or "jsonl", by the file's ending.

    Raises:
        InputError: another ending.
    """
    kind = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}.get(path.suffix.lower())
    if kind is None:
        raise InputError(f"{path}: a device reads .csv and .jsonl; `isoship predict` reads Parquet too")
    return kind
