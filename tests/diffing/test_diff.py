"""Two bundles compared: what of their answers differs, on the user's rows and on made ones, kept apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from compared import Edit, Export, answered, forest, held
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeClassifier

import isoship
from isoship.errors import InputError, SampleError


def test_two_forests_on_the_users_rows(old: Path, new: Path, rows: pd.DataFrame, rows_file: Path) -> None:
    """Every count is what asking both models by hand gives."""
    report = isoship.diff(old, new, rows_file)
    document, found = held(report), answered(report, "own")
    before, after = (isoship.load(p).predict(rows) for p in (old, new))
    differ = before["label"] != after["label"]
    assert 0 < differ.sum() < len(rows)
    assert (found.rows, found.both, found.neither, found.refused) == (len(rows), len(rows), 0, ())
    assert (found.labels_changed, found.share) == (differ.sum(), differ.mean())
    (label,) = found.labels
    pairs = pd.Series(list(zip(before["label"][differ], after["label"][differ], strict=True))).value_counts()
    assert {(was, now): n for was, now, n in label.changes} == pairs.to_dict()
    by = after["probabilities"] - before["probabilities"]
    for k, shift in enumerate(found.shifts):
        assert (shift.output, shift.of) == ("probabilities", ("no", "yes")[k])
        assert shift.mean == pytest.approx(by[:, k].mean(), abs=1e-12)
        assert shift.mean_absolute == pytest.approx(np.abs(by[:, k]).mean())
        assert shift.largest == np.abs(by[:, k]).max()
        assert shift.largest_relative <= 1
        for q, value in shift.quantiles.items():
            exact = np.quantile(by[:, k], float(q), method="lower")
            assert value == pytest.approx(exact, rel=0.0101, abs=1e-300), (k, q)
    assert found.largest == np.abs(by).max()
    assert (report.status, report.exit_code) == ("beyond limits", 1)
    assert f"on {len(rows)} rows of rows.parquet" in report.headline
    assert document["limits"]["by"] == "own"


def test_slices_add_up_and_lead_with_what_differs_most(
    old: Path, new: Path, rows: pd.DataFrame, rows_file: Path
) -> None:
    found = answered(isoship.diff(old, new, rows_file), "own")
    before, after = (isoship.load(p).predict(rows) for p in (old, new))
    differ = before["label"] != after["label"]
    by = (after["probabilities"] - before["probabilities"])[:, 1]
    for name in rows.columns:
        mine = [s for s in found.slices if s.column == name]
        assert sum(s.rows for s in mine) == len(rows), name
        assert sum(s.changed for s in mine) == differ.sum(), name
    for city in ("Lima", "Oslo", "Rome"):
        (one,) = (s for s in found.slices if (s.column, s.value) == ("city", city))
        where = (rows["city"] == city).to_numpy()
        assert (one.rows, one.changed) == (where.sum(), differ[where].sum())
        assert one.mean_shift == pytest.approx(by[where].mean(), abs=1e-12)
    for one in (s for s in found.slices if s.what == "range"):
        where = rows["age"].between(one.low, one.high).to_numpy()
        assert (one.rows, one.changed) == (where.sum(), differ[where].sum()), one
    (missing,) = (s for s in found.slices if s.what == "missing")
    assert (missing.column, missing.rows, missing.few) == ("age", rows["age"].isna().sum(), True)
    weights = [s.share * s.rows / (s.rows + 30) for s in found.slices]
    assert weights == sorted(weights, reverse=True)


def test_the_rows_that_change_most_are_named_with_both_answers(
    old: Path, new: Path, rows: pd.DataFrame, rows_file: Path
) -> None:
    report = isoship.diff(old, new, rows_file)
    found = answered(report, "own")
    before, after = (isoship.load(p).predict_rows(rows) for p in (old, new))
    assert len(found.worst) == 10
    for one in found.worst:
        assert (one.old, one.new) == (before[one.row], after[one.row])
        assert one.label_changed
        assert one.values["city"] == rows["city"][one.row]
    sizes = [one.largest for one in found.worst]
    assert sizes == sorted(sizes, reverse=True)
    assert f"row {found.worst[0].row}: age " in report.text()


def test_made_rows_stand_apart_and_say_that_they_are_nobodys(old: Path, new: Path, rows_file: Path) -> None:
    report = isoship.diff(old, new, rows_file)
    assert [g.source for g in report.groups] == ["own", "made"]
    made = report.groups[1]
    assert set(made.counts) == {
        "golden rows of the old",
        "made from the old",
        "golden rows of the new",
        "made from the new",
    }
    assert made.answered is not None
    assert made.answered.rows == sum(made.counts.values()) > 3000
    for shown in (report.text(), report.to_html()):
        assert "nothing of production" in " ".join(shown.split())
    alone = isoship.diff(old, new)
    assert alone.judged is not None
    assert alone.judged.source == "made"
    assert alone.headline.endswith(f"on {made.answered.rows:,} rows made from both")


def test_a_bundle_is_equal_to_itself_without_a_row_asked(old: Path, rows_file: Path) -> None:
    report = isoship.diff(old, old, rows_file)
    assert (report.status, report.exit_code, report.groups) == ("equal", 0, ())
    assert report.text().endswith("equal: both have one digest, and so the same answers")
    held(report)


def test_other_digests_and_the_same_bits_are_equal(old: Path, edit: Edit, rows_file: Path) -> None:
    def other_tolerance(document: dict[str, Any]) -> None:
        document["tolerances"]["probabilities"]["double"]["rtol"] = 1e-8

    report = isoship.diff(old, edit(old, other_tolerance), rows_file)
    assert not report.same_digest
    assert (report.status, report.exit_code) == ("equal", 0)
    assert report.headline.startswith("equal: every answer is the same to the last bit, on ")
    assert [c.part for c in report.changes] == ["tolerances"]
    assert all(g.answered is not None and g.answered.bits for g in report.groups)
    held(report)


def test_other_last_bits_are_within_tolerance_and_not_equal(rows: pd.DataFrame, truth: Any, export: Export) -> None:
    model = forest(LogisticRegression(), rows, truth)
    before = export(model, rows)
    model[-1].coef_ *= 1 + 1e-13
    report = isoship.diff(before, export(model, rows))
    assert (report.status, report.exit_code) == ("within tolerance", 0), report.text()
    found = answered(report, "made")
    assert not found.bits
    assert (found.beyond_tolerance, found.largest) == (0, 0.0)
    assert 0 < max(s.largest for s in found.shifts) < 1e-9
    held(report)


def test_another_label_where_the_old_model_is_undecided_is_a_tie(
    rows: pd.DataFrame, truth: Any, export: Export
) -> None:
    """Rows of kind boundary lie where the two classes meet, between the user's own: moved by last bits, they have
    another label, and no number that is beyond its tolerance."""
    model = forest(LogisticRegression(), rows, truth)
    before = export(model, rows)
    model[-1].intercept_ += 1e-11
    report = isoship.diff(before, export(model, rows), rows)
    found = answered(report, "made")
    assert found.ties == found.labels[0].ties > 0
    assert found.labels_changed == found.beyond_tolerance == 0
    assert (report.status, report.exit_code) == ("within tolerance", 0)
    model[-1].intercept_ += 1e-4
    assert answered(isoship.diff(before, export(model, rows), rows), "made").ties == 0


def test_open_categories_that_the_models_tell_apart_are_named(rows: pd.DataFrame, truth: Any, export: Export) -> None:
    def opened(sample: pd.DataFrame) -> Path:
        steps = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["city"]))
        return export(make_pipeline(steps, LogisticRegression()).fit(sample, truth), sample)

    cities = rows[["city"]]
    report = isoship.diff(opened(cities), opened(cities.replace("Rome", "Bergen")))
    (change,) = (c for c in report.changes if c.part == "known")
    assert (change.name, change.gone, change.came, change.breaking) == ("city", ("Rome",), ("Bergen",), False)
    assert report.breaking == ()


def test_rows_that_do_not_change_and_made_ones_that_do(rows: pd.DataFrame, export: Export) -> None:
    """The user's file has no row from Rome, where alone the two models differ."""
    cities = rows[["city"]]

    def tree(yes: list[str]) -> Path:
        model = make_pipeline(OneHotEncoder(), DecisionTreeClassifier(random_state=0))
        return export(model.fit(cities, np.where(cities["city"].isin(yes), "yes", "no")), cities)

    report = isoship.diff(tree(["Oslo"]), tree(["Oslo", "Rome"]), cities[cities["city"] != "Rome"])
    assert (report.status, report.exit_code) == ("within limits", 0)
    assert report.headline.endswith("; rows made from both do change")
    assert answered(report, "own").bits
    (label,) = answered(report, "made").labels
    assert {(was, now) for was, now, _ in label.changes} == {("no", "yes")}
    held(report)


