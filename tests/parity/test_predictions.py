from __future__ import annotations

import numpy as np
import pytest

from isoship.errors import ParityError
from isoship.parity.runners.predictions import arrays_from_predictions
from isoship_edge.manifest import Output

LABEL = Output("label", "label", "int64", ("N",), (10, 20))
PROBABILITIES = Output("probabilities", "probabilities", "double", ("N", 2), (10, 20))
FLOAT = Output("value", "value", "float", ("N", 2))
TEXT = Output("label", "label", "string", ("N",))
FLAG = Output("label", "label", "bool", ("N",))


def test_dtypes_and_shapes_are_the_manifests() -> None:
    arrays = arrays_from_predictions(
        [
            {"label": 2**53 + 1, "probabilities": {"20": 0.75, "10": 0.25}},
            {"label": 10, "probabilities": {"10": 1, "20": None}},
        ],
        (LABEL, PROBABILITIES),
    )
    assert arrays["label"].dtype == np.int64
    assert arrays["label"].tolist() == [2**53 + 1, 10]
    assert arrays["probabilities"].dtype == np.float64
    np.testing.assert_array_equal(arrays["probabilities"], [[0.25, 0.75], [1.0, np.nan]])


def test_lists_strings_and_booleans() -> None:
    assert arrays_from_predictions([{"value": [1, 2.5]}], (FLOAT,))["value"].dtype == np.float32
    assert arrays_from_predictions([{"label": "a"}, {"label": None}], (TEXT,))["label"].tolist() == ["a", None]
    flags = arrays_from_predictions([{"label": True}], (FLAG,))["label"]
    assert (flags.dtype, flags.tolist()) == (np.bool_, [True])


def test_no_rows_keep_their_shape() -> None:
    arrays = arrays_from_predictions([], (LABEL, PROBABILITIES))
    assert arrays["label"].shape == (0,)
    assert arrays["probabilities"].shape == (0, 2)


@pytest.mark.parametrize(
    ("prediction", "output"),
    [
        ({}, LABEL),
        ({"label": 1, "extra": 2}, LABEL),
        (None, LABEL),
        ({"label": 1.0}, LABEL),
        ({"label": True}, LABEL),
        ({"label": "1"}, LABEL),
        ({"label": None}, LABEL),
        ({"label": 1}, FLAG),
        ({"label": 1}, TEXT),
        ({"value": [1.0]}, FLOAT),
        ({"value": [1.0, 2.0, 3.0]}, FLOAT),
        ({"value": 1.0}, FLOAT),
        ({"value": ["1", "2"]}, FLOAT),
        ({"probabilities": {"10": 1.0}}, PROBABILITIES),
        ({"probabilities": {"10": 1.0, "30": 0.0}}, PROBABILITIES),
    ],
)
def test_what_the_manifest_does_not_say_is_an_error(prediction: object, output: Output) -> None:
    with pytest.raises(ParityError):
        arrays_from_predictions([prediction], (output,))


def test_rows_of_different_lengths_are_an_error() -> None:
    with pytest.raises(ParityError, match="different lengths"):
        arrays_from_predictions([{"value": [1.0, 2.0]}, {"value": [1.0]}], (FLOAT,))
