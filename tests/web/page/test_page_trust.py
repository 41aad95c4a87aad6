"""What the page says of itself: its proof, backends not trusted, loading, its look, and opened from a disk."""

from __future__ import annotations

from pathlib import Path

from walking import ANSWERED, CHECKED, DRAWN, read, wait, walk

TEXT = "document.querySelector('{}').textContent"
BADGE = "[document.querySelector('#badge').dataset.state ?? '', document.querySelector('#badge-text').textContent]"
#: index.js around whose model something is changed.
CHANGED = """
export * from "./index.real.js";
import {{ load as real }} from "./index.real.js";
export async function load(options) {{
  const model = await real(options);
  {}
  return model;
}}
"""


def test_the_proof_is_made_by_itself_after_the_first_answer(birds: Path) -> None:
    seen = walk(birds, wait(CHECKED), read("badge", BADGE), read("detail", TEXT.format("#verify-result")))
    state, words = seen["badge"]
    assert state == "good"
    assert words.startswith("Same as trained: ")
    assert " rows, largest difference " in words
    assert seen["detail"].startswith("The same: ")
    assert seen["console"] == []


def test_who_saves_data_is_asked_first(birds: Path) -> None:
    saving = "Object.defineProperty(navigator, 'connection', { value: { saveData: true } });"
    fetched = "performance.getEntriesByType('resource').some(({ name }) => name.endsWith('golden.json'))"
    seen = walk(
        birds,
        wait(ANSWERED), ["see", "#whatif-title"], wait(DRAWN),
        read("badge", BADGE), read("fetched", fetched), ["axe", "axe"],
        ["click", "#badge-check"], wait(CHECKED), read("then", BADGE),
        init=saving,
    )  # fmt: skip
    assert seen["badge"] == ["", "Not checked on this device yet"]
    assert seen["fetched"] is False
    assert seen["then"][1].startswith("Same as trained: ")
    assert seen["axe"] == []


def test_a_model_that_is_not_the_same_is_said_in_red(birds: Path) -> None:
    differs = "model.selftest = async () => ({ ok: false, rows: 7, worst: 1, ties: 0, firstDifference: 'row 3: no' });"
    seen = walk(birds, wait(CHECKED), read("badge", BADGE), ["axe", "axe"], index=CHANGED.format(differs))
    assert seen["badge"] == ["bad", "NOT the same: row 3: no"]
    assert seen["axe"] == []


def test_a_proof_that_cannot_be_made_is_not_passed(birds: Path) -> None:
    fails = "model.selftest = async () => { throw new Error('golden.json is missing'); };"
    seen = walk(birds, wait(CHECKED), read("badge", BADGE), index=CHANGED.format(fails))
    assert seen["badge"] == ["bad", "Could not be checked: golden.json is missing"]


def test_a_backend_that_was_not_trusted_is_named_with_its_reason_and_what_answers_instead(birds: Path) -> None:
    trust = (
        "model.trust = { ok: true, tried: ["
        "{ backend: 'webgl', adapter: '<b>SwiftShader</b>', ok: false, why: 'row 3 is 0.5 and not 0.7', rows: 16,"
        " kept: true }, "
        "{ backend: 'cpu', adapter: null, ok: true, why: null, rows: 16, kept: false }] };"
    )
    seen = walk(birds, wait(ANSWERED), read("said", TEXT.format("#trust")), ["axe", "axe"], index=CHANGED.format(trust))
    assert seen["said"] == (
        "TensorFlow.js on webgl (<b>SwiftShader</b>) was not trusted on this device when this page was here before:"
        " row 3 is 0.5 and not 0.7.Answers are computed by the row program, in double precision instead."
    )
    assert seen["axe"] == []


def test_a_model_that_takes_its_time_shows_how_far_it_is(birds: Path) -> None:
    slow = """
export * from "./index.real.js";
import { load as real } from "./index.real.js";
export async function load(options) {
  options.onProgress({ file: "rows.json", loaded: 500_000, total: 2_000_000 });
  await new Promise((resolve) => (globalThis.go = resolve));
  return real(options);
}
"""
    shown = "(({value, max, labels}) => [value / max, labels[0].textContent])(document.querySelector('#loaded'))"
    seen = walk(
        birds,
        wait("!document.querySelector('#loading').hidden"),
        read("bar", shown), read("bytes", TEXT.format("#loaded-bytes")), ["axe", "axe"],
        read("_", "void go()"), wait(ANSWERED), read("gone", "document.querySelector('#loading').hidden"),
        index=slow,
    )  # fmt: skip
    assert seen["bar"] == [0.25, "Loading the model"]
    assert seen["bytes"] == "0.5 MB of 2.0 MB"
    assert seen["gone"] is True
    assert seen["axe"] == []


def test_opened_from_a_disk_the_page_says_what_to_do(birds: Path) -> None:
    seen = walk(
        birds,
        wait("!document.querySelector('#failure').hidden"),
        read("name", TEXT.format("#name")), read("said", TEXT.format("#failure")),
        file=True,
    )  # fmt: skip
    assert seen["name"] == "This page was opened as a file"
    assert "python -m http.server" in seen["said"]


def test_a_chosen_look_is_kept(birds: Path) -> None:
    ready = "!document.querySelector('#theme').hidden"
    look = "[getComputedStyle(document.body).backgroundColor, document.querySelector('#theme').ariaPressed]"
    seen = walk(
        birds,
        wait(ready), read("first", look), ["click", "#theme"], read("dark", look),
        ["reload"], wait(ready), read("reloaded", look), ["axe", "axe"],
        ["click", "#theme"], read("light", look),
    )  # fmt: skip
    system = walk(birds, wait(ready), read("look", look), scheme="dark")
    assert seen["first"] == seen["light"] == ["rgb(246, 247, 249)", "false"]
    assert seen["dark"] == seen["reloaded"] == system["look"] == ["rgb(15, 18, 23)", "true"]
    assert seen["axe"] == []


def test_the_keyboard_alone_goes_from_load_to_what_if(birds: Path) -> None:
    seen = walk(
        birds,
        wait(ANSWERED), wait("!document.querySelector('#whatif').hidden"),
        ["tabTo", "theme"], ["press", "Space"], read("dark", "document.documentElement.dataset.theme"),
        ["tabTo", "field-0"], ["type", "40"], ["press", "Tab"], ["press", "ArrowRight", 3],
        read("bill", "document.querySelector('#field-0').value"),
        ["tabTo", "field-2"], ["type", "Dre"], ["tabTo", "field-5"], ["press", "Space"],
        read("island", "document.querySelector('#field-2').selectedOptions[0].label"),
        read("tagged", "document.querySelector('#field-5').checked"),
        wait(ANSWERED), ["tabTo", "whatif-column"], ["press", "ArrowDown"],
        wait("document.querySelector('#whatif-where').textContent.startsWith('mass = ')"),
        ["tabTo", "whatif-at"], ["press", "End"], read("where", TEXT.format("#whatif-where")),
        ["press", "Tab"], read("on", "document.activeElement.id"), ["press", "Enter"], wait(ANSWERED),
        read("mass", "document.querySelector('#field-1').value"),
    )  # fmt: skip
    assert seen["dark"] == "dark"
    assert seen["bill"] != "40", "arrows move the slider, and that the value"
    assert (seen["island"], seen["tagged"]) == ("Dream", True)
    assert seen["on"] == "whatif-use"
    assert seen["where"] == f"mass = {seen['mass']}"
    assert "noFocus" not in seen, "what has the focus shows it"
    assert seen["console"] == []
