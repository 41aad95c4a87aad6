"""CategoricalNB behind an OrdinalEncoder, and its refusal anywhere else."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from comparison import compare, rows_of
from sklearn.naive_bayes import CategoricalNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder

from isoship.errors import UnsupportedModelError
from isoship.sources import open_source
from isoship_edge.errors import InputError

RNG = np.random.default_rng(3)
X = pd.DataFrame(
    {
        "a": np.array(["x", "y", "ç"])[RNG.integers(3, size=200)],
        "b": np.array(["u", "v"])[RNG.integers(2, size=200)],
        "n": RNG.integers(4, size=200),
    }
)
Y = np.array(["no", "yes", "so"])[RNG.integers(3, size=200)]


@pytest.mark.parametrize("least", [None, 6])
def test_graph_agrees(least) -> None:
    model = make_pipeline(OrdinalEncoder(), CategoricalNB(min_categories=least)).fit(X, Y)
    source = open_source(model, sample=X)
    graph, rows = source.to_onnx(), rows_of(source, X)
    for batch in (rows, rows[:1], rows[:2]):
        compare(source, batch, graph=graph)
    assert source.signature.columns[0].categories == ("x", "y", "ç")
    with pytest.raises(InputError):
        source.answers([{**rows[0], "a": "z"}])


@pytest.mark.parametrize(
    "model",
    [
        CategoricalNB(),
        make_pipeline(OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), CategoricalNB()),
    ],
    ids=str,
)
def test_without_a_contract_for_its_codes_it_is_refused(model) -> None:
    x = X[["n"]]
    source = open_source(model.fit(x, Y), sample=x)
    with pytest.raises(UnsupportedModelError, match="OrdinalEncoder"):
        source.to_onnx()
