"""The built site (scripts/docs.sh) in Chromium, from its files: no request leaves it, its search finds.

`make test-all GROUP=docs` runs it after the site is built.
"""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from pages import ROOT

SITE = ROOT / "build" / "docs"
LOOK = Path(__file__).parent / "built_site.mjs"
#: Without the front page's address, which leads on to it.
PAGES = sorted(path.relative_to(SITE).as_posix() for path in SITE.rglob("*.html") if path != SITE / "index.html")


@pytest.fixture(scope="module")
def seen() -> Any:
    """What every page asked for, wrote to its console, and how wide it is on a phone; and what the search finds."""
    assert PAGES, "scripts/docs.sh builds the site"
    done = subprocess.run(
        ["node", str(LOOK), str(SITE), *PAGES], capture_output=True, text=True, timeout=300, cwd=ROOT / "web"
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def test_no_page_asks_anybody_else(seen: Any) -> None:
    assert {page: asked for page, asked in seen["requests"].items() if asked} == {}
    assert seen["problems"] == []


def test_no_file_names_another_host_for_something_to_load() -> None:
    """Links that a reader follows may leave; what a browser loads by itself may not."""
    loads = re.compile(
        r"""<(?:script|img|iframe|source|video|audio|embed)\b[^>]*\bsrc=["']?(?:https?:)?//"""
        r"""|<link\b(?![^>]*rel=["']?canonical)[^>]*\bhref=["']?(?:https?:)?//"""
        r"""|@import\s+(?:url\()?["']?(?:https?:)?//|url\(["']?(?:https?:)?//"""
        r"""|(?:fetch|import|sendBeacon|WebSocket|EventSource)\(["'`](?:https?:|wss?:)?//"""
    )
    for path in (each for each in SITE.rglob("*") if each.suffix in (".html", ".css", ".js")):
        found = loads.search(path.read_text(encoding="utf-8"))
        assert found is None, f"{path.relative_to(SITE)}: {found[0] if found else ''}"


def test_no_page_is_wider_than_a_phone(seen: Any) -> None:
    assert {page: width for page, width in seen["widths"].items() if width > 390} == {}


@pytest.mark.parametrize(
    ("words", "page"),
    [("tolerance", "docs/checking.html"), ("--on-error", "docs/batch.html"), ("spark_udf", "docs/mlflow.html"),
     ("U+FDD0", "docs/architecture.html"), ("cold start", "docs/lambda.html")],
)  # fmt: skip
def test_the_search_finds(words: str, page: str, seen: Any) -> None:
    assert page in seen["found"][words], seen["found"][words]


def test_notes_to_tests_are_not_shown() -> None:
    for page in PAGES:
        text = (SITE / page).read_text(encoding="utf-8")
        for note in ("!-- not run:", "!-- run by", "run by tests/"):
            assert note not in text, page
