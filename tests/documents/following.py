"""Follows a document: runs its blocks and commands, or holds what its notes say of them."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
from dataclasses import replace
from pathlib import Path

from benchmarks.long.groups import GROUPS
from pages import ROOT, Block, Note, Page
from prepared import GIVEN, SERVES, Prepared


def hold(note: Note, typed: str) -> None:
    """What a note says is so."""
    if not note.by:
        assert len(note.why.split()) > 2, f"why is {typed!r} not run?"
        return
    assert note.text in (ROOT / note.by).read_text(encoding="utf-8"), f"{note.by} does not hold {note.text!r}"
    assert note.command or note.text in typed, f"{note.text!r} is not in the block: {typed}"


def follow(block: Block, page: Page, prepared: Prepared, folder: Path) -> None:
    """Runs a block as its language is run."""
    if block.note is not None:
        hold(block.note, block.text)
    elif block.language == "sh" and "localhost:8080" in block.text:
        with prepared.serving("isoship serve bundle") as address:
            printed = run_shell(
                replace(block, text=block.text.replace("localhost:8080", address)), page, prepared, folder
            )
        assert "predictions" in json.loads(printed), printed
    elif block.language == "sh":
        run_shell(block, page, prepared, folder)
    elif block.language == "python":
        given = GIVEN if re.search(r"\b(model|X|rows)\b", block.text) else ""
        (folder / "test_block.py").write_text(given + block.text, encoding="utf-8")
        how = ["-m", "pytest", "-q", "-p", "no:cacheprovider"] if "def test_" in block.text else []
        prepared.run(["python", *how, "test_block.py"], cwd=folder)
    elif block.language == "js":
        (folder / "block.mjs").write_text(block.text, encoding="utf-8")
        prepared.run(["node", "block.mjs"], cwd=folder)
    elif block.language == "json":
        json.loads(block.text)
    else:
        what = f"a block in {block.language!r}" if block.language else "a block without a language"
        raise AssertionError(f"{block.page}:{block.line}: {what} is run by nothing, and no comment says why (pages.py)")


def run_shell(block: Block, page: Page, prepared: Prepared, folder: Path) -> str:
    """The lines of a block, one after the other in one folder; what they print."""
    printed = ""
    for line in block.lines:
        moved = re.fullmatch(r"cd (\S+)", line)
        if moved:
            folder = folder / moved[1]
        else:
            printed += try_command(line, page, prepared, folder)
    return printed


def try_command(command: str, page: Page, prepared: Prepared, folder: Path) -> str:
    """Runs a command, or holds what is said of it; what it prints.

    Without a note: `make TARGET` is asked for what it would do (targets take minutes), `python -m benchmarks.NAME` for
    its module, a command of ours without arguments for its help. as_a_user.py runs every `pip install` of these pages
    in an empty environment (`make test-all GROUP=examples`).
    """
    note = page.note_of(command)
    if note is not None:
        hold(note, command)
        return ""
    words = command.split()
    if words[0] == "make":
        assert set(re.findall(r"GROUP=(\w+)", command)) <= set(GROUPS), command
        ran = subprocess.run(["make", "-n", *words[1:]], cwd=ROOT, capture_output=True, text=True, timeout=60)
        assert ran.returncode == 0, ran.stderr
        return ""
    if words[:2] == ["python", "-m"] and words[2].startswith("benchmarks."):
        assert importlib.util.find_spec(words[2]), command
        return ""
    if words[:2] == ["pip", "install"]:
        return ""
    if len(words) == 2 and words[0] in ("isoship", "edge/run") and re.fullmatch(r"[a-z|]+", words[1]):
        program = "bundle/edge/run" if words[0] == "edge/run" else "isoship"
        for name in words[1].split("|"):
            prepared.run([program, name, "--help"], cwd=prepared.folder)
        return ""
    if SERVES.search(command):
        with prepared.serving(command, cwd=folder):
            return ""
    return prepared.run(command, cwd=folder).stdout
