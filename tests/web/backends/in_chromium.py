"""Steps in one Chromium profile, over folders that are served on loopback: see chromium.mjs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from node_script import WEB, run_node

#: What a test writes in the place of `return await import(...)`.
LOAD = "const { load } = await import('/one/index.js');"
#: file -> texts and what stands in their place.
Patches = Mapping[str, Mapping[str, list[tuple[str, str]]]]


def in_chromium(folders: Mapping[str, Path], *steps: dict[str, Any], patches: Patches | None = None) -> list[Any]:
    """What each step gave: {"result", "console", "requests"}."""
    job = {
        "folders": {name: str(path) for name, path in folders.items()},
        "patches": patches or {},
        "steps": [{"visit": "/blank.html", **step} for step in steps],
    }
    found = run_node(Path(__file__).with_name("chromium.mjs"), str(WEB / "package.json"), stdin=job)
    assert isinstance(found, list)
    return found
