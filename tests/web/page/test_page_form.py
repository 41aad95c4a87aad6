"""The form: a control for each kind of column, answers to every edit, and marks on everything that is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from walking import ANSWERED, FIGURES, HELD, LABEL, MARKED, PROBLEMS, read, wait, walk

import isoship

OPTIONS = "[...document.querySelectorAll('{} option')].map((option) => option.textContent)"
HINTS = (
    "Object.fromEntries([...document.querySelectorAll('#fields .field')]"
    ".map((f) => [f.querySelector('label').textContent, f.querySelector('.hint')?.textContent ?? '']))"
)
VALUE = "document.querySelector('{}').value"
TEXT = "document.querySelector('{}').textContent"
ROLES = "(({type, attributes}) => [attributes.role.value, type])(document.querySelector('#field-5'))"
SLIDER = "(({min, max, value}) => [min, max, value].map(Number))(document.querySelector('#field-0 + .slider'))"
HIDDEN = "document.querySelector('{}').closest('.other').hidden"
BIRD = {"bill": 44.5, "mass": 4000, "island": "Dream", "year": 2008, "sex": "male", "tagged": True}


def answers(bundle: Path, *rows: dict[str, Any]) -> list[dict[str, Any]]:
    return isoship.load(bundle).predict_rows(list(rows))


@pytest.fixture(scope="module")
def seen(birds: Path) -> Any:
    return walk(
        birds,
        wait(ANSWERED),
        read("islands", OPTIONS.format("#field-2")), read("years", OPTIONS.format("#field-3")),
        read("sexes", OPTIONS.format("#field-4")), read("hints", HINTS),
        read("roles", ROLES), read("slider", SLIDER),
        read("typed", VALUE.format("#field-0")),
        # a bird, without a click on Predict
        ["fill", "#field-0", "44.5"], ["fill", "#field-1", "4000"], ["select", "#field-2", "Dream"],
        ["select", "#field-3", "2008"], ["select", "#field-4", "male"], ["check", "#field-5"],
        wait(ANSWERED), read("bird", FIGURES), read("label", LABEL),
        read("moved", VALUE.format("#field-0 + .slider")), read("speed", TEXT.format("#answer-speed")),
        # a value that training never saw
        read("otherHidden", HIDDEN.format("#field-2-other")),
        ["select", "#field-2", "other…"], ["fill", "#field-2-other", "Atlantis"],
        wait(ANSWERED), read("unseen", FIGURES),
        read("note", "document.querySelector('#field-2-unseen:not([hidden])')?.textContent"),
        ["fill", "#field-2-other", "Dream"],
        wait(ANSWERED), read("listed", FIGURES), read("noNote", "document.querySelector('#field-2-unseen').hidden"),
        # missing, by the list and by an empty field
        ["select", "#field-2", "(missing)"], ["fill", "#field-0", ""], wait(ANSWERED), read("missing", FIGURES),
        # by the slider
        ["press", "Tab"], read("onSlider", "document.activeElement.ariaLabel"), ["press", "Home"],
        wait(ANSWERED), read("least", VALUE.format("#field-0")), read("atLeast", FIGURES),
        # everything wrong at once
        ["fill", "#field-0", "41,5"], ["fill", "#field-1", "1.5"],
        read("marked", MARKED), read("problems", PROBLEMS), read("answer", TEXT.format("#answer")),
        read("focus", "document.activeElement.id"), read("loud", "!document.querySelector('#form-problem').hidden"),
        ["press", "Enter"], read("focusThen", "document.activeElement.id"),
        read("said", "document.querySelector('#form-problem:not([hidden])')?.textContent"),
        ["axe", "axe"],
        ["fill", "#field-0", "41.5"], read("markedThen", MARKED),
        ["click", "button[type=reset]"], wait(ANSWERED),
        read("markedAtLast", MARKED), read("atStart", VALUE.format("#field-0")),
    )  # fmt: skip


def test_categories_are_lists_with_a_way_to_other_values_where_the_model_takes_them(seen: Any) -> None:
    assert seen["islands"] == ["(missing)", "Biscoe", "Dream", "Torgersen", "other…"]
    assert seen["years"] == ["2007", "2008", "2009", "other…"]
    assert seen["sexes"] == ["female", "male"]
    assert seen["roles"] == ["switch", "checkbox"]


def test_a_range_is_where_the_model_changes_its_answer(seen: Any) -> None:
    low, high, value = seen["slider"]
    assert 25 < low < value < high < 60
    assert abs(value - float(seen["typed"])) < 0.2, "the slider shows what is typed"
    assert seen["hints"]["bill"] == f"the model looks between {low:g} and {high:g}; leave empty = missing"


def test_every_edit_is_answered_without_a_click(birds: Path, seen: Any) -> None:
    (want,) = answers(birds, BIRD)
    assert (seen["label"], seen["bird"]) == (want["label"], want["probabilities"])
    assert float(seen["moved"]) == BIRD["bill"]
    assert seen["speed"].startswith("answered in ")
    assert seen["speed"].endswith(" ms by the row program, in double precision")


def test_a_value_that_training_never_saw_is_answered_with_a_word(birds: Path, seen: Any) -> None:
    unseen, listed, missing = answers(
        birds, {**BIRD, "island": "Atlantis"}, BIRD, {**BIRD, "island": None, "bill": None}
    )
    assert seen["otherHidden"] is True
    assert seen["unseen"] == unseen["probabilities"]
    assert seen["note"] == "Training never saw this value. The model answers it as any other that it does not know."
    assert (seen["listed"], seen["noNote"]) == (listed["probabilities"], True)
    assert seen["missing"] == missing["probabilities"]


def test_a_slider_moves_the_value(birds: Path, seen: Any) -> None:
    assert seen["onSlider"] == "bill, slider"
    assert float(seen["least"]) == seen["slider"][0]
    (want,) = answers(birds, {**BIRD, "island": None, "bill": seen["slider"][0]})
    assert seen["atLeast"] == want["probabilities"]


def test_all_wrong_fields_are_marked_in_the_contracts_words_and_no_answer_stands_beside_them(seen: Any) -> None:
    assert seen["marked"] == ["field-0", "field-1"]
    assert seen["problems"] == {
        "bill": 'expected a number or null, got a string "41,5"',
        "mass": "expected an integer, got a number 1.5",
    }
    assert seen["answer"] == "No answer: the model refuses “bill”, “mass”."
    assert (seen["focus"], seen["loud"]) == ("field-1", False), "typing is left alone"
    assert seen["focusThen"] == "field-0", "on Enter the first wrong field is focused"
    assert seen["said"] == 'bill: expected a number or null, got a string "41,5"; 1 more: mass'
    assert seen["markedThen"] == ["field-1"]
    assert (seen["markedAtLast"], seen["atStart"]) == ([], seen["typed"])
    assert seen["axe"] == []
    assert seen["console"] == []


@pytest.fixture(scope="module")
def held(birds: Path) -> Any:
    asked = read("asked", "asked.map((row) => row.bill)")
    return walk(
        birds,
        wait(ANSWERED),
        ["fill", "#field-0", "40"], wait(ANSWERED), read("before", FIGURES),
        read("_", "void (asked.length = 0, hold = true)"),
        ["fill", "#field-0", "41"], ["fill", "#field-0", "42"], ["fill", "#field-0", "50"],
        asked, read("old", "!document.querySelector('#answer-old').hidden"),
        read("busy", "document.querySelector('#answer').getAttribute('aria-busy')"), ["axe", "axe"],
        read("_", "void (hold = false, gate.pop()())"),
        wait(ANSWERED), read("askedThen", "asked.map((row) => row.bill)"), read("after", FIGURES),
        # refused while an answer is on its way
        read("_", "void (hold = true)"), ["fill", "#field-0", "43"], ["fill", "#field-0", "no"],
        read("refused", LABEL), read("_", "(hold = false, gate.pop()(), new Promise((done) => setTimeout(done, 0)))"),
        read("stillRefused", LABEL), ["fill", "#field-0", "40"], wait(ANSWERED), read("again", FIGURES),
        index=HELD,
    )  # fmt: skip


def test_one_question_is_in_flight_and_the_last_edit_wins(birds: Path, held: Any) -> None:
    assert held["asked"] == [41]
    assert held["askedThen"] == [41, 50]
    (want,) = answers(birds, {**start(birds), "bill": 50})
    assert held["after"] == want["probabilities"]
    assert held["console"] == []


def test_an_answer_of_an_earlier_row_is_marked_as_such(held: Any) -> None:
    assert (held["old"], held["busy"]) == (True, "true")
    assert held["axe"] == []


def test_an_answer_that_comes_after_a_refusal_is_not_shown(held: Any) -> None:
    assert held["refused"] is held["stillRefused"] is None
    assert held["again"] == held["before"]


def start(bundle: Path) -> dict[str, Any]:
    """The row with which a form begins."""
    import json

    form = json.loads((bundle / "web" / "program.json").read_bytes())["form"]
    return {field["column"]: field["value"] for field in form}


def test_sixty_columns_are_grouped_and_found_by_name(wide: Path) -> None:
    shown = "[...document.querySelectorAll('#fields .field')].filter((f) => f.checkVisibility()).length"
    seen = walk(
        wide,
        wait(ANSWERED),
        read("first", shown), read("groups", "document.querySelectorAll('#fields details').length"),
        ["fill", "#filter", "COLUMN 5"], read("filtered", shown), read("found", TEXT.format("#filter-found")),
        ["axe", "axe"],
        ["fill", "#field-57", "far"], ["fill", "#filter", ""], read("then", shown),
        ["click", "#form button"], read("focus", "document.activeElement.id"), read("opened", shown),
    )  # fmt: skip
    assert (seen["first"], seen["groups"], seen["then"]) == (15, 4, 15)
    assert (seen["filtered"], seen["found"]) == (11, "11 of 60")
    assert (seen["focus"], seen["opened"]) == ("field-57", 30), "the group of the wrong field opens"
    assert seen["axe"] == []
    assert seen["console"] == []
