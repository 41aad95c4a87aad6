"""What a check of a tensor bundle compares with: the source model, model.onnx where it was proven, or golden calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from isoship.errors import InputError, ModelFileError, SampleError
from isoship.parity.runners.arrays import array_from_tensor
from isoship.parity.runners.contract import Shipped
from isoship.parity.runners.onnxruntime import OnnxRuntimeRunner
from isoship.parity.tensors.call import Answer, Call
from isoship.parity.tensors.refusals import Refusal
from isoship.parity.verdict.evidence import known_model
from isoship.sources.tensor_models import open_tensor_source, says_nothing_of_its_inputs, takes_tensors
from isoship.tensors.contract import Arrays, TensorSource
from isoship_edge.errors import DamagedFile
from isoship_edge.tensors import golden
from isoship_edge.tensors.signature import Input


@dataclass(frozen=True, eq=False)
class Golden:
    """golden.json and golden.bin, read. damaged: why there is nothing of them."""

    calls: list[Call]
    refused: list[Refusal]
    damaged: str = ""


def read_golden(shipped: Shipped) -> Golden:
    """The golden calls of a bundle. None are read out of files that were changed, which `files` names.

    Raises:
        BundleError: there are none.
    """
    try:
        asks, refusals = golden.read_golden(shipped.folder, shipped.manifest)
    except DamagedFile as err:
        return Golden([], [], str(err))
    calls = [Call(a.kind, _arrays(a.inputs), _arrays(a.outputs)) for a in asks]
    return Golden(calls, [Refusal(_arrays(r.inputs), r.input or "", r.why) for r in refusals])


def find_source(shipped: Shipped, model: Any, sample: Any) -> tuple[TensorSource | None, str]:
    """The source model, given or where this user exported it from, and a note on why there is none.

    Raises:
        ModelFileError: the model given is not the one that was exported.
    """
    if model is None:
        model, why_not = known_model(shipped)
        if model is None:
            return None, why_not
    if hasattr(model, "answers"):
        return _fitting(model, shipped), ""
    if not takes_tensors(model):
        raise ModelFileError(f"{model} is no model of tensors; give the one that this bundle was exported from")
    from isoship.tensors.options import reopened  # golden calls alone do without onnx

    opens = partial(open_tensor_source, model)
    if says_nothing_of_its_inputs(model) and "image" not in shipped.manifest.provenance:
        opens = partial(opens, dynamic=_dynamic(shipped.manifest.signature.inputs))
    try:
        try:
            source, why_not = reopened(opens, sample, shipped.manifest)
        except SampleError:
            calls = read_golden(shipped).calls if sample is None else []
            if not calls:
                raise
            source, why_not = reopened(opens, dict(calls[0].inputs), shipped.manifest)
    except InputError as err:
        raise ModelFileError(f"the model given is not the one that was exported: {err}") from err
    return (None, why_not) if source is None else (_fitting(source, shipped), "")


def _dynamic(inputs: Sequence[Input]) -> dict[str, dict[int, str]]:
    """The dimensions that the bundle was exported with."""
    return {one.name: {axis: size for axis, size in enumerate(one.shape) if isinstance(size, str)} for one in inputs}


def samples_for(shipped: Shipped, sample: Any) -> list[Arrays]:
    """The user's own calls, read by the signature.

    Raises:
        SampleError: they cannot be read, or do not fit it.
    """
    if sample is None:
        return []
    from isoship.tensors.samples import fitted, read_samples  # golden calls alone do without onnx

    inputs = shipped.manifest.signature.inputs
    return list(fitted(read_samples(sample, [one.name for one in inputs]), inputs))


def graph_answers(shipped: Shipped) -> Answer:
    """model.onnx as the reference."""
    runner = OnnxRuntimeRunner()
    runner.prepare(shipped)
    return runner.infer_tensors


def _fitting(source: TensorSource, shipped: Shipped) -> TensorSource:
    """Raises ModelFileError where the source has other inputs or outputs than the bundle."""
    manifest = shipped.manifest
    theirs, ours = _held(source.signature.inputs, source.outputs), _held(manifest.signature.inputs, manifest.outputs)
    if theirs != ours:
        source.close()
        raise ModelFileError(
            f"the model given is not the one that was exported: it has {theirs}; the bundle has {ours}"
        )
    return source


def _held(inputs: Sequence[Any], outputs: Sequence[Any]) -> str:
    """Names, dtypes and ranks. Which sizes are fixed is the manifest's affair."""
    said = [", ".join(f"{one.name} ({one.dtype}, rank {len(one.shape)})" for one in each) for each in (inputs, outputs)]
    return f"the inputs {said[0]} and the outputs {said[1]}"


def _arrays(tensors: Any) -> Arrays:
    return {name: array_from_tensor(tensor) for name, tensor in tensors.items()}
