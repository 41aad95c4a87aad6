"""Answers: bars in an order that can be kept, every digit of a value, vectors as tables, and who answered."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from walking import ANSWERED, LONG, SIDEWAYS, read, wait, walk

import isoship

CLASSES = "[...document.querySelectorAll('{} .class')].map((c) => c.textContent)"
TEXT = "document.querySelector('{}').textContent"


def start(bundle: Path) -> dict[str, Any]:
    form = json.loads((bundle / "web" / "program.json").read_bytes())["form"]
    return {field["column"]: field["value"] for field in form}


def test_many_classes_show_ten_the_largest_first_or_in_the_models_order(wide: Path) -> None:
    shown, rest = CLASSES.format("#answer .output > div > .bars"), CLASSES.format("#answer details.rest .bars")
    seen = walk(
        wide,
        wait(ANSWERED),
        read("largest", shown), read("rest", rest), read("more", TEXT.format("#answer details.rest summary")),
        ["select", "#answer .order select", "as the model lists them"],
        read("model", shown), read("modelRest", rest),
        ["click", "#answer details.rest summary"], ["fill", "#field-2", "3"], wait(ANSWERED),
        read("kept", shown), read("open", "document.querySelector('#answer details.rest').open"), ["axe", "axe"],
    )  # fmt: skip
    (answer,) = isoship.load(wide).predict_rows([start(wide)])
    probabilities = answer["probabilities"]
    ranked = [probabilities[name] for name in [*seen["largest"], *seen["rest"]]]
    assert ranked == sorted(probabilities.values(), reverse=True)
    assert (len(seen["largest"]), len(seen["rest"]), seen["more"]) == (10, 6, "6 more")
    assert [*seen["model"], *seen["modelRest"]] == list(probabilities), "the order of the classes"
    assert (seen["kept"], seen["open"]) == (seen["model"], True), "what was chosen and opened stays so"
    assert seen["axe"] == []


def test_a_value_keeps_every_digit(houses: Path) -> None:
    seen = walk(
        houses,
        wait(ANSWERED),
        read("value", TEXT.format("#answer .label")), read("tail", TEXT.format("#answer .tail")),
        read("short", TEXT.format("#answer-short")),
    )  # fmt: skip
    (answer,) = isoship.load(houses).predict_rows([start(houses)])
    value = answer["value"]
    assert value > 1e7
    assert float(seen["value"]) == value
    fraction = str(value).split(".")[1]
    assert seen["tail"] == fraction[2:], "what is read at a glance stands apart"
    assert float(seen["short"].removeprefix("value ")) == round(value, 2)


def test_a_long_vector_is_a_table(vector: Path) -> None:
    cells = "[...document.querySelectorAll('#answer tbody td:last-child')].map((td) => Number(td.textContent))"
    seen = walk(vector, wait(ANSWERED), read("cells", cells), ["axe", "axe"])
    (answer,) = isoship.load(vector).predict_rows([start(vector)])
    assert seen["cells"] == answer["transformed"]
    assert seen["axe"] == []


def test_tensorflow_js_is_named_where_it_answers(birds: Path) -> None:
    seen = walk(
        birds,
        wait(ANSWERED),
        read("speed", TEXT.format("#answer-speed")), read("now", TEXT.format("#engine-now")),
        read("identity", TEXT.format("#identity")),
        query="?engine=tfjs",
    )  # fmt: skip
    assert seen["speed"].startswith("answered in ")
    assert seen["speed"].endswith(" ms by TensorFlow.js on cpu, in float32")
    assert seen["now"] == "Now answered by TensorFlow.js on cpu, in float32."
    assert "on the cpu backend" in seen["identity"]


def test_a_phone_shows_the_answer_while_the_form_is_scrolled_and_nothing_moves_sideways(wide: Path) -> None:
    bar = "(({hidden, textContent}) => [hidden, textContent])(document.querySelector('#answer-bar'))"
    seen = walk(
        wide,
        wait(ANSWERED),
        wait("!document.querySelector('#answer-bar').hidden"), read("top", bar), read("sideways", SIDEWAYS),
        ["fill", "#field-2", "x"], read("refused", bar),
        ["fill", "#field-0", "x"], read("both", bar), read("sidewaysRefused", SIDEWAYS),
        ["click", "button[type=reset]"], wait(ANSWERED),
        ["see", "#whatif"], wait("!document.querySelector('#whatif-body').hidden"),
        ["click", "#whatif-table summary"], ["click", "#answer details.rest summary"], read("sidewaysDrawn", SIDEWAYS),
        ["axe", "axe"],
        ["see", "#answer"], wait("document.querySelector('#answer-bar').hidden"),
        ["size", 1280, 900], read("desktop", SIDEWAYS),
        width=360, height=740,
    )  # fmt: skip
    (answer,) = isoship.load(wide).predict_rows([start(wide)])
    assert seen["top"][0] is False
    assert str(answer["label"]) in seen["top"][1]
    assert seen["refused"][1].endswith("No answer: the model refuses “column 2”.")
    assert f"“{LONG[:47]}…”, “column 2”." in seen["both"][1]
    assert seen["sideways"] <= 0
    assert seen["sidewaysRefused"] <= 0
    assert seen["sidewaysDrawn"] <= 0
    assert seen["desktop"] <= 0
    assert seen["axe"] == []
    assert seen["console"] == []
