"""Where skl2onnx and onnxmltools are silently wrong, or fail, our graph gives the model's own answers.

Each test fails when the stock converter has been mended, and then the case may go (docs/upstream.md).
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
import stock_boosters  # noqa: F401 its cases join the others
import stock_tables as t
from comparison import compare, rows_of
from sklearn import cluster, decomposition, linear_model, naive_bayes, preprocessing, svm
from stock import Stock
from stock_cases import CASES, Case

from isoship.errors import InputError
from isoship.sources import open_source
from isoship.sources.contract import Source
from isoship_edge.encoding.decode import decode_rows


@pytest.mark.parametrize("name", CASES)
def test_stock_is_wrong_and_ours_is_exact(name: str, stock: Stock) -> None:
    case = CASES[name]
    model, sample, rows = case.fit()
    source = open_source(model, sample=sample)
    listed = rows_of(source, rows)
    compare(source, listed, *case.ours)
    found = stock.answers(model, rows, case.width)
    if isinstance(case.stock, str):
        assert isinstance(found, str), "the stock graph answers now"
        assert case.stock in found
    else:
        assert not isinstance(found, str), found
        assert wrong(source, listed, found, case) >= case.stock


def wrong(source: Source, rows: list[Any], found: list[Any], case: Case) -> int:
    """How many rows have another label, or a number further off than float32 explains; all, if shapes differ."""
    answers = source.answers(rows)
    bad = np.zeros(len(rows), bool)
    for output, theirs in zip(source.outputs, found, strict=False):
        expected = answers.outputs[output.name].reshape(len(rows), -1)
        got = np.asarray(theirs).reshape(len(rows), -1)
        if got.shape != expected.shape:
            return len(rows)
        if expected.dtype.kind == "f":
            atol, rtol = case.within
            bad |= ~np.isclose(got, expected, rtol, atol, equal_nan=True).all(axis=1)
        else:
            bad |= (got != expected).any(axis=1) & (answers.margin > 1e-9)
    return int(bad.sum())


_REFUSERS = [
    linear_model.LogisticRegression(),
    linear_model.LinearRegression(),
    svm.LinearSVC(),
    naive_bayes.GaussianNB(),
    cluster.KMeans(3, n_init=1, random_state=0),
    decomposition.PCA(2),
    preprocessing.PolynomialFeatures(),
]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf], ids=str)
@pytest.mark.parametrize("model", _REFUSERS, ids=lambda model: type(model).__name__)
def test_what_the_model_refuses_is_refused_and_the_stock_graph_answers(model: Any, value: float, stock: Stock) -> None:
    model = copy.deepcopy(model).fit(t.X, t.THREE)
    rows = t.X[:3].copy()
    rows[1, 2] = value
    assert not isinstance(stock.answers(model, rows, "float"), str)
    source = open_source(model, sample=t.X)
    listed = rows_of(source, rows)
    with pytest.raises(InputError):
        source.answers(listed)
    with pytest.raises(InputError):
        decode_rows(listed, source.signature)
    decode_rows([listed[0], listed[2]], source.signature)


def test_a_fault_of_an_ulp_is_seen() -> None:
    """The comparison fails where a threshold of ours is one ulp off."""
    from onnx import numpy_helper

    model, sample, rows = CASES["HistGradientBoosting on its thresholds"].fit()
    source = open_source(model, sample=sample)
    graph, listed = source.to_onnx(), rows_of(source, rows)
    node = next(each for each in graph.graph.node if each.op_type == "TreeEnsemble")
    splits = next(each for each in node.attribute if each.name == "nodes_splits")
    moved = np.nextafter(numpy_helper.to_array(splits.t), np.inf)
    splits.t.CopyFrom(numpy_helper.from_array(moved, "nodes_splits"))
    with pytest.raises(AssertionError):
        compare(source, listed, graph=graph)
