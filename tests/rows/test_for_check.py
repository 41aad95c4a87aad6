"""Rows of every kind, seeded and counted."""

from itertools import islice

import numpy as np
import pytest
from test_structure import _scaled_forest

from formula import CITIES, SIGNATURE, FormulaSource, formula_graph
from isoship.rows.for_check import nodes_for, rows_for_check, threshold_rows
from isoship.rows.profile import ColumnProfile, widened_to_sample
from isoship.rows.refusals import refused_rows
from isoship.rows.structure import column_profiles
from isoship.rows.values import around
from isoship_edge.encoding.decode import decode_rows
from isoship_edge.errors import InputError
from isoship_edge.manifest import Column, Signature


@pytest.fixture(scope="module")
def profiles():
    return column_profiles(formula_graph(), SIGNATURE)


def _labels(rows):
    return FormulaSource().answers(rows).outputs["label"]


def test_the_default_budget_holds_at_least_a_thousand_rows_of_every_kind_that_applies(profiles):
    made = rows_for_check(profiles, seed=1, predict=_labels)
    counts = made.counts()
    assert len(made) == 1500
    assert set(counts) == {"ordinary", "category", "unseen", "missing", "extreme", "boundary", "integer", "text"}
    assert min(counts.values()) >= 40
    assert any(row["height"] is None and row["city"] is None for row in made.rows)
    assert {row["city"] for row, kind in zip(made.rows, made.kinds, strict=True) if kind == "unseen"} - set(CITIES)


def test_every_row_is_within_the_input_contract(profiles):
    decode_rows(rows_for_check(profiles, seed=2, predict=_labels).rows, SIGNATURE)


def test_the_same_seed_gives_the_same_rows_and_another_seed_others(profiles):
    first, again, other = (rows_for_check(profiles, seed=s, budget=200) for s in (5, 5, 6))
    assert first == again
    assert first.rows != other.rows


def test_max_puts_every_boundary_to_the_test_on_both_sides_in_doubles_and_float32():
    rng = np.random.default_rng(0)
    model, signature = _scaled_forest("columns", [(int(i % 3), float(rng.normal())) for i in range(30)])
    profiles = column_profiles(model, signature)
    made = rows_for_check(profiles, seed=0, budget="max")
    for name, profile in profiles.items():
        asked = {row[name] for row, kind in zip(made.rows, made.kinds, strict=True) if kind == "threshold"}
        for boundary in profile.boundaries.tolist():
            assert set(around(boundary, profile)) <= asked
            assert {boundary, float(np.nextafter(boundary, np.inf))} <= asked


def test_boundary_rows_come_in_pairs_between_which_no_double_is_left_and_the_label_changes(profiles):
    made = rows_for_check(profiles, seed=3, predict=_labels)
    rows = [row for row, kind in zip(made.rows, made.kinds, strict=True) if kind == "boundary"]
    labels = _labels(rows)
    nearest = {}
    for i, a in enumerate(rows):
        gaps = [
            abs(a["weight"] - b["weight"]) + abs(a["height"] - b["height"]) if labels[i] != labels[j] else np.inf
            for j, b in enumerate(rows)
        ]
        nearest[i] = min(gaps)
    assert len(rows) >= 40
    assert max(nearest.values()) < 1e-12


def test_sample_rows_are_asked_when_given(profiles):
    sample = [{"height": 171.25, "weight": 60.0 + i, "city": "Oslo"} for i in range(20)]
    made = rows_for_check(profiles, seed=0, sample=sample)
    assert [r for r, k in zip(made.rows, made.kinds, strict=True) if k == "sample"] != []
    assert made.counts()["sample"] == 20
    assert all(row in made.rows for row in sample)


def test_rows_that_must_be_refused_are_refused_by_the_contract_naming_the_column(profiles):
    refused = refused_rows(profiles)
    assert {r.why for r in refused} == {"missing", "type", "infinite", "character", "absent", "unknown"}
    for r in refused:
        with pytest.raises(InputError) as caught:
            decode_rows([r.row], SIGNATURE)
        assert caught.value.column == r.column, r


