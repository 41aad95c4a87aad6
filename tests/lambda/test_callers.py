"""What a new model would do to those who call the one that serves."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from isoship_lambda.callers import breaks_callers

CARD: dict[str, Any] = {
    "name": "churn", "version": "1.0.0", "digest": "sha256:0", "provenance": {},
    "signature": {"layout": "columns", "columns": [
        {"name": "age", "dtype": "double", "missing": True, "infinity": False, "minimum": 0.0},
        {"name": "plan", "dtype": "string", "missing": False, "categories": ["free", "team"]},
    ]},
    "outputs": [
        {"name": "label", "kind": "label", "dtype": "string", "shape": ["N"], "classes": ["no", "yes"]},
        {"name": "probabilities", "kind": "probabilities", "dtype": "double", "shape": ["N", 2],
         "classes": ["no", "yes"]},
    ],
}  # fmt: skip


def changed(path: str, value: Any) -> dict[str, Any]:
    """The card with one member set, or taken away where the value is `...`."""
    card = copy.deepcopy(CARD)
    *way, last = path.split("/")
    at: Any = card
    for part in way:
        at = at[int(part)] if part.isdigit() else at[part]
    key: Any = int(last) if last.isdigit() else last
    if value is ...:
        del at[key]
    else:
        at[key] = value
    return card


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("signature/columns/0", ..., "takes no column 'age' any more"),
        ("signature/columns/0/name", "years", "needs 'years'"),
        ("signature/columns/0/dtype", "int64", "is int64 and was double"),
        ("signature/columns/0/missing", False, "takes no missing values"),
        ("signature/columns/0/minimum", 18.0, "begins at 18.0 and began at 0.0"),
        ("signature/columns/0/maximum", 99.0, "ends at 99.0"),
        ("signature/columns/1/categories", ["free", "solo"], "takes 'team' no more"),
        ("signature/columns/0/categories", [1.0], "known categories alone"),
        ("outputs/1", ..., "output 'probabilities' is gone"),
        ("outputs/0/dtype", "int64", "has the dtype int64"),
        ("outputs/1/classes", ["no", "maybe"], "no class 'yes'"),
    ],
)
def test_what_callers_would_meet_is_named(path: str, value: Any, words: str) -> None:
    found = breaks_callers(CARD, changed(path, value))
    assert any(words in line for line in found), found


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("version", "2.0.0"),
        ("signature/columns/0/minimum", -1.0),
        ("signature/columns/0/minimum", ...),
        ("signature/columns/0/maximum", 3.4028235677973366e38),
        ("signature/columns/0/infinity", True),
        ("signature/columns/1/missing", True),
        ("signature/columns/1/categories", ["free", "solo", "team"]),
        ("signature/columns/1/categories", ...),
        ("outputs/1/classes", ["maybe", "no", "yes"]),
    ],
)
def test_what_takes_more_than_before_breaks_nobody(path: str, value: Any) -> None:
    assert breaks_callers(CARD, changed(path, value)) == []


def test_columns_by_position_keep_their_order() -> None:
    def matrix(*names: str) -> dict[str, Any]:
        columns = [{"name": name, "dtype": "double", "missing": False} for name in names]
        return changed("signature", {"layout": "matrix", "columns": columns})

    assert "another order" in breaks_callers(matrix("a", "b"), matrix("b", "a"))[0]
    assert breaks_callers(matrix("a", "b"), matrix("a", "b")) == []
