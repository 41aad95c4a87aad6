"""Nested lists of JSON: which values each dtype takes, what is refused and where, and what comes out."""

from __future__ import annotations

import json
import math
import struct
from array import array
from typing import Any

import numpy as np
import pytest

from isoship_edge.errors import InputError
from isoship_edge.inference.tensor import TYPECODES, Tensor, values
from isoship_edge.tensors.nested import nested, tensor_from_nested
from isoship_edge.tensors.signature import DATATYPES, FLOATS, Input

INTEGERS = [dtype for dtype in DATATYPES if "int" in dtype]


def read(dtype: str, value: Any, shape: tuple[Any, ...] = ("N",), **more: Any) -> Tensor:
    return tensor_from_nested(Input("x", dtype, shape, **more), value)


def refused(dtype: str, value: Any, shape: tuple[Any, ...] = ("N",), **more: Any) -> InputError:
    with pytest.raises(InputError) as err:
        read(dtype, value, shape, **more)
    assert err.value.input == "x"
    return err.value


@pytest.mark.parametrize("dtype", INTEGERS)
def test_integers_take_integral_numbers_of_their_range(dtype: str) -> None:
    ends = np.iinfo(dtype)
    low, high = int(ends.min), int(ends.max)
    assert values(read(dtype, [low, high, 7.0, -0.0])) == [low, high, 7, 0]
    for wrong in (low - 1, high + 1, 0.5, 1e300, True, "1", None, [1], {}):
        err = refused(dtype, [0, wrong])
        assert err.index == [1]
        assert err.expected == f"an integer from {low} to {high}"
    json_number = json.loads(f"[{high}]")
    assert values(read(dtype, json_number)) == [high]


@pytest.mark.parametrize("dtype", FLOATS)
def test_floats_are_rounded_to_nearest_once(dtype: str) -> None:
    numpy = {"double": "f8", "float": "f4", "float16": "f2"}[dtype]
    chance = np.random.default_rng(2)
    held = [0.1, -0.0, 5e-324, 1 / 3, 2049.0, 2051.0, 65504.0, 65519.9, *chance.normal(0, 1, 500).tolist(), 3, -7]
    with np.errstate(over="ignore"):
        want = np.array(held).astype(numpy)
    assert np.array(values(read(dtype, held))).astype(numpy).tobytes() == want.tobytes()
    too_large = {"double": 10**400, "float": 3.5e38, "float16": 65520.0}[dtype]
    for wrong in (too_large, -too_large, int(too_large), True, "1", None, [1.0], {}):
        err = refused(dtype, [0.0, 1, wrong])
        assert (err.index, err.expected) == ([2], f"a number that {dtype} holds")
    last = {"double": 1.7976931348623157e308, "float": 3.4028235677973366e38 - 1e31, "float16": 65519.0}[dtype]
    assert math.isfinite(values(read(dtype, [last]))[0])


def test_null_is_nan_where_that_is_answerable() -> None:
    made = values(read("float", [1.5, None], nan=True))
    assert made[0] == 1.5
    assert math.isnan(made[1])
    assert refused("float", [1.5, None]).seen == "null"
    assert refused("float", ["x", None], nan=True).expected == "a number that float holds or null"


def test_booleans_and_strings_are_themselves() -> None:
    assert read("bool", [[True], [False]], ("N", 1)) == Tensor("bool", (2, 1), bytearray([1, 0]))
    assert read("string", ["a", ""]).data == ["a", ""]
    for wrong in (0, 1.0, "true", None, []):
        assert refused("bool", [True, wrong]).expected == "true or false"
    for wrong in (0, True, None, []):
        assert refused("string", ["a", wrong]).index == [1]


@pytest.mark.parametrize(
    ("value", "index", "seen"),
    [
        (1.0, None, "a number 1"), ([1.0], [0], "a number 1"), ([[1.0], [1.0, 2.0]], [1], "one of 2"),
        ([[1.0], 2.0], [1], "a number 2"), ([[[1.0]]], [0, 0], "an array"), ([[1.0], []], [1], "one of 0"),
        ({"0": [1.0]}, None, "an object"), (None, None, "null"), ("text", None, 'a string "text"'),
    ],
)  # fmt: skip
def test_other_forms_are_refused_where_they_differ(value: Any, index: list[int] | None, seen: str) -> None:
    err = refused("float", value, ("N", "M"))
    assert (err.index or None, err.seen) == (index, seen)


def test_any_rank_goes_in_and_out() -> None:
    chance = np.random.default_rng(0)
    for shape in ((), (1,), (3,), (2, 3), (2, 1, 3), (1, 2, 2, 3), (2, 0), (0, 2), (0,)):
        held = chance.normal(size=shape).tolist()
        tensor = read("double", held, tuple(shape))
        if 0 not in shape:
            assert tensor.shape == shape
        assert nested(Tensor("double", shape, tensor.data)) == held


@pytest.mark.parametrize("dtype", FLOATS)
def test_what_is_not_finite_goes_out_as_null(dtype: str) -> None:
    held = [1.5, math.nan, math.inf, -math.inf]
    code = {"double": "d", "float": "f", "float16": "e"}[dtype]
    data = array(TYPECODES[dtype], struct.pack(f"=4{code}", *held))
    assert nested(Tensor(dtype, (2, 2), data)) == [[1.5, None], [None, None]]


def test_float32_goes_out_with_all_its_digits() -> None:
    assert json.loads(json.dumps(nested(read("float", [0.1])))) == [float(np.float32(0.1))]
