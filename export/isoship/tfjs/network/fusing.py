"""Steps that TF.js does in one kernel: a product or convolution, what is added to its channels, and a Relu.

The same numbers come out: TF.js adds and cuts what the kernel has summed. It is what the official converter fuses, too.
"""

from __future__ import annotations

import base64
from collections import Counter
from typing import Any

from isoship.tfjs.emitter import GraphDef, node_of

_FUSED = {
    "Conv2D": "_FusedConv2D",
    "DepthwiseConv2dNative": "FusedDepthwiseConv2dNative",
    "MatMul": "_FusedMatMul",
}
#: Where the channels of a result lie: they are the last axis of each.
_KEPT = ("T", "strides", "padding", "data_format", "dilations", "transpose_a", "transpose_b")


def fused(graph: GraphDef, outputs: list[str]) -> GraphDef:
    """The graph with such steps joined; nodes keep the name of the last of them. outputs: nodes that are fetched."""
    nodes = {node["name"]: node for node in graph.nodes}
    users: dict[str, list[str]] = {}
    for node in graph.nodes:
        for name in node["input"]:
            users.setdefault(node_of(name), []).append(node["name"])
    uses = Counter({name: len(found) for name, found in users.items()})
    uses.update(node_of(name) for name in outputs)

    def only_user(name: str, op: str) -> dict[str, Any] | None:
        if uses[name] != 1 or name not in users:
            return None
        found = nodes[users[name][0]]
        return found if found["op"] == op else None

    gone: set[str] = set()
    replaced: dict[str, dict[str, Any]] = {}
    for node in graph.nodes:
        if node["op"] not in _FUSED or _is_turned(node):
            continue
        added = only_user(node["name"], "AddV2")
        bias = None if added is None else _bias(added, node["name"], graph)
        if added is None or bias is None or graph.weights[bias].shape[0] != _channels(node, graph):
            continue
        active = only_user(added["name"], "Relu")
        last = added if active is None else active
        names = ["BiasAdd"] if active is None else ["BiasAdd", "Relu"]
        attrs = {key: value for key, value in node["attr"].items() if key in _KEPT}
        attrs |= {"num_args": {"i": "1"}, "fused_ops": {"list": {"s": [_bytes(name) for name in names]}}}
        replaced[last["name"]] = {
            "name": last["name"],
            "op": _FUSED[node["op"]],
            "input": [*node["input"], bias],
            "attr": attrs,
        }
        gone.update({node["name"], added["name"], last["name"]} - {last["name"]})
    made = [replaced.get(node["name"], node) for node in graph.nodes if node["name"] not in gone]
    return GraphDef(made, graph.weights)


def _bias(added: dict[str, Any], product: str, graph: GraphDef) -> str | None:
    """The constant of one axis that is added to a product's channels."""
    other = [name for name in added["input"] if name != product]
    if len(other) != 1 or other[0] not in graph.weights or graph.weights[other[0]].ndim != 1:
        return None
    return str(other[0])


def _is_turned(node: dict[str, Any]) -> bool:
    """Whether a matrix is transposed: wasm adds the constant to the first row alone as it should then."""
    return any(node["attr"].get(f"transpose_{x}", {}).get("b") for x in "ab")


def _channels(node: dict[str, Any], graph: GraphDef) -> int:
    """How many channels a product with constant weights has; -1 where they are computed."""
    weights = graph.weights.get(node["input"][1])
    if weights is None:
        return -1
    if node["op"] == "DepthwiseConv2dNative":
        return int(weights.shape[-2] * weights.shape[-1])
    return int(weights.shape[-1])


def _bytes(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
