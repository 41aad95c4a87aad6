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

    onnx_model: the canonical graph, as `isoship.to_onnx` gives it. out_dir is made where it is missing.
    form: the fields that the page shows, stored in program.json as they are.
    in_doubles: for a model that float32 does not hold: JavaScript computes all but trees and modest products.
    The same model gives the same bytes. What was written is read back and compared bit by bit.

    Raises:
        UnsupportedModelError: an operator can be carried neither to TF.js nor to JavaScript.
        ConversionError: onnxruntime does not run the graph, or what was written does not read back.
    """
    folder = Path(out_dir)
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


def _ops(steps: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(sorted({step["op"] for step in steps}))
