"""Which modules of ours a module imports when it runs.

Every import counts, at the top of a module or inside a function. What stands under TYPE_CHECKING does not count, and
neither do registries, which name modules as text.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: Package -> the folder that it lies in.
PACKAGES = {"isoship": "export", "isoship_edge": "edge", "isoship_lambda": "lambda"}


def modules_below(folder: Path, package: str) -> dict[str, Path]:
    """The package's modules by their dotted names."""
    found = {}
    for path in sorted((folder / package).rglob("*.py")):
        *above, last = path.relative_to(folder).with_suffix("").parts
        found[".".join(above if last == "__init__" else [*above, last])] = path
    return found


def our_modules() -> dict[str, Path]:
    """The modules of all three packages."""
    return {k: v for package, room in PACKAGES.items() for k, v in modules_below(ROOT / room, package).items()}


def imported(name: str, modules: Mapping[str, Path]) -> set[str]:
    """The modules that a module imports, and the packages around them that it is not itself in."""
    found = set()
    for node in _running(ast.parse(modules[name].read_text(encoding="utf-8"))):
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


def _running(node: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    """The imports below a node that run."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield node
        return
    only_types = isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
    for child in node.orelse if only_types else ast.iter_child_nodes(node):
        yield from _running(child)
