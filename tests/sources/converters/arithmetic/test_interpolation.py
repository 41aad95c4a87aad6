"""Positions among knots and lines between them, against numpy, bit for bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper

from isoship.onnx.graph import GraphBuilder
from isoship.sources.sklearn.converters.arithmetic.interpolation import write_lines, write_positions

RNG = np.random.default_rng(0)
KNOTS = [
    np.sort(RNG.normal(size=37)),
    np.sort(RNG.integers(4, size=8)).astype(float),
    np.array([1.5]),
    np.repeat([0.0, 2.0], 3),
]
HEIGHTS = [np.sort(RNG.normal(size=len(knots))) for knots in KNOTS]


def probes() -> Any:
    """[N, 4]: every knot, its neighbours, and values between and beyond."""
    columns = []
    for knots in KNOTS:
        near = np.concatenate([knots, np.nextafter(knots, np.inf), np.nextafter(knots, -np.inf)])
        columns.append(np.concatenate([near, [np.nan, -1e300, 1e300, 0.0, -0.0], RNG.normal(size=200)])[:150])
    longest = max(len(column) for column in columns)
    return np.array([np.resize(column, longest) for column in columns]).T


def answer(g: GraphBuilder, name: str, kind: int, x: Any) -> Any:
    model = g.model(
        [helper.make_tensor_value_info("x", TensorProto.DOUBLE, ["N", 4])],
        [helper.make_tensor_value_info(name, kind, ["N", 4])],
    )
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"x": x})[0]


@pytest.mark.parametrize("below", [False, True])
def test_positions_are_those_of_searchsorted(below) -> None:
    g, x = GraphBuilder(), probes()
    got = answer(g, write_positions(g, "x", KNOTS, below=below), TensorProto.INT64, x)
    side = "left" if below else "right"
    theirs = np.array([np.searchsorted(k, x[:, f], side=side) for f, k in enumerate(KNOTS)]).T
    known = ~np.isnan(x)
    np.testing.assert_array_equal(got[known], theirs[known])
    assert (got[~known] == 0).all()


def test_lines_are_those_of_numpy() -> None:
    g, x = GraphBuilder(), probes()
    got = answer(g, write_lines(g, "x", KNOTS, HEIGHTS), TensorProto.DOUBLE, x)
    theirs = np.array([np.interp(x[:, f], k, h) for f, (k, h) in enumerate(zip(KNOTS, HEIGHTS, strict=True))]).T
    theirs[np.isnan(x)] = np.nan  # numpy gives NaN the height of a lone knot, scikit-learn never asks for it
    np.testing.assert_array_equal(got, theirs)


def test_leftward_lines_are_those_of_numpy_in_the_mirror() -> None:
    g, x = GraphBuilder(), probes()
    got = answer(g, write_lines(g, "x", KNOTS, HEIGHTS, leftward=True), TensorProto.DOUBLE, x)
    columns = enumerate(zip(KNOTS, HEIGHTS, strict=True))
    theirs = np.array([-np.interp(-x[:, f], -k[::-1], -h[::-1]) for f, (k, h) in columns]).T
    theirs[np.isnan(x)] = np.nan
    np.testing.assert_array_equal(got, theirs)


def test_a_slope_beyond_doubles_is_an_error() -> None:
    with pytest.raises(OverflowError):
        write_lines(GraphBuilder(), "x", [np.array([0.0, 5e-324])], [np.array([0.0, 1.0])])
