"""The graph for batches: made of model.onnx when many rows are asked, with the same answers to the last bit.

Three things are otherwise than in the graph that answers a request. Each tree is an operator of its own
(`split_trees`). What text columns alone decide is computed for each distinct text (`by_text`), and numbers stand where
texts stood. A label that is looked up in a list of texts stays a place in that list.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from isoship.batch.by_text import Frontier, columnwise
from isoship.batch.columns import EVEN, Decoded, whole
from isoship.batch.split_trees import split_trees
from isoship_edge.errors import InferenceError
from isoship_edge.inference.session import Session, open_session
from isoship_edge.inference.tensor import Tensor
from isoship_edge.manifest import Manifest

if TYPE_CHECKING:
    import onnx

Array = np.ndarray[Any, Any]

#: Rows of one call, and the bytes that they may take in it: more rows share what a call of a hundred trees costs.
_ROWS, _BYTES = 2**14, 2**24
_DTYPES = {"d": "double", "f": "float", "l": "int64", "q": "int64", "i": "int32", "B": "uint8", "?": "bool"}
_STRING = 8
#: So many tensors of the width of all inputs are alive at a time, at most, beside trees.
_WIDTHS = 6


@dataclass(frozen=True, eq=False)
class Places:
    """An output of texts. data: [N] or [N, K], int64 places in `texts`."""

    data: Array
    texts: tuple[str, ...]


@dataclass
class _Parts:
    """main: the graph without texts. front: what makes numbers of texts. labels: output -> its list of texts.
    chained: trees are added one after the other."""

    main: onnx.ModelProto
    front: onnx.ModelProto | None = None
    frontier: list[Frontier] = field(default_factory=list)
    labels: dict[str, tuple[str, ...]] = field(default_factory=dict)
    chained: bool = False


class BatchGraph:
    """model.onnx of a bundle, rewritten and loaded. For several threads."""

    def __init__(self, parts: _Parts, manifest: Manifest) -> None:
        self._manifest = manifest
        self._frontier, self._labels = parts.frontier, parts.labels
        self._names = tuple(output.name for output in manifest.outputs)
        row_bytes = manifest.row_bytes or 1
        if parts.chained:  # no tensor of all trees is left of what the manifest counts
            row_bytes = min(row_bytes, _WIDTHS * 8 * sum(_width(one) for one in parts.main.graph.input))
        self.rows = max(EVEN, min(_ROWS, _BYTES // row_bytes) // EVEN * EVEN)
        self._main = _opened(parts.main)
        self._front = None if parts.front is None else _opened(parts.front)
        self._lock = Lock()
        self._tables: dict[tuple[str, ...], Array] = {}

    @classmethod
    def of(cls, folder: Path, manifest: Manifest) -> BatchGraph | None:
        """The graph of the bundle in a folder, whose files are those of the manifest; None where it is left as it is
        (texts go further than lookups, or weights lie beside it)."""
        import onnx

        if manifest.optimized:
            return None
        model = onnx.load(folder / "model.onnx", load_external_data=False)
        if any(one.data_location == onnx.TensorProto.EXTERNAL for one in model.graph.initializer):
            return None
        parts = _divided(model, [c.tensor for c in manifest.signature.columns if c.dtype == "string"])
        return None if parts is None else cls(parts, manifest)

    def run(self, columns: list[Decoded], count: int) -> dict[str, Array | Places]:
        """Every output of the manifest for the rows of a table, `self.rows` of them at a time.

        Raises:
            InferenceError: onnxruntime failed.
        """
        signature = self._manifest.signature
        columns, padded = whole(columns, count)
        by_name = {c.tensor: held for c, held in zip(signature.columns, columns, strict=True)}
        tables = self._looked_up(by_name)
        parts: dict[str, list[Array]] = {name: [] for name in self._names}
        for start in range(0, padded, self.rows):
            stop = min(start + self.rows, padded)
            inputs = {name: _picked(runs, by_name, start, stop) for name, runs in tables.items()}
            if signature.layout == "columns":
                for name, held in by_name.items():
                    if held.texts is None:
                        inputs[name] = held.data[start:stop].reshape(-1, 1)
            else:
                inputs["X"] = np.stack([held.data[start:stop] for held in columns], axis=1)
            given = {n: _tensor(inputs[n], self._dtype(n, inputs[n])) for n in self._main.inputs}
            for name, made in self._main.run(given, self._names).items():
                parts[name].append(_array(made, stop - start, self._rank(name)))
        return {name: self._joined(name, found, count) for name, found in parts.items()}

    def _joined(self, name: str, found: list[Array], count: int) -> Array | Places:
        data = (found[0] if len(found) == 1 else np.concatenate(found))[:count]
        labels = self._labels.get(name)
        return data if labels is None else Places(data, labels)

    def _rank(self, name: str) -> int:
        return next(len(output.shape) for output in self._manifest.outputs if output.name == name)

    def _dtype(self, name: str, held: Array) -> str:
        kinds = {c.tensor: c.dtype for c in self._manifest.signature.columns if c.dtype == "bool"}
        return kinds.get(name) or _DTYPES[held.dtype.char]

    def _looked_up(self, by_name: Mapping[str, Decoded]) -> dict[str, list[tuple[str, Array]]]:
        """For each tensor of the frontier, runs of its columns: the text column behind them, and their lines [D, W]."""
        if self._front is None:
            return {}
        texts = {name: held.texts or [""] for name, held in by_name.items() if held.texts is not None}
        longest = -(-max(map(len, texts.values())) // EVEN) * EVEN
        padded = {name: own + own[:1] * (longest - len(own)) for name, own in texts.items()}
        given = {name: Tensor("string", (longest, 1), padded[name]) for name in self._front.inputs}
        made = self._front.run(given, [one.name for one in self._frontier])
        tables = {}
        for one in self._frontier:
            whole = _array(made[one.name], longest, 2)
            runs, at = [], 0
            for source, run in groupby(one.sources):
                width = len(list(run))
                runs.append((source, np.ascontiguousarray(whole[: len(texts[source]), at : at + width])))
                at += width
            tables[one.name] = runs
        return tables

    def close(self) -> None:
        """Releases both sessions. No run may be under way."""
        for session in (self._main, self._front):
            if session is not None:
                session.close()


def _divided(model: onnx.ModelProto, texts: list[str]) -> _Parts | None:
    import onnx

    from isoship.onnx.passes import drop_unused

    parts = _Parts(model)
    if texts:
        found = columnwise(model, texts)
        if found is None:
            return None
        parts.frontier, nodes = found
        parts.front = _front(model, texts, parts.frontier, nodes)
        made = {name for node in nodes for name in node.output}
        kept = [node for node in model.graph.node if node.output[0] not in made]
        del model.graph.node[:]
        model.graph.node.extend(kept)
        inputs = [one for one in model.graph.input if one.name not in texts]
        del model.graph.input[:]
        model.graph.input.extend(inputs)
        types = {node: _element_of(parts.front, node) for node in (one.name for one in parts.frontier)}
        for one in parts.frontier:
            made_as = onnx.helper.make_tensor_value_info(one.name, types[one.name], ("N", len(one.sources)))
            model.graph.input.append(made_as)
    parts.labels = _labels_as_places(model)
    parts.chained = split_trees(model)
    drop_unused.apply(model)
    return parts


def _front(
    model: onnx.ModelProto, texts: list[str], frontier: list[Frontier], nodes: list[onnx.NodeProto]
) -> onnx.ModelProto:
    import onnx

    from isoship.onnx.passes import drop_unused

    front = onnx.ModelProto(ir_version=model.ir_version, opset_import=model.opset_import)
    front.graph.name = "front"
    front.graph.input.extend(one for one in model.graph.input if one.name in texts)
    front.graph.initializer.extend(model.graph.initializer)
    front.graph.node.extend(nodes)
    front.graph.output.extend(onnx.ValueInfoProto(name=one.name) for one in frontier)
    drop_unused.apply(front)
    types = onnx.shape_inference.infer_shapes(front)
    known = {one.name: one for one in types.graph.output}
    del front.graph.output[:]
    front.graph.output.extend(known[one.name] for one in frontier)
    return front


def _element_of(front: onnx.ModelProto, name: str) -> int:
    (found,) = (one.type.tensor_type.elem_type for one in front.graph.output if one.name == name)
    return int(found)


def _labels_as_places(model: onnx.ModelProto) -> dict[str, tuple[str, ...]]:
    """Outputs that are looked up in a list of texts become their places in it, in place."""
    import onnx
    from onnx import numpy_helper

    held = {one.name: one for one in model.graph.initializer if one.data_type == _STRING and len(one.dims) == 1}
    makes = {name: node for node in model.graph.node for name in node.output}
    read = {name for node in model.graph.node for name in node.input}
    labels = {}
    for output in model.graph.output:
        node = makes.get(output.name)
        if node is None or node.op_type != "Gather" or node.input[0] not in held or output.name in read:
            continue
        if output.type.tensor_type.elem_type != _STRING:
            continue
        labels[output.name] = tuple(
            text.decode() if isinstance(text, bytes) else str(text)
            for text in numpy_helper.to_array(held[node.input[0]])
        )
        places = node.input[1]
        node.CopyFrom(onnx.helper.make_node("Cast", [places], [output.name], to=onnx.TensorProto.INT64))
        output.type.tensor_type.elem_type = onnx.TensorProto.INT64
    return labels


def _width(one: onnx.ValueInfoProto) -> int:
    return max(1, *(int(dim.dim_value) for dim in one.type.tensor_type.shape.dim))


def _opened(model: onnx.ModelProto) -> Session:
    with tempfile.TemporaryDirectory(prefix="isoship-batch-") as folder:
        path = Path(folder) / "batch.onnx"
        path.write_bytes(model.SerializeToString())
        return open_session(path)


def _picked(runs: list[tuple[str, Array]], by_name: Mapping[str, Decoded], start: int, stop: int) -> Array:
    made = [table[by_name[source].data[start:stop]] for source, table in runs]
    return made[0] if len(made) == 1 else np.concatenate(made, axis=1)


def _tensor(held: Array, dtype: str) -> Tensor:
    flat = np.ascontiguousarray(held).reshape(-1)
    return Tensor(dtype, held.shape, flat if flat.flags.writeable else flat.copy())


def _array(made: Tensor, count: int, rank: int) -> Array:
    """A tensor as an array [N] or [N, K]; texts as objects."""
    shape = made.shape
    if rank == 1 and len(shape) == 2 and shape[1] == 1:
        shape = shape[:1]
    if len(shape) != rank or shape[0] != count:
        raise InferenceError(f"a tensor has shape {list(made.shape)} for {count} rows where rank {rank} is expected")
    if made.dtype == "string":
        return np.array(made.data, object).reshape(shape)
    flat: Array = np.frombuffer(made.data, np.uint8 if made.dtype == "bool" else np.dtype(made.data.typecode))
    return flat.reshape(shape)
