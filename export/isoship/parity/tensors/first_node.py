"""The first node of a graph whose output differs between two sides, in the graph's order, and its name in the source.

Where two runtimes compute the sides, each tensor differs by rounding, which grows on the way through a network.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from isoship.onnx.sessions import Level
from isoship.parity.runners.arrays import Array
from isoship.parity.verdict.compare import difference
from isoship.tensors.run import Runs

if TYPE_CHECKING:
    import onnx

#: What float32's rounding makes of a tensor, as a share of its largest magnitude.
_ROUNDING = 1e-7


@dataclass(frozen=True)
class FirstNode:
    """tensor: the node's output that differs; index: where. place: of the node in the source, empty where unknown."""

    node: str
    op: str
    place: str
    tensor: str
    index: tuple[int, ...]
    expected: Any
    got: Any

    def __str__(self) -> str:
        at = f"[{', '.join(map(str, self.index))}]" if self.index else ""
        source = f", {self.place} in the source" if self.place else ""
        name = f" {self.node!r}" if self.node else ""
        return f"{self.op}{name}{source}: {self.tensor!r}{at} is {_text(self.got)} and should be {_text(self.expected)}"


def first_node(
    model: onnx.ModelProto,
    want: Mapping[str, Array],
    got: Mapping[str, Array],
    places: Mapping[str, str],
    *,
    above: float | None = None,
) -> FirstNode | None:
    """want, got: tensors by name. places: node -> where it is in the source.

    above: the share of a tensor's largest magnitude from which a difference counts. None: between rounding and the
    largest difference of all, halfway in decades, so that the node is one that is wrong.
    """
    common = [(node, tensor) for node in model.graph.node for tensor in node.output if tensor in want and tensor in got]
    apart = {tensor: _apart(want[tensor], got[tensor]) for _, tensor in common}
    if above is None:
        above = _between(max((share for share, _ in apart.values()), default=0.0))
    for node, tensor in common:
        share, at = apart[tensor]
        if share > above:
            return _named(node, tensor, places, want[tensor], got[tensor], at)
    return None


def first_exposed(
    model: onnx.ModelProto, want: Mapping[str, Array], ask: Callable[[str], Array], places: Mapping[str, str]
) -> FirstNode | None:
    """The same for a runtime that answers otherwise when it is asked for all tensors at once: it is asked for one after
    the other, half of the graph at a time. What is wrong once is taken to be wrong behind it."""
    tensors = [(node, node.output[0]) for node in model.graph.node if node.output and node.output[0] in want]
    last = max((_apart(want[o.name], ask(o.name))[0] for o in model.graph.output if o.name in want), default=0.0)
    above = _between(last)
    low, high = 0, len(tensors)
    found: FirstNode | None = None
    while low < high:
        middle = (low + high) // 2
        node, tensor = tensors[middle]
        got = ask(tensor)
        share, at = _apart(want[tensor], got)
        if share > above:
            high = middle
            found = _named(node, tensor, places, want[tensor], got, at)
        else:
            low = middle + 1
    return found


def only(model: onnx.ModelProto, tensor: str) -> onnx.ModelProto:
    """The graph with one tensor as its output; runtimes drop what stands behind it."""
    import onnx

    made = onnx.ModelProto()
    made.CopyFrom(model)
    del made.graph.output[:]
    made.graph.output.append(onnx.helper.make_empty_tensor_value_info(tensor))
    return made


def run(model: onnx.ModelProto, inputs: Mapping[str, Array], level: Level = "off") -> dict[str, Array]:
    """Every output of a graph that is a tensor. level: of `Runs`.

    Raises:
        ConversionError, InputError: onnxruntime does not load it, or refuses the call.
    """
    taken = {one.name for one in model.graph.input}
    found = Runs(model, level)({name: array for name, array in inputs.items() if name in taken})
    return {name: value for name, value in found.items() if isinstance(value, np.ndarray)}


def _between(largest: float) -> float:
    return math.sqrt(min(largest, 1.0) * _ROUNDING)


def _named(
    node: onnx.NodeProto, tensor: str, places: Mapping[str, str], want: Array, got: Array, at: tuple[int, ...] | None
) -> FirstNode:
    where = (node.name, node.op_type, places.get(node.name, ""), tensor)
    if at is None:
        return FirstNode(*where, (), f"of shape {list(want.shape)}", f"of shape {list(got.shape)}")
    return FirstNode(*where, at, _item(want[at]), _item(got[at]))


def _apart(want: Array, got: Array) -> tuple[float, tuple[int, ...] | None]:
    """(largest difference as a share of the largest magnitude, where); infinite where shapes or NaNs are others."""
    if want.shape != got.shape:
        return math.inf, None
    if want.size == 0:
        return 0.0, ()
    if want.dtype.kind == "f" and got.dtype.kind == "f":
        a, b = want.astype(np.float64), got.astype(np.float64)
        size = float(np.abs(a[np.isfinite(a) & np.isfinite(b)]).max(initial=0.0))
        d = difference(a, b) / max(size, 1e-300)
    else:
        d = np.asarray(want != got).astype(np.float64)
    at = np.unravel_index(int(np.argmax(d)), want.shape)
    return float(d[at]), tuple(int(i) for i in at)


def _item(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value


def _text(value: Any) -> str:
    """The fewest digits that tell the value from its neighbours, float32's where it is one."""
    if not isinstance(value, float):
        return value if isinstance(value, str) and value.startswith("of shape") else repr(value)
    with np.errstate(over="ignore"):
        single = np.float32(value)
    return str(single) if float(single) == value else repr(value)
