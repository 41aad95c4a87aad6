"""rows.json and rows.bin, read and made ready: the whole model as data, which an interpreter answers one row with.

    program = load("bundle/edge")
    program({"height": [1.8], "city": ["Oslo"]})  # {"label": Tensor(...), ...}

Every step is prepared once, when the program is loaded: shapes are known for one row, so a step is a small function
over flat lists, and most steps that only rearrange are nothing at all. Nothing is generated as code. A program may be
asked from several threads at once.
"""
# ruff: noqa: PTH118, PTH123

from __future__ import annotations

import os
from array import array

from isoship_edge.digests import WAY_OUT, sha256_of
from isoship_edge.encoding.documents import parsed, shown
from isoship_edge.errors import BundleError, DamagedFile, InferenceError
from isoship_edge.inference.tensor import TYPECODES, Tensor
from isoship_edge.manifest import ROW_FILES
from isoship_edge.rows.constants import constant
from isoship_edge.rows.operators import prepare_of
from isoship_edge.rows.values import Board, Value
from isoship_edge.rows.widths import FINISH

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from typing import Any

FORMAT = 1
JSON, BINARY = ROW_FILES


class RowProgram:
    """A model's row program on this machine."""

    def __init__(self, document: dict[str, Any], binary: bytes = b"", *, linked: bool = True) -> None:
        """linked: trees are, once they were asked often (`isoship_edge.rows.trees`).

        Raises: BundleError, DamagedFile.
        """
        try:
            if type(document["format"]) is not int or document["format"] < 1:
                raise ValueError(f"its format is {shown(document['format'])}")
            if document["format"] > FORMAT:
                raise BundleError(
                    f"this bundle has row program format {document['format']}; this isoship_edge reads formats up to"
                    f" {FORMAT}. Use the version of isoship that wrote it, or a newer one"
                )
            self._make_ready(document, memoryview(binary), linked)
        except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as err:
            raise DamagedFile(f"{JSON} is damaged: {type(err).__name__}: {err}. {WAY_OUT}") from err

    def _make_ready(self, document: dict[str, Any], binary: memoryview, linked: bool) -> None:
        board, self._makers = Board(linked), list[str]()
        values: dict[str, Value | None] = {"": None}
        for name, entry in document["constants"].items():
            _name(values, name, board.constant(*constant(entry, binary)))
        self._inputs, input_kinds = list[int](), []
        for name, entry in document["inputs"].items():
            if entry["dtype"] not in FINISH:
                raise KeyError(entry["dtype"])
            made = board.value(entry["dtype"], [1 if length == "N" else length for length in entry["shape"]])
            _name(values, name, made)
            self._inputs.append(made.place)
            input_kinds.append((made.dtype, made.shape))
        for step in document["steps"]:
            try:
                self._add(board, step, values)
            except BundleError as err:
                raise BundleError(f"{JSON}: {step['op']} -> {', '.join(step['outputs'])}: {err}") from err
        self._outputs, kinds = list[int](), []
        for name, source in document["outputs"].items():
            value = values[source]
            if value is None:
                raise KeyError(name)
            self._outputs.append(value.place)
            kinds.append((value.dtype, value.shape))
        self._held, self._runs = board.held, board.runs
        self.inputs, self.outputs = tuple(document["inputs"]), tuple(document["outputs"])
        self.input_kinds, self.kinds = tuple(input_kinds), tuple(kinds)

    def _add(self, board: Board, step: dict[str, Any], values: dict[str, Value | None]) -> None:
        """Makes a step ready. What depends on no input is computed at once."""
        op, before = step["op"], len(board.runs)
        inputs: list[Any] = [values[name] for name in step["inputs"]]
        attrs = step["attrs"]
        if op in ("ml.LabelEncoder", "ml.OneHotEncoder"):
            tables = {name: attrs[name] for name in ("keys", "values", "default") if name in attrs}
            attrs = {**attrs, **{name: values[place] for name, place in tables.items()}}
        made = prepare_of(op)(board, inputs, attrs, len(step["outputs"]))
        if all(x is None or x.data is not None for x in inputs):
            for run in board.runs[before:]:
                run(board.held)
            del board.runs[before:]
            for value in made:
                value.data = board.held[value.place]
        self._makers += [f"{op} -> {', '.join(step['outputs'])}"] * (len(board.runs) - before)
        for name, value in zip(step["outputs"], made, strict=True):
            _name(values, name, value)

    def answer(self, given: Sequence[list[Any]]) -> list[list[Any]]:
        """The flat data of every output for one row, from that of every input, both in their order.

        Raises:
            InferenceError: a step fails on what the contract accepts.
        """
        v = self._held[:]
        for place, data in zip(self._inputs, given, strict=True):
            v[place] = data
        run = None
        try:
            for run in self._runs:
                run(v)
        except DamagedFile as err:
            raise DamagedFile(f"{JSON} or {BINARY} is damaged: {err}. {WAY_OUT}") from err
        except (ArithmeticError, BundleError, LookupError, TypeError, ValueError) as err:
            step = self._makers[self._runs.index(run)] if run is not None else ""
            raise InferenceError(f"the row program fails at {step}: {type(err).__name__}: {err}") from err
        return [v[place] for place in self._outputs]

    def __call__(self, inputs: Mapping[str, Sequence[Any]]) -> dict[str, Tensor]:
        """Every output for one row. inputs: name -> the flat data of its tensor, [1] or [1, F].

        Raises: InferenceError.
        """
        made = self.answer([list(inputs[name]) for name in self.inputs])
        return {
            name: tensor_of(dtype, shape, data)
            for name, (dtype, shape), data in zip(self.outputs, self.kinds, made, strict=True)
        }


