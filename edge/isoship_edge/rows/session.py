"""A row program under the contract of `isoship_edge.inference.session.Session`: rows are answered one by one."""

from __future__ import annotations

from isoship_edge.encoding.decode import MATRIX_INPUT
from isoship_edge.errors import BundleError, InferenceError
from isoship_edge.inference.tensor import Tensor, values
from isoship_edge.rows.program import JSON, load, tensor_of
from isoship_edge.rows.values import size_of

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path
    from typing import Any

    from isoship_edge.manifest import Manifest
    from isoship_edge.rows.program import RowProgram


class RowSession:
    """`run` may be called from several threads at once."""

    backend = "rows"
    runtime = ""

    def __init__(self, folder: str | Path, manifest: Manifest) -> None:
        """Raises: BundleError, DamagedFile."""
        self._program: RowProgram | None = load(folder, manifest.files)
        self.inputs, self.outputs = self._program.inputs, self._program.outputs
        absent = [output.name for output in manifest.outputs if output.name not in self.outputs]
        if absent:
            raise BundleError(f"{JSON} in {folder} lacks the manifest's outputs {', '.join(absent)}")
        if not _speaks_of(manifest, self._program):
            raise BundleError(f"{JSON} in {folder} is of other inputs or outputs than the manifest")

    def run(self, inputs: Mapping[str, Tensor], outputs: Iterable[str]) -> dict[str, Tensor]:
        """Every output for [N, 1] or [N, F]. Raises: InferenceError."""
        program = self._open()
        flat = [(values(inputs[name]), inputs[name].shape) for name in program.inputs]
        count = flat[0][1][0] if flat else 0
        widths = [len(data) // max(1, count) for data, _ in flat]
        made: list[list[Any]] = [[] for _ in program.outputs]
        for row in range(count):
            given = [data[row * width : (row + 1) * width] for (data, _), width in zip(flat, widths, strict=True)]
            for data, part in zip(made, program.answer(given), strict=True):
                data += part
        whole = dict(zip(program.outputs, zip(program.kinds, made, strict=True), strict=True))
        named = [(name, *whole[name]) for name in outputs]
        return {name: tensor_of(dtype, (count, *shape[1:]), data) for name, (dtype, shape), data in named}

    def keep(self, inputs: Sequence[tuple[str, str, int]], outputs: tuple[str, ...]) -> KeptProgram:
        return KeptProgram(self._open(), inputs, outputs)

    def keep_call(self, inputs: Sequence[tuple[str, str, tuple[int, ...]]], outputs: tuple[str, ...]) -> None:
        """It keeps none: a row program answers rows."""

    def close(self) -> None:
        self._program = None

    def _open(self) -> RowProgram:
        if self._program is None:
            raise InferenceError("this row program is closed")
        return self._program


def _speaks_of(manifest: Manifest, program: RowProgram) -> bool:
    """Whether names, dtypes and widths are the manifest's."""
    columns = manifest.signature.columns
    if manifest.signature.layout == "matrix":
        inputs = {MATRIX_INPUT: ("double", len(columns))}
    else:
        inputs = {column.tensor: (column.dtype, 1) for column in columns}
    outputs = {o.name: (o.dtype, o.shape[1] if len(o.shape) > 1 else 1) for o in manifest.outputs}
    takes = zip(program.inputs, program.input_kinds, strict=True)
    gives = zip(program.outputs, program.kinds, strict=True)
    return inputs == {name: (dtype, size_of(shape)) for name, (dtype, shape) in takes} and outputs == {
        name: (dtype, size_of(shape)) for name, (dtype, shape) in gives if name in outputs
    }


class KeptProgram:
    """`isoship_edge.inference.session.Kept`: the way from a row's numbers and texts to the program's inputs."""

    def __init__(self, program: RowProgram, inputs: Sequence[tuple[str, str, int]], outputs: tuple[str, ...]) -> None:
        places: dict[str, tuple[str, int, int]] = {}
        numbers = texts = 0
        for name, dtype, width in inputs:
            if dtype == "string":
                places[name] = dtype, texts, texts + width
                texts += width
            else:
                places[name] = dtype, numbers, numbers + width
                numbers += width
        self._places = [places[name] for name in program.inputs]
        self._answer = program.answer
        of = dict(zip(program.outputs, enumerate(program.kinds), strict=True))
        self._outputs = [(name, *of[name]) for name in outputs]

    def run(self, numbers: Sequence[Any], texts: Sequence[bytes]) -> dict[str, Tensor]:
        given: list[list[Any]] = []
        for dtype, start, stop in self._places:
            if dtype == "string":
                given.append([text.decode() for text in texts[start:stop]])
            elif dtype == "double":  # JSON writes some of them as integers
                given.append([float(number) for number in numbers[start:stop]])
            else:
                given.append(list(numbers[start:stop]))
        made = self._answer(given)
        return {name: tensor_of(dtype, shape, made[i]) for name, i, (dtype, shape) in self._outputs}
