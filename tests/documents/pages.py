"""What the documents ask their readers to run: code blocks, commands in running text, and the notes about both.

Each is run by a test, or a comment that readers do not see says why not, or what else runs it:

    <!-- not run: WHY -->                        the block below
    <!-- not run: `COMMAND`: WHY -->             commands of the page that begin so
    <!-- run by FILE: TEXT -->                   the block below; TEXT stands in it and in FILE
    <!-- run by FILE: `COMMAND` -->              commands that begin so; FILE holds the command,
    <!-- run by FILE: `COMMAND` as `TEXT` -->    or TEXT, where it is spelled in another way there
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: CHANGELOG.md is left out: it tells of releases, and its commands are those of their day.
PAGES = tuple(
    str(path.relative_to(ROOT))
    for path in (
        *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "findings/README.md")),
        *sorted((ROOT / "docs").rglob("*.md")),
    )
)
#: What the first word of a command can be.
PROGRAMS = (
    *("isoship", "edge/run", "./run", "bundle/edge/run", "make", "git", "python", "pip", "pipx", "uv", "pyenv"),
    *("npm", "npx", "node", "sam", "aws", "awscurl", "cdk", "terraform", "docker", "func", "g++", "dotnet"),
    *("apt-get", "scp", "ssh", "curl", "sha256sum"),
)  # fmt: skip


@dataclass(frozen=True)
class Note:
    """by: the file that runs it, or "" with `why`. command: what it is about; "" for the block below. text: in `by`."""

    by: str
    why: str
    command: str
    text: str


@dataclass(frozen=True)
class Block:
    """A code block. language: "" where the fence names none."""

    page: str
    line: int
    language: str
    text: str
    note: Note | None

    @property
    def lines(self) -> list[str]:
        """A shell block's commands, one an entry: no comments, continued lines joined, `a && b` parted."""
        joined = re.sub(r"\\\n\s*", " ", self.text)
        whole = [re.sub(r"(^|\s)#\s.*", "", line).strip() for line in joined.splitlines()]
        return [part for line in whole if line for part in parted(line)]


@dataclass(frozen=True)
class Page:
    """name: its path in the checkout, or in a bundle. inline: commands in running text, by line."""

    name: str
    blocks: tuple[Block, ...]
    inline: tuple[tuple[int, str], ...]
    notes: tuple[Note, ...]

    def note_of(self, command: str) -> Note | None:
        """What the page says of a command."""
        return next((n for n in self.notes if n.command and command.startswith(n.command)), None)


def parted(line: str) -> list[str]:
    """The commands of a line."""
    return re.split(r"\s+&&\s+", line)


def read_page(name: str, text: str) -> Page:
    """Follows CommonMark as far as these documents use it: fences, indented code outside of lists, code spans."""
    blocks: list[Block] = []
    notes: list[Note] = []
    prose: list[tuple[int, str]] = []
    lines = text.splitlines()
    below: Note | None = None
    in_list, i = False, 0
    while i < len(lines):
        line, at = lines[i], i + 1
        fence = re.match(r"(\s*)(`{3,}|~{3,})\s*(\w*)", line)
        comment = re.fullmatch(r"\s*<!-- (.+) -->\s*", line)
        indented = re.match(r" {4}\S", line) and not in_list and (i == 0 or not lines[i - 1].strip() or below)
        if fence:
            end = next(k for k in range(i + 1, len(lines)) if lines[k].strip() == fence[2])
            inside = [one.removeprefix(fence[1]) for one in lines[i + 1 : end]]
            blocks.append(Block(name, at, fence[3], "\n".join(inside) + "\n", below))
            i, below = end, None
        elif indented:
            end = next((k for k in range(i, len(lines)) if re.match(r" {0,3}\S", lines[k])), len(lines))
            inside = [one[4:] for one in lines[i:end]]
            language = "sh" if inside[0].split()[0] in PROGRAMS else ""
            blocks.append(Block(name, at, language, "\n".join(inside).rstrip() + "\n", below))
            i, below = end - 1, None
        elif comment:
            note = read_note(comment[1])
            if note is not None:
                notes.append(note)
                below = below if note.command else note
        elif line.strip():
            in_list = bool(re.match(r"\s*([-*]|\d+\.)\s", line)) or (in_list and line.startswith(" "))
            below = None
            prose.append((at, line))
        i += 1
    return Page(name, tuple(blocks), commands_in(prose), tuple(notes))


def commands_in(lines: Iterable[tuple[int, str]]) -> tuple[tuple[int, str], ...]:
    """Code spans that begin with a program and say something to it."""
    return tuple(
        (at, command)
        for at, line in lines
        for span in re.findall(r"(?<!`)`([^`]+)`(?!`)", line)
        for command in parted(span)
        if command.split()[0] in PROGRAMS and len(command.split()) > 1 and " -> " not in command
    )


def read_note(comment: str) -> Note | None:
    """A note, or None for a comment of another kind."""
    found = re.fullmatch(r"(not run|run by (?P<by>[\w./-]+)): (?:`(?P<command>[^`]+)`)?(?P<rest>.*)", comment)
    if found is None:
        return None
    by, command, rest = found["by"] or "", found["command"] or "", found["rest"]
    if by:
        spelled = re.fullmatch(r" as `([^`]+)`", rest)
        return Note(by, "", command, spelled[1] if spelled else command or rest)
    return Note("", rest.removeprefix(": ") if command else rest, command, "")


def pages() -> dict[str, Page]:
    """Every document and every example of the checkout; notes on an example's commands stand in its document."""
    found = {name: read_page(name, (ROOT / name).read_text(encoding="utf-8")) for name in PAGES}
    for path in sorted(path for path in (ROOT / "examples").rglob("*") if path.is_file()):
        name, lines = str(path.relative_to(ROOT)), path.read_text(encoding="utf-8").splitlines()
        said = [
            note
            for page in found.values()
            if Path(name).parts[1] in (ROOT / page.name).read_text()
            for note in page.notes
        ]
        found[name] = Page(name, (), commands_in(enumerate(lines, 1)), tuple(said))
    return found
