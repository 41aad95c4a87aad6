"""No module imports itself in a circle: what one room knows of another goes one way.

Every import that runs counts, at the top of a module or inside a function. What stands under TYPE_CHECKING does not
count, and neither do registries, which name modules as text.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from pathlib import Path

import pytest
from pages import ROOT

PACKAGES = {"isoship": "export", "isoship_edge": "edge", "isoship_lambda": "lambda"}
#: Module and module that it imports, in a circle: to be mended.
KNOWN = {("isoship.sources.sklearn.walk.carrier", "isoship.sources.sklearn.walk.fallback")}


def modules_below(folder: Path, package: str) -> dict[str, Path]:
    """The package's modules by their dotted names."""
    found = {}
    for path in sorted((folder / package).rglob("*.py")):
        *above, last = path.relative_to(folder).with_suffix("").parts
        found[".".join(above if last == "__init__" else [*above, last])] = path
    return found


def running(node: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    """The imports below a node that run."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield node
        return
    only_types = isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
    for child in node.orelse if only_types else ast.iter_child_nodes(node):
        yield from running(child)


def imported(name: str, modules: Mapping[str, Path]) -> set[str]:
    """The modules that a module imports, and the packages around them that it is not itself in."""
    found = set()
    for node in running(ast.parse(modules[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        else:
            assert node.level == 0, f"{name} imports by its own place"
            below = [f"{node.module}.{alias.name}" for alias in node.names]
            targets = [target if target in modules else str(node.module) for target in below]
        for target in targets:
            parts = target.split(".")
            around = {".".join(parts[:i]) for i in range(1, len(parts))}
            found |= {target} | {package for package in around if not f"{name}.".startswith(f"{package}.")}
    return (found & modules.keys()) - {name}


def circle(modules: Mapping[str, Path], known: set[tuple[str, str]] = frozenset()) -> str:
    """A circle of imports as `a -> b -> a`, empty where there is none."""
    edges = {name: {other for other in imported(name, modules) if (name, other) not in known} for name in modules}
    try:
        TopologicalSorter(edges).prepare()
    except CycleError as err:
        return " -> ".join(reversed(err.args[1]))
    return ""


def test_nothing_imports_in_a_circle() -> None:
    modules = {k: v for package, room in PACKAGES.items() for k, v in modules_below(ROOT / room, package).items()}
    assert len(modules) > 300
    for name, other in KNOWN:
        assert other in imported(name, modules), "mended: take it off the list"
    assert circle(modules, KNOWN) == ""


@pytest.mark.parametrize(("last", "found"), [
    ("from made.room import first", "made.room.first -> made.second -> made.third -> made.room.first"),
    ("def late():\n    import made.room.first", "made.room.first -> made.second -> made.third -> made.room.first"),
    ("import made.room", "made.room -> made.room.first -> made.second -> made.third -> made.room"),
    ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from made.room import first", ""),
])  # fmt: skip
def test_a_circle_is_named(tmp_path: Path, last: str, found: str) -> None:
    (tmp_path / "made" / "room").mkdir(parents=True)
    (tmp_path / "made" / "__init__.py").write_text("")
    (tmp_path / "made" / "room" / "__init__.py").write_text("from made.room import first" if last.endswith("m") else "")
    (tmp_path / "made" / "room" / "first.py").write_text("from made.second import thing")
    (tmp_path / "made" / "second.py").write_text("def f():\n    from made import third")
    (tmp_path / "made" / "third.py").write_text(last)
    named = circle(modules_below(tmp_path, "made"))
    # it may begin at any of its modules
    assert set(pairwise(named.split(" -> "))) == set(pairwise(found.split(" -> ")))
