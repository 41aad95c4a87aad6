"""Row programs as somebody hostile may write them: every runtime of row programs refuses them."""

from __future__ import annotations

import json
import struct
from typing import Any

FAR = 10**9


def reals(*shape: int, value: float = 0.5) -> dict[str, Any]:
    count = 1
    for length in shape:
        count *= length
    return {"dtype": "double", "shape": list(shape), "data": [value] * count}


def ints(*values: int, dtype: str = "int64") -> dict[str, Any]:
    data = [{"$": "int64", "v": str(x)} for x in values] if dtype == "int64" else list(values)
    return {"dtype": dtype, "shape": [len(values)], "data": data}


def step(op: str, *inputs: str, outputs: tuple[str, ...] = ("out",), **attrs: Any) -> dict[str, Any]:
    return {"op": op, "inputs": list(inputs), "outputs": list(outputs), "attrs": attrs}


def document(*steps: dict[str, Any], x: Any = None, **constants: Any) -> dict[str, Any]:
    """One or more steps on x, [1, 3] of doubles."""
    given = {"x": {"dtype": "double", "shape": ["N", 3]} if x is None else x}
    return {"format": 1, "constants": constants, "inputs": given, "steps": list(steps), "outputs": {"value": "out"}}


ADD = step("Add", "x", "c")
BOOLS = {"b": {"dtype": "bool", "shape": [], "data": [True]}}
TEXT = {"dtype": "string", "shape": ["N", 1]}
REFUSED = {
    "no object": [],
    "a format that is no number": {**document(ADD, c=reals(3)), "format": "1"},
    "a format of true": {**document(ADD, c=reals(3)), "format": True},
    "a format below the first": {**document(ADD, c=reals(3)), "format": 0},
    "a text among numbers": document(ADD, c={**reals(3), "data": [0.5, "a", 0.5]}),
    "null among numbers": document(ADD, c={**reals(3), "data": [0.5, None, 0.5]}),
    "a number among texts": document(step("Identity", "c"), c={"dtype": "string", "shape": [2], "data": ["a", 1.0]}),
    "an integer that int64 has not": document(ADD, c=ints(2**63)),
    "a fraction that is an int32": document(ADD, c={"dtype": "int32", "shape": [1], "data": [1.5]}),
    "a table's number below zero": document(ADD, c=ints(-1, dtype="uint8")),
    "a list deep in a list": document(ADD, c={**reals(3), "data": json.loads("[" * 900 + "]" * 900)}),
    "a shape below zero": document(ADD, x={"dtype": "double", "shape": ["N", -3]}, c=reals(1)),
    "a shape of fractions": document(ADD, x={"dtype": "double", "shape": ["N", 3.0]}, c=reals(1)),
    "a shape beyond memory": document(ADD, x={"dtype": "double", "shape": ["N", FAR]}, c=reals(1)),
    "a shape of nothing, and long": document(ADD, x={"dtype": "double", "shape": ["N", 0, FAR]}, c=reals(1)),
    "a shape of many axes": document(ADD, x={"dtype": "double", "shape": ["N"] * 1000}, c=reals(1)),
    "an input of no dtype": document(step("Identity", "x"), x={"dtype": "complex", "shape": ["N"]}),
    "an input that hides a constant": document(step("Add", "x", "x"), x=None) | {"constants": {"x": reals(3)}},
    "a value that is made twice": document(ADD, step("Neg", "x"), c=reals(3)),
    "an absent operand": document(step("Add", "x", "")),
    "an absent matrix": document(step("Gemm", "x", "", alpha=1.0, beta=1.0, transA=0, transB=0)),
    "two outputs of one": document(step("Neg", "x", outputs=("out", "more"))),
    "an operator that is a list": document({**ADD, "op": ["Add"]}, c=reals(3)),
    "constants that divide by zero": document(step("Div", "a", "b"), a=ints(1), b=ints(0)),
    "a text times a number": document(step("Mul", "c", "x"), x=TEXT, c=ints(FAR)),
    "the sum of texts": document(step("Add", "x", "x"), x=TEXT),
    "the sum of two dtypes": document(step("Add", "c", "x"), c=ints(1)),
    "Clip by integers": document(step("Clip", "x", "c", ""), c={**ints(1), "shape": []}),
    "Clip by several": document(step("Clip", "x", "c", ""), c=reals(3)),
    "Pow of integers": document(step("Pow", "c", "c"), c=ints(1)),
    "Where of two dtypes": document(step("Where", "b", "x", "c"), c=ints(1), **BOOLS),
    "Expand beyond memory": document(step("Expand", "x", "c"), c=ints(FAR, 3)),
    "Tile beyond memory": document(step("Tile", "x", "c"), c=ints(1, FAR)),
    "Tile below zero": document(step("Tile", "x", "c"), c=ints(1, -1)),
    "Gather by reals": document(step("Gather", "x", "c", axis=1), c=reals(1)),
    "Gather beyond the end": document(step("Gather", "x", "c", axis=1), c=ints(3)),
    "Reshape to what it is not": document(step("Reshape", "x", "c", allowzero=0), c=ints(-1, -1)),
    "Transpose by no order": document(step("Transpose", "x", perm=[1, 1])),
    "Unsqueeze twice": document(step("Unsqueeze", "x", "c"), c=ints(0, 0)),
    "Squeeze of more": document(step("Squeeze", "x", "c"), c=ints(1)),
    "Split into more": document(step("Split", "x", "c", axis=1), c=ints(4)),
    "Split below zero": document(step("Split", "x", "c", outputs=("out", "more"), axis=1), c=ints(-1, 4)),
    "Slice by nothing": document(step("Slice", "x", *"abcd"), a=ints(0), b=ints(1), c=ints(1), d=ints(0)),
    "GatherElements of another shape": document(
        step("GatherElements", "x", "c", axis=1), c={**ints(0, 0), "shape": [2, 1]}
    ),
    "TopK of more": document(step("TopK", "x", "c", outputs=("out", "at"), axis=1, largest=1, sorted=1), c=ints(4)),
    "ArgMax of nothing": document(
        step("ArgMax", "x", axis=1, keepdims=0, select_last_index=0), x={"dtype": "double", "shape": ["N", 0]}
    ),
    "Gemm with another bias": document(
        step("Gemm", "x", "w", "c", alpha=1.0, beta=1.0, transA=0, transB=0), w=reals(3, 3), c=reals(2)
    ),
    "OneHotEncoder into nothing": document(
        step("ml.OneHotEncoder", "x", keys="c", zeros=1, to="complex"), c=reals(2)
    ),
    "LabelEncoder of more keys": document(
        step("ml.LabelEncoder", "x", keys="c", values="d", default="d"), c=reals(2), d=reals(1)
    ),
    "LabelEncoder with a default of another dtype": document(
        step("ml.LabelEncoder", "x", keys="d", values="c", default="d"), c=ints(1), d=reals(1)
    ),
    "LabelEncoder by a row's keys": document(
        step("ml.LabelEncoder", "x", keys="x", values="d", default="d"), d=reals(1)
    ),
}  # fmt: skip

