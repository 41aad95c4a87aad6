"""Writes the JavaScript program: ONNX nodes as steps of `program.json`, constants beside them and in `program.bin`.

Which steps exist is `program_ops.py`; their spelling is there too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from isoship.tfjs.canonical import NUMPY, Array, Graph, Node, Value, dtype_of
from isoship.tfjs.program_ops import FORMAT, PROGRAM_OPS, ProgramOp
from isoship.tfjs.steps import NotInJavaScript, step_form
from isoship.tfjs.trees import Layout
from isoship_edge.encoding.golden import encode

#: Constants with more elements than this live in program.bin.
INLINE = 64

#: Every constant in program.bin starts at a multiple of this, so that typed arrays can view it.
ALIGNMENT = 8

#: Dtypes that tables have and no value of a graph: the narrowest that holds their numbers.
_NARROW: dict[np.dtype[Any], str] = {np.dtype(kind): kind for kind in ("uint8", "uint16", "uint32")}

Step = dict[str, Any]


@dataclass
class Program:
    """Steps under construction. Names of ONNX values become short ones that no input column has.

    ops: the operators that a step may have.
    """

    graph: Graph
    ops: Mapping[str, ProgramOp] = field(default_factory=lambda: PROGRAM_OPS)
    prefix: list[Step] = field(default_factory=list)
    suffix: list[Step] = field(default_factory=list)
    feeds: list[dict[str, Any]] = field(default_factory=list)
    fetches: list[dict[str, Any]] = field(default_factory=list)
    outputs: dict[str, str] = field(default_factory=dict)
    constants: dict[str, Array] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    _known: dict[tuple[str, tuple[int, ...], bytes], str] = field(default_factory=dict)
    _count: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.names.update({name: name for name in self.graph.inputs})

    def fresh(self, letter: str) -> str:
        """t1, t2, ... for steps, g1 for fetches, c1 for constants, skipping what is a column's name."""
        while True:
            self._count[letter] = self._count.get(letter, 0) + 1
            name = f"{letter}{self._count[letter]}"
            if name not in self.graph.inputs:
                return name

    def constant(self, array: Array) -> str:
        """The name of a constant; equal ones share it."""
        content = json.dumps(array.tolist()).encode() if array.dtype == object else array.tobytes()
        key = (_dtype(array), array.shape, content)
        if key not in self._known:
            self._known[key] = self.fresh("c")
            self.constants[self._known[key]] = array
        return self._known[key]

    def name(self, value: str) -> str:
        """What a value of the ONNX graph is called here."""
        if value == "":
            return ""
        if value not in self.names:
            array = self.graph.constant(value)
            if array is None:
                raise NotInJavaScript(f"its input {value!r} is not at hand")
            self.names[value] = self.constant(array)
        return self.names[value]

    def add(self, region: list[Step], node: Node) -> None:
        """Appends a node.

        Raises:
            NotInJavaScript: JavaScript does not have it, or not with these dtypes or attributes.
        """
        inputs, attrs = step_form(node, self.graph, self.ops)
        for key in ("keys", "values", "default"):
            if isinstance(attrs.get(key), np.ndarray):
                attrs[key] = self.constant(attrs[key])
        arguments = [self.constant(i) if isinstance(i, np.ndarray) else self.name(i) for i in inputs]
        self.append(region, node.op, arguments, node.outputs, attrs)

    def append(
        self, region: list[Step], op: str, arguments: list[str], outputs: Sequence[str], attrs: dict[str, Any]
    ) -> None:
        for value in outputs:
            self.names[value] = self.fresh("t")
        made = [self.names[value] for value in outputs]
        region.append({"op": op, "inputs": arguments, "outputs": made, "attrs": attrs})

    def add_ranks(self, node: Node, layout: Layout) -> Value:
        """Appends the steps that turn the features of a tree ensemble into its ranks, int32 [N, K]."""
        features = self.name(node.inputs[0])
        parts = []
        for op, kinds in (("isoship.Rank", ("left", "right")), ("isoship.Member", ("member",))):
            columns = [c for c in layout.columns if c.kind in kinds]
            if not columns:
                continue
            values = np.array([v for c in columns for v in c.values], np.float64)
            attrs: dict[str, Any] = {"feature": [c.feature for c in columns], "count": [len(c.values) for c in columns]}
            if op == "isoship.Rank":
                attrs |= {"side": [c.kind for c in columns], "nan": [c.nan for c in columns]}
            else:
                attrs |= {"nan": [int(c.nan) for c in columns]}
            parts.append(f"{ranks_of(node)}/{op}")
            self.append(self.prefix, op, [features, self.constant(values)], [parts[-1]], attrs)
        if len(parts) == 1:
            self.names[ranks_of(node)] = self.names[parts[0]]
        else:
            joined = [self.names[part] for part in parts]
            self.append(self.prefix, "Concat", joined, [ranks_of(node)], {"axis": 1})
        return Value("int32", ("N", len(layout.columns)))

    def drop_unused(self) -> None:
        """Removes steps and constants that no feed, fetch or output needs."""
        wanted = set(self.outputs.values())
        self.suffix = _needed(self.suffix, wanted)
        wanted.update(feed["from"] for feed in self.feeds)
        self.prefix = _needed(self.prefix, wanted)
        wanted.update(
            step["attrs"][key]
            for step in (*self.prefix, *self.suffix)
            if step["op"].startswith("ml.")
            for key in ("keys", "values", "default")
            if key in step["attrs"]
        )
        self.constants = {name: array for name, array in self.constants.items() if name in wanted}


