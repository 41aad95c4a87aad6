"""The first tensor of the web form that differs from model.onnx for one row, by name.

The web form is derived again from the shipped model.onnx, which tells which TF.js node stands for which ONNX tensor;
nothing is stored for it in the bundle. Tensors in front of the graph are those of the shipped program.json, run by its
Python twin; those of the graph come from stock TF.js on the backend under check.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from isoship.onnx.sessions import session_of
from isoship.parity.runners.contract import Shipped
from isoship.parity.runners.program import read_program
from isoship.parity.runners.tfjs_stock import stock_in_node
from isoship.rows.columns import Array, feeds_from_rows
from isoship.rows.probe import upstream_of
from isoship.sources.contract import Row
from isoship.tfjs.canonical import read_canonical
from isoship.tfjs.computing import in_doubles
from isoship.tfjs.partition import partition

#: TF.js computes in float32; what is further off than this of the largest value has parted.
_NEAR = 1e-4
_SHOWN = 6


@dataclass(frozen=True)
class FirstDifference:
    """tensor and op: of model.onnx. place: "the JavaScript steps before the graph" or "the TF.js graph". expected and
    got: at most six values each, from the first that differs; index: where in the tensor of the one row that is."""

    tensor: str
    op: str
    place: str
    index: int
    expected: tuple[Any, ...]
    got: tuple[Any, ...]

    def __str__(self) -> str:
        which = f"value {self.index} is" if len(self.got) == 1 else f"values from {self.index} on are"
        return (
            f"the two sides part at {self.op} -> {self.tensor!r}, in {self.place}: {which} {_text(self.got)}"
            f" and should be {_text(self.expected)}"
        )


def first_difference(shipped: Shipped, row: Row, backend: str) -> FirstDifference | None:
    """The first tensor of the web form, in the graph's order, that is not model.onnx's; None where none is.

    backend: cpu or wasm, of stock TF.js in Node.

    Raises:
        RunnerUnavailable: Node or stock TF.js is not here.
    """
    import onnx

    model = onnx.load(shipped.folder / "model.onnx")
    regions = partition(read_canonical(model), in_doubles=in_doubles(shipped.folder / "web"))
    shipped_program = read_program(shipped.folder / "web")
    feeds = feeds_from_rows([row], shipped.manifest.signature)
    truth = _onnx_values(model, feeds)
    made_by = {name: node.op_type for node in model.graph.node for name in node.output}
    before = shipped_program.before(feeds)
    for name, want in truth.items():
        renamed = regions.program.names.get(name)
        if renamed in before and name in made_by:
            found = _differs(want, before[renamed], near=0.0)  # doubles on both sides, from the same operators
            if found is not None:
                return FirstDifference(name, made_by[name], "the JavaScript steps before the graph", *found)
    nodes = {name: tensor.name for name, tensor in regions.emission.tensors.items() if name in truth}
    got = _graph_values(shipped, row, backend, list(dict.fromkeys(nodes.values())))
    for name, want in truth.items():
        if name in nodes and nodes[name] in got:
            found = _differs(want, got[nodes[name]])
            if found is not None:
                return FirstDifference(name, made_by[name], "the TF.js graph", *found)
    return None


def _onnx_values(model: Any, feeds: Mapping[str, Array]) -> dict[str, Array]:
    """Every tensor of model.onnx for these feeds, in the graph's order."""
    names = [name for node in model.graph.node for name in node.output if name]
    session = session_of(upstream_of(model, names))
    taken = {given.name for given in session.get_inputs()}
    return dict(zip(names, session.run(names, {k: v for k, v in feeds.items() if k in taken}), strict=True))


def _graph_values(shipped: Shipped, row: Row, backend: str, nodes: list[str]) -> dict[str, Array]:
    """These nodes' values in stock TF.js; those that the shipped graph lacks are left out."""
    import json

    document = json.loads((shipped.folder / "web" / "model.json").read_bytes())
    held = {node["name"] for node in document["modelTopology"]["node"]}
    runner = stock_in_node(backend)
    try:
        runner.prepare(shipped)
        return runner.fetch([row], [name for name in nodes if name.partition(":")[0] in held])
    finally:
        runner.close()


def _differs(want: Array, got: Array, near: float = _NEAR) -> tuple[int, tuple[Any, ...], tuple[Any, ...]] | None:
    """The first place where two tensors of one row differ, and what stands there; None where they agree."""
    if want.size != got.size:
        return 0, tuple(want.ravel()[:_SHOWN].tolist()), tuple(got.ravel()[:_SHOWN].tolist())
    a, b = want.ravel(), got.ravel()
    if a.dtype.kind in "OUSb" or b.dtype.kind in "OUS":
        wrong = np.array([str(x) != str(y) for x, y in zip(a.tolist(), b.astype(a.dtype).tolist(), strict=True)])
    else:
        a, b = a.astype(np.float64), b.astype(np.float64)
        finite = np.isfinite(a) & np.isfinite(b)
        size = 1.0 + float(np.max(np.abs(a[finite]), initial=0.0))
        with np.errstate(invalid="ignore"):
            wrong = np.where(finite, np.abs(a - b) > near * size, ~((a == b) | (np.isnan(a) & np.isnan(b))))
    places = np.flatnonzero(wrong)
    if not len(places):
        return None
    first = int(places[0])
    return first, tuple(_plain(a[first : first + _SHOWN])), tuple(_plain(b[first : first + _SHOWN]))


def _plain(values: Array) -> Iterator[Any]:
    yield from values.tolist()


def _text(values: tuple[Any, ...]) -> str:
    shown = ", ".join(map(_digits, values[:3]))
    return f"{shown}, …" if len(values) > 3 else shown


def _digits(value: Any) -> str:
    """The fewest digits that tell the value from its neighbours, float32's where it is one."""
    if not isinstance(value, float):
        return repr(value)
    with np.errstate(over="ignore"):
        single = np.float32(value)
    return str(single) if float(single) == value else repr(value)
