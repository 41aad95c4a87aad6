"""An ONNX file as a source: onnxruntime's own answers to it, without optimization, are the truth."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from isoship.errors import ConversionError, InputError, ModelFileError, UnsupportedModelError
from isoship.sources.onnx_file.dimensions import name_dimensions, share_batch
from isoship.sources.onnx_file.metadata import places_of, strip_metadata
from isoship.sources.onnx_file.reading import inline_weights, read_model
from isoship.sources.onnx_file.refused import (
    refuse_unknown_operators,
    refuse_what_has_no_one_answer,
    refuse_what_no_caller_holds,
)
from isoship.sources.onnx_file.versions import declare_what_runs
from isoship.sources.onnx_file.zip_maps import Keys, as_arrays, made_by_zip_maps, take_zip_maps_away
from isoship.tensors.contract import Arrays
from isoship.tensors.graph import inputs_of, nodes_of
from isoship.tensors.longest import said_of, with_largest
from isoship.tensors.run import Array, Runs
from isoship.tensors.samples import read_samples
from isoship.tensors.signatures import infer_outputs, infer_signature
from isoship_edge.manifest import Output

_IR_WITH_WEIGHTS_ALONE = 4


class OnnxFile:
    """A `TensorSource`.

    model: the path of a file, or a ModelProto.
    sample: calls of the user's (`isoship.tensors.samples`).

    Raises:
        ModelFileError: no ONNX file, or its weights are not where they must be.
        UnsupportedModelError: what the file holds cannot be carried exactly; names the node.
        SampleError: the sample does not fit the model.
    """

    library = "onnx"

    def __init__(self, model: str | Path | onnx.ModelProto, *, sample: Any = None) -> None:
        file = _read(model)
        producer = " ".join(filter(None, (file.producer_name, file.producer_version)))
        self.estimator = f"graph by {producer}" if producer else "graph"
        opset = next((each.version for each in file.opset_import if each.domain in ("", "ai.onnx")), 0)
        self.library_version = f"opset {opset}" if opset else "ai.onnx.ml"
        self.notes: tuple[str, ...] = ()
        _refuse(file)
        _refuse_values(file)
        self.places: Mapping[str, str] = places_of(file)
        notes = [*_said_of_shapes(file), *declare_what_runs(file)]
        raw = read_samples(sample, [value.name for value in inputs_of(file)]) if sample is not None else []
        named = name_dimensions(file, {name: array.ndim for name, array in raw[0].items()} if raw else None)
        self._graph = onnx.ModelProto()
        self._graph.CopyFrom(file)
        self._keys: Keys = take_zip_maps_away(self._graph)
        notes += _weights_are_no_inputs(self._graph)
        strip_metadata(self._graph)
        notes += share_batch(self._graph, named)
        try:
            self._truth = Runs(file)
        except ConversionError as err:
            raise UnsupportedModelError(
                f"the file written by {producer or 'its exporter'}", str(err), "Export it with another opset"
            ) from err
        if self._keys:
            notes.append(
                f"ZipMap is taken away: {', '.join(self._keys)} ship as arrays, columns in the order of classes"
            )
        inferred = infer_signature(self._graph, raw)
        self.signature, self.samples, self.sizes = inferred.signature, inferred.samples, inferred.sizes
        if self.sizes is not None:
            self.signature = with_largest(self._graph, self.signature, self.sizes.base, Runs(self._graph))
        self.outputs: tuple[Output, ...] = infer_outputs(
            self._graph, self.signature, self.samples, self._keys, self.sizes
        )
        self.notes = (*notes, *inferred.notes, *said_of(self.signature), *self._default_level(file))

    def answers(self, inputs: Arrays) -> dict[str, Array]:
        """What onnxruntime answers to the file as it was written.

        Raises:
            InputError: onnxruntime refuses the call.
        """
        made = as_arrays(self._truth(inputs), self._keys)
        return {output.name: np.asarray(made[output.name]) for output in self.outputs}

    def to_onnx(self) -> onnx.ModelProto:
        """The graph that ships: the file's own nodes and weights."""
        copy = onnx.ModelProto()
        copy.CopyFrom(self._graph)
        return copy

    def close(self) -> None:
        """Nothing runs beside this process."""

    def _default_level(self, file: onnx.ModelProto) -> list[str]:
        """A note where onnxruntime's default optimization answers otherwise, as Pad + MaxPool (docs/upstream.md)."""
        from isoship.tensors.asks import asks_for

        kinds = {node.op_type for node in nodes_of(file)}
        if kinds <= {"Identity"}:
            return []
        try:
            optimized, plain = Runs(file, level="default"), Runs(file)
            worst = (0.0, "")
            asks = asks_for(
                self._graph, self.signature, samples=self.samples, found=self.sizes, budget=14, settled=False
            )
            for ask in asks:
                one, other = optimized(ask.inputs), plain(ask.inputs)
                for name, want in other.items():
                    worst = max(worst, (_apart(want, one[name]), name))
        except (ConversionError, InputError) as err:
            return [f"onnxruntime's default optimization does not run this file: {err}. What ships runs without it"]
        if worst[0] <= 1e-3:
            return []
        return [
            f"onnxruntime's default optimization answers {worst[1]!r} otherwise than the file says, by {worst[0]:.2g}"
            " of its largest answer. What ships runs without it; whoever loads model.onnx elsewhere should, too"
        ]


