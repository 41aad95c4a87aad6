"""Sums of products in float32 that lose no digits, whatever the columns hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from program_runner import reference

from isoship.onnx.graph import GraphBuilder
from isoship.tfjs.affine import Form, affine_forms
from isoship.tfjs.canonical import read_canonical
from isoship.tfjs.wide_sums import bits_for, is_possible

Array = np.ndarray[Any, Any]

#: Seconds since 1970 beside a share and a price: the terms of a sum are thousands of times what they add up to.
MEANS, SPREADS = np.array([1.7e9, 0.01, 4200.0]), np.array([3e5, 2e-3, 800.0])


def columns(rows: int) -> Array:
    return np.random.default_rng(0).normal(0, 1, (rows, 3)) * SPREADS + MEANS


def weights(outputs: int) -> Array:
    return np.random.default_rng(1).normal(0, 1, (3, outputs)) / SPREADS[:, None]


def model_of(g: GraphBuilder, name: str, shape: list[Any], dtype: int = TensorProto.DOUBLE) -> onnx.ModelProto:
    return g.model(
        [helper.make_tensor_value_info("X", TensorProto.DOUBLE, ["N", 3])],
        [helper.make_tensor_value_info(name, dtype, shape)],
    )


def linear(outputs: int) -> onnx.ModelProto:
    g, w = GraphBuilder(), weights(outputs)
    g.op("Add", g.op("MatMul", "X", w), -(MEANS @ w), out="value")
    return model_of(g, "value", ["N", outputs])


@pytest.mark.parametrize("outputs", [1, 4])
def test_large_terms_that_cancel_leave_every_digit_that_float32_has(web_form: Any, backend: str, outputs: int) -> None:
    x, model = columns(300), linear(outputs)
    want = reference(model, {"X": x})["value"]
    form = web_form(model)
    assert "MatMul" in form.written.graph
    got = form(backend, {"X": x})["value"]
    terms = np.abs(x) @ np.abs(weights(outputs))
    assert (np.abs(got - want) <= 2.0**-22 * np.abs(want) + 2.0**-44 * terms).all()
    plain = x.astype(np.float32) @ weights(outputs).astype(np.float32) - (MEANS @ weights(outputs)).astype(np.float32)
    assert np.abs(plain - want).max() > 100 * np.abs(got - want).max()


def test_columns_of_another_size_keep_their_own_digits(web_form: Any, backend: str) -> None:
    """One output is made of seconds, and one of shares alone."""
    g, x, w = GraphBuilder(), columns(100), np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 1e-9]])
    g.op("MatMul", "X", w, out="transformed")
    model = model_of(g, "transformed", ["N", 2])
    got = web_form(model)(backend, {"X": x})["transformed"]
    np.testing.assert_allclose(got, reference(model, {"X": x})["transformed"], rtol=2**-22, atol=0)


def test_the_nearest_of_far_points_is_found_by_differences(web_form: Any, backend: str) -> None:
    """Squared distances of 1e18 that differ by 1: a tie in float32, and none in pieces."""
    g, x = GraphBuilder(), columns(200)
    near = x[:5] @ np.diag([1.0, 0.0, 0.0])
    distances = g.op("Add", g.op("MatMul", "X", -2.0 * near.T), (near**2).sum(axis=1))
    g.op("ArgMin", distances, out="label", axis=1, keepdims=0)
    model = model_of(g, "label", ["N"], TensorProto.INT64)
    asked = x[:5] + np.array([[1.0, 0.0, 0.0]])
    for rows in (x, asked):
        want = reference(model, {"X": rows})["label"]
        np.testing.assert_array_equal(web_form(model)(backend, {"X": rows})["label"], want)


def test_a_change_of_one_weight_shows(web_form: Any, backend: str) -> None:
    """The graph computes the sum: what JavaScript has computed besides is in none of the answers."""
    x, model = columns(50), linear(2)
    form = web_form(model)
    before = form(backend, {"X": x})["value"]
    shard = form.written.folder / next(name for name in form.written.files if name.endswith(".bin") and "shard" in name)
    data = np.frombuffer(shard.read_bytes(), np.float32).copy()
    data[0] += 1
    shard.write_bytes(data.tobytes())
    assert (form(backend, {"X": x})["value"] != before).any()


def test_missing_values_and_zeros_go_through(web_form: Any, backend: str) -> None:
    x, model = np.array([[0.0, 0.0, 0.0], [np.nan, 1.0, 1.0]]), linear(2)
    got = web_form(model)(backend, {"X": x})["value"]
    np.testing.assert_allclose(got[0], reference(model, {"X": x})["value"][0], rtol=2**-22)
    assert np.isnan(got[1]).all()


def test_a_missing_value_stays_in_its_own_part(web_form: Any, backend: str) -> None:
    g = GraphBuilder()
    seconds, shares = (g.op("Gather", "X", np.array([place]), axis=1) for place in (0, 1))
    parts = [g.op("MatMul", part, np.array([[0.5, 2.0]])) for part in (seconds, shares)]
    g.op("Concat", *parts, out="transformed", axis=1)
    model, x = model_of(g, "transformed", ["N", 4]), columns(3)
    x[0, 1] = np.nan
    want, form = reference(model, {"X": x})["transformed"], web_form(model)
    assert "MatMul" in form.written.graph
    np.testing.assert_allclose(form(backend, {"X": x})["transformed"], want, rtol=2**-22, atol=0)


def test_a_sum_of_raw_columns_loses_nothing(web_form: Any, backend: str) -> None:
    g, x = GraphBuilder(), columns(100)
    g.op("Sub", "X", MEANS, out="transformed")
    model = model_of(g, "transformed", ["N", 3])
    want, form = reference(model, {"X": x})["transformed"], web_form(model)
    assert "Sub" in form.written.graph
    np.testing.assert_allclose(form(backend, {"X": x})["transformed"], want, rtol=2**-22, atol=0)


def test_what_a_form_is_made_of() -> None:
    g = GraphBuilder()
    first = g.op("MatMul", "X", weights(2))
    second = g.op("Div", g.op("MatMul", "X", weights(1)), np.array([[4.0]]))
    sides = g.op("Concat", first, g.op("Sub", np.array([[1.0]]), second), axis=1)
    g.op("Gather", sides, np.array([2, 0]), out="value", axis=1)
    graph = read_canonical(model_of(g, "value", ["N", 2]))
    form = affine_forms(graph)["value"]
    np.testing.assert_allclose(form.terms["X"], np.hstack([-weights(1) / 4, weights(2)[:, :1]]))
    np.testing.assert_array_equal(form.constant, [1.0, 0.0])


def test_sums_of_too_many_terms_or_of_infinite_weights_are_not_cut() -> None:
    assert [bits_for(terms) for terms in (4, 40, 513)] == [9, 8, 6]
    assert is_possible(Form({"X": np.ones((512, 1))}, np.zeros(1)))
    assert not is_possible(Form({"X": np.ones((513, 1))}, np.zeros(1)))
    assert not is_possible(Form({"X": np.array([[np.inf]])}, np.zeros(1)))
