"""Changes as docs/extending.md writes them: blocks of `diff`, laid over a copy of the checkout.

`--- FILE` begins a file. Behind it stand parts that begin with `@@`, each with the lines around what it changes; a file
of added lines alone is new.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from pages import ROOT

#: What a change is tried in: the packages, the browser's source, and the tests that a change adds cases to.
COPIED = (
    "export",
    "edge",
    "lambda",
    "web",
    "tests/tfjs",
    "tests/vectors",
    "tests/web",
    "tests/conftest.py",
    "pyproject.toml",
    "LICENSE",
)


def copied(folder: Path) -> Path:
    """A checkout to change; the packages of npm are shared."""
    for name in COPIED:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
        else:
            shutil.copyfile(ROOT / name, target)
    (folder / "web" / "node_modules").symlink_to(ROOT / "web" / "node_modules")
    return folder


def files_in(change: str) -> dict[str, list[str]]:
    """File -> its parts, each as text whose lines begin with a space, + or -."""
    found: dict[str, list[str]] = {}
    for one in re.split(r"^--- ", change, flags=re.MULTILINE)[1:]:
        name, _, rest = one.partition("\n")
        found[name.strip()] = [part for part in re.split(r"^@@\n", rest, flags=re.MULTILINE) if part.strip()]
    return found


def lay_over(change: str, folder: Path, *, backwards: bool = False) -> list[str]:
    """Makes the change there, or takes it back, and returns the files that it touches.

    Raises:
        LookupError: the lines around a part stand there never or more than once; or a new file is there.
    """
    files = files_in(change)
    for name, parts in files.items():
        path = folder / name
        lines = [line for part in parts for line in part.splitlines()]
        if all(line.startswith("+") for line in lines):
            if path.exists():
                raise LookupError(f"{name} is there")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("".join(f"{line[1:]}\n" for line in lines), encoding="utf-8")
            continue
        text = path.read_text(encoding="utf-8")
        for part in parts:
            before, after = (
                "".join(f"{line[1:]}\n" for line in part.splitlines() if line[:1] != left) for left in "+-"
            )
            if backwards:
                before, after = after, before
            if text.count(before) != 1:
                raise LookupError(f"{name} holds {text.count(before)} times\n{before}")
            text = text.replace(before, after)
        path.write_text(text, encoding="utf-8")
    return list(files)
