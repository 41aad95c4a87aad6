"""What a call may hold: refused are other names, dtypes, shapes and values, each by input, index, seen and expected."""

from __future__ import annotations

import math
from array import array
from typing import Any

import pytest

from isoship_edge.errors import InputError
from isoship_edge.inference.tensor import TYPECODES, Tensor
from isoship_edge.tensors.contract import check, index_of
from isoship_edge.tensors.float16 import bits_of
from isoship_edge.tensors.signature import Input, inputs_from_json, inputs_to_json

BOTH = (Input("a", "float", ("N", 2)), Input("b", "int64", ("N", "L"), minimum=0, maximum=9))


def tensor(dtype: str, shape: tuple[int, ...], values: Any) -> Tensor:
    if dtype in ("string", "bool"):
        return Tensor(dtype, shape, list(values) if dtype == "string" else bytearray(values))
    return Tensor(dtype, shape, bits_of(values) if dtype == "float16" else array(TYPECODES[dtype], values))


GOOD = {"a": tensor("float", (1, 2), [0, 1]), "b": tensor("int64", (1, 3), [0, 9, 4])}


def test_what_fits_is_taken() -> None:
    check(GOOD, BOTH)
    check(dict(reversed(GOOD.items())), BOTH)


@pytest.mark.parametrize(
    ("change", "name", "index", "seen", "expected"),
    [
        ({"c": GOOD["a"]}, "c", None, "an unknown input", 'one of the inputs "a", "b"'),
        ({"b": None}, "b", None, "nothing (the input is absent)", "a tensor"),
        ({"a": tensor("double", (1, 2), [0, 1])}, "a", None, "dtype double", "dtype float"),
        ({"a": tensor("float", (2,), [0, 1])}, "a", None, "shape [2]", "shape [N, 2]"),
        ({"a": tensor("float", (1, 3), [0, 1, 2])}, "a", None, "shape [1, 3]", "shape [N, 2]"),
        ({"b": tensor("int64", (2, 1), [0, 1])}, "b", None, "shape [2, 1]", 'shape [N, L] with N = 1 as in "a"'),
        ({"a": tensor("float", (0, 2), [])}, "a", None, "shape [0, 2]", "shape [N, 2] with N at least 1"),
        ({"b": tensor("int64", (1, 0), [])}, "b", None, "shape [1, 0]", "shape [N, L] with L at least 1"),
        ({"a": tensor("float", (1, 2), [0, math.nan])}, "a", [0, 1], "a number NaN", "a finite number"),
        ({"a": tensor("float", (1, 2), [-math.inf, 0])}, "a", [0, 0], "a number -Infinity", "a finite number"),
        ({"b": tensor("int64", (1, 2), [3, 10])}, "b", [0, 1], "a number 10", "an integer from 0 to 9"),
        ({"b": tensor("int64", (1, 2), [-1, 10])}, "b", [0, 0], "a number -1", "an integer from 0 to 9"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named(
    change: dict[str, Any], name: str, index: list[int] | None, seen: str, expected: str
) -> None:
    call = {key: value for key, value in {**GOOD, **change}.items() if value is not None}
    with pytest.raises(InputError) as refused:
        check(call, BOTH)
    err = refused.value
    assert (err.input, err.index, err.seen, err.expected, err.row, err.column) == (
        name, index, seen, expected, None, None
    )  # fmt: skip
    place = f'input "{name}"' + (f" at {index}" if index else "")
    assert str(err) == f"{place}: expected {expected}, got {seen}"


def test_a_dimension_may_have_a_largest_size() -> None:
    ends = (BOTH[0], BOTH[1]._replace(largest={"L": 3}))
    check(GOOD, ends)
    with pytest.raises(InputError, match=r'input "b": expected shape \[N, L\] with L at most 3, got shape \[1, 4\]'):
        check({**GOOD, "b": tensor("int64", (1, 4), [0] * 4)}, ends)
    assert inputs_from_json(inputs_to_json(ends)) == ends
    for wrong in ({"M": 3}, {"L": 0}, {"L": 2.5}, {"L": True}, [3]):
        document = inputs_to_json(ends)
        document[1]["largest"] = wrong
        with pytest.raises(ValueError, match=r"(largest of|input) 'b'"):
            inputs_from_json(document)


def test_one_name_is_one_size_in_one_input_too() -> None:
    square = (Input("s", "float", ("K", "K")),)
    check({"s": tensor("float", (2, 2), [0] * 4)}, square)
    with pytest.raises(InputError, match=r"shape \[K, K\] with one size of K, got shape \[2, 1\]"):
        check({"s": tensor("float", (2, 1), [0] * 2)}, square)


@pytest.mark.parametrize("dtype", ["double", "float", "float16"])
@pytest.mark.parametrize(("nan", "infinity"), [(False, False), (True, False), (False, True), (True, True)])
def test_nan_and_infinities_are_each_allowed_by_themselves(dtype: str, nan: bool, infinity: bool) -> None:
    spec = (Input("x", dtype, ("N",), nan, infinity, -2.0, 3.0),)
    for value, allowed in (
        (math.nan, nan), (math.inf, infinity), (-math.inf, infinity), (3.0, True), (-2.0, True), (3.25, False),
    ):  # fmt: skip
        call = {"x": tensor(dtype, (3,), [0.0, value, 1.0])}
        if allowed:
            check(call, spec)
        else:
            with pytest.raises(InputError) as refused:
                check(call, spec)
            assert refused.value.index == [1]


def test_large_numbers_whose_sum_is_infinite_are_finite() -> None:
    check({"x": tensor("double", (3,), [1.7e308] * 3)}, (Input("x", "double", (3,)),))


@pytest.mark.parametrize("dtype", ["double", "float", "float16"])
def test_every_exponent_is_finite_but_the_last(dtype: str) -> None:
    least, largest = {"double": (-1074, 1023), "float": (-149, 127), "float16": (-24, 15)}[dtype]
    spec = (Input("x", dtype, ("N",)),)
    powers = [sign * 2.0**exponent for exponent in range(least, largest + 1) for sign in (1, -1)]
    finite = [0.0, -0.0, *powers, *(value * 1.75 for value in powers[-40:])]
    check({"x": tensor(dtype, (len(finite),), finite)}, spec)
    for value in (math.nan, math.inf, -math.inf):
        for place in (0, 1, len(finite) - 1):
            values = [*finite]
            values[place] = value
            with pytest.raises(InputError) as refused:
                check({"x": tensor(dtype, (len(values),), values)}, spec)
            assert refused.value.index == [place]


@pytest.mark.parametrize(
    ("dtype", "value", "fits"),
    [("uint64", 2**64 - 1, True), ("int8", -128, True), ("uint8", 7, False), ("float16", 65504.0, True)],
)
def test_ends_of_every_width(dtype: str, value: float, fits: bool) -> None:
    high = 6 if dtype == "uint8" else None
    spec = (Input("x", dtype, (1,), maximum=high),)
    if fits:
        check({"x": tensor(dtype, (1,), [value])}, spec)
    else:
        with pytest.raises(InputError, match=r'input "x" at \[0\]: expected an integer of at most 6, got a number 7'):
            check({"x": tensor(dtype, (1,), [value])}, spec)


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "\ufdd0"])
def test_texts_that_a_tensor_cannot_hold(text: str) -> None:
    with pytest.raises(InputError) as refused:
        check({"x": tensor("string", (2, 1), ["fine", text])}, (Input("x", "string", ("N", 1)),))
    assert refused.value.index == [1, 0]


def test_places_become_indices() -> None:
    assert [index_of(place, (2, 1, 3)) for place in range(6)] == [
        [0, 0, 0], [0, 0, 1], [0, 0, 2], [1, 0, 0], [1, 0, 1], [1, 0, 2],
    ]  # fmt: skip
    assert index_of(0, ()) == []
