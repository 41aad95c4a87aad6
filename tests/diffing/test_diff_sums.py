"""What is added up piece by piece: quantiles, ranges and categories, against the same of all rows at once."""

from __future__ import annotations

import numpy as np
import pytest

from isoship.diffing.labels import LabelCounts
from isoship.diffing.shifts import Shifts, Sketch, moved
from isoship.diffing.slices import MOST_CATEGORIES, Categories, Ranges, Slices
from isoship_edge.manifest import Column, Tolerance

NONE = Tolerance(0.0, 0.0, "")


def facts(count: int, changed: np.ndarray | None = None) -> np.ndarray:
    found = np.zeros((count, 4))
    found[:, 0] = 1
    if changed is not None:
        found[:, 1] = changed
    return found


@pytest.mark.parametrize("kind", ["normal", "sorted", "decades", "zeros", "tiny"])
def test_quantiles_are_right_to_one_percent(kind: str) -> None:
    draw = np.random.default_rng(2)
    values = {
        "normal": draw.normal(0.1, 1, 20_000),
        "sorted": np.sort(draw.normal(0, 1, 20_000)),
        "decades": draw.choice([-1, 1], 20_000) * 10 ** draw.uniform(-300, 300, 20_000),
        "zeros": np.where(draw.random(20_000) < 0.9, 0, draw.normal(0, 1, 20_000)),
        "tiny": draw.choice([5e-324, -5e-324, 1e-310, 1e308], 20_000),
    }[kind]
    sketch = Sketch()
    for part in np.array_split(values, 7):
        sketch.add(part)
    for q in (0.0, 0.01, 0.05, 0.3, 0.5, 0.95, 0.99, 1.0):
        exact = np.quantile(values, q, method="inverted_cdf" if q == 1 else "lower")
        assert sketch.quantile(q) == pytest.approx(exact, rel=0.0101, abs=5e-324), q
    assert len(sketch.bins) < 100_000
    assert Sketch().quantile(0.5) == 0.0


def test_numbers_that_are_none_on_one_side() -> None:
    nan, inf = np.nan, np.inf
    old = np.array([[1.0], [nan], [nan], [inf], [inf], [1.0], [0.0]])
    new = np.array([[1.0], [nan], [1.0], [inf], [-inf], [inf], [-0.0]])
    found = moved(old, new, Tolerance(10.0, 10.0, ""))
    assert found.broken[:, 0].tolist() == [False, False, True, False, True, True, False]
    assert (found.beyond == found.broken).all(), "no tolerance reaches there"
    assert not found.bits
    shifts = Shifts("value", ("",))
    shifts.add(old, new, found)
    (one,) = shifts.all()
    assert (one.rows, one.broken, one.beyond, one.mean, one.largest, one.largest_relative) == (7, 3, 3, 0.0, 0.0, 0.0)


def test_a_difference_that_overflows_is_the_largest_double() -> None:
    old, new = np.array([[-1.7e308], [-1.7e308]]), np.array([[1.7e308], [1.7e308]])
    found = moved(old, new, NONE)
    shifts = Shifts("value", ("",))
    shifts.add(old, new, found)
    (one,) = shifts.all()
    assert (one.largest, one.broken, one.quantiles["0.5"] > 1e308) == (np.finfo(float).max, 0, True)


def test_the_tolerance_is_the_border() -> None:
    old = np.array([[100.0, 100.0, -100.0]])
    new = old + np.array([[1.1, 1.1000001, -1.1000001]])
    assert moved(old, new, Tolerance(0.1, 0.01, "")).beyond.tolist() == [[False, True, True]]
    assert moved(old, old.copy(), NONE).bits
    assert not moved(old, old.astype(np.float32), NONE).bits, "another type is another answer"
    assert not moved(np.array([[0.0]]), np.array([[-0.0]]), NONE).bits


@pytest.mark.parametrize("order", ["shuffled", "sorted", "reversed", "pieces"])
def test_ranges_hold_as_many_rows_each_in_any_order(order: str) -> None:
    draw = np.random.default_rng(3)
    values = np.concatenate([draw.lognormal(3, 1, 60_000), [1e300, -1e300, np.inf, -np.inf], np.full(500, np.nan)])
    changed = np.nan_to_num(values) > 40
    at = {
        "shuffled": draw.permutation(len(values)),
        "sorted": np.argsort(values),
        "reversed": np.argsort(-values),
        "pieces": np.argsort(np.abs(values - 20)),
    }[order]
    kept = Ranges()
    for part in np.array_split(at, 40):
        kept.add(values[part], facts(len(part), changed[part]))
    *ranges, missing = kept.all()
    assert (missing[0], missing[4][0]) == ("missing", 500)
    assert 4 <= len(ranges) <= 6
    for _, _, low, high, sums in ranges:
        where = (values >= low) & (values <= high)
        assert (sums[0], sums[1]) == (where.sum(), changed[where].sum())
        assert 0.1 < sums[0] / 60_000 < 0.3
    assert sum(r[4][0] for r in ranges) == 60_004
    assert len(kept._edges) <= 600


def test_few_different_numbers_are_ranges_of_one_number() -> None:
    kept = Ranges()
    for _ in range(3):
        kept.add(np.array([1.0, 2.0, 2.0, 3.0]), facts(4))
    assert [(low, high, sums[0]) for _, _, low, high, sums in kept.all()[:-1]] == [(1, 1, 3), (2, 2, 6), (3, 3, 3)]


def test_texts_beyond_the_first_are_counted_together() -> None:
    kept = Categories()
    texts = [f"t{i}" for i in range(MOST_CATEGORIES + 50)]
    for part in (texts[:300], texts[300:], texts):
        kept.add([*part, None], facts(len(part) + 1))
    found = {(what, value): sums[0] for what, value, _, _, sums in kept.all()}
    assert found[("missing", None)] == 3
    assert found[("value", "t0")] == 2
    assert found[("others", None)] == 100
    assert sum(found.values()) == 2 * len(texts) + 3


def test_one_row_does_not_lead() -> None:
    slices = Slices([Column("city", "string")], numbers=False, lead=False)
    values = ["rare"] + ["common"] * 1000
    slices.add("city", values, facts(1001, np.array([1] + [1] * 300 + [0] * 700)))
    assert [(s.name, s.share, s.few) for s in slices.all()] == [('"common"', 0.3, False), ('"rare"', 1.0, True)]


def test_labels_of_two_types_are_compared_as_text() -> None:
    counts = LabelCounts("label", "", as_text=True)
    assert counts.differ(np.array([1, 2]), np.array(["1", "3"], object)).tolist() == [False, True]
    plain = LabelCounts("label", "", as_text=False)
    assert plain.differ(np.array(["a", None], object), np.array(["a", "b"], object)).tolist() == [False, True]
    assert plain.differ(np.array([np.nan, 1.0]), np.array([np.nan, 2.0])).tolist() == [False, True]
