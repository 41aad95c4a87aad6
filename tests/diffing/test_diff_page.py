"""The page: one file that needs nothing, whatever columns, categories, classes and files are called."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from compared import Export, forest
from sklearn.ensemble import RandomForestClassifier

import isoship
from isoship.diffing.wording import answers

BAD = '"><img src=x onerror=alert(1)>\n</script>{{ 7 * 7 }}'


class Page(HTMLParser):
    """Tags, and what they point to."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href", "action")]
        assert not any(name.startswith("on") for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        self.open.append(data)


def read(html: str) -> Page:
    page = Page()
    page.feed(html)
    return page


@pytest.fixture(scope="module")
def hostile(export: Export, tmp_path_factory: pytest.TempPathFactory) -> isoship.DiffReport:
    draw = np.random.default_rng(1)
    rows = pd.DataFrame({BAD: draw.choice(["a", f"<b>{BAD}"], 200), "n": draw.normal(0, 1, 200)})
    made = []
    for seed, renamed in ((1, "a"), (2, "<i>z</i>")):
        sample = rows.replace("a", renamed)
        truth = np.where((rows["n"] + draw.normal(0, 1, 200) > 0) & (rows[BAD] != "a"), f"<u>{BAD}", "no")
        made.append(export(forest(RandomForestClassifier(5, random_state=seed), sample, truth), sample))
    file = tmp_path_factory.mktemp("rows") / "<s>rows.parquet"
    rows.to_parquet(file)
    return isoship.diff(*made, file)


def test_hostile_names_are_text(hostile: isoship.DiffReport) -> None:
    html = hostile.to_html()
    page = read(html)
    assert hostile.groups[0].answered is not None
    assert hostile.groups[0].answered.worst, "rows with such names are shown"
    assert not {"img", "script", "u", "s", "i", "iframe"} & set(page.tags)
    text = "".join(page.open)
    assert "<img src=x onerror=alert(1)>" in text
    assert "{{ 7 * 7 }}" in text
    assert "<s>rows.parquet" in text
    assert "<i>z</i>" in text


def test_nothing_is_fetched(hostile: isoship.DiffReport) -> None:
    html = hostile.to_html()
    page = read(html)
    assert page.links == ["data:,"]
    assert "default-src 'none'" in html
    assert not re.search(r"https?:|url\(|@import", html)
    assert {"main", "h1", "h2", "table", "th"} <= set(page.tags)
    assert "prefers-color-scheme: dark" in html


def test_the_terminal_is_told_nothing_by_a_name(export: Export, rows: pd.DataFrame, truth: Any, tmp_path: Path) -> None:
    """Line ends and control characters of names stay inside their line."""
    name = "a\x1b[31mred\nb"
    made = []
    for seed in (1, 2):
        sample = rows.rename(columns={"city": name})
        made.append(export(forest(RandomForestClassifier(4, max_depth=3, random_state=seed), sample, truth), sample))
    sample.to_parquet(tmp_path / "r.parquet")
    text = isoship.diff(*made, tmp_path / "r.parquet").text()
    assert "\x1b" not in text
    assert not any(line.startswith("b ") for line in text.splitlines())


def test_the_page_says_what_the_document_says(old: Path, new: Path, rows_file: Path) -> None:
    report = isoship.diff(old, new, rows_file)
    text = " ".join("".join(read(report.to_html()).open).split())
    document = json.loads(json.dumps(report.to_json()))
    headline = document["headline"]
    assert headline[0].upper() + headline[1:] in text
    found = document["groups"][0]["answered"]
    (label,) = found["labels"]
    assert f"label: {label['changed']} of {label['rows']} changed" in text
    assert all(f"{one['row']:,}" in text for one in found["worst"])
    assert "The limits go by your rows." in text
    assert "The limits go by rows made from both" not in text


def test_of_many_numbers_those_that_moved_furthest_are_shown() -> None:
    old = {"label": "a", "probabilities": dict.fromkeys("abcdef", 0.0), "gone": 1}
    new = {"label": "b", "probabilities": {c: i / 10 for i, c in enumerate("abcdef")}, "scores": [1]}
    assert answers(old, new) == [
        'label "a" -> "b"',
        "probabilities f 0 -> 0.5, e 0 -> 0.4, d 0 -> 0.3, c 0 -> 0.2 and 1 more",
    ]
    assert answers({"label": ["a", "b"]}, {"label": ["a", "c"]}) == ['label 1 "b" -> "c"']
