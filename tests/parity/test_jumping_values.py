"""Models whose numbers jump pass their own export: rows on a jump are ties, and golden rows keep off them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor, LocalOutlierFactor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

import isoship
from isoship.parity.verdict.compare import compare
from isoship.sources import open_source
from isoship.sources.contract import Answers
from isoship_edge.manifest import Tolerance

#: An integer grid, on which half of all rows have several rows equally far.
GRID = np.array([[i, j] for i in range(9) for j in range(9)], dtype=np.float64)
VALUE = GRID[:, 0] * 3.0 + np.cos(GRID[:, 1])
CLASS = np.digitize(VALUE, [8.0, 16.0])

MODELS = {
    "regressor": KNeighborsRegressor(4).fit(GRID, VALUE),
    "classifier": KNeighborsClassifier(4).fit(GRID, CLASS),
    "by distance": KNeighborsClassifier(4, weights="distance").fit(GRID, CLASS),
    "outliers": LocalOutlierFactor(5, novelty=True).fit(GRID + np.random.default_rng(0).normal(size=GRID.shape) / 50),
    "svc": SVC().fit(GRID, CLASS),
    "pipeline": make_pipeline(StandardScaler(), KNeighborsRegressor(4)).fit(GRID, VALUE),
    "vote": VotingClassifier(
        [("a", KNeighborsClassifier(4)), ("b", LogisticRegression(max_iter=500))], voting="soft"
    ).fit(GRID, CLASS),
}


@pytest.mark.parametrize("name", MODELS)
def test_export_passes_its_own_check(name: str, tmp_path: Path) -> None:
    isoship.export(MODELS[name], sample=GRID, out=tmp_path / "bundle", targets=())
    document = json.loads((tmp_path / "bundle" / "golden.json").read_text(encoding="utf-8"))
    source = open_source(MODELS[name], sample=GRID)
    from isoship_edge.encoding.golden import decode

    rows = [{k: decode(v) for k, v in row.items()} for row in document["rows"]]
    assert len(rows) > 20
    assert not source.answers(rows).unsettled(1e-6).any()


def _middles() -> list[dict[str, Any]]:
    return [{"x0": float(x) + 0.5, "x1": float(y) + 0.5} for x in range(7) for y in range(7)]


def test_rows_between_grid_points_are_unsettled_with_five_neighbours_and_settled_with_four() -> None:
    for count, unsettled in ((4, False), (5, True)):
        source = open_source(KNeighborsRegressor(count).fit(GRID, VALUE), sample=GRID)
        found = source.answers(_middles()).unsettled(1e-9)
        assert found.all() if unsettled else not found.any(), count


def test_a_fault_off_the_jumps_is_not_excused() -> None:
    source = open_source(KNeighborsRegressor(4).fit(GRID, VALUE), sample=GRID)
    reference = source.answers(_middles())
    wrong = {"value": reference.outputs["value"] + 1e-6}
    tolerances = {"value": Tolerance(1e-9, 1e-9, "")}
    kinds = ["ordinary"] * len(_middles())
    assert compare(reference, wrong, source.outputs, tolerances, kinds=kinds, precision="double").over == len(kinds)
    jumping = Answers(reference.outputs, reference.margin, np.zeros(len(kinds)))
    found = compare(jumping, wrong, source.outputs, tolerances, kinds=kinds, precision="double")
    assert (found.over, found.ties) == (0, len(kinds))