def test_a_category_that_went_is_breaking_and_its_rows_are_counted(
    old: Path, without_rome: Path, rows: pd.DataFrame, rows_file: Path
) -> None:
    report = isoship.diff(old, without_rome, rows_file)
    (change,) = report.breaking
    assert (change.part, change.name, change.gone, change.came) == ("contract", "city", ("Rome",), ("Bergen",))
    rome = int((rows["city"] == "Rome").sum())
    found = answered(report, "own")
    (refusal,) = found.refused
    assert (refusal.by, refusal.column, refusal.rows) == ("new", "city", rome)
    assert refusal.seen == 'a string "Rome"'
    assert (found.both, found.refused_by_one) == (len(rows) - rome, rome)
    assert found.changed == found.labels_changed + rome
    assert {r.by for r in answered(report, "made").refused} == {"old", "new"}, "each refuses the other's city"
    assert (report.status, report.exit_code) == ("breaking", 1)
    held(report)


def test_a_renamed_column_is_asked_of_a_file_that_holds_both_names(
    old: Path, renamed: Path, rows: pd.DataFrame, tmp_path: Path
) -> None:
    file = tmp_path / "both.csv"
    rows.assign(town=rows["city"]).to_csv(file, index=False)
    report = isoship.diff(old, renamed, file)
    (change,) = report.breaking
    assert (change.old, change.new) == ("city", "town")
    assert change.text.endswith("renamed?")
    assert answered(report, "own").both == len(rows)
    made = report.groups[1]
    assert made.answered is None
    assert made.why_not == (
        'no row is made from the old model: it does not know "town", which the new one needs',
        'no row is made from the new model: it does not know "city", which the old one needs',
    )
    assert report.exit_code == 1
    assert isoship.diff(old, renamed, file, allow_schema=True).status == "beyond limits"
    held(report)


