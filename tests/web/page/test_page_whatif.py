"""What if: the curve of a varied column is what the model answers at its points, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from walking import ANSWERED, CELLS, DRAWN, read, wait, walk

import isoship

TEXT = "document.querySelector('{}').textContent"
LEGEND = (
    "Object.fromEntries([...document.querySelectorAll('#whatif-legend li')]"
    ".map((li) => [li.querySelector('.class').textContent, li.querySelector('.figure').textContent]))"
)
#: The y of every point of every curve, in the drawing's own units.
CURVES = (
    "[...document.querySelectorAll('#whatif-chart path')]"
    ".map((p) => [...p.getAttribute('d').matchAll(/[ML]([0-9.-]+) ([0-9.-]+)/g)].map((m) => Number(m[2])))"
)
BARS = (
    "[...document.querySelectorAll('#whatif-chart .bars li')]"
    ".map((li) => [li.querySelector('.class').textContent, li.querySelector('.figure').textContent, li.ariaCurrent])"
)
AXES = "[...document.querySelectorAll('#whatif-chart .axis')].map((text) => text.textContent)"
SHOWN = "document.querySelector('#whatif-note').textContent.includes('asked in one call')"


def start(bundle: Path) -> dict[str, Any]:
    form = json.loads((bundle / "web" / "program.json").read_bytes())["form"]
    return {field["column"]: field["value"] for field in form}


def opened(*steps: list[Any]) -> tuple[list[Any], ...]:
    return (wait(ANSWERED), ["see", "#whatif-title"], wait(DRAWN), *steps)


@pytest.fixture(scope="module")
def curve(birds: Path) -> Any:
    return walk(
        birds,
        *opened(
            ["click", "#whatif-table summary"], wait("document.querySelector('#whatif-cells tr') !== null"),
            read("cells", CELLS), read("note", TEXT.format("#whatif-note")), read("curves", CURVES), read("axes", AXES),
            read("described", "document.querySelector('#whatif-chart svg').getAttribute('aria-label')"),
            read("at", "Number(document.querySelector('#whatif-at').value)"), read("now", LEGEND),
            ["axe", "axe"],
            ["press", "Shift+Tab"], read("focus", "document.activeElement.id"), ["press", "Home"],
            read("first", LEGEND),
            read("spoken", "document.querySelector('#whatif-at').getAttribute('aria-valuetext')"),
            ["press", "Tab"], read("use", TEXT.format("#whatif-use")), ["press", "Enter"],
            wait(ANSWERED), read("typed", "document.querySelector('#field-0').value"),
            # the answer to another row
            ["fill", "#field-1", "5000"], wait(ANSWERED), wait(SHOWN), read("cellsThen", CELLS),
        ),
    )  # fmt: skip


def test_the_curve_is_what_the_model_answers_at_each_point(birds: Path, curve: Any) -> None:
    header, *cells = curve["cells"]
    row, model = start(birds), isoship.load(birds)
    assert header == ["bill", "Adelie", "Chinstrap", "Gentoo"]
    assert 101 <= len(cells) <= 102
    points = [float(cell[0]) for cell in cells]
    assert points == sorted(points)
    assert row["bill"] in points, "the value in the form is one of them"
    wanted = [answer["probabilities"] for answer in model.predict_rows([{**row, "bill": x} for x in points])]
    assert [[float(p) for p in cell[1:]] for cell in cells] == [list(answer.values()) for answer in wanted]
    for k, name in enumerate(header[1:]):
        ys = curve["curves"][k]
        unit = 280 - 12 - 44  # the drawing's height for 100 %
        assert ys == pytest.approx([12 + unit * (1 - answer[name]) for answer in wanted], abs=0.06)


def test_the_curve_says_what_it_shows(curve: Any) -> None:
    count = len(curve["cells"]) - 1
    assert curve["note"].startswith(f"{count} points from ")
    assert ", where the model changes its answer, asked in one call (" in curve["note"]
    assert curve["axes"] == ["bill", "probability"]
    assert curve["described"].startswith("Probability by bill, from ")
    assert curve["axe"] == []
    assert curve["console"] == []


def test_a_point_is_read_by_the_keyboard_and_put_into_the_form(birds: Path, curve: Any) -> None:
    _, *cells = curve["cells"]
    row = start(birds)
    assert float(cells[curve["at"]][0]) == row["bill"], "it starts at the value in the form"
    (now,) = isoship.load(birds).predict_rows([row])
    assert curve["now"] == {name: f"{100 * p:.1f} %" for name, p in now["probabilities"].items()}
    assert curve["focus"] == "whatif-at"
    first = {name: f"{100 * float(p):.1f} %" for name, p in zip(curve["cells"][0][1:], cells[0][1:], strict=True)}
    assert curve["first"] == first
    assert curve["spoken"] == f"{cells[0][0]}: " + ", ".join(f"{name} {p}" for name, p in first.items())
    assert curve["use"] == f"Put {cells[0][0]} into the form"
    assert curve["typed"] == cells[0][0]


def test_the_curve_follows_the_form(birds: Path, curve: Any) -> None:
    _, *cells = curve["cellsThen"]
    rows = [{**start(birds), "mass": 5000, "bill": float(cell[0])} for cell in cells]
    wanted = [list(answer["probabilities"].values()) for answer in isoship.load(birds).predict_rows(rows)]
    assert [[float(p) for p in cell[1:]] for cell in cells] == wanted


def test_choices_and_booleans_are_bars(birds: Path) -> None:
    seen = walk(
        birds,
        *opened(
            ["select", "#whatif-column", "island"], wait("document.querySelector('#whatif-chart .bars') !== null"),
            read("island", BARS), ["axe", "axe"],
            ["select", "#whatif-column", "tagged"], wait("document.querySelectorAll('#whatif-chart li').length === 2"),
            read("tagged", BARS),
        ),
    )  # fmt: skip
    row, model = start(birds), isoship.load(birds)

    def bars(column: str, values: list[Any], names: list[str]) -> list[Any]:
        made = []
        for value, name in zip(values, names, strict=True):
            (answer,) = model.predict_rows([{**row, column: value}])
            best, p = max(answer["probabilities"].items(), key=lambda item: item[1])
            is_now = row[column] == value
            made.append(
                [f"{name} in the form" if is_now else name, f"{best} {100 * p:.1f} %", "true" if is_now else None]
            )
        return made

    known = ["Biscoe", "Dream", "Torgersen"]
    assert seen["island"] == bars("island", [*known, None], [*known, "(missing)"])
    assert seen["tagged"] == bars("tagged", [True, False], ["true", "false"])
    assert seen["axe"] == []


def test_values_are_drawn_at_every_whole_number_of_a_small_range(houses: Path) -> None:
    seen = walk(
        houses,
        *opened(
            ["select", "#whatif-column", "rooms"],
            wait("document.querySelector('#whatif-where').textContent.startsWith('rooms')"),
            ["click", "#whatif-table summary"], wait("document.querySelector('#whatif-cells tr') !== null"),
            read("cells", CELLS), read("axes", AXES),
        ),
    )  # fmt: skip
    header, *cells = seen["cells"]
    rows = [{**start(houses), "rooms": k} for k in range(1, 7)]
    assert (header, seen["axes"]) == (["rooms", "value"], ["rooms", "value"])
    wanted = [answer["value"] for answer in isoship.load(houses).predict_rows(rows)]
    assert [[float(x) for x in cell] for cell in cells] == [[k + 1, value] for k, value in enumerate(wanted)]


def test_points_that_the_model_refuses_are_gaps(line: Path) -> None:
    """The logarithm of a size: nothing at 0 and below."""
    seen = walk(
        line,
        wait(ANSWERED), ["fill", "#field-0", "10"], wait(ANSWERED),
        ["see", "#whatif-title"], wait(DRAWN),
        ["click", "#whatif-table summary"], wait("document.querySelector('#whatif-cells tr') !== null"),
        read("cells", CELLS), read("note", TEXT.format("#whatif-note")), read("paths", CURVES),
        # a form that is refused elsewhere
        ["fill", "#field-1", "no"], wait("document.querySelector('#whatif-body').hidden"),
        read("waits", TEXT.format("#whatif-note")),
    )  # fmt: skip
    _, *cells = seen["cells"]
    assert [cell for cell in cells if cell[1] == "refused"] == [["0", "refused"]]
    assert len(seen["paths"][0]) == len(cells) - 1
    assert "from 0 to 20, around the value in the form: the model itself names no range" in seen["note"]
    assert " 1 is refused (expected a number above 0, got a number 0): the gaps." in seen["note"]
    assert seen["waits"] == "It waits for the fields that the model refuses."


def test_a_hundred_classes_are_the_five_that_reach_highest(wide: Path) -> None:
    seen = walk(
        wide,
        *opened(
            ["click", "#whatif-table summary"], wait("document.querySelector('#whatif-cells tr') !== null"),
            read("cells", CELLS), read("note", TEXT.format("#whatif-note")),
        ),
    )  # fmt: skip
    [column, *names], *cells = seen["cells"]
    row = start(wide)
    answers = isoship.load(wide).predict_rows([{**row, column: float(cell[0])} for cell in cells])
    peaks = {name: max(answer["probabilities"][name] for answer in answers) for name in answers[0]["probabilities"]}
    fifth = sorted(peaks.values(), reverse=True)[4]
    assert len(names) == 5
    assert all(peaks[name] >= fifth for name in names)
    assert "Shown are the 5 of 16 that reach highest." in seen["note"]
