"""The one column behind each feature, found by halves, is the one that changing columns one by one finds."""

from __future__ import annotations

import numpy as np
import pytest

from isoship.rows.halves import HalvingPlan


def _found(counts, feature_of):
    """What halves find for features that are functions of the row of values (0 where a column stands at its base)."""
    halves = HalvingPlan(counts)
    rows = np.zeros((halves.rows, len(counts)))
    for k in range(len(counts)):
        which, turns = halves.changed(k)
        rows[which, k] = turns + 1
    values = np.array([[feature(row) for feature in feature_of] for row in rows])
    assert halves.rows == len(rows)
    assert not values[0].any()
    for start in range(0, len(rows), 7):
        halves.note(start, values[start : start + 7] != values[:1])
    return halves.found()


@pytest.mark.parametrize("columns", [1, 2, 3, 8, 30, 100])
@pytest.mark.parametrize("values", [1, 4])
def test_each_feature_has_its_column(columns, values):
    features = [lambda row, k=k: row[k] for k in range(columns)]
    assert _found([values] * columns, features) == [*range(columns)]


def test_columns_of_several_lengths_and_features_that_move_at_one_value_alone():
    counts = [3, 50, 1, 7, 7, 2, *[4] * 20, 33]
    features = [lambda row, k=k, at=at: row[k] == at for k, count in enumerate(counts) for at in range(1, count + 1)]
    assert _found(counts, features) == [k for k, count in enumerate(counts) for _ in range(count)]


def test_what_depends_on_several_columns_or_on_none_has_no_column():
    features = [
        lambda row: row[2] + row[5],
        lambda row: row[2] - row[5],  # stands still where both hold the same
        lambda row: row[0] * row[1],  # moves where both do and nowhere else
        lambda row: row.max(),
        lambda _row: 0.0,
        lambda row: row[6],
    ]
    assert _found([4] * 7, features) == [None, None, None, None, None, 6]


@pytest.mark.parametrize("columns", [10, 30, 100])
def test_what_moves_where_two_of_three_columns_do_is_no_other_columns(columns):
    some = [(0, 1, 2), (1, 2, 4), (3, 5, 6), (7, 8, 9), (0, 8, columns - 1), (2, 7, columns - 2)]
    features = [lambda row, three=three: np.count_nonzero(row[list(three)]) >= 2 for three in some]
    found = _found([4] * columns, features)
    assert all(owner is None or owner in three for owner, three in zip(found, some, strict=True)), found


def test_hundreds_of_columns_take_few_rows():
    assert HalvingPlan([37] * 600).rows == 1 + 37 * 40
    assert HalvingPlan([20_000, 37]).rows == 1 + 20_000 + 37
