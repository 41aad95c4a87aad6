"""A CSV file in blocks is what the reader of single rows makes of it, wherever the blocks end."""

from __future__ import annotations

import io
import random

import pytest

from isoship.batch import csv_blocks
from isoship.batch.csv_blocks import CsvBlocks
from isoship_edge.encoding.rows_of_files import csv_lines
from isoship_edge.errors import InputError

ALPHABETS = ["ab1", 'ab,;"', 'a\n\r"', "a\" ,\r\n;'", "aæ\u2028=+\t", "\x0b\x85 "]


def by_rows(text: str) -> tuple[list[str], list[list[str | None]]]:
    header, lines = csv_lines(io.StringIO(text, newline=""), quotes=True)
    return header, [[t if t or j in empties else None for j, t in enumerate(texts)] for texts, empties in lines]


def by_blocks(text: str) -> tuple[list[str] | None, list[list[str | None]]]:
    blocks = CsvBlocks(io.BytesIO(text.encode()))
    tables = map(blocks.table, blocks)
    rows = [list(row.values()) for table in tables for row in table.to_pylist()]
    return blocks.header, rows


def drawn(random_: random.Random) -> str:
    """A file as programs write it, and as nobody should."""
    width, separator, alphabet = random_.randint(1, 4), random_.choice(",,;"), random_.choice(ALPHABETS)

    def cell() -> str:
        text = "".join(random_.choice(alphabet) for _ in range(random_.choice([0, 0, 1, 2, 5])))
        how = random_.random()
        if how < 0.4:
            return '"' + text.replace('"', '""') + '"'
        plain = not any(mark in text for mark in ',;"\r\n')
        return text if (how < 0.8 and plain) or random_.random() < 0.3 else ""

    end = random_.choice(["\n", "\r\n", "\n", "\r"])
    lines = [separator.join(f"c{i}" for i in range(width))]
    for _ in range(random_.randint(0, 8)):
        lines.append(separator.join(cell() for _ in range(width)) + random_.choice(["", "", "", "\n"]))
    return end.join(lines) + random_.choice([end, ""])


@pytest.mark.parametrize("seed", range(8))
def test_blocks_are_the_rows(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    random_ = random.Random(seed)
    fine = 0
    for _ in range(500):
        size = random_.choice([8, 30, 100, 10000])
        monkeypatch.setattr(csv_blocks, "_BLOCK", size)
        monkeypatch.setattr(csv_blocks, "_LONGEST", size * random_.choice([1, 4]))
        text = drawn(random_)
        try:
            expected = by_rows(text)
        except InputError:
            with pytest.raises(InputError):
                by_blocks(text)
            continue
        assert by_blocks(text) == expected, text
        fine += 1
    assert fine > 150


@pytest.mark.parametrize(
    ("cells", "arrow"),
    [('1,a\n2,"b, c"\n3,"say ""x"""\n4,\n5,""\n', True), ('1,5" pipe\n2,b\n', False), ("1,a\r2,b\n", False)],
)
def test_what_arrow_splits_and_what_it_is_not_asked(cells: str, arrow: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []
    original = CsvBlocks._by_arrow
    monkeypatch.setattr(CsvBlocks, "_by_arrow", lambda self, block: asked.append(block) or original(self, block))
    text = "n,t\n" + cells
    assert by_blocks(text) == by_rows(text)
    # what is left to the reader of single rows comes back with all in quotes, which Arrow may split
    assert (b"\n".join(asked) == cells.encode()) == arrow


def test_an_empty_cell_at_the_end_of_a_file_is_no_empty_text() -> None:
    assert by_blocks('a,b\n"",')[1] == [["", None]]


def test_a_row_without_end_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_blocks, "_LONGEST", 2**16)
    endless = io.BytesIO(b'a,b\n1,"' + b"x" * 2**20)
    with pytest.raises(InputError, match="field larger than field limit"):
        list(CsvBlocks(endless))
