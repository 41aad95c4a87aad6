"""No module imports itself in a circle: what one room knows of another goes one way.

What counts as an import, and what does not, `scripts/imported_modules.py` says.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from pathlib import Path

import pytest
from pages import ROOT

sys.path.insert(0, str(ROOT / "scripts"))

from imported_modules import imported, modules_below, our_modules


def circle(modules: Mapping[str, Path]) -> str:
    """A circle of imports as `a -> b -> a`, empty where there is none."""
    edges = {name: imported(name, modules) for name in modules}
    try:
        TopologicalSorter(edges).prepare()
    except CycleError as err:
        return " -> ".join(reversed(err.args[1]))
    return ""


def test_nothing_imports_in_a_circle() -> None:
    modules = our_modules()
    assert len(modules) > 300
    assert circle(modules) == ""


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