def test_a_file_without_a_column_of_one_model_is_said(old: Path, renamed: Path, rows_file: Path) -> None:
    report = isoship.diff(old, renamed, rows_file)
    assert report.groups[0].why_not == ("rows.parquet lacks 'town', without which the new model answers no row",)
    allowed = isoship.diff(old, renamed, rows_file, allow_schema=True)
    assert (allowed.status, allowed.exit_code) == ("not compared", 2), (
        "nothing was measured, so nothing is within limits"
    )
    held(allowed)
    empty = rows_file.with_name("other.csv")
    empty.write_text("zip\n1\n", encoding="utf-8")
    with pytest.raises(SampleError, match="lacks the models' columns 'age', 'city', 'member', 'town'"):
        isoship.diff(old, renamed, empty)


def test_rows_are_made_from_the_model_that_has_every_column(old: Path, narrower: Path) -> None:
    report = isoship.diff(old, narrower)
    assert [c.name for c in report.breaking] == ["member"]
    (made,) = report.groups
    assert set(made.counts) == {"golden rows of the old", "made from the old"}
    assert made.why_not == ('no row is made from the new model: it does not know "member", which the old one needs',)
    assert answered(report, "made").both > 1000
    held(report)


def test_regressors(prices: tuple[Path, Path], rows: pd.DataFrame, rows_file: Path) -> None:
    report = isoship.diff(*prices, rows_file)
    found = answered(report, "own")
    before, after = (isoship.load(p).predict(rows)["value"] for p in prices)
    (shift,) = found.shifts
    assert found.labels == ()
    assert (shift.output, shift.of, shift.largest) == ("value", "", np.abs(after - before).max())
    assert shift.largest_relative == pytest.approx(
        (np.abs(after - before) / np.maximum(np.abs(before), np.abs(after))).max()
    )
    assert found.changed == 0
    assert isoship.diff(*prices, rows_file, max_shift=shift.largest).status == "within limits"
    assert "mean |shift|" in report.text()
    held(report)


def test_many_outputs(rows: pd.DataFrame, truth: Any, export: Export, rows_file: Path) -> None:
    targets = np.column_stack([truth, np.where(rows["member"], "in", "out")])
    made = []
    for half in (slice(0, 200), slice(200, 400)):
        model = forest(RandomForestClassifier(8, max_depth=4, random_state=1), rows[half], targets[half])
        made.append(export(model, rows[half], name="many"))
    report = isoship.diff(*made, rows_file)
    found = answered(report, "own")
    before, after = (isoship.load(p).predict(rows) for p in made)
    differ = before["label"] != after["label"]
    assert [(one.output, one.of, one.changed) for one in found.labels] == [
        ("label", "0", differ[:, 0].sum()),
        ("label", "1", differ[:, 1].sum()),
    ]
    assert found.labels_changed == differ.any(axis=1).sum() > 0
    assert {s.output for s in found.shifts} == {"probabilities_0", "probabilities_1"}
    held(report)


def test_classes_in_another_order_are_compared_by_class(old: Path, new: Path, rows_file: Path) -> None:
    from isoship.diffing.pairs import pairs_of
    from isoship_edge.manifest import read_manifest

    manifest = read_manifest(new)
    turned = manifest._replace(
        outputs=tuple(o._replace(classes=o.classes[::-1]) if o.classes else o for o in manifest.outputs)
    )
    (numbers,) = pairs_of(read_manifest(old), turned).numbers
    assert (numbers.of, numbers.old_at, numbers.new_at) == (("no", "yes"), (0, 1), (1, 0))


def test_what_cannot_be_compared_is_refused(old: Path, prices: tuple[Path, Path]) -> None:
    with pytest.raises(InputError, match=r"churn answers with label .* price with value .*no output in common"):
        isoship.diff(old, prices[0])
    for wrong in ({"max_changed": 1.5}, {"max_changed": -0.1}, {"max_shift": -1.0}, {"max_shift": float("nan")}):
        with pytest.raises(InputError, match="max_changed is"):
            isoship.diff(old, old, **wrong)
