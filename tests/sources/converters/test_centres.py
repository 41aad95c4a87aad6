"""Estimators that answer with the nearest of fitted points."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from depth import check
from sklearn.cluster import AffinityPropagation, Birch, BisectingKMeans, MeanShift
from sklearn.datasets import load_iris
from sklearn.neighbors import NearestCentroid

from isoship.errors import UnsupportedModelError
from isoship.sources import open_source
from isoship.sources.sklearn.truth.margins import margin

X, SPECIES = load_iris(return_X_y=True)
X = X[:, 1:3]
NAMES = np.array(["a", "b", "ç"])[SPECIES]


def near_two(model: Any) -> Any:
    return lambda x: ~(margin(model, x) > 1e-9)


@pytest.mark.parametrize(
    "model",
    [
        AffinityPropagation(random_state=0),
        MeanShift(bandwidth=1.0),
        Birch(),
        Birch(n_clusters=None, threshold=0.8),
        BisectingKMeans(5, random_state=0),
    ],
    ids=str,
)
def test_nearest_centre(model: Any) -> None:
    model.fit(X)
    check(model, X, undecided=near_two(model), without=("transformed",) if type(model) is Birch else ())


@pytest.mark.parametrize("y", [NAMES, SPECIES > 0], ids=["three", "two"])
@pytest.mark.parametrize(
    "options", [{}, {"priors": "empirical"}, {"shrink_threshold": 0.2}, {"metric": "manhattan"}], ids=str
)
def test_nearest_centroid(options: dict[str, Any], y: Any) -> None:
    model = NearestCentroid(**options).fit(X, y)
    check(model, X, undecided=near_two(model), without=("scores",))


def test_unsettled_outputs_are_refused() -> None:
    """Rounding errors of the source that no other machine repeats."""
    for model, output in ((Birch().fit(X), "transformed"), (NearestCentroid().fit(X, NAMES), "scores")):
        with pytest.raises(UnsupportedModelError, match="Leave the output out"):
            open_source(model, sample=X, outputs=[output]).to_onnx()
