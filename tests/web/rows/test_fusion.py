"""A scaler and a matrix are one loop in JavaScript: the bits of Python's steps, one after the other."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from hostile_row_programs import document, step
from node_script import WEB, run_node

from isoship_edge.encoding import golden
from isoship_edge.rows import RowProgram

HERE = Path(__file__).parent
DRAW = random.Random(18)


def reals(*shape: int) -> dict[str, Any]:
    count = 1
    for length in shape:
        count *= length
    return {"dtype": "double", "shape": list(shape), "data": [DRAW.gauss(0, 1) for _ in range(count)]}


def scaled(*more: dict[str, Any], low: str = "low", matrix: str = "matrix", last: str = "out") -> list[dict[str, Any]]:
    return [
        step("Sub", "x", low, outputs=("shifted",)),
        step("Div", "shifted", "scale", outputs=("scaled",)),
        step("MatMul", "scaled", matrix, outputs=(last,)),
        *more,
    ]


ROWS = {"low": reals(3), "scale": reals(1, 3)}
PROGRAMS = {
    "one column": document(*scaled(), **ROWS, matrix=reals(3, 1)),
    "four columns": document(*scaled(), **ROWS, matrix=reals(3, 4)),
    "no column": document(*scaled(), **ROWS, matrix=reals(3, 0)),
    "one number for all columns": document(*scaled(), low=reals(1), scale=reals(3), matrix=reals(3, 2)),
    "a vector": document(*scaled(), **ROWS, matrix=reals(3)),
    "several matrices": document(*scaled(), **ROWS, matrix=reals(2, 3, 2)),
    "a second use of what lies between": document(
        *scaled(step("Concat", "product", "scaled", axis=1), last="product"), **ROWS, matrix=reals(3, 2)
    ),
    "an output that lies between": {
        **document(*scaled(), **ROWS, matrix=reals(3, 2)),
        "outputs": {"value": "out", "scaled": "scaled"},
    },
    "a row that is computed": document(
        step("Abs", "x", outputs=("size",)), *scaled(low="size"), **ROWS, matrix=reals(3, 2)
    ),
    "a row of another dtype": document(
        step("Cast", "x", to="float", outputs=("single",)),
        step("Sub", "single", "low", outputs=("shifted",)),
        step("Div", "shifted", "scale", outputs=("scaled",)),
        step("MatMul", "scaled", "matrix"),
        **{name: {**reals(3), "dtype": "float", "data": [0.5, 0.25, 3.0]} for name in ROWS},
        matrix={**reals(3, 1), "dtype": "float", "data": [1.5, -0.75, 1.0]},
    ),
}


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    rows = [[DRAW.gauss(0, 100) for _ in range(3)] for _ in range(9)] + [[float("nan"), 1.0, float("inf")], [0.0] * 3]
    jobs = [{"document": one, "rows": [{"x": golden.encode(row)} for row in rows]} for one in PROGRAMS.values()]
    answers = run_node(HERE / "rows.mjs", str(WEB / "src"), stdin=jobs)["results"]
    return {name: (rows, answer) for name, answer in zip(PROGRAMS, answers, strict=True)}


@pytest.mark.parametrize("name", PROGRAMS)
def test_it_has_the_bits_of_the_steps(name: str, made: dict[str, Any]) -> None:
    rows, answer = made[name]
    assert "error" not in answer, answer
    assert answer["same"] is True
    python = RowProgram(PROGRAMS[name])
    for row, found in zip(rows, answer["rows"], strict=True):
        wanted = [golden.encode(data) for data in python.answer([row])]
        assert [golden.encode(golden.decode(each["data"])) for each in found] == wanted


def texts(*data: str) -> dict[str, Any]:
    return {"dtype": "string", "shape": [len(data)], "data": list(data)}


def whole(*data: int, shape: tuple[int, ...] = ()) -> dict[str, Any]:
    return {"dtype": "int64", "shape": list(shape or (len(data),)), "data": golden.encode(list(data))}


LABELS = step("ml.LabelEncoder", "x", keys="keys", values="numbers", default="other", outputs=("code",))
#: a number for each text, what stands for it in its column, written out, compared, as reals
ENCODED = [
    LABELS,
    step("Add", "code", "offset", outputs=("moved",)),
    step("Gather", "table", "moved", axis=0, outputs=("standing",)),
    step("Gather", "standing", "places", axis=1, outputs=("spread",)),
    step("Equal", "spread", "wanted", outputs=("ones",)),
    step("Cast", "ones", to="double"),
]
SHORT = [LABELS, step("Gather", "code", "places", axis=1, outputs=("spread",)), *ENCODED[4:]]
TWO = {
    "keys": texts("a", "b", "c", "a"), "numbers": whole(0, 1, 2, 7), "other": whole(3),
    "offset": whole(0, 4, shape=(1, 2)), "table": whole(0, 1, -1, -1, -1, 0, 1, -1),
    "places": whole(0, 0, 1, 1), "wanted": whole(0, 1, 0, 1, shape=(1, 4)),
}  # fmt: skip
ONE = {name: TWO[name] for name in ("keys", "numbers", "other")}


def categories(steps: list[dict[str, Any]], columns: int, **constants: Any) -> dict[str, Any]:
    return {
        **document(*steps, **constants),
        "inputs": {"x": {"dtype": "string", "shape": ["N", columns]}},
    }


CATEGORIES = {
    "two columns": categories(ENCODED, 2, **TWO),
    "one column": categories(SHORT, 1, **ONE, places=whole(0, 0, 0), wanted=whole(0, 1, 2, shape=(1, 3))),
    "what is unknown has a place": categories(
        SHORT, 1, **ONE, places=whole(0, 0), wanted=whole(3, 1, shape=(1, 2))
    ),
    "a category twice": categories(SHORT, 1, **ONE, places=whole(0, 0), wanted=whole(1, 1, shape=(1, 2))),
    "as float": categories([*ENCODED[:5], step("Cast", "ones", to="float")], 2, **TWO),
    "a second use of what lies between": {
        **categories(ENCODED, 2, **TWO), "outputs": {"value": "out", "ones": "ones"},
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def encoded() -> dict[str, Any]:
    made = {}
    for name, one in CATEGORIES.items():
        width = one["inputs"]["x"]["shape"][1]
        rows = [[DRAW.choice(["a", "b", "c", "d", ""]) for _ in range(width)] for _ in range(20)]
        job = {"document": one, "rows": [{"x": golden.encode(row)} for row in rows]}
        made[name] = (rows, run_node(HERE / "rows.mjs", str(WEB / "src"), stdin=[job])["results"][0])
    return made


@pytest.mark.parametrize("name", CATEGORIES)
def test_texts_as_zeros_and_ones_have_the_bits_of_the_steps(name: str, encoded: dict[str, Any]) -> None:
    rows, answer = encoded[name]
    assert "error" not in answer, answer
    assert answer["same"] is True
    python = RowProgram(CATEGORIES[name])
    for row, found in zip(rows, answer["rows"], strict=True):
        wanted = [golden.encode(data) for data in python.answer([row])]
        assert [golden.encode(golden.decode(each["data"])) for each in found] == wanted
