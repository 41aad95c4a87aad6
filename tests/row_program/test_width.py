"""The benchmark of width: a model that agrees, one that lacks an operator, and an evaluator that is wrong."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))  # benchmarks/ is no part of the distribution

from benchmarks.row_program.examine import examine

from isoship_edge.rows import products


def test_a_linear_model_agrees_and_a_scan_is_lacking() -> None:
    assert {one["status"] for one in examine("Lasso")} == {"agrees"}
    lacking = examine("GaussianProcessRegressor")
    assert {one["status"] for one in lacking} == {"lacks"}
    assert all("the operator Scan" in one["why"] for one in lacking)


def test_an_evaluator_that_is_wrong_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    right = products._dot

    def wrong(xs: Any, ys: Any) -> float:
        return right(xs, ys) * (1 + 1e-8)

    monkeypatch.setattr(products, "_dot", wrong)
    assert "WRONG" in {one["status"] for one in examine("Lasso")}
