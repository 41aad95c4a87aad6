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
        ("outputs/1/classes", ["maybe", "no", "yes"], "its classes in other places of V2's tensor"),
        ("signature/columns/0/input", "age_", "is the tensor 'age_' of V2 and was 'age'"),
        ("name", "fraud", "its name, which V2's paths hold, is 'fraud' and was 'churn'"),
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
        ("outputs/0/classes", ["maybe", "no", "yes"]),
        ("outputs/1/classes", ["no", "yes", "zero"]),
    ],
)
def test_what_takes_more_than_before_breaks_nobody(path: str, value: Any) -> None:
    assert breaks_callers(CARD, changed(path, value)) == []


def test_columns_by_position_keep_their_order() -> None:
    """V2 takes X for tables of numbers too."""

    def card(layout: str, *columns: tuple[str, str]) -> dict[str, Any]:
        described = [{"name": name, "dtype": dtype, "missing": False} for name, dtype in columns]
        return changed("signature", {"layout": layout, "columns": described})

    a, b, text = ("a", "double"), ("b", "double"), ("t", "string")
    for layout, number in (("matrix", b), ("columns", b), ("columns", ("b", "int64"))):
        assert "another order" in breaks_callers(card(layout, a, number), card(layout, number, a))[0]
        assert breaks_callers(card(layout, a, number), card(layout, a, number)) == []
    assert breaks_callers(card("columns", a, text), card("columns", text, a)) == [], "each by its name"
