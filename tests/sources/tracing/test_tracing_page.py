"""docs/tracing.md lists what is followed: each function of numpy's, and no other."""

from __future__ import annotations

from pathlib import Path

from isoship.sources.sklearn.tracing import steps
from isoship.sources.sklearn.tracing.traced import FUNCTIONS
from isoship.sources.sklearn.tracing.ufuncs import RULES

PAGE = (Path(__file__).parents[3] / "docs" / "tracing.md").read_text(encoding="utf-8")


def listed(head: str) -> set[str]:
    (row,) = [line for line in PAGE.splitlines() if line.startswith(f"| {head} |")]
    return set(row.split("|")[2].split())


def test_the_page_names_every_function_that_is_followed() -> None:
    assert steps.look is not None  # fills the table
    assert listed("functions of each element") == set(RULES)
    names = {function.__name__ for function in FUNCTIONS}
    assert listed("other functions") == names - {"amin", "amax", "around"}
