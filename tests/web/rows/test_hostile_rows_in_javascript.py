"""rows.json and rows.bin as somebody hostile may write them: refused soon, as a bundle's fault, before an answer."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from hostile_row_programs import ADD, MANY, PLACES, REFUSED, document, forest, ints, reals
from node_script import WEB, run_node

from isoship_edge.encoding import golden

HERE = Path(__file__).parent
#: JSON's 3.0 is JavaScript's 3.
SAME = ("a shape of fractions",)
WHOLE = [place for place in PLACES if type(place[0]) is not float]


def ask(*jobs: dict[str, Any]) -> list[Any]:
    results: list[Any] = run_node(HERE / "rows.mjs", str(WEB / "src"), stdin=list(jobs))["results"]
    return results


def job(program: Any, binary: bytes | None = None, *rows: list[float], **limits: int) -> dict[str, Any]:
    encoded = None if binary is None else base64.b64encode(binary).decode()
    return {"document": program, "binary": encoded, "rows": [{"x": golden.encode(row)} for row in rows], **limits}


def refused(result: Any, words: str = "") -> None:
    assert result.get("error", "").startswith("BundleError: "), result
    assert words in result["error"]
    assert result["seconds"] < 1


@pytest.fixture(scope="module")
def answers() -> Any:
    return dict(zip(REFUSED, ask(*map(job, REFUSED.values())), strict=True))


@pytest.mark.parametrize("name", [name for name in REFUSED if name not in SAME])
def test_a_hostile_program_is_refused_when_it_is_loaded(name: str, answers: Any) -> None:
    refused(answers[name])


@pytest.mark.parametrize("name", MANY)
def test_what_takes_too_much_for_a_row_is_refused_when_it_is_loaded(name: str) -> None:
    whole, bounded = ask(job(MANY[name]), job(MANY[name], elements=10_000, products=50_000))
    assert "error" not in whole or "fails at" in whole["error"]
    refused(bounded)


def test_attributes_that_are_a_deep_list_are_refused() -> None:
    deep: list[Any] = []
    for _ in range(500):
        deep = [deep]
    refused(ask(job(document({**ADD, "attrs": deep}, c=reals(3))))[0])


@pytest.mark.parametrize("place", WHOLE)
def test_a_constant_outside_the_file_is_refused(place: Any) -> None:
    constant = {"dtype": "double", "shape": [1], "offset": place[0], "length": place[1]}
    refused(ask(job(document(ADD, c=constant), bytes(16)))[0])


def values(result: Any) -> list[Any]:
    assert result["same"] is True
    return [golden.decode(row[0]["data"]) for row in result["rows"]]


def test_the_forest_answers() -> None:
    (made,) = ask(job(*forest(), [0.0, 2.0, 0.0], [1.0, 2.0, 0.0], [1.0, 0.0, 0.0]))
    assert values(made) == [[1.0, 9.0], [3.0, 9.0], [2.0, 9.0]]


@pytest.mark.parametrize(
    "changed",
    [{"feature": [7, 0, 0, 1, 0, 0]}, {"child": [200, 0, 0, 4, 0, 0]}, {"child": [5, 0, 0, 4, 0, 0]}],
    ids=["a column that there is not", "a child behind the table", "a second child behind it"],
)
def test_a_table_that_points_outside_is_refused_when_it_is_loaded(changed: dict[str, list[float]]) -> None:
    refused(ask(job(*forest(**changed)))[0], "its tables point beyond their ends")


@pytest.mark.parametrize("child", [[0, 0, 0, 4, 0, 0], [2, 0, 0, 2, 0, 0], [2, 0, 0, 3, 0, 0]], ids=str)
def test_no_table_leads_in_a_circle(child: list[float]) -> None:
    """What is not behind its parent is no child: a leaf is where the walk ends, whatever the tables say."""
    (made,) = ask(job(*forest(child=child), [1.0, 2.0, 0.0], [float("nan"), 0.0, 0.0]))
    assert [len(row) for row in values(made)] == [2, 2]


def test_thresholds_of_nan_are_never_exceeded() -> None:
    nan = float("nan")
    (made,) = ask(job(*forest(threshold=[nan, 9.0, 1.0, nan, 2.0, 3.0]), [float("inf"), 2.0, 0.0]))
    assert values(made) == [[1.0, 9.0]]


@pytest.mark.parametrize(
    ("attrs", "changed"),
    [
        ({"roots": 7}, {}),
        ({"roots": -1}, {}),
        ({"roots": 2.5}, {}),
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
    refused(ask(job(hostile, binary))[0])


@pytest.mark.parametrize("name", ["feature", "child"])
def test_tables_whose_places_may_be_negative_are_refused(name: str) -> None:
    hostile, binary = forest()
    hostile["constants"][name]["dtype"] = "int8"
    refused(ask(job(hostile, binary))[0])


def test_a_set_that_there_is_not_is_refused_when_it_is_loaded() -> None:
    hostile, binary = forest(feature=[3, 0, 0, 1, 0, 0], threshold=[1.0, 9.0, 1.0, 1.5, 2.0, 3.0])
    hostile["constants"] |= {"members": reals(2, value=4.0), "ends": ints(2, dtype="uint8")}
    hostile["steps"][0]["inputs"][-2:] = "members", "ends"
    sound = {**hostile, "constants": {**hostile["constants"], "ends": ints(0, 2, dtype="uint8")}}
    wrong, made = ask(job(hostile, binary), job(sound, binary, [4.0, 2.0, 0.0], [5.0, 2.0, 0.0]))
    refused(wrong, "its tables point beyond their ends")
    assert values(made) == [[3.0, 9.0], [1.0, 9.0]]


def test_missing_values_go_where_each_node_sends_them() -> None:
    """Rows with and without them in one call, more trees than are walked at once."""
    tables = {"feature": [0] * 15, "threshold": [0.5] * 5 + [1.0, 2.0] * 5, "child": [5, 7, 9, 11, 13] + [0] * 10}
    hostile, binary = forest(**tables)
    hostile["constants"]["missing"] = {**ints(0b01010, 0, dtype="uint8")}
    hostile["steps"][0]["inputs"][4] = "missing"
    hostile["steps"][0]["attrs"] |= {"roots": 5, "nan": "each"}
    nan = float("nan")
    rows = [[0.0, 0.0, 0.0], [nan, 0.0, 0.0], [1.0, 0.0, 0.0], [1.0, nan, 0.0]]
    for way, second in (("each", [1.0, 2.0, 1.0, 2.0, 1.0]), ("first", [1.0] * 5), ("second", [2.0] * 5)):
        hostile["steps"][0]["attrs"]["nan"] = way
        (made,) = ask(job(hostile, binary, *rows))
        assert values(made) == [[1.0] * 5, second, [2.0] * 5, [2.0] * 5]
