"""CategoricalNB on input columns and behind an OrdinalEncoder, and its refusal anywhere else."""

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


@pytest.mark.parametrize("kind", ["int64", "float64"])
def test_plain_codes_have_a_range(kind) -> None:
    """scikit-learn cuts fractions off, so it answers any number between -1 and the number of codes."""
    x = X[["n"]].astype(kind)
    source = open_source(CategoricalNB().fit(x, Y), sample=x)
    compare(source, rows_of(source, x))
    (column,) = source.signature.columns
    if kind == "int64":
        assert (column.minimum, column.maximum) == (0, 3)
    else:
        assert (column.exclusive_minimum, column.exclusive_maximum) == (-1.0, 4.0)
        compare(source, [{"n": value} for value in (-0.5, 0.5, 1.999, 3.5, np.nextafter(4.0, 0.0))])


def test_codes_made_by_another_step_are_refused() -> None:
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    source = open_source(make_pipeline(encoder, CategoricalNB()).fit(X[["n"]], Y), sample=X[["n"]])
    with pytest.raises(UnsupportedModelError, match="OrdinalEncoder"):
        source.to_onnx()
