"""Kernel approximations, over many orders of magnitude and at zero."""

from __future__ import annotations

import numpy as np
import pytest
from depth import check
from sklearn.kernel_approximation import AdditiveChi2Sampler, RBFSampler, SkewedChi2Sampler
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from isoship.errors import UnsupportedModelError
from isoship.sources import open_source

X = np.abs(np.random.default_rng(5).normal(size=(200, 12))) + 2
FRESH = np.concatenate([X[:20] * 10.0**k for k in (-300, -30, -3, 2, 8, 100)] + [np.where(X < 2.5, 0, X)])


@pytest.mark.parametrize(
    "model",
    [
        SkewedChi2Sampler(n_components=20, random_state=0),
        *[AdditiveChi2Sampler(sample_steps=steps) for steps in (1, 2, 3)],
        AdditiveChi2Sampler(sample_steps=5, sample_interval=0.3),
    ],
    ids=str,
)
def test_graph_agrees(model) -> None:
    check(model.fit(X), X, fresh=FRESH, extreme=False)


def test_cosines_of_unbounded_projections_are_refused() -> None:
    source = open_source(make_pipeline(StandardScaler(), RBFSampler(random_state=0)).fit(X), sample=X)
    with pytest.raises(UnsupportedModelError) as caught:
        source.to_onnx()
    assert caught.value.step.startswith("pipeline.steps[1] -> RBFSampler(")
