"""Walks through a bundle's page: steps for walk.mjs, and what a page shows in JavaScript's words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from node_script import WEB, run_node

#: What a page has to survive: names of 200 characters, one without a place to break and of markup.
LONG = "x" * 196 + "<b>!"
WORDY = "a name of many words " * 10

#: The page shows an answer to what stands in the form, and nothing is on its way.
ANSWERED = (
    "document.querySelector('#answer > *:not(.empty)') !== null && document.querySelector('#answer-old').hidden"
    " && document.querySelector('#answer-speed').textContent !== ''"
)
CHECKED = "document.querySelector('#verify-result').className !== ''"
DRAWN = "document.querySelector('#whatif-body') !== null && !document.querySelector('#whatif-body').hidden"
LABEL = "document.querySelector('#answer .label')?.textContent ?? null"
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
PROBLEMS = (
    "Object.fromEntries([...document.querySelectorAll('.field-problem:not([hidden])')]"
    ".map((p) => [p.closest('.field').querySelector('label').textContent, p.textContent]))"
)
MARKED = "[...document.querySelectorAll('#fields [aria-invalid=true]')].map((control) => control.id)"
FIGURES = (
    "Object.fromEntries([...document.querySelectorAll('#answer .bars li')]"
    ".map((li) => [li.querySelector('.class').textContent, Number(li.querySelector('.figure').title)]))"
)
CELLS = "[...document.querySelectorAll('#whatif-cells tr')].map((tr) => [...tr.cells].map((cell) => cell.textContent))"

#: index.js with a gate in front of single rows: `hold` keeps them waiting in `gate`, `asked` lists them.
HELD = """
export * from "./index.real.js";
import { load as real } from "./index.real.js";
Object.assign(globalThis, { asked: [], gate: [], hold: false });
export async function load(options) {
  const model = await real(options);
  const predict = model.predict.bind(model);
  model.predict = async (rows) => {
    if (rows.length === 1) asked.push(rows[0]);
    if (rows.length === 1 && hold) await new Promise((resolve) => gate.push(resolve));
    return predict(rows);
  };
  return model;
}
"""


def walk(bundle: Path, *steps: list[Any], **more: Any) -> dict[str, Any]:
    """One walk through the page of an exported bundle."""
    (seen,) = walks({"folder": str(bundle / "web"), "steps": steps, **more})
    return seen


def walks(*jobs: dict[str, Any]) -> list[dict[str, Any]]:
    seen: list[dict[str, Any]] = run_node(Path(__file__).with_name("walk.mjs"), str(WEB / "package.json"), stdin=jobs)
    return seen


def wait(expression: str) -> list[Any]:
    return ["wait", expression]


def read(name: str, expression: str) -> list[Any]:
    return ["read", name, expression]
