"""The tree of rooms in docs/architecture.md is the one that there is, and the rooms are of a size to find things in."""

from __future__ import annotations

import re
import statistics
import sys

from pages import ROOT

sys.path.insert(0, str(ROOT / "scripts"))

import rooms
from imported_modules import our_modules

MOST_FILES, MOST_LINES = 25, 220


def test_the_page_has_the_tree() -> None:
    held = rooms.PAGE.read_text(encoding="utf-8").split(rooms.BEGIN)[1].split(rooms.END)[0]
    assert held.strip() == rooms.drawn().strip(), "python scripts/rooms.py --write makes it again"
    assert all(re.search(r" \d+  \S", line) for line in rooms.tree().splitlines()), "a room says nothing of itself"


def test_a_folder_holds_few_files_or_the_page_says_why_not() -> None:
    larger = {
        folder.relative_to(ROOT).as_posix()
        for folder in rooms.folders_below(ROOT)
        if len(rooms.files_in(folder)) > MOST_FILES
    }
    section = rooms.PAGE.read_text(encoding="utf-8").split("## The rooms")[1].split("\n## ")[0]
    assert larger == set(re.findall(r"^- `([\w/.]+)`: \w", section, re.MULTILINE))


def test_modules_are_short() -> None:
    lines = [len(path.read_text(encoding="utf-8").splitlines()) for path in our_modules().values()]
    assert statistics.quantiles(lines, n=10)[-1] < MOST_LINES
