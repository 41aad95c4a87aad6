"""Labels spread over kernels and neighbours."""

from __future__ import annotations

import numpy as np
import pytest
from depth import check
from sklearn.semi_supervised import LabelPropagation, LabelSpreading

from isoship.errors import UnsupportedModelError
from isoship.sources import open_source
from isoship.sources.sklearn.truth.margins import margin

X = np.random.default_rng(0).normal(size=(90, 3))
Y = np.array(["a", "b", "ç"])[np.digitize(X[:, 0] + X[:, 1], [-0.5, 0.7])]
SOME = np.where(np.arange(90) % 3 == 0, -1, np.digitize(X[:, 0], [0.0]))


@pytest.mark.parametrize("cls", [LabelPropagation, LabelSpreading])
@pytest.mark.parametrize("target", ["words", "some unknown"])
def test_kernels_agree(cls, target) -> None:
    check(cls(gamma=2.0).fit(X, Y if target == "words" else SOME), X)


@pytest.mark.parametrize("cls", [LabelPropagation, LabelSpreading])
def test_neighbours_agree_and_equal_distances_are_undecided(cls) -> None:
    model = cls(kernel="knn", n_neighbors=5).fit(X, SOME)
    check(model, X, undecided=lambda x: margin(model, x) <= 1e-9)


def test_rows_far_from_zero_are_refused() -> None:
    source = open_source(LabelSpreading().fit(X + 1e6, SOME), sample=X + 1e6)
    with pytest.raises(UnsupportedModelError, match="StandardScaler"):
        source.to_onnx()
