"""Every page has its place in the site's navigation, and every link of a page leads somewhere."""

from __future__ import annotations

import re
import sys

import pytest
from pages import ROOT

sys.path.insert(0, str(ROOT / "scripts" / "site"))

import navigation

PAGES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md"))
LINKED = [*PAGES, "README.md", "CONTRIBUTING.md", "SECURITY.md", "findings/README.md"]


def test_every_page_stands_in_one_part_of_the_navigation() -> None:
    listed = [entry.path for entry in navigation.entries()]
    listed += [entry.path for page in navigation.BELOW for entry in navigation.entries(page)]
    missing = set(PAGES) - {navigation.INDEX, *listed}
    assert not missing, f"{navigation.INDEX} (of decisions {navigation.BELOW[0]}) does not list {sorted(missing)}"
    assert {path for path in listed if path.startswith("docs/")} <= set(PAGES)
    assert len(listed) == len(set(listed))
    parts = {entry.part for entry in navigation.entries()}
    assert parts == set(navigation.PARTS)


@pytest.mark.parametrize("page", LINKED)
def test_links_lead_to_files_and_headings(page: str) -> None:
    text = re.sub(r"^```.*?^```", "", (ROOT / page).read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for address in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`\n]*`", "", text)):
        if "://" in address:
            assert re.fullmatch(r"https?://[\w.-]+\.[a-z]+(:\d+)?(/[^\s]*)?", address), address
            continue
        path, _, heading = address.partition("#")
        target = (ROOT / page).parent / path if path else ROOT / page
        assert target.exists(), f"{page}: {address}"
        if heading and target.suffix == ".md":
            assert heading in anchors(target.read_text(encoding="utf-8")), f"{page}: {address}"


def anchors(text: str) -> set[str]:
    """The headings of a page as GitHub addresses them."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL), re.MULTILINE)
    plain = (re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower() for heading in headings)
    return {re.sub(r"[^\w\- ]", "", heading).strip().replace(" ", "-") for heading in plain}
