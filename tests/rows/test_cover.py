"""Few rows that stand for many."""

import numpy as np
import pytest

from isoship.rows.cover import covering
from isoship.rows.for_check import RowSet
from isoship.rows.profile import ColumnProfile

PROFILES = {
    "height": ColumnProfile("height", "double", missing=True, infinity=False, boundaries=np.arange(10.0)),
    "city": ColumnProfile("city", "string", missing=True, infinity=False, categories=("Oslo", "Rome")),
}


def _pool(*, seed=0, count=400):
    rng = np.random.default_rng(seed)
    heights = [None if rng.random() < 0.02 else float(rng.uniform(-1, 11)) for _ in range(count)]
    cities = rng.choice(["Oslo", "Rome", "Bergen", None], count, p=[0.9, 0.06, 0.02, 0.02]).tolist()
    rows = [{"height": h, "city": c} for h, c in zip(heights, cities, strict=True)]
    return RowSet(rows, rng.choice(["ordinary", "extreme"], count, p=[0.98, 0.02]).tolist())


def _brought(pool, labels, places):
    """What rows bring, told another way than the module tells it."""
    brought = set()
    for i in places:
        row, kind = pool.rows[i], pool.kinds[i]
        side = None if row["height"] is None else sum(row["height"] > b for b in range(10))
        city = row["city"] if row["city"] in ("Oslo", "Rome", None) else "another"
        brought |= {("kind", kind), ("label", labels[i]), ("both", kind, labels[i]), ("height", side), ("city", city)}
    return brought


@pytest.mark.parametrize("seed", range(5))
def test_few_rows_bring_all_that_many_do(seed):
    pool = _pool(seed=seed)
    labels = np.array(["no" if i % 7 else "yes" for i in range(len(pool))])
    chosen = covering(pool, labels, PROFILES, most=400)
    assert _brought(pool, labels, chosen) == _brought(pool, labels, range(len(pool)))
    assert chosen == sorted(set(chosen))
    assert len(chosen) < 30
    assert covering(pool, labels, PROFILES, most=400) == chosen


def test_no_more_rows_than_there_is_room_for_and_as_many_as_are_wanted():
    pool = _pool()
    first = covering(pool, None, PROFILES, most=5)
    assert len(first) == 5
    assert len({pool.rows[i]["height"] is None or int(pool.rows[i]["height"]) for i in first}) >= 4
    assert len(covering(pool, None, PROFILES, most=128, least=64)) == 64
    assert len(covering(pool, None, PROFILES, most=1000, least=1000)) == 400
