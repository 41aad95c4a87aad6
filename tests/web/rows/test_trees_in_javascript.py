"""Seeded trees in JavaScript answer as in Python: all numbers that walk side by side, NaN and sets."""

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
WIDTH = 3
SETS = ([0.0, 2.0], [1.0, 2.0, 3.0])
TREES = (1, 3, 4, 5, 8, 11)


def planted(draw: random.Random, roots: int, nan: str, *, sets: bool) -> dict[str, Any]:
    """Tables of unbalanced trees on three columns: which slot has children is drawn until 60 have."""
    feature, threshold, child = [0] * roots, [draw.random() for _ in range(roots)], [0] * roots
    for _ in range(60):
        slot = draw.choice([place for place, first in enumerate(child) if first == 0])
        child[slot] = len(child)
        column = draw.randrange(WIDTH)
        asks_a_set = sets and draw.random() < 0.3
        feature[slot] = column + WIDTH * asks_a_set
        threshold[slot] = float(draw.randrange(len(SETS))) if asks_a_set else draw.choice([-0.5, 0.25, 1.0, 2.5])
        for grown in (feature, child):
            grown += [0, 0]
        threshold += [draw.random(), draw.random()]
    marks = [draw.randrange(256) for _ in range((len(child) + 7) // 8)]
    tables = {
        "feature": ("uint8", feature), "threshold": ("double", threshold), "child": ("uint8", child),
        "missing": ("uint8", marks), "members": ("double", [x for members in SETS for x in members]),
        "ends": ("uint8", [len(SETS[0]), len(SETS[0]) + len(SETS[1])]),
    }  # fmt: skip
    constants = {name: {"dtype": kind, "shape": [len(data)], "data": data} for name, (kind, data) in tables.items()}
    marked, asked = ("missing" if nan == "each" else ""), (("members", "ends") if sets else ("", ""))
    names = ("feature", "threshold", "child", marked, *asked)
    used = {name: constants[name] for name in names if name}
    return document(step("isoship.Trees", "x", *names, roots=roots, nan=nan), **used)


def rows(draw: random.Random, *, holes: bool) -> list[list[float]]:
    """Eight, eight more and three that are left."""
    values = [-1.0, 0.0, 0.25, 0.3, 1.0, 2.0, 3.0, *([float("nan")] if holes else [])]
    return [[draw.choice(values) for _ in range(WIDTH)] for _ in range(19)]


CASES = [
    (roots, nan, sets, holes)
    for roots in TREES
    for nan, sets, holes in (
        ("first", False, False), ("first", False, True), ("second", False, False), ("second", False, True),
        ("each", False, True), ("each", True, True), ("first", True, False),
    )
]  # fmt: skip


@pytest.fixture(scope="module")
def made() -> Any:
    """Each case: its program, its rows, and what JavaScript says."""
    cases = []
    for seed, (roots, nan, sets, holes) in enumerate(CASES):
        draw = random.Random(seed)
        cases.append((planted(draw, roots, nan, sets=sets), rows(draw, holes=holes)))
    jobs = [{"document": program, "rows": [{"x": golden.encode(row)} for row in given]} for program, given in cases]
    answers = run_node(HERE / "rows.mjs", str(WEB / "src"), stdin=jobs)["results"]
    return list(zip(cases, answers, strict=True))


@pytest.mark.parametrize("index", range(len(CASES)), ids=[str(case) for case in CASES])
def test_trees_answer_as_in_python(index: int, made: Any) -> None:
    (program, given), answer = made[index]
    assert "error" not in answer, answer
    python = RowProgram(program)
    for row, (found,) in zip(given, answer["rows"], strict=True):
        assert golden.decode(found["data"]) == list(python.answer([row])[0])
    assert answer["same"] is True
