"""The compiler of networks: an ONNX model of tensors becomes a TF.js graph model, standard operators alone.

It reads the graph (`reading`: dtypes, shapes, constants folded, definitions written out by `functions`), writes each
node
by its lowering (`registry`, `lowerings`) into an `emission`, and refuses the model with the first node that no lowering
carries, and why. docs/web_networks.md says how a lowering is added.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from isoship.errors import UnsupportedModelError
from isoship.tfjs.emitter import GraphDef, Tensor, write_model
from isoship.tfjs.network.emission import HELD, STANDS_FOR, Emission
from isoship.tfjs.network.fusing import fused
from isoship.tfjs.network.reading import Dim, Graph, read_network
from isoship.tfjs.network.registry import BACKENDS, CannotLower, lowering_of
from isoship.tfjs.network.writing import MOST

if TYPE_CHECKING:
    import onnx

__all__ = ["MOST", "Network", "Port", "compile_network", "write_network"]


@dataclass(frozen=True)
class Port:
    """An input or output of a network.

    name: the ONNX graph's own; node: the TF.js tensor's; onnx_dtype: float, double, int64, ...; dtype: what stands for
    it in TF.js, float32, int32 (integers of at most `MOST` in size) or bool; shape: sizes, names of sizes, None.
    """

    name: str
    node: str
    onnx_dtype: str
    dtype: str
    shape: tuple[Dim, ...]


@dataclass(frozen=True)
class Network:
    """asynchronous: only `executeAsync` runs it, since shapes in it hang on the data. backends: those of TF.js that
    every lowering in it is right on."""

    graph: GraphDef
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    notes: tuple[str, ...] = ()
    asynchronous: bool = False
    backends: tuple[str, ...] = BACKENDS


def compile_network(model: onnx.ModelProto) -> Network:
    """The TF.js graph of a model of tensors; its weights are in the model.

    Raises:
        UnsupportedModelError: a node has no form in TF.js that is right; it names the node and says why.
        ConversionError: the model's shapes do not fit together.
    """
    graph = read_network(model, lambda domain, op, version: lowering_of(domain, op, version) is not None)
    e = Emission(graph)
    inputs = []
    for name in graph.inputs:
        value = graph.values[name]
        if value.dtype not in STANDS_FOR or value.shape is None:
            why = "it has no shape" if value.shape is None else f"TF.js holds no {value.dtype}"
            raise UnsupportedModelError(
                f"the input {name!r}", why, "Export the model without the browser: --targets lambda,edge"
            )
        tensor = e.g.placeholder(_plain_name(name), STANDS_FOR[value.dtype], value.shape)
        e.tensors[name] = tensor
        if tensor.dtype == "int32":
            least, most = HELD[value.dtype]
            e.bounds[name] = max(least, -MOST), min(most, MOST)
        inputs.append(Port(name, tensor.name, value.dtype, tensor.dtype, value.shape))
    for node in graph.nodes:
        try:
            e.lower(node)
        except CannotLower as why:
            raise node.refuse(str(why)) from None
    outputs = tuple(_output(name, e, graph) for name in graph.outputs)
    fetched = [port.node for port in outputs]
    pruned = fused(e.g.pruned(fetched), fetched).pruned(fetched)
    some = f"its graph is made for {' and '.join(e.backends)} alone (docs/web_networks.md)"
    notes = () if e.backends == BACKENDS else (some,)
    return Network(pruned, tuple(inputs), outputs, notes, e.asynchronous, e.backends)


def write_network(folder: Path, network: Network) -> tuple[str, ...]:
    """Writes model.json and the shards; their names. The same network gives the same bytes. Weights that float16 holds,
    as those of a network of float16, take half of their size, and lose nothing."""
    ends = [[(port.node, port.dtype, port.shape) for port in ports] for ports in (network.inputs, network.outputs)]
    return write_model(folder, network.graph, ends[0], ends[1], {"isoship": "network"}, halves=True)


def _output(name: str, e: Emission, graph: Graph) -> Port:
    """Ends the graph in a node of its own for an output.

    The cpu backend casts bool by relabelling, and who reads the result gets bytes: hence the addition."""
    value = graph.values[name]
    try:
        tensor: Tensor = e.data(name)
    except CannotLower as why:
        raise UnsupportedModelError(f"the output {name!r}", str(why), "Use --targets lambda,edge") from None
    if e.g.made_by(tensor) == "Cast":
        end = e.g.op("AddV2", tensor, e.like(tensor, 0), name=_plain_name(name))
    else:
        end = e.g.op("Identity", tensor, name=_plain_name(name))
    return Port(name, end.name, value.dtype, end.dtype, value.shape or ())


def _plain_name(name: str) -> str:
    """A node name that TensorFlow accepts."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "_.") else "_" for c in name)
    return plain if plain[:1].isalnum() else f"v{plain}"
