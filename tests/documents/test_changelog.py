"""CHANGELOG.md keeps its form: sections, dates, and the issue of every line."""

from __future__ import annotations

import re
import tomllib

from pages import ROOT

TEXT = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
KINDS = ("Added", "Changed", "Deprecated", "Removed", "Fixed", "Security")


def test_every_line_has_its_issue() -> None:
    lines = re.findall(r"^- .*", TEXT, re.MULTILINE)
    assert len(lines) > 100
    assert [line for line in lines if not re.search(r" \(#\d+(, #\d+)*\)$", line)] == []
    assert len(set(lines)) == len(lines), "a line stands twice"


def test_sections_are_those_of_keep_a_changelog() -> None:
    heads = re.findall(r"^## (.*)", TEXT, re.MULTILINE)
    assert heads[0] == "[Unreleased]"
    dated = r".* \(\d{4}-\d\d-\d\d( to \d{4}-\d\d-\d\d)?\)|\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d"
    assert [head for head in heads[1:] if not re.fullmatch(dated, head)] == []
    assert set(re.findall(r"^### (.*)", TEXT, re.MULTILINE)) <= set(KINDS)
    for section in re.split(r"^## ", TEXT, flags=re.MULTILINE)[1:]:
        kinds = re.findall(r"^### (.*)", section, re.MULTILINE)
        assert len(set(kinds)) == len(kinds), section.splitlines()[0]


def test_the_version_to_come_is_named() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert re.search(rf"\b{re.escape(project['version'])}\b", TEXT)
