"""The newcomer's path: the pages of docs/start from their first block to their last, in one folder, as they are typed.

A Python or JavaScript block is saved under the name in its first line, and a shell block runs it; one that does not end
well says so itself (`|| echo "exit code $?"`). A text block is what the shell block before it printed: its lines, one
after the other, where `...` stands for any. Numbers may move, from machine to machine and from release to release, but
no 0 does, and no sign.

scripts/newcomer.sh calls this file on a bare machine; test_tutorial.py types the same pages in the tests' environment.
"""

from __future__ import annotations

import os
import re
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # a script's path is its own folder

from pages import ROOT, Block, Page, pages
from prepared import Prepared

sys.path.insert(0, str(ROOT / "scripts" / "site"))

import navigation

START = "docs/start/"
NUMBER = re.compile(r"\d[\d.,]*(?:e[+-]\d+)?")
#: What takes a package index.
INSTALLS = ("pip install", "npm install")
SERVES = "isoship serve bundle"


@dataclass(frozen=True)
class Typed:
    """What was done with a block: "saved", "typed", "compared", or "left" with its note."""

    block: Block
    done: str


def path_pages() -> list[Page]:
    """The pages of the path, in the order of docs/index.md."""
    found = pages()
    return [found[entry.path] for entry in navigation.entries() if entry.path.startswith(START)]


def walk(prepared: Prepared, folder: Path, *, installs: bool, port: int = 0) -> Iterator[Typed]:
    """Types every block. installs: `pip install` and `npm install` too. port: the servers', 0 for a free one.

    Raises:
        AssertionError: a command did not end well, or a page shows what was not printed.
    """
    for page in path_pages():
        printed = ""
        for block in page.blocks:
            named = re.match(r"(?:#|//) (\w+\.\w+)\n", block.text)
            if block.note is not None:
                yield Typed(block, "left")
            elif named:
                (folder / named[1]).write_text(block.text, encoding="utf-8")
                yield Typed(block, "saved")
            elif block.language == "sh":
                printed = typed(block, prepared, folder, installs=installs, port=port)
                yield Typed(block, "typed")
            elif block.language == "text":
                line = absent(block.text, printed)
                assert not line, f"{block.page}:{block.line}: {line!r} is not in its place\n{printed[-9000:]}"
                yield Typed(block, "compared")
            else:
                raise AssertionError(f"{block.page}:{block.line}: nothing runs a block in {block.language!r}")


def typed(block: Block, prepared: Prepared, folder: Path, *, installs: bool, port: int) -> str:
    """What a shell block prints."""
    if block.lines == [SERVES]:  # the next blocks ask it
        return ""
    lines = [line for line in block.text.splitlines() if installs or not line.startswith(INSTALLS)]
    if "localhost:8080" in block.text:
        with prepared.serving(SERVES, cwd=folder, port=port) as address:
            return "".join(prepared.run(line.replace("localhost:8080", address), cwd=folder).stdout for line in lines)
    return "".join(prepared.run(f"{{ {line}; }} 2>&1", cwd=folder, seconds=900).stdout for line in lines)


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


def _free(port: int) -> bool:
    with socket.socket() as asked:
        return asked.connect_ex(("127.0.0.1", port)) != 0


def main(folder: str) -> None:
    """Types the path in a folder, in the environment of this process, and says what was done."""
    port = 8080 if _free(8080) else 0
    done: list[Typed] = []
    for one in walk(Prepared(Path(folder), dict(os.environ)), Path(folder), installs=True, port=port):
        done.append(one)
        said = one.block.text.strip().splitlines()
        print(f"{one.done:9} {one.block.page}:{one.block.line}  {said[0][:90]}{' ...' if len(said) > 1 else ''}")
    count = {kind: sum(one.done == kind for one in done) for kind in ("typed", "saved", "compared", "left")}
    print(f"\n{len(path_pages())} pages, {len(done)} blocks: {', '.join(f'{n} {kind}' for kind, n in count.items())}")
    if port == 0:
        print("port 8080 is taken here: the server had another")
    for one in done:
        if one.done == "left" and one.block.note:
            print(f"not typed  {one.block.page}:{one.block.line}: {one.block.note.why or one.block.note.by}")
    for page in path_pages():
        for line, command in page.inline:
            note = page.note_of(command)
            where = f"run by {note.by}" if note and note.by else note.why if note else "make test runs it"
            print(f"in running text, not typed  {page.name}:{line}: {command} ({where})")


if __name__ == "__main__":
    main(sys.argv[1])
