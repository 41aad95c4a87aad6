"""Files of rows on a device: CSV and JSON lines in, the same with predictions out, a chunk at a time.

Rows are read by the signature (`rows_of_files`, `cells`). Columns that the model does not know are carried through;
what is written is what Python's csv, pandas and pyarrow read back.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Container, Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from isoship_edge.encoding.arriving import Arriving, Waiting
from isoship_edge.encoding.encode import class_key, predictions
from isoship_edge.encoding.formulas import defused, may_run, may_run_behind
from isoship_edge.encoding.rows_of_files import CsvRows, Line, Record, held_cells, read_csv, read_jsonl
from isoship_edge.encoding.words import quoted
from isoship_edge.errors import InputError
from isoship_edge.inference.model import Model
from isoship_edge.manifest import Output

#: What a prediction is called where the file has a column of its name.
PREFIX = "predicted_"


def score_file(model: Model, source: Iterable[str], target: IO[str], *, read: str, write: str) -> int:
    """Scores every row of an open file; returns how many. `read` and `write` are "csv" or "jsonl".

    Raises:
        InputError: the first row that does not fit; rows are counted from 0, without the header.
    """
    signature = model.manifest.signature
    if read == "csv":
        header, records = read_csv(source, signature)
        return score_records(model, records, target, write=write, header=header)
    return score_records(model, read_jsonl(source, signature), target, write=write)


def score_stream(model: Model, lines: Arriving, target: IO[str], *, read: str, write: str) -> int:
    """The same for lines that arrive: each is answered, and the answer flushed, before another is waited for.

    Raises:
        InputError, UnicodeDecodeError: as `score_file`, after the rows before it are answered.
    """
    signature = model.manifest.signature
    header, records = None, read_jsonl(lines, signature)
    if read == "csv":
        header, rows = read_csv(lines, signature, lines.waiting)
        records = iter(rows)
    return score_records(model, records, target, write=write, header=header, waiting=lines.waiting)


def score_records(
    model: Model,
    records: Iterable[Record],
    target: IO[str],
    *,
    write: str,
    header: Sequence[str] | None = None,
    waiting: Waiting | None = None,
) -> int:
    """The same for rows that were read. header: the file's columns; where it has none, those of its first row, and
    without rows the signature's. waiting: whether rows that were read must not wait for the next."""
    outputs = model.manifest.outputs
    numbers = frozenset(c.name for c in model.manifest.signature.columns if c.dtype != "string")
    writer = CsvWriter(target, outputs, header, numbers) if write == "csv" else None
    total = 0
    if writer is not None and isinstance(records, CsvRows):
        for lines, columns in records.blocks(model.chunk):
            answers = predictions(outputs, model.tensors_from_columns(columns, len(lines), first=total))
            writer.write_lines(lines, answers)
            total += len(lines)
        records = ()
    for chunk in chunks(records, model.chunk, waiting):
        answered, fault = _answered(model, chunk, total, streamed=waiting is not None)
        for (held, _), prediction in zip(chunk, answered, strict=fault is None):
            if writer is not None:
                writer.write(held, prediction)
            else:
                named = {free_name(name, held): found for name, found in prediction.items()}
                target.write(json.dumps({**held, **named}, ensure_ascii=False, allow_nan=False) + "\n")
        if waiting is not None:
            target.flush()
        if fault is not None:
            raise fault
        total += len(chunk)
    if writer is not None and not total:
        writer.write_header([column.name for column in model.manifest.signature.columns])
    return total


def _answered(
    model: Model, chunk: list[Record], first: int, *, streamed: bool
) -> tuple[list[dict[str, Any]], InputError | None]:
    """The rows' predictions; of a stream those before the first row that the model refuses, and the refusal."""
    rows = [row for _, row in chunk]
    try:
        return predictions(model.manifest.outputs, model.tensors_from_json(rows, first=first)), None
    except InputError as err:
        if not streamed or err.row is None:
            raise
        before = rows[: err.row - first]
        return predictions(model.manifest.outputs, model.tensors_from_json(before, first=first)), err


def chunks(records: Iterable[Record], size: int, waiting: Waiting | None = None) -> Iterator[list[Record]]:
    """Runs of `size` rows, the last one shorter. waiting: asked after each row, whether to hand out what there is; then
    what is wrong with a row is told behind the rows before it."""
    chunk: list[Record] = []
    try:
        for record in records:
            chunk.append(record)
            if len(chunk) == size or (waiting is not None and waiting()):
                yield chunk
                chunk = []
    except (InputError, UnicodeDecodeError):
        if chunk and waiting is not None:
            yield chunk
        raise
    if chunk:
        yield chunk


