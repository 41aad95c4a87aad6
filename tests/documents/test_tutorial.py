"""docs/tutorial.md from its first block to its last, in one folder, as its reader types it.

A Python or JavaScript block is saved under the name in its first line, and a shell block runs it. A text block is what
the shell block before it printed: its lines, one after the other, where `...` stands for any. Numbers may move, from
machine to machine and from release to release, but no 0 does, and no sign.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from following import hold
from pages import Block, pages
from prepared import Prepared

PAGE = pages()["docs/tutorial.md"]
NUMBER = re.compile(r"\d[\d.,]*(?:e[+-]\d+)?")


def typed(block: Block, prepared: Prepared, folder: Path) -> str:
    """What a shell block prints."""
    if block.lines == ["isoship serve bundle"]:  # the next blocks ask it
        return ""
    lines = [line for line in block.text.splitlines() if not line.startswith("pip install")]
    if "localhost:8080" in block.text:
        with prepared.serving("isoship serve bundle", cwd=folder) as address:
            return "".join(prepared.run(line.replace("localhost:8080", address), cwd=folder).stdout for line in lines)
    return "".join(prepared.run(f"{{ {line}; }} 2>&1", cwd=folder).stdout for line in lines)


def blurred(text: str) -> list[str]:
    """Lines with # for each number but 0, and without the widths of a table."""
    lines = (NUMBER.sub(lambda found: found[0] if found[0] == "0" else "#", line) for line in text.splitlines())
    return [" ".join(re.sub(r"-{3,}", "---", line).split()) for line in lines if line.strip()]


def absent(shown: str, printed: str) -> str:
    """The first line of a text block that was not printed where it should be; "" where all were."""
    left, anywhere = blurred(printed), True
    for line in blurred(shown):
        if line == "...":
            anywhere = True
            continue
        if line not in left or not (anywhere or left[0] == line):
            return line
        left, anywhere = left[left.index(line) + 1 :], False
    return ""


def test_the_tutorial_is_what_its_reader_sees(prepared: Prepared, tmp_path: Path) -> None:
    printed, shown = "", 0
    for block in PAGE.blocks:
        named = re.match(r"(?:#|//) (\w+\.\w+)\n", block.text)
        if block.note is not None:
            hold(block.note, block.text)
        elif named:
            (tmp_path / named[1]).write_text(block.text, encoding="utf-8")
        elif block.language == "sh":
            printed = typed(block, prepared, tmp_path)
        elif block.language == "text":
            line = absent(block.text, printed)
            assert not line, f"{block.page}:{block.line}: {line!r} is not in its place\n{printed[-9000:]}"
            shown += 1
        else:
            pytest.fail(f"{block.page}:{block.line}: nothing runs a block in {block.language!r}")
    assert shown == sum(block.language == "text" for block in PAGE.blocks) > 8


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