def _read(model: str | Path | onnx.ModelProto) -> onnx.ModelProto:
    if isinstance(model, (str, Path)):
        return read_model(Path(model))
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    inline_weights(copy, None)
    return copy


def _refuse(file: onnx.ModelProto) -> None:
    """Raises: as the class does."""
    refuse_unknown_operators(file)
    refuse_what_has_no_one_answer(file)
    shaped = onnx.ModelProto()
    shaped.CopyFrom(file)
    shaped.ir_version = max(shaped.ir_version, _IR_WITH_WEIGHTS_ALONE)  # older ones list every weight as an input
    for value in (*shaped.graph.input, *shaped.graph.output):
        if value.type.HasField("tensor_type"):  # the checker wants shapes where exporters leave them out
            value.type.tensor_type.shape.SetInParent()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            onnx.checker.check_model(shaped)
    except onnx.checker.ValidationError as err:
        said = " ".join(str(err).split())[:400]
        raise ModelFileError(f"the file is no valid ONNX model: {said}. Export it again") from err


def _said_of_shapes(file: onnx.ModelProto) -> list[str]:
    """The other half of onnx's full check. Shapes that a file declares wrongly are no reason not to run it:
    onnxruntime goes by the nodes."""
    try:
        onnx.shape_inference.infer_shapes(file, check_type=True, strict_mode=True)
    except Exception as err:  # noqa: BLE001 - onnx raises what its C++ does
        said = " ".join(str(err).split())[:200]
        return [f"shapes or types in the file contradict its nodes, which are what runs: {said}"]
    return []


def _refuse_values(graph: onnx.ModelProto) -> None:
    refuse_what_no_caller_holds(graph, ships=made_by_zip_maps(graph))
    names = [value.name for value in inputs_of(graph)]
    if not names:
        raise UnsupportedModelError("the graph", "it takes no input, so it is no model", "Export it with its inputs")


def _weights_are_no_inputs(graph: onnx.ModelProto) -> list[str]:
    """Takes weights out of the list of inputs, in place; newer files mean by it that a caller may replace them."""
    given = inputs_of(graph)
    if len(given) == len(graph.graph.input):
        return []
    held = [value.name for value in graph.graph.input if value not in given]
    overridable = graph.ir_version >= _IR_WITH_WEIGHTS_ALONE
    graph.ir_version = max(graph.ir_version, _IR_WITH_WEIGHTS_ALONE)
    del graph.graph.input[:]
    graph.graph.input.extend(given)
    if not overridable:
        return []
    return [f"{', '.join(held[:5])}: inputs that have a value in the file ship with that value"]


def _apart(want: Any, got: Any) -> float:
    """The largest difference, as a share of the largest answer."""
    if not isinstance(want, np.ndarray) or want.dtype.kind not in "fiub" or not want.size:
        return 0.0
    with np.errstate(invalid="ignore", over="ignore"):
        error = np.nan_to_num(np.abs(want.astype(np.float64) - np.asarray(got).astype(np.float64)))
    most = float(np.nan_to_num(np.abs(want.astype(np.float64))).max())
    return float(error.max()) / max(most, 1e-30)


def opened(model: str | Path | onnx.ModelProto, *, sample: Any = None) -> OnnxFile:
    """Reads an ONNX file."""
    return OnnxFile(model, sample=sample)