class CsvWriter:
    """The file's own columns, then one a scalar output, `name_<class>` a class, `name_0`, `name_1` for the rest.

    A column of the model's whose name the file has already gets the prefix `predicted_`. The empty text is in quotes
    and a missing value is not. What a spreadsheet would run is defused.

    numbers: columns of a CSV file whose cells the model has read as numbers or booleans.
    """

    def __init__(
        self,
        target: IO[str],
        outputs: tuple[Output, ...],
        header: Sequence[str] | None = None,
        numbers: Container[str] = (),
    ) -> None:
        self._target = target
        self._writer = csv.writer(target, lineterminator="\n")
        self._outputs = outputs
        self._header = header
        self._names: list[str] | None = None
        self._known: frozenset[str] = frozenset()
        self._texts = [j for j, name in enumerate(header or ()) if name not in numbers]

    def write_header(self, carried: Sequence[str]) -> None:
        """The first line, once; `carried` where the file itself has no header."""
        self._names = list(carried if self._header is None else self._header)
        self._known = frozenset(self._names)
        self._line([*self._names, *written_names(self._outputs, self._names)])

    def write(self, held: dict[str, Any], prediction: dict[str, Any]) -> None:
        """A row of the file and what the model says of it."""
        if self._names is None:
            self.write_header(list(held))
        names = self._names or []
        unknown = [] if held.keys() <= self._known else [name for name in held if name not in self._known]
        if unknown:
            raise InputError(
                f"a row has a column {quoted(unknown[0])} that the first row lacks, and CSV has one header:"
                " write .jsonl, or give every row the same columns",
                column=unknown[0],
            )
        self._line([*map(held.get, names), *flat_values(prediction, self._outputs)])

    def write_lines(self, lines: Sequence[Line], answers: Sequence[dict[str, Any]]) -> None:
        """Lines of a CSV file whose header this writer has, and what the model says of each."""
        if self._names is None:
            self.write_header([])
        for line, prediction in zip(lines, answers, strict=True):
            texts, empties = line
            found = [defused(v) if type(v) is str else v for v in flat_values(prediction, self._outputs)]
            written = ["" if cell is None else str(cell) for cell in map(csv_value, found)]
            text = ",".join([*texts, *written])
            plain = not empties and "" not in found and text.count(",") == len(texts) + len(written) - 1
            plain = plain and not any(may_run(texts[j]) for j in self._texts) and not may_run_behind(text)
            if plain and not any(mark in text for mark in '"\r\n'):
                self._target.write(text + "\n")
            else:
                self._line([*held_cells(line), *found], answers=len(found))

    def _line(self, values: Sequence[Any], *, answers: int = 0) -> None:
        """answers: so many at the end are defused already."""
        carried = len(values) - answers
        cells = [
            (defused(value) if i < carried else value) if type(value) is str else csv_value(value)
            for i, value in enumerate(values)
        ]
        if any(type(text) is str and (not text or "\r" in text) for text in cells):
            # the csv module writes the empty text as it writes None, and leaves a carriage return bare
            self._target.write(",".join(map(_in_quotes, cells)) + "\n")
        else:
            self._writer.writerow(cells)


def flat_names(outputs: Iterable[Output]) -> list[str]:
    """The columns of a table that predictions become."""
    names = []
    for output in outputs:
        if len(output.shape) == 1:
            names.append(output.name)
            continue
        width = output.shape[1]
        classes = output.classes if output.kind in ("probabilities", "scores") else None
        keys: Iterable[Any] = range(int(width))
        if classes is not None and len(classes) == width:
            keys = map(class_key, classes)
        names += [f"{output.name}_{key}" for key in keys]
    return names


def written_names(outputs: Iterable[Output], carried: Sequence[str]) -> list[str]:
    """The same beside the columns of a file, each name once."""
    taken, names = set(carried), []
    for name in flat_names(outputs):
        names.append(free_name(name, taken))
        taken.add(names[-1])
    return names


def free_name(name: str, taken: Container[str]) -> str:
    """The name, with the prefix where there is a column of it."""
    while name in taken:
        name = PREFIX + name
    return name


def flat_values(prediction: dict[str, Any], outputs: Iterable[Output]) -> Iterator[Any]:
    """A prediction as scalars, in the order of `flat_names`."""
    for output in outputs:
        found = prediction[output.name]
        if isinstance(found, dict):
            yield from found.values()
        elif isinstance(found, list):
            yield from found
        else:
            yield found


def csv_value(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False, default=str)
    return repr(value) if isinstance(value, float) else value


def _in_quotes(value: Any) -> str:
    if value is None:
        return ""
    text = str(value)
    plain = not isinstance(value, str) or (text and not any(mark in text for mark in ',"\r\n'))
    return text if plain else '"' + text.replace('"', '""') + '"'


def kind_of(path: Path) -> str:
    """ "csv" or "jsonl", by the file's ending.

    Raises:
        InputError: another ending.
    """
    kind = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}.get(path.suffix.lower())
    if kind is None:
        raise InputError(f"{path}: a device reads .csv, .jsonl and .ndjson; `isoship predict` reads Parquet too")
    return kind
