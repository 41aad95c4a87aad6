"""Integers and the bounds of what becomes integers: graphs that once answered wrongly without a word."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import helper, numpy_helper
from reviewed import BOOL, FLOAT, INT64, UINT8, Run, agrees, made, node, refused

from isoship.tfjs.network import compile_network


def test_integers_beyond_float32_are_transposed_as_they_are(run: Run) -> None:
    nodes = [node("Mul", "x three", "m"), node("Transpose", "m", "y")]
    model = made(nodes, {"x": (INT64, ["N", 2])}, INT64, {"three": np.int64(3)})
    agrees(run, model, {"x": np.array([[2**24 - 1, 5592407], [-(2**24) + 1, 7]])})


@pytest.mark.parametrize("op", ["Neg", "Abs"])
def test_integers_beyond_float32_change_their_sign(run: Run, op: str) -> None:
    """By no kernel that makes float32 of them; the least of several are the largest of what is negated."""
    nodes = [node("Mul", "x three", "m"), node(op, "m", "n"), node("TopK", "n k", "y i", largest=0)]
    model = made(nodes, {"x": (INT64, ["N", 2])}, INT64, {"three": np.int64(3), "k": np.array([2])})
    agrees(run, model, {"x": np.array([[2**24 - 1, 5592407], [-(2**24) + 1, 7]])})


def test_integers_beyond_float32_are_not_padded_with() -> None:
    tensors = {"by": np.array([1, 0]), "fill": np.int64(2**24 + 1)}
    refused(made([node("Pad", "x by fill", "y")], {"x": (INT64, [3])}, INT64, tensors), "float32")


def test_integers_beyond_float32_are_for_cpu_and_wasm() -> None:
    x = {"x": (INT64, ["N", 2])}
    assert compile_network(made([node("Mul", "x three", "y")], x, INT64, {"three": np.int64(3)})).backends == (
        "cpu",
        "wasm",
    )
    assert "webgl" in compile_network(made([node("Neg", "x", "y")], x, INT64)).backends


def test_powers_of_integers_are_for_cpu_and_wasm() -> None:
    """Graphics have them by logarithms, a little below or above."""
    nodes = [node("Cast", "x", "i", to=INT64), node("Pow", "i two", "y")]
    model = made(nodes, {"x": (UINT8, ["N"])}, INT64, {"two": np.int64(2)})
    assert compile_network(model).backends == ("cpu", "wasm")


def test_integers_that_wrap_in_their_dtype_are_refused() -> None:
    nodes = [node("Add", "x x", "a"), node("Cast", "a", "y", to=INT64)]
    refused(made(nodes, {"x": (UINT8, ["N"])}, INT64), "uint8")


def test_small_integers_are_known_to_be_small(run: Run) -> None:
    nodes = [node("Cast", "x", "a", to=INT64), node("Mul", "a a", "b"), node("Mul", "a b", "y")]
    agrees(run, made(nodes, {"x": (UINT8, ["N"])}, INT64), {"x": np.array([255, 3], np.uint8)})


BOUNDS = {
    "a quotient of reals grows": [node("Div", "s tiny", "q")],
    "Clip lifts what is below it": [node("Clip", "s huge", "q")],
    "Clip by a number of the caller": [node("Clip", "s c", "q")],
    "Clip down to the most": [helper.make_node("Clip", ["s", "", "low"], ["q"])],
    "NaN of a shape": [
        node("Shape", "x", "shape"),
        node("ConstantOfShape", "shape", "nan", value=numpy_helper.from_array(np.array([np.nan], np.float32))),
        node("Mul", "s huge", "h"),
        node("Where", "w nan h", "q"),
    ],
}


@pytest.mark.parametrize("name", BOUNDS)
def test_reals_that_may_be_large_become_no_integers(name: str) -> None:
    nodes = [node("Sigmoid", "x", "s"), *BOUNDS[name], node("Cast", "q", "y", to=INT64)]
    inputs = {"x": (FLOAT, ["N"]), "c": (FLOAT, []), "w": (BOOL, ["N"])}
    tensors = {"tiny": np.float32(1e-12), "huge": np.float32(1e10), "low": np.float32(-1e10)}
    refused(made(nodes, inputs, INT64, tensors), "integers|int32")


def test_an_integer_beside_the_largest_is_not_made_of_its_float() -> None:
    nodes = [node("Cast", "x", "i", to=INT64), node("Add", "i most", "a")]
    nodes += [node("Cast", "a", "f", to=FLOAT), node("Cast", "f", "y", to=INT64)]
    refused(made(nodes, {"x": (UINT8, ["N"])}, INT64, {"most": np.int64(2**31 - 256)}), "int32")
