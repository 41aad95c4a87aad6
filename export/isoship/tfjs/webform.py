"""From a canonical ONNX graph to the web form: TF.js graph model and JavaScript program (docs/architecture.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isoship.tfjs.canonical import read_canonical
from isoship.tfjs.emitter import write_model
from isoship.tfjs.partition import partition
from isoship.tfjs.program import write_program
from isoship.tfjs.readback import verify_written

if TYPE_CHECKING:
    import onnx


@dataclass(frozen=True)
class WebForm:
    """What was written. prefix, graph, suffix: the operators of each region, sorted."""

    folder: Path
    files: tuple[str, ...]
    prefix: tuple[str, ...]
    graph: tuple[str, ...]
    suffix: tuple[str, ...]
    notes: tuple[str, ...]


def to_tfjs(
    onnx_model: onnx.ModelProto,
    out_dir: str | Path,
    *,
    name: str = "model",
    form: Sequence[Mapping[str, Any]] = (),
    in_doubles: bool = False,
) -> WebForm:
    """Writes `model.json`, its weight shards, `program.json` and, for large constants, `program.bin`.

    onnx_model: the canonical graph, as `isoship.to_onnx` gives it; or a network, a model of tensors, whose weights
    are in
    it: all of that is the graph of `model.json` then, which `tf.loadGraphModel` runs as it is, and there is no program.
    out_dir is made where it is missing.
    form: the fields that the page shows, stored in program.json as they are.
    in_doubles: for a model that float32 does not hold: JavaScript computes all but trees and modest products.
    The same model gives the same bytes. What was written is read back and compared bit by bit.

    Raises:
        UnsupportedModelError: an operator can be carried neither to TF.js nor to JavaScript.
        ConversionError: onnxruntime does not run the graph, or what was written does not read back.
    """
    folder = Path(out_dir)
    if not has_columns(onnx_model):
        return _network(onnx_model, folder)
    graph = read_canonical(onnx_model)
    regions = partition(graph, in_doubles=in_doubles)
    program, g = regions.program, regions.emission.g
    folder.mkdir(parents=True, exist_ok=True)
    endpoints = [[(e["name"], e["dtype"], e["shape"]) for e in side] for side in (program.feeds, program.fetches)]
    metadata = {"name": name, "program": "program.json"}
    files = write_model(folder, g, endpoints[0], endpoints[1], metadata)
    files += write_program(folder, program, form, in_doubles=in_doubles)
    verify_written(folder, g.weights)
    return WebForm(
        folder=folder,
        files=files,
        prefix=_ops(program.prefix),
        graph=_ops(g.nodes),
        suffix=_ops(program.suffix),
        notes=tuple(regions.notes),
    )


def has_columns(model: onnx.ModelProto) -> bool:
    """Whether the inputs are columns [N, 1], or the matrix X [N, F], as the canonical graph has them."""
    from onnx import TensorProto

    known = {tensor.name for tensor in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in known]
    shapes = [value.type.tensor_type.shape.dim for value in inputs]
    if [value.name for value in inputs] == ["X"] and len(shapes[0]) == 2:
        return True
    of_rows = (TensorProto.DOUBLE, TensorProto.INT64, TensorProto.BOOL, TensorProto.STRING)
    return bool(inputs) and all(
        value.type.tensor_type.elem_type in of_rows and len(shape) == 2 and shape[1].dim_value == 1
        for value, shape in zip(inputs, shapes, strict=True)
    )


def _network(model: onnx.ModelProto, folder: Path) -> WebForm:
    from isoship.tfjs.network import compile_network, write_network

    network = compile_network(model)
    folder.mkdir(parents=True, exist_ok=True)
    files = write_network(folder, network)
    verify_written(folder, network.graph.weights)
    return WebForm(folder, files, (), _ops(network.graph.nodes), (), network.notes)


def _ops(steps: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(sorted({step["op"] for step in steps}))