MANY = {
    "Expand, again and again": document(
        *[step("Expand", "x", "c", outputs=(name,)) for name in ("a", "b", "out")], c=ints(1500, 3)
    ),
    "Expand of a constant, again and again": document(
        *[step("Expand", "d", "c", outputs=(name,)) for name in ("a", "b", "out")], c=ints(4500), d=reals(1)
    ),
    "Gather": document(
        step("Expand", "i", "c", outputs=("j",)), step("Gather", "x", "j", axis=0), c=ints(4000), i=ints(0)
    ),
    "OneHotEncoder": document(step("ml.OneHotEncoder", "x", keys="c", zeros=1, to="double"), c=reals(4000)),
    "MatMul": document(
        step("Expand", "d", "c", outputs=("w",)), step("MatMul", "w", "w"), c=ints(50, 50), d=reals(1)
    ),
    "matrices": document(
        step("Expand", "d", "c", outputs=("w",)), step("MatMul", "w", "w"), c=ints(2, 30, 30), d=reals(1)
    ),
}  # fmt: skip

PLACES: list[tuple[Any, Any]] = [(8, 17), (8, 7), (-8, 8), (0, -8), (4.0, 8), ("0", 8), (10**30, 8), (None, 8)]
"""Offsets and lengths that are none in 16 bytes, or none of a double."""


def forest(**changed: list[float]) -> tuple[dict[str, Any], bytes]:
    """Two trees on x: x0 > 0.5 and then x1 > 1.5, and a leaf; the tables in rows.bin."""
    tables = {
        "feature": [0, 0, 0, 1, 0, 0], "threshold": [0.5, 9.0, 1.0, 1.5, 2.0, 3.0], "child": [2, 0, 0, 4, 0, 0],
    } | changed  # fmt: skip
    constants, binary = {}, b""
    for name, letter, dtype in (("feature", "B", "uint8"), ("threshold", "d", "double"), ("child", "B", "uint8")):
        packed = struct.pack(f"<{len(tables[name])}{letter}", *tables[name])
        shape = [len(tables[name])]
        constants[name] = {"dtype": dtype, "shape": shape, "offset": len(binary), "length": len(packed)}
        binary += packed + bytes(-len(packed) % 8)
    trees = step("isoship.Trees", "x", *tables, "", "", "", roots=2, nan="first")
    return document(trees, **constants), binary
