"""rows.json and rows.bin as somebody hostile may write them: refused soon, as a bundle's fault, before an answer."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hostile_row_programs import ADD, MANY, PLACES, REFUSED, document, forest, ints, reals, step

from isoship_edge.errors import BundleError, DamagedFile
from isoship_edge.rows import RowProgram, load, values


@pytest.mark.parametrize("hostile", REFUSED.values(), ids=REFUSED)
def test_a_hostile_program_is_refused_when_it_is_loaded(hostile: Any) -> None:
    started = time.process_time()
    with pytest.raises(BundleError):
        RowProgram(hostile)
    assert time.process_time() - started < 1


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


@pytest.mark.parametrize("place", PLACES)
def test_a_constant_outside_the_file_is_refused(place: Any) -> None:
    constant = {"dtype": "double", "shape": [1], "offset": place[0], "length": place[1]}
    with pytest.raises(BundleError):
        RowProgram(document(ADD, c=constant), bytes(16))


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
