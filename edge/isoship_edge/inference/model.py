"""A bundle, loaded: rows in, predictions out. `isoship.load` is `load` of this module."""
# ruff: noqa: PTH118, PTH123

from __future__ import annotations

import os

from isoship_edge.encoding.decode import decode_columns, decode_rows, sliced
from isoship_edge.encoding.encode import RowWriter, predictions
from isoship_edge.errors import BundleError, InferenceError, InputError
from isoship_edge.inference.engines import Engines
from isoship_edge.inference.model_files import check_model
from isoship_edge.inference.one_row import OneRow
from isoship_edge.inference.tensor import Tensor, stacked, values
from isoship_edge.inference.turns import Turns
from isoship_edge.manifest import MISSING_STRING, Manifest, manifest_from_bytes

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from typing import Any, Literal

    import numpy as np

    from isoship_edge.inference.selftest import Selftest
    from isoship_edge.inference.session import Session
    from isoship_edge.tensors.model import TensorModel

#: Rows in one call of ONNX Runtime, and the bytes that they may take in it by the manifest's `row_bytes`: one call of
#: 40,000 rows over a large forest has taken 1.3 GB. ISOSHIP_CHUNK overrides both.
CHUNK, CHUNK_BYTES = 4096, 2**24


class Model:
    """A bundle's model on this machine. Safe to use from several threads."""

    takes: Literal["rows"] = "rows"

    def __init__(self, folder: str | Path, document: dict[str, Any], manifest: Manifest, engines: Engines) -> None:
        self._folder = os.fspath(folder)
        self.document = document
        self.manifest = manifest
        self.engines = engines
        self.chunk = _chunk(manifest)
        self._turns = Turns()
        self._names = tuple(output.name for output in manifest.outputs)
        self._ranks = {output.name: len(output.shape) for output in manifest.outputs}
        self.write_row = RowWriter(manifest.name, manifest.version, manifest.outputs)
        self._one_row = OneRow(manifest.signature, self._names, engines.of(1))

    @property
    def session(self) -> Session:
        """What answers batches."""
        return self.engines.batches()

    @property
    def folder(self) -> Path:
        """Where the bundle lies."""
        from pathlib import Path

        return Path(self._folder)

    def predict(self, rows: Any) -> dict[str, np.ndarray[Any, Any]]:
        """Output name -> array [N] or [N, K]: float64, float32, int64, bool, or object for strings.

        rows: a DataFrame (pandas, polars), a pyarrow Table, a 2-D array, a list of dicts, or a list of strings for a
        model of one text column.

        Raises:
            InputError: rows that the input contract refuses.
        """
        import numpy as np

        dtypes = {"double": "float64", "float": "float32", "string": "object"}
        arrays = {}
        for name, tensor in self.tensors(rows).items():
            flat: list[Any] = values(tensor)
            if tensor.dtype == "string":
                flat = [None if value == MISSING_STRING else value for value in flat]
            arrays[name] = np.array(flat, dtype=dtypes.get(tensor.dtype, tensor.dtype)).reshape(tensor.shape)
        return arrays

    def predict_rows(self, rows: Any) -> list[dict[str, Any]]:
        """The list that HTTP returns as "predictions"; non-finite numbers are None.

        Raises:
            InputError: rows that the input contract refuses.
        """
        return predictions(self.manifest.outputs, self.tensors(rows))

    def tensors(self, rows: Any) -> dict[str, Tensor]:
        """Every output of the manifest as a tensor, for rows as `predict` takes them."""
        from isoship_edge.encoding.frames import decode_python

        return self.infer(*decode_python(rows, self.manifest.signature))

    def tensors_from_json(self, rows: Sequence[Any], *, first: int = 0) -> dict[str, Tensor]:
        """The same for rows out of JSON, where types are meant as they stand. `first` numbers them in messages."""
        if len(rows) == 1:
            made = self._alone(rows[0])
            if made is not None:
                return self._shaped(made, 1)
        return self.infer(decode_rows(rows, self.manifest.signature, first=first), len(rows))

    def tensors_from_columns(
        self, columns: Mapping[str, Sequence[Any]], count: int, *, first: int = 0
    ) -> dict[str, Tensor]:
        """The same for columns of JSON values."""
        if count == 1:
            made = self._alone({name: values[0] for name, values in columns.items()})
            if made is not None:
                return self._shaped(made, 1)
        return self.infer(decode_columns(columns, self.manifest.signature, count, first=first), count)

    def infer(self, inputs: Mapping[str, Tensor], count: int) -> dict[str, Tensor]:
        """Decoded inputs to outputs, each [N] or [N, K] as the manifest says.

        In chunks that bound the memory of a call, and a few chunks at a time whatever the number of threads.
        """
        session = self.engines.of(count)
        if not count:  # some operators do not run on empty batches
            made = _empty(self.manifest)
        elif count <= self.chunk:
            made = self._run(session, inputs, count)
        else:
            parts = [
                self._run(session, sliced(inputs, start, stop), stop - start)
                for start in range(0, count, self.chunk)
                for stop in [min(start + self.chunk, count)]
            ]
            made = {name: stacked([part[name] for part in parts]) for name in self._names}
        return self._shaped(made, count)

    def _alone(self, row: Any) -> dict[str, Tensor] | None:
        try:
            return self._one_row(row)
        except InferenceError:
            if self.engines.most_rows:
                return None  # `infer` asks the other engine, where there is one
            raise

    def _run(self, session: Session, inputs: Mapping[str, Tensor], count: int) -> dict[str, Tensor]:
        if 16 * count <= self.chunk:  # a megabyte at most
            return self._answered(session, inputs)
        turn = self._turns.take()
        try:
            return self._answered(session, inputs)
        finally:
            turn.release()

    def _answered(self, session: Session, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        try:
            return session.run(inputs, self._names)
        except InferenceError:
            other = self.engines.stands_in()
            if other is None or other is session:
                raise
            return other.run(inputs, self._names)

    def _shaped(self, made: dict[str, Tensor], count: int) -> dict[str, Tensor]:
        return {name: _shaped(tensor, count, self._ranks[name]) for name, tensor in made.items()}

    def check_files(self) -> None:
        """Compares the digests of the model's files once more.

        Raises:
            DamagedFile: one is another than the manifest speaks of.
        """
        check_model(self._folder, self.document, self.manifest, rows=True)

    def selftest(self) -> Selftest:
        """Replays the golden rows.

        Raises:
            BundleError: the bundle holds none.
        """
        from isoship_edge.inference.selftest import selftest

        return selftest(self)

    def close(self) -> None:
        """Releases the session. No run may be under way."""
        self._one_row.close()
        self.engines.close()


if TYPE_CHECKING:
    #: What `load` gives: `takes` says which.
    AnyModel = Model | TensorModel


def load(folder: str | Path, *, threads: int = 1, backend: str | None = None, target: str | None = None) -> AnyModel:
    """Loads the bundle in a folder (`bundle/` itself, or `bundle/edge`, or `bundle/lambda`).

    A model whose signature is columns takes rows (`Model`), one whose signature is tensors `TensorModel`.
    target: what the bundle answers as, "edge" or "lambda": the manifest says how many rows of a request its row program
    answers there. Else ONNX Runtime answers wherever it is here.

    Raises:
        BundleError: no bundle there, or one of a newer format.
        DamagedFile: manifest.json, model.onnx or its weights are not those that were exported.
        RuntimeMissing: ONNX Runtime is not here, and there is no row program.
    """
    path = os.path.join(folder, "manifest.json")
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as err:
        raise BundleError(
            f"no manifest at {path}: {err.strerror}. Give the folder that `isoship export` wrote"
        ) from err
    document, manifest = manifest_from_bytes(data, path)
    if manifest.encoder is not None:
        raise BundleError(f"{path} asks for an encoder, which this version of isoship_edge does not have")
    engines = Engines(folder, document, manifest, target=target, threads=threads, backend=backend)
    if manifest.signature.layout == "tensors":
        from isoship_edge.tensors.model import TensorModel

        return TensorModel(folder, document, manifest, engines.batches())
    return Model(folder, document, manifest, engines)


def with_rows(model: AnyModel) -> Model:
    """The model, which takes rows.

    Raises:
        InputError: it takes tensors.
    """
    if model.takes == "tensors":
        names = ", ".join(repr(one.name) for one in model.manifest.signature.inputs)
        raise InputError(
            f"{model.manifest.name} takes tensors ({names}) and no rows: `edge/run predict` reads them from a .jsonl"
            " file, isoship.load(...).predict takes arrays"
        )
    return model


def rows_at_once(manifest: Manifest) -> int:
    """How many rows one call of ONNX Runtime gets, so that its tensors fit into `CHUNK_BYTES`."""
    return max(1, min(CHUNK, CHUNK_BYTES // (manifest.row_bytes or 1)))


def _chunk(manifest: Manifest) -> int:
    try:
        return max(1, int(os.environ.get("ISOSHIP_CHUNK", rows_at_once(manifest))))
    except ValueError:
        return CHUNK


def _empty(manifest: Manifest) -> dict[str, Tensor]:
    from array import array

    from isoship_edge.inference.tensor import TYPECODES

    made = {}
    for output in manifest.outputs:
        data: Any = [] if output.dtype == "string" else bytearray()
        if output.dtype in TYPECODES:
            data = array(TYPECODES[output.dtype])
        shape = tuple(size if isinstance(size, int) else 0 for size in output.shape)
        made[output.name] = Tensor(output.dtype, shape, data)
    return made


def _shaped(tensor: Tensor, count: int, rank: int) -> Tensor:
    """[N, 1] where the manifest says [N] loses its 1; a batch of another length is a fault of the graph."""
    shape = tensor.shape
    if len(shape) == rank and shape[0] == count:
        return tensor
    if rank == 1 and len(shape) == 2 and shape[1] == 1:
        shape = shape[:1]
    if len(shape) != rank or shape[0] != count:
        raise InferenceError(
            f"an output has shape {list(tensor.shape)} for {count} rows where the manifest says rank {rank}"
        )
    return Tensor(tensor.dtype, shape, tensor.data)
