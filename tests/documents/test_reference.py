"""docs/cli.md and docs/python.md are what `scripts/reference.py` makes of the code."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from pages import ROOT

import isoship
from isoship import cli

sys.path.insert(0, str(ROOT / "scripts"))

import reference
import reference_tables


@pytest.mark.parametrize("name", reference.PAGES)
def test_the_page_is_the_one_that_is_written_from_the_code(name: str) -> None:
    path = reference.PAGES[name]
    assert path.read_text(encoding="utf-8") == reference.pages()[path], "python scripts/reference.py --write"


@pytest.mark.parametrize(("path", "text"), list(reference_tables.pages()), ids=reference_tables.PAGES)
def test_tables_are_those_of_results_and_schema(path: Path, text: str) -> None:
    assert path.read_text(encoding="utf-8") == text, "python scripts/reference_tables.py --write"


def test_every_command_and_option_stands_in_the_page() -> None:
    page = reference.command_line()
    for name, command in cli.main.commands.items():
        assert f"### isoship {name}\n" in page
        for param in command.params:
            for option in param.opts if param.param_type_name == "option" else ():
                assert re.search(rf"^\| `[^`]*{option}\b", page, re.MULTILINE), (name, option)


def test_every_option_says_what_it_is() -> None:
    options = [(name, param) for name, command in cli.main.commands.items() for param in command.params]
    assert [(name, each.name) for name, each in options if each.param_type_name == "option" and not each.help] == []


def test_every_public_name_stands_in_the_page_and_says_what_it_is() -> None:
    page = reference.python()
    for name in isoship.__all__:
        assert f"isoship.{name}" in page, name
        assert name == "__version__" or getattr(isoship, name).__doc__, f"isoship.{name} has no docstring"


def test_parameters_become_a_list_and_text_around_them_stays_text() -> None:
    text = "A fact.\n\nBefore.\nmodel: what\nis it. sample, rows: few\nnobody: in text.\n\nRaises:\n    A, B: no."
    listed = "- `model`: what is it.\n- `sample`, `rows`: few nobody: in text."
    made = reference.prose(text, ("model", "sample", "rows"))
    assert made == f"A fact.\n\nBefore.\n\n{listed}\n\nRaises:\n\n- `A`, `B`: no."
