"""`load()` watched and given up, and all that is wrong with rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tiny_bundle
from node_script import HERE, run_node
from tiny_bundle import NUMBER

ROWS: list[Any] = [
    {NUMBER: "long", "island": "Sylt", "eggs": 1.5, "more": 1},
    *tiny_bundle.rows(1),
    17,
]


@pytest.fixture(scope="module")
def loaded(bundle: Path) -> Any:
    return run_node(HERE / "loading.mjs", str(bundle / "index.js"), stdin={"rows": ROWS})


def test_progress_counts_the_bytes_of_the_files(loaded: Any, bundle: Path) -> None:
    names = [one["file"] for one in loaded["seen"]]
    assert {"manifest.json", "program.json"} <= set(names)
    last = loaded["seen"][-1]
    assert last["loaded"] == last["total"] == sum((bundle / name).stat().st_size for name in names)
    counted = [one["loaded"] for one in loaded["seen"]]
    assert counted == sorted(counted)


def test_loading_is_given_up_with_the_callers_reason(loaded: Any) -> None:
    assert loaded["early"] == ["RangeError", "enough"]
    assert loaded["before"] == "AbortError"


def test_every_problem_of_every_row_is_named(loaded: Any) -> None:
    said = [(one["row"], one["column"]) for one in loaded["problems"]]
    assert said == [(0, "more"), (0, NUMBER), (0, "island"), (0, "eggs"), (0, "tagged"), (2, None)]
    assert loaded["one"] == loaded["problems"][:5]
    assert loaded["problems"][3]["message"] == 'row 0, column "eggs": expected an integer, got a number 1.5'
