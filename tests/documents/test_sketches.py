"""docs/architecture.md draws program.json, rows.json and golden.json with every member that they have."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from pages import pages

BLOCKS = pages()["docs/architecture.md"].blocks
#: Members whose own members are names that the model gives.
NAMED = ("constants", "attrs", "inputs", "outputs", "expected", "rows", "row")


def drawn(member: str) -> Any:
    """The drawing with this member, its "..." taken for nothing more."""
    (text,) = [b.text for b in BLOCKS if b.text.startswith('{"format"') and f'"{member}"' in b.text]
    return json.loads(re.sub(r",?\s*\.\.\.(?=[\]}])", "", text))


def members(value: Any, name: str = "") -> set[str]:
    """`steps.op` for {"steps": [{"op": ...}]}."""
    if isinstance(value, list):
        return {found for one in value for found in members(one, name)}
    if not isinstance(value, dict) or "$" in value:  # {"$": "inf"} is a number
        return set()
    if name.rsplit(".", 1)[-1] in NAMED:
        return {found for one in value.values() for found in members(one, f"{name}.NAME")}
    paths = {f"{name}.{key}": one for key, one in value.items()}
    return paths.keys() | {found for path, one in paths.items() for found in members(one, path)}


@pytest.mark.parametrize(
    ("file", "member"), [("web/program.json", "prefix"), ("rows.json", "steps"), ("golden.json", "margin")]
)
def test_the_drawing_has_every_member(bundle: Path, file: str, member: str) -> None:
    held = json.loads((bundle / file).read_bytes())
    assert set(held) == set(drawn(member))
    assert members(held) - members(drawn(member)) == set()
