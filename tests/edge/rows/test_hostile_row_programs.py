"""rows.json and rows.bin as somebody hostile may write them: refused soon, as a bundle's fault, before an answer."""

from __future__ import annotations

import json
import struct
import time
from pathlib import Path
from typing import Any

import pytest

from isoship_edge.errors import BundleError, DamagedFile
from isoship_edge.rows import RowProgram, load, values

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


@pytest.mark.parametrize("hostile", REFUSED.values(), ids=REFUSED)
def test_a_hostile_program_is_refused_when_it_is_loaded(hostile: Any) -> None:
    started = time.process_time()
    with pytest.raises(BundleError):
        RowProgram(hostile)
    assert time.process_time() - started < 1


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


@pytest.mark.parametrize("hostile", MANY.values(), ids=MANY)
def test_what_takes_too_much_for_a_row_is_refused_when_it_is_loaded(
    hostile: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    RowProgram(hostile)
    monkeypatch.setattr(values, "MOST_ELEMENTS", 10_000)
    monkeypatch.setattr(values, "MOST_PRODUCTS", 50_000)
    with pytest.raises(BundleError, match=r"more than|larger than any"):
        RowProgram(hostile)


@pytest.mark.parametrize(
    "spoilt",
    [
        lambda text: text.replace('"format": 1', '"format": 2, "format": 1'),
        lambda text: text.replace('"c": {', '"c": {"dtype": "double", "shape": [1], "data": [7.0]}, "c": {', 1),
        lambda text: text.replace('"attrs": {}', '"attrs": ' + "[" * 100_000 + "]" * 100_000),
        lambda text: text[:-1],
        lambda text: text.encode().replace(b"Add", b"A\xffd"),
    ],
    ids=["format twice", "a constant twice", "nested deeply", "cut off", "no UTF-8"],
)
def test_a_hostile_file_is_refused_when_it_is_read(tmp_path: Path, spoilt: Any) -> None:
    text = spoilt(json.dumps(document(ADD, c=reals(3))))
    (tmp_path / "rows.json").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(DamagedFile, match=r"rows\.json"):
        load(tmp_path)


@pytest.mark.parametrize("place", [(8, 17), (8, 7), (-8, 8), (0, -8), (4.0, 8), ("0", 8), (10**30, 8), (None, 8)])
def test_a_constant_outside_the_file_is_refused(place: Any) -> None:
    constant = {"dtype": "double", "shape": [1], "offset": place[0], "length": place[1]}
    with pytest.raises(BundleError):
        RowProgram(document(ADD, c=constant), bytes(16))


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


def test_the_forest_answers() -> None:
    program = RowProgram(*forest())
    assert [list(program({"x": [x, 2.0, 0.0]})["value"].data) for x in (0.0, 1.0)] == [[1.0, 9.0], [3.0, 9.0]]


@pytest.mark.parametrize("warm", [False, True], ids=["first", "warm"])
@pytest.mark.parametrize(
    "changed",
    [{"feature": [7, 0, 0, 1, 0, 0]}, {"child": [200, 0, 0, 4, 0, 0]}, {"child": [5, 0, 0, 4, 0, 0]}],
    ids=["a column that there is not", "a child behind the table", "a second child behind it"],
)
def test_a_table_that_points_outside_is_refused_before_an_answer(changed: dict[str, list[float]], warm: bool) -> None:
    program = RowProgram(*forest(**changed))
    for _ in range(8 if warm else 1):
        with pytest.raises(DamagedFile, match=r"rows\.json or rows\.bin is damaged: its tables point beyond"):
            program({"x": [1.0, 2.0, 0.0]})


@pytest.mark.parametrize("child", [[0, 0, 0, 4, 0, 0], [2, 0, 0, 2, 0, 0], [2, 0, 0, 3, 0, 0]], ids=str)
def test_no_table_leads_in_a_circle(child: list[float]) -> None:
    """What is not behind its parent is no child: a leaf is where the walk ends, whatever the tables say."""
    program = RowProgram(*forest(child=child))
    assert len(program({"x": [1.0, 2.0, 0.0]})["value"].data) == 2


def test_thresholds_of_nan_are_never_exceeded() -> None:
    program = RowProgram(*forest(threshold=[float("nan"), 9.0, 1.0, float("nan"), 2.0, 3.0]))
    assert list(program({"x": [float("inf"), 2.0, 0.0]})["value"].data) == [1.0, 9.0]


@pytest.mark.parametrize(
    ("attrs", "changed"),
    [
        ({"roots": 7}, {}),
        ({"roots": -1}, {}),
        ({"roots": 2.0}, {}),
        ({"nan": "each"}, {}),
        ({"nan": "third"}, {}),
        ({}, {"threshold": [0.5]}),
        ({}, {"child": [2, 0, 0, 4, 0, 0, 0]}),
    ],
    ids=str,
)
def test_tables_that_do_not_fit_are_refused_when_they_are_loaded(attrs: Any, changed: Any) -> None:
    hostile, binary = forest(**changed)
    hostile["steps"][0]["attrs"] |= attrs
    with pytest.raises(BundleError):
        RowProgram(hostile, binary)


@pytest.mark.parametrize("name", ["feature", "child"])
def test_tables_whose_places_may_be_negative_are_refused(name: str) -> None:
    hostile, binary = forest()
    hostile["constants"][name]["dtype"] = "int8"
    with pytest.raises(BundleError):
        RowProgram(hostile, binary)


def test_a_set_that_there_is_not_is_refused_before_an_answer() -> None:
    hostile, binary = forest(feature=[3, 0, 0, 1, 0, 0], threshold=[1.0, 9.0, 1.0, 1.5, 2.0, 3.0])
    hostile["constants"] |= {"members": reals(2, value=4.0), "ends": ints(2, dtype="uint8")}
    hostile["steps"][0]["inputs"][-2:] = "members", "ends"
    program = RowProgram(hostile, binary)
    with pytest.raises(DamagedFile, match="point beyond"):
        program({"x": [4.0, 2.0, 0.0]})
    program = RowProgram({**hostile, "constants": {**hostile["constants"], "ends": ints(0, 2, dtype="uint8")}}, binary)
    assert list(program({"x": [4.0, 2.0, 0.0]})["value"].data) == [3.0, 9.0]
    assert list(program({"x": [5.0, 2.0, 0.0]})["value"].data) == [1.0, 9.0]


def test_products_of_integers_wrap_before_they_grow() -> None:
    count = 60_000
    reduce = step("ReduceProd", "x", "c", keepdims=1, noop_with_empty_axes=0)
    program = RowProgram(document(reduce, x={"dtype": "int64", "shape": ["N", count]}, c=ints(1)))
    odd = 2**62 + 12345
    started = time.process_time()
    made = program({"x": [odd] * count})["value"].data[0]
    assert time.process_time() - started < 1
    expected = pow(odd, count, 2**64)
    assert made == expected - 2**64 * (expected >= 2**63)