def ranks_of(node: Node) -> str:
    """The name under which the ranks of a tree ensemble are fed."""
    return f"{node.outputs[0]}/ranks"


def write_program(
    folder: Path, program: Program, form: Sequence[Mapping[str, Any]], *, in_doubles: bool = False
) -> tuple[str, ...]:
    """Writes program.json, and program.bin where there are large constants. Returns the names of the files."""
    constants, binary = constant_entries(program.constants)
    document = {
        "format": FORMAT,
        "constants": constants,
        "prefix": program.prefix,
        "feeds": program.feeds,
        "fetches": program.fetches,
        "suffix": program.suffix,
        "outputs": program.outputs,
        "form": list(form),
        **({"in_doubles": True} if in_doubles else {}),
    }
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    (folder / "program.json").write_text(text + "\n", encoding="utf-8")
    if not binary:
        return ("program.json",)
    (folder / "program.bin").write_bytes(binary)
    return ("program.json", "program.bin")


def constant_entries(constants: Mapping[str, Array]) -> tuple[dict[str, Any], bytes]:
    """What the document says of constants by name, and the bytes of the large ones."""
    binary = bytearray()
    entries: dict[str, Any] = {}
    for name, array in constants.items():
        dtype = _dtype(array)
        entry: dict[str, Any] = {"dtype": dtype, "shape": list(array.shape)}
        if array.size > INLINE and dtype != "string":
            binary.extend(b"\0" * (-len(binary) % ALIGNMENT))
            kind = array.dtype if array.dtype in _NARROW else np.dtype(NUMPY[dtype])
            data = np.ascontiguousarray(array, kind.newbyteorder("<")).tobytes()
            entry |= {"offset": len(binary), "length": len(data)}
            binary.extend(data)
        else:
            flat = array.ravel().tolist()
            entry["data"] = flat if dtype == "int32" or array.dtype in _NARROW else encode(flat)
        entries[name] = entry
    return entries, bytes(binary)


def _dtype(array: Array) -> str:
    return _NARROW.get(array.dtype) or dtype_of(array)


def _needed(steps: list[Step], wanted: set[str]) -> list[Step]:
    """The steps that make what is wanted; what they need in turn is added to it."""
    kept = []
    for step in reversed(steps):
        if wanted.intersection(step["outputs"]):
            wanted.update(step["inputs"])
            kept.append(step)
    return kept[::-1]
