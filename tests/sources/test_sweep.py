"""The sweep finds what is planted and nothing where all is exact; docs/support.md stays true."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
TABLE = np.random.default_rng(0).normal(size=(60, 5))
sys.path.insert(0, str(ROOT))  # benchmarks/ is no part of the distribution

from benchmarks.results import Bar  # noqa: E402
from benchmarks.sweep import examine as examination  # noqa: E402
from benchmarks.sweep import pool, recipes, summary, support  # noqa: E402
from benchmarks.sweep.boundaries import fitted_boundaries  # noqa: E402
from benchmarks.sweep.examine import examine  # noqa: E402
from benchmarks.sweep.rows import beside  # noqa: E402

from isoship.sources import open_source  # noqa: E402


@pytest.mark.parametrize(
    "name",
    [
        "DecisionTreeRegressor",
        "HistGradientBoostingRegressor",
        "KBinsDiscretizer",
        "LogisticRegression",
        "OneHotEncoder",
        "Pipeline",
        "SimpleImputer",
        "StandardScaler",
    ],
)
def test_estimator_is_exact_on_every_kind_of_row(name: str) -> None:
    for finding in examine(name, most=1):
        assert finding["status"] == "exact", finding
        assert finding["rows"] > 300
        assert finding["convert_seconds"] < summary.CONVERSION_SECONDS


def test_values_off_by_more_than_the_tolerance_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    run = examination.Runner.__call__

    def off(self: Any, rows: Any, source: Any) -> dict[str, Any]:
        return {
            name: value + 3e-9 if value.dtype.kind == "f" else value for name, value in run(self, rows, source).items()
        }

    monkeypatch.setattr(examination.Runner, "__call__", off)
    (finding,) = examine("StandardScaler", most=1)
    assert finding["status"] == "WRONG"
    assert {"ordinary", "threshold"} <= {worst["kind"] for worst in finding["worst"]}


def test_features_cast_to_float32_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """On bin edges and epoch seconds, as stock converters have them."""
    run = examination.Runner.__call__

    def narrow(self: Any, rows: Any, source: Any) -> dict[str, Any]:
        rows = [{k: v if v is None else float(np.float32(v)) for k, v in row.items()} for row in rows]
        return run(self, rows, source)

    monkeypatch.setattr(examination.Runner, "__call__", narrow)
    edges, real = examine("KBinsDiscretizer", most=2)
    assert "threshold" in {worst["kind"] for worst in edges["worst"]}
    assert "ordinary" in {worst["kind"] for worst in real["worst"]}


def test_rows_that_only_the_graph_answers_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examination, "is_accepted", lambda rows, source: True)
    (finding,) = examine("LogisticRegression", most=1)
    assert {"missing", "infinity"} <= {worst["kind"] for worst in finding["worst"]}
    assert "the graph answers and the model refuses" in finding["why"]


def test_rows_that_only_the_model_answers_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    accepted = examination.is_accepted
    monkeypatch.setattr(
        examination,
        "is_accepted",
        lambda rows, source: accepted(rows, source) and all(abs(value or 0) < 1e300 for value in rows[0].values()),
    )
    (finding,) = examine("StandardScaler", most=1)
    assert "the contract refuses and the model answers" in finding["why"]


def test_rows_called_undecided_without_measure_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Or a margin that excuses every row would make any model exact."""
    monkeypatch.setattr(examination.Answers, "unsettled", lambda self, below: np.ones(len(self.margin), bool))
    (finding,) = examine("StandardScaler", most=1)
    assert finding["status"] == "WRONG"
    assert "200 rows called undecided of 200" in finding["why"]


def test_only_rows_near_a_common_end_of_all_columns_may_be_refused_too_early() -> None:
    (finding,) = examine("SparsePCA", most=1)
    assert finding["status"] == "exact", finding
    source = open_source(recipes.build("SparsePCA", {}).fit(TABLE), sample=TABLE)
    end = source.signature.columns[0].maximum
    assert end is not None
    assert end > 1e300
    row = {f"x{i}": 0.0 for i in range(TABLE.shape[1])}
    assert examination._cut_together({**row, "x0": float(np.finfo(np.float64).max)}, source)
    assert not examination._cut_together({**row, "x0": float("inf")}, source)
    assert not examination._cut_together({**row, "x0": None}, source)


def test_a_crash_of_the_converter_is_an_error_and_not_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_args: Any, **_options: Any) -> None:
        raise KeyError("gbtree_model_param")

    monkeypatch.setattr(examination, "open_source", crash)
    (finding,) = examine("StandardScaler", most=1)
    assert finding["status"] == "error"
    assert "gbtree_model_param" in finding["why"]


def test_an_estimator_out_of_time_costs_itself_alone() -> None:
    found: dict[str, Any] = {}
    pool.run(["StandardScaler", "Ridge"], found.__setitem__, workers=1, limit=0.0)
    assert {name: findings[0]["status"] for name, findings in found.items()} == {
        "StandardScaler": "error",
        "Ridge": "error",
    }
    assert "not finished within" in found["Ridge"][0]["why"]


def test_every_split_of_a_tree_is_among_the_boundaries() -> None:
    x = np.random.default_rng(0).normal(size=(80, 3))
    model = recipes.build("RandomForestRegressor", {"n_estimators": 3}).fit(x, x @ [1.0, 2.0, 3.0])
    found = fitted_boundaries(model, 3)
    for tree in model.estimators_:
        for feature, threshold in zip(tree.tree_.feature, tree.tree_.threshold, strict=True):
            assert feature < 0 or threshold in found[feature]


def test_beside_a_value_are_its_neighbours_in_both_widths() -> None:
    values = beside(0.1)
    assert {0.1, float(np.float32(0.1)), np.nextafter(0.1, 1), np.nextafter(0.1, 0)} <= set(values)
    assert float(np.nextafter(np.float32(0.1), np.float32(1))) in values
    assert len(values) == 8


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (["exact", "exact"], "exact"),
        (["exact", "refused"], "exact"),
        (["refused", "exact"], "refused"),
        (["exact", "WRONG", "error"], "WRONG"),
        (["exact", "error"], "error"),
        (["not fitted", "exact"], "error"),
        (["exact", "not fitted"], "exact"),
    ],
)
def test_an_estimator_is_as_good_as_its_worst_configuration(statuses: list[str], expected: str) -> None:
    findings = [{"label": str(i), "status": status, "why": ""} for i, status in enumerate(statuses)]
    assert summary.summary(findings)["status"] == expected


def test_bars_hold_in_both_directions() -> None:
    assert Bar("exact", 10, 10, ">=").ok
    assert not Bar("exact", 9, 10, ">=").ok
    assert Bar("wrong", 0, 0, "<=").ok
    assert not Bar("wrong", 1, 0, "<=").ok


def test_support_page_lists_every_registered_estimator() -> None:
    page = support.PATH.read_text(encoding="utf-8")
    absent = [name for name in sorted(support.registered()) if f"\n| {name} |" not in page]
    assert not absent, f"{absent}: run `python -m benchmarks.sweep` and then with --write-docs"
