"""The tree of rooms in docs/architecture.md: `python scripts/rooms.py` prints it, `--write` puts it there.

First what each room imports, from the ground up; then every room with its number of files and what it says of itself.
"""

# ruff: noqa: T201 - a command line prints

from __future__ import annotations

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

from imported_modules import ROOT, imported, our_modules

PAGE = ROOT / "docs" / "architecture.md"
#: Roots of the tree.
ROOMS = ("export/isoship", "edge/isoship_edge", "lambda/isoship_lambda", "web/src")
#: Where a room of JavaScript says what it is.
_HEADS = {
    "answer": "answer.js", "controls": "field.js", "files": "score.js", "graph": "graph.js", "js": "node.mjs",
    "offline": "offline.js", "ops": "registry.js", "page": "page.js", "peers": "given.js", "rows": "program.js",
    "src": "index.js", "tensors": "model.js", "tfjs": "core.js", "whatif": "whatif.js", "worker": "client.js",
}  # fmt: skip
#: The tree stands between these lines of the page.
BEGIN, END = "<!-- rooms: scripts/rooms.py --write -->\n", "<!-- end of rooms -->\n"


def files_in(folder: Path) -> list[Path]:
    """The files beside each other in a folder that are not made by a tool."""
    return sorted(path for path in folder.iterdir() if path.is_file() and path.suffix != ".pyc")


def folders_below(folder: Path) -> Iterator[Path]:
    """A folder and all below it, without what git ignores."""
    lines = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    ignored = {line.rstrip("/").rpartition("/")[2] for line in lines if line.endswith("/")}
    yield folder
    for path in sorted(folder.iterdir()):
        if path.is_dir() and path.name not in ignored and not path.name.startswith("."):
            yield from folders_below(path)


def arrows() -> str:
    """Each room and those that it imports; whatever one imports stands above it.

    Raises:
        graphlib.CycleError: rooms import each other.
    """
    modules = our_modules()
    del modules["isoship"]  # it names the modules of the public interface as text
    found: dict[str, set[str]] = defaultdict(set)
    for name in modules:
        found[_room(name)] |= {_room(other) for other in imported(name, modules)} - {_room(name)}
    sorter = TopologicalSorter(found)
    sorter.prepare()
    order: list[str] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        order += ready
        sorter.done(*ready)
    width = max(map(len, order))
    lines = (f"{room:{width}}  {', '.join(sorted(found[room], key=order.index))}".rstrip() for room in order)
    return "\n".join(lines)


def tree() -> str:
    """Each room on a line."""
    lines = []
    for root in ROOMS:
        for folder in folders_below(ROOT / root):
            if files := files_in(folder):
                depth = len(folder.relative_to(ROOT / root).parts)
                name = "  " * depth + (folder.name if depth else root)
                lines.append(f"{name:26}{len(files):3}  {_said_by(folder)}".rstrip())
    return "\n".join(lines)


def drawn() -> str:
    """What stands in the page."""
    blocks = (("what each room imports", arrows()), ("the rooms", tree()))
    return "\n".join(
        f"<!-- not run: {what}, held by tests/documents/test_rooms.py -->\n\n"
        + "".join(f"    {line}\n" for line in text.splitlines())
        for what, text in blocks
    )


def _room(module: str) -> str:
    """The folder of isoship that a module lies in. Its errors stand alone, the other packages are rooms as a whole."""
    package, _, inside = module.partition(".")
    first = "cli" if inside == "__main__" else inside.partition(".")[0]
    if package != "isoship":
        return package
    return first if first == "errors" or (ROOT / "export" / "isoship" / first).is_dir() else "exporting, ..."


def _said_by(folder: Path) -> str:
    """The first line of what a room says of itself."""
    own = folder / "__init__.py"
    if own.is_file():
        said = ast.get_docstring(ast.parse(own.read_text(encoding="utf-8"))) or ""
    else:
        text = (folder / _HEADS[folder.name]).read_text(encoding="utf-8")
        said = re.sub(r"^(/\*\*|//)\s*(\* )?", "", text)
    return said.splitlines()[0] if said else ""


def main() -> int:
    if "--write" not in sys.argv[1:]:
        print(f"{arrows()}\n\n{tree()}")
        return 0
    before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
    PAGE.write_text(before + BEGIN + drawn() + "\n" + END + rest.split(END)[1], encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
