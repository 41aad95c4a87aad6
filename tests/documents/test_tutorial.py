"""The pages of docs/start are what their reader sees: newcomer.py types them, here without what needs an index."""

from __future__ import annotations

from pathlib import Path

import pytest
from following import hold
from newcomer import INSTALLS, absent, path_pages, walk
from pages import pages
from prepared import Prepared

from isoship import doctor


def test_the_path_is_what_its_reader_sees(prepared: Prepared, tmp_path: Path) -> None:
    blocks = [block for page in path_pages() for block in page.blocks]
    done = list(walk(prepared, tmp_path, installs=False))
    assert [one.block for one in done] == blocks
    for one in done:
        if one.block.note is not None:
            hold(one.block.note, one.block.text)
    assert sum(one.done == "compared" for one in done) > 12


def test_the_path_has_every_page_of_its_folder_and_its_overview_names_them_in_order() -> None:
    names = [page.name for page in path_pages()]
    assert sorted(names) == sorted(name for name in pages() if name.startswith("docs/start/"))
    overview = Path(__file__).resolve().parents[2].joinpath("docs/tutorial.md").read_text(encoding="utf-8")
    places = [overview.index(f"({name.removeprefix('docs/')})") for name in names]
    assert places == sorted(places)


def test_a_line_that_installs_is_one_that_doctor_names() -> None:
    named = {finding.install for finding in doctor.examine()} | {"pip install isoship"}
    lines = [line for page in path_pages() for block in page.blocks for line in block.lines]
    assert {line for line in lines if line.startswith(INSTALLS)} <= named


@pytest.mark.parametrize(
    ("shown", "printed", "line"),
    [
        ("a 1 b\n...\nc 0", "x\na   2 b\nd\nc   0\n", ""),
        ("a 1 b", "a 1\nb", "a # b"),
        ("1.5e-08  agree", "agree", "# agree"),
        ("flips 0", "flips 3", "flips 0"),
        ("a\nb", "a\nc\nb", "b"),
        ("b\na", "a\nb", "a"),
    ],
)
def test_what_a_page_shows_and_nobody_printed_is_found(shown: str, printed: str, line: str) -> None:
    assert absent(shown, printed) == line
