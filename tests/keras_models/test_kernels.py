"""What ONNX lacks and is written out: each within a few units in the last place of the exact value, wherever it is."""

from __future__ import annotations

import math
from collections.abc import Callable

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers as L

from isoship.sources.keras.source import KerasSource
from isoship.tensors.run import Runs

#: Every size of float32, both signs, and the places where the plain formulas lose their digits.
X = np.concatenate(
    [sign * np.geomspace(1e-37, 80, 2000, dtype=np.float64) for sign in (-1, 1)] + [np.array([0.0, 0.5, 1.0])]
).astype(np.float32)


class Step(L.Layer):
    def __init__(self, step: Callable[[tf.Tensor], tf.Tensor]) -> None:
        super().__init__()
        self.step = step

    def call(self, x: tf.Tensor) -> tf.Tensor:
        return self.step(x)


@pytest.mark.parametrize(
    ("step", "exact", "above"),
    [
        (tf.math.expm1, math.expm1, -np.inf),
        (tf.math.log1p, math.log1p, -0.999),
        (tf.math.erfc, math.erfc, -np.inf),
    ],
)
def test_within_the_last_places(step: Callable, exact: Callable, above: float) -> None:
    source = KerasSource(keras.Sequential([keras.Input((1,), name="x"), Step(step)]))
    x = X[above < X].reshape(-1, 1)
    (made,) = Runs(source.to_onnx())({"x": x}).values()
    with np.errstate(over="ignore"):
        truth = np.array([exact(float(each)) for each in x[:, 0]]).astype(np.float32)
    normal = np.isfinite(truth) & (np.abs(truth) >= np.finfo(np.float32).tiny)
    ulps = np.abs(made[:, 0].astype(np.float64) - truth)[normal] / np.spacing(np.abs(truth[normal]))
    assert ulps.max() <= 3, (x[normal][ulps.argmax()], ulps.max())


def test_doubles_would_need_more_digits_and_are_refused() -> None:
    model = keras.Sequential([keras.Input((2,), dtype="float64", name="x"), L.Activation("gelu", dtype="float64")])
    with pytest.raises(Exception, match="Erfc, which ONNX does not have"):
        KerasSource(model)