@pytest.mark.parametrize("dtype", ["double", "int64"])
def test_the_ends_of_a_range_are_asked_and_the_next_numbers_refused(dtype):
    ends = {"minimum": -2, "maximum": 9} if dtype == "int64" else {"exclusive_minimum": 0.0, "maximum": 9.5}
    (column,) = signature = (Column("x", dtype, **ends),)
    profile = ColumnProfile("x", dtype, False, False, low=1.0, high=8.0, lowest=column.lowest, highest=column.highest)
    made = rows_for_check({"x": profile}, seed=0, budget=300)
    extreme = {row["x"] for row, kind in zip(made.rows, made.kinds, strict=True) if kind == "extreme"}
    assert {column.lowest, column.highest} <= extreme
    decode_rows(made.rows, Signature("columns", signature))
    refused = [r for r in refused_rows({"x": profile}) if r.why == "range"]
    beyond = {-3, 10, 2**53 + 2} if dtype == "int64" else {0.0, np.nextafter(9.5, np.inf)}
    assert {r.row["x"] for r in refused} == beyond
    for r in refused:
        with pytest.raises(InputError, match=r'row 0, column "x": expected a'):
            decode_rows([r.row], Signature("columns", signature))


def test_every_string_of_the_sample_is_asked_before_any_comes_again(profiles):
    rare = [{"height": 170.0, "weight": 60.0, "city": f"city {i}"} for i in range(20)]
    sample = [{"height": 170.0 + i / 100, "weight": 60.0, "city": "Oslo"} for i in range(2000)] + rare
    made = rows_for_check(profiles, seed=0, budget=400, sample=sample, predict=_labels)
    asked = {row["city"] for row, kind in zip(made.rows, made.kinds, strict=True) if kind == "sample"}
    assert {row["city"] for row in rare} <= asked


def test_boundaries_between_rows_of_the_sample_are_asked_as_the_sample_is(profiles):
    sample = [{"height": 5000.0 + 40 * i, "weight": 2000.0 + 10 * i, "city": "Oslo"} for i in range(-50, 50)]
    made = rows_for_check(profiles, seed=0, sample=sample, predict=_labels)
    own = [row for row, kind in zip(made.rows, made.kinds, strict=True) if kind == "sample"]
    between = [row for row in own if row not in sample]
    assert len(between) >= 20
    assert len(set(_labels(between))) > 1


def test_a_sample_that_the_model_refuses_does_not_stop_the_making_of_rows(profiles):
    sample = [{"height": 170.0, "weight": 60.0, "city": "Oslo"}, {"height": np.inf, "weight": 60.0, "city": "Oslo"}]
    made = rows_for_check(profiles, seed=0, sample=sample, predict=_labels)
    assert made.counts()["sample"] >= 2


def test_ranges_hold_most_of_the_sample_and_none_of_its_values(profiles):
    heights = np.random.default_rng(0).normal(3000, 500, 500)
    found = widened_to_sample(profiles, [{"height": float(h), "weight": None, "city": "Oslo"} for h in heights])
    low, high = np.quantile(heights, (0.01, 0.99))
    assert found["height"].low <= profiles["height"].low
    assert found["height"].high == pytest.approx(high, rel=0.05)
    assert found["height"].high not in heights
    assert found["weight"] is profiles["weight"]
    assert low > found["height"].low


def test_far_rows_lie_a_thousand_spans_outside_where_a_model_is_smooth_and_only_when_asked_for():
    smooth = ColumnProfile("x", "double", False, False, low=0.0, high=2.0, saturates=False)
    trees = ColumnProfile("t", "double", False, False, low=0.0, high=2.0, saturates=True)
    profiles = {"x": smooth, "t": trees}
    made = rows_for_check(profiles, outside=True)
    far = [row for row, kind in zip(made.rows, made.kinds, strict=True) if kind == "far"]
    assert {row["x"] for row in far} == {-20.0, 22.0, -2000.0, 2002.0}
    assert all(0 <= row["t"] <= 2 for row in far)
    assert "far" not in rows_for_check(profiles).kinds
    assert "far" not in rows_for_check({"t": trees}, outside=True).kinds


def test_of_many_boundaries_a_budget_has_a_spread_and_the_same_one_for_the_same_seed():
    many = {
        name: ColumnProfile(name, "double", missing=False, infinity=False, boundaries=np.arange(5000) + k / 8)
        for k, name in enumerate("ab")
    }
    made, again = (list(islice(threshold_rows(many, np.random.default_rng(s), 60), 60)) for s in (1, 1))
    assert made == again
    on = {row["a"] for row in made if row["a"] in set(many["a"].boundaries) | set(np.nextafter(np.arange(5000.0), 9e9))}
    assert len(on) >= 25, "every other row stands on a boundary, each on its own"
    assert max(on) - min(on) > 3000


def test_more_rows_are_chosen_from_more_nodes():
    assert 3000 <= nodes_for(100) < nodes_for(None) < nodes_for("max") == 20_000
