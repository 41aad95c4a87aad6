"""Predictions as JSON: which shape each kind takes, and what JSON cannot say."""

from __future__ import annotations

import json
from array import array

import pytest

from isoship_edge.encoding.encode import RowWriter, json_bytes, predictions
from isoship_edge.inference.tensor import Tensor
from isoship_edge.manifest import MISSING_STRING, Output


def test_each_kind_takes_its_shape() -> None:
    outputs = (
        Output("label", "label", "int64", ("N",), (0, 1)),
        Output("flag", "label", "bool", ("N",), (False, True)),
        Output("both", "label", "string", ("N", 2)),
        Output("probabilities", "probabilities", "double", ("N", 2), (0, 1)),
        Output("scores", "scores", "double", ("N",), (0, 1)),
        Output("value", "value", "double", ("N", 2)),
        Output("transformed", "transformed", "float", ("N", 1)),
    )
    tensors = {
        "label": Tensor("int64", (1,), array("q", [2**62])),
        "flag": Tensor("bool", (1,), bytearray([1])),
        "both": Tensor("string", (1, 2), ["a", "b"]),
        "probabilities": Tensor("double", (1, 2), array("d", [0.1, 0.9])),
        "scores": Tensor("double", (1,), array("d", [-0.5])),
        "value": Tensor("double", (1, 2), array("d", [1.0, 2.5])),
        "transformed": Tensor("float", (1, 1), array("f", [0.5])),
    }
    [row] = predictions(outputs, tensors)
    text = json_bytes(row).decode()
    assert text == (
        '{"label":4611686018427387904,"flag":true,"both":["a","b"],"probabilities":{"0":0.1,"1":0.9},"scores":-0.5,'
        '"value":[1.0,2.5],"transformed":[0.5]}'
    )


def test_what_json_cannot_say_is_null() -> None:
    outputs = (Output("value", "value", "double", ("N",)), Output("transformed", "transformed", "string", ("N",)))
    tensors = {
        "value": Tensor("double", (4,), array("d", [float("nan"), float("inf"), float("-inf"), -0.0])),
        "transformed": Tensor("string", (4,), ["a", MISSING_STRING, "", "b"]),
    }
    made = predictions(outputs, tensors)
    assert [row["value"] for row in made] == [None, None, None, -0.0]
    assert [row["transformed"] for row in made] == ["a", None, "", "b"]


def test_doubles_keep_every_bit() -> None:
    values = [0.1, 1 / 3, 5e-324, 1.7976931348623157e308, 2.0**-1074 * 3, 123456789.12345679]
    assert [v.hex() for v in json.loads(json_bytes(values))] == [v.hex() for v in values]


def test_nan_never_reaches_the_wire() -> None:
    with pytest.raises(ValueError):
        json_bytes({"value": float("nan")})


def test_one_row_s_text_is_what_the_whole_document_would_be() -> None:
    """`RowWriter` against `predictions` and JSON, for every kind, dtype and value that JSON treats apart."""
    manifest = ('a "model" of 100%', "1.0%s")
    outputs = (
        Output("label %d", "label", "string", ("N",), ("a", "b")),
        Output("flag", "label", "bool", ("N",), (False, True)),
        Output("number", "label", "int64", ("N",), (0, 1)),
        Output("both", "label", "string", ("N", 2)),
        Output("probabilities", "probabilities", "double", ("N", 3), ('x "%s"', "50%", "é")),
        Output("scores", "scores", "float", ("N", 2), (0, 1)),
        Output("value", "value", "double", ("N",)),
        Output("none", "transformed", "double", ("N", 0)),
    )
    special = [0.1, -0.0, 5e-324, 1.7e308, 1.7e308, float("nan"), float("inf"), float("-inf"), 1e22, 3.0]
    write = RowWriter(*manifest, outputs)
    for value in special:
        for text in ("", MISSING_STRING, 'é "\\ \u2028 %s', "b"):
            tensors = {
                "label %d": Tensor("string", (1,), [text]),
                "flag": Tensor("bool", (1,), bytearray([value == 3.0])),
                "number": Tensor("int64", (1,), array("q", [-(2**63)])),
                "both": Tensor("string", (1, 2), [text, "%"]),
                "probabilities": Tensor("double", (1, 3), array("d", [0.25, value, value])),
                "scores": Tensor("float", (1, 2), array("f", [0.1, value if abs(value) < 1e30 else float("inf")])),
                "value": Tensor("double", (1,), array("d", [value])),
                "none": Tensor("double", (1, 0), array("d")),
            }
            made = predictions(outputs, tensors)
            document = {"model": manifest[0], "version": manifest[1], "predictions": made}
            assert write(tensors) == json_bytes(document)
    longer = {**tensors, "value": Tensor("double", (2,), array("d", [1.0, 2.0]))}
    assert write(longer) is None
