"""What the site's navigation is: the lists of docs/index.md, and of pages that list others below them.

Standard library alone: Sphinx's configuration (conf.py) and tests/documents/test_navigation.py both read it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from posixpath import normpath

ROOT = Path(__file__).resolve().parents[2]
INDEX = "docs/index.md"
#: The headings of docs/index.md whose lists are the navigation; all but the last hold every page of docs/, each once.
PARTS = ("Tutorial", "How-to guides", "Reference", "Explanation", "The project")
#: Pages that list others, which stand below them.
BELOW = ("docs/adr/README.md",)
_ENTRY = re.compile(r"^\s*(?:[-*]|\d+\.) \[(?P<title>[^\]]+)\]\((?P<path>[^)#:]+\.md)\)")


@dataclass(frozen=True)
class Entry:
    """part: its heading, or "" below a page. path: from the checkout's root."""

    part: str
    title: str
    path: str


def entries(page: str = INDEX) -> Iterator[Entry]:
    """What a page lists, in order: list items that begin with a link to a Markdown file of the checkout."""
    part = ""
    for line in (ROOT / page).read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            part = line.lstrip("#").strip() if page == INDEX else ""
        found = _ENTRY.match(line)
        if found and (part in PARTS or page != INDEX):
            yield Entry(part, found["title"], normpath(PurePosixPath(page).parent / found["path"]))


def toctrees(page: str) -> str:
    """The directives that say to Sphinx what a page lists, one a part."""
    listed: dict[str, list[Entry]] = {}
    for entry in entries(page):
        listed.setdefault(entry.part, []).append(entry)
    made = []
    for part, below in listed.items():
        caption = [f":caption: {part}"] if part else []
        lines = [f"{entry.title} </{entry.path.removesuffix('.md')}>" for entry in below]
        made.append("\n".join(["```{toctree}", ":hidden:", *caption, "", *lines, "```"]))
    return "\n\n" + "\n\n".join(made) + "\n" if made else ""
