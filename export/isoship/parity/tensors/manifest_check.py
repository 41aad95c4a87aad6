"""What a tensor bundle says of its model, held against the model itself, and model.onnx against what it converts to.

Every runtime takes the contract and the classes from the manifest, and a changed weight may lie within the tolerance:
all runtimes would agree on either.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from isoship import __version__
from isoship.tensors.contract import TensorSource, sizes_known
from isoship_edge.manifest import Manifest

if TYPE_CHECKING:
    import onnx

_WIDER = 100.0
_CONTRACT = ("nan", "infinity", "minimum", "maximum")


def manifest_differences(manifest: Manifest, source: TensorSource) -> Iterator[str]:
    """A line for every difference of the contract and of the outputs' classes."""
    own_inputs = {one.name: one for one in source.signature.inputs}
    for ours in manifest.signature.inputs:
        for name in _CONTRACT:
            said, own = getattr(ours, name), getattr(own_inputs[ours.name], name)
            if said != own:
                yield f"manifest.json says that input {ours.name!r} has {name} {said}, and the model says {own}"
        # a bundle of an earlier release says nothing of sizes, and its model refuses them by itself
        for dim, size in (ours.largest or {}).items():
            own = (own_inputs[ours.name].largest or {}).get(dim)
            if size != own:
                yield f"manifest.json says that {dim} of {ours.name!r} is at most {size}, and the model says {own}"
    own_outputs = {one.name: one for one in source.outputs}
    for output in manifest.outputs:
        own = own_outputs[output.name].classes
        if own is not None and output.classes != own:
            said = f"manifest.json says that {output.name} has the classes {_shown(output.classes)}"
            yield f"{said}, and the model gives {_shown(own)}"


def same_makers(manifest: Manifest, source: TensorSource) -> bool:
    """Whether what converted the model then is what would convert it now: then the graphs are equal, to the bit."""
    made = manifest.provenance
    return (made.get("isoship"), made.get("library"), made.get("library_version")) == (
        __version__,
        source.library,
        source.library_version,
    )


def loose_tolerances(manifest: Manifest, source: TensorSource, converted: onnx.ModelProto) -> Iterator[str]:
    """Tolerances far beyond those that an export gives: a wide one would let anything pass. Those of an export with
    calls of the user's own may be somewhat wider."""
    from isoship.tensors.asks import asks_for
    from isoship.tensors.single_graph import float32_tolerances
    from isoship.tensors.tolerances import only, tolerances_for

    found = sizes_known(source)
    asks = asks_for(converted, source.signature, samples=source.samples, found=found)
    measured = tolerances_for(converted, source.signature, source.outputs, asks, lambda _message: None, found)
    due = [(name, given, only(measured)[name]) for name, given in only(manifest.tolerances).items()]
    narrow = {n: held["float32"] for n, held in manifest.tolerances.items() if {"double", "float32"} <= held.keys()}
    if narrow:
        in_float32 = float32_tolerances(converted, source.outputs, asks)
        due += [(name, given, in_float32[name]) for name, given in narrow.items()]
    for name, given, own in due:
        if given.atol > own.atol * _WIDER or given.rtol > own.rtol * _WIDER:
            yield (
                f"manifest.json allows {name} an error of {given.atol:g} + {given.rtol:g} x |value|, and an export"
                f" gives {own.atol:g} + {own.rtol:g} x |value|"
            )


def graph_difference(converted: onnx.ModelProto, shipped: onnx.ModelProto) -> str:
    """Where model.onnx is another graph than the model converts to, the first weight or node; empty where it is not."""
    ours = {t.name: t.SerializeToString(deterministic=True) for t in shipped.graph.initializer}
    own = {t.name: t.SerializeToString(deterministic=True) for t in converted.graph.initializer}
    for name in own:
        if ours.get(name) != own[name]:
            return _other(f"the weight {name!r}", name in ours)
    for theirs, mine in zip(converted.graph.node, shipped.graph.node, strict=False):
        if theirs.SerializeToString(deterministic=True) != mine.SerializeToString(deterministic=True):
            return _other(f"{mine.op_type} {mine.name!r}", known=True)
    if len(converted.graph.node) != len(shipped.graph.node) or ours.keys() != own.keys():
        return "model.onnx has other nodes or weights than the model, converted again, has"
    return ""


def _other(what: str, known: bool) -> str:
    return (
        f"model.onnx holds {'another form of ' if known else 'nothing of '}{what} than the model, converted again, has"
    )


def _shown(value: Any) -> str:
    text = repr(list(value) if isinstance(value, tuple) else value)
    return text if len(text) <= 160 else text[:157] + "..."