def tensor_of(dtype: str, shape: tuple[int, ...], data: list[Any]) -> Tensor:
    """Flat data of a row program as a tensor."""
    letter = TYPECODES.get(dtype)
    return Tensor(dtype, shape, array(letter, data) if letter else bytearray(data) if dtype == "bool" else list(data))


def _name(values: dict[str, Value | None], name: str, value: Value) -> None:
    if name in values:
        raise ValueError(f"{shown(name)} is made twice")
    values[name] = value


def load(folder: str | Path, listed: Mapping[str, str] | None = None, *, linked: bool = True) -> RowProgram:
    """The row program in a folder (`bundle/` itself, or `bundle/edge`, or `bundle/lambda`).

    listed: the manifest's `files`; then each file's sha256 is compared before its first use. linked: as in RowProgram.

    Raises:
        BundleError: there is none, or one of a newer format or with an operator that is not known here.
        DamagedFile: a file is not the one that was exported.
    """
    path = os.path.join(folder, JSON)
    content = _read(path, JSON, listed)
    if content is None:
        raise BundleError(f"there is no row program at {path}: `isoship inspect` says why")
    try:
        document = parsed(content, once=True)
    except ValueError as err:
        raise DamagedFile(f"{path} is not the JSON that isoship writes: {err}. {WAY_OUT}") from err
    return RowProgram(document, _read(os.path.join(folder, BINARY), BINARY, listed) or b"", linked=linked)


def _read(path: str, name: str, listed: Mapping[str, str] | None) -> bytes | None:
    """None: there is no such file, and nothing lists one.

    Raises:
        DamagedFile: it is not the one that is listed.
    """
    expected = None if listed is None else listed.get(name)
    try:
        with open(path, "rb") as file:
            content = file.read()
    except OSError as err:
        if expected is None and isinstance(err, FileNotFoundError):
            return None
        raise DamagedFile(f"{path} cannot be read: {err.strerror}. {WAY_OUT}") from err
    if listed is not None and (found := sha256_of(content)) != expected:
        raise DamagedFile(f"{path} is damaged: its sha256 is {found}, and manifest.json says {expected}. {WAY_OUT}")
    return content
