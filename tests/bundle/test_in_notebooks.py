"""A bundle as a notebook shows it; tests/end_to_end/test_accessibility.py looks at it, light and dark."""

from __future__ import annotations

import html.parser
import json
import shutil
from pathlib import Path

import pytest

from formula import CITIES, CLASSES, write_formula_bundle
from isoship.bundle.bundle import Bundle

HOSTILE = '<img src=x onerror="alert(1)">'


class Tags(html.parser.HTMLParser):
    """The tags and their attributes, and the text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_formula_bundle(tmp_path_factory.mktemp("formula") / "bundle", web=True)


@pytest.fixture
def folder(written: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(written, tmp_path / "bundle"))


def shown(folder: Path) -> Tags:
    return Tags(Bundle.open(folder)._repr_html_())


def test_what_is_told(folder: Path) -> None:
    text = shown(folder).text
    for said in ("height", "double, missing allowed", "weight", "double, no missing values", "string [N]", "web/"):
        assert said in text
    assert "never checked" in text
    assert CITIES[0] not in text, "no category is refused, so none is listed"


def test_names_are_text_and_no_style_sheet_is_needed(folder: Path) -> None:
    page = shown(folder)
    assert set(page.tags) <= {"div", "span", "b", "code", "table", "tr", "td", "details", "summary"}
    assert page.attributes <= {"style"}
    assert CLASSES[1] in page.text


@pytest.mark.parametrize(
    ("exit_code", "rows", "said"),
    [
        (0, [{"rows": 0}, {"rows": 1628}], "agrees on 1,628"),
        (0, [{"rows": 1628}, {"rows": 256}], "agrees on 256 to 1,628"),
        (1, [{"rows": 9}], "DISAGREES on 9"),
        (2, [], "ran nowhere"),
    ],
)
def test_the_last_verdict(exit_code: int, rows: list[dict[str, int]], said: str, folder: Path) -> None:
    document = {"ok": not exit_code, "exit_code": exit_code, "evidence": HOSTILE, "partial": False, "verdicts": rows}
    document["unproven"] = [HOSTILE]
    (folder / "parity.json").write_text(json.dumps(document))
    page = shown(folder)
    assert said in page.text
    assert "img" not in page.tags


def test_a_damaged_verdict_is_told_and_the_bundle_is_shown(folder: Path) -> None:
    (folder / "parity.json").write_text("{")
    assert "parity.json is not JSON" in shown(folder).text
    assert "height" in shown(folder).text
