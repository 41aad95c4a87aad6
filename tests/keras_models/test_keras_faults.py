"""Layers that Keras's own `model.export(format="onnx")` gets wrong or writes as a file that nothing loads.

Each is carried right here, which is shown against Keras's own answers, or refused by the layer's name; and each is
shown to be wrong there, so that a fault which is mended upstream is seen.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnx
import pytest
from keras import layers as L
from keras import ops

import isoship
from isoship.errors import ConversionError, InputError, UnsupportedModelError
from isoship.sources.keras.source import KerasSource
from isoship.sources.tensorflow.held import plain_call
from isoship.tensors.run import Runs


class Step(L.Layer):
    """A layer of one operation."""

    def __init__(self, step: Callable[[Any], Any], **options: Any) -> None:
        super().__init__(**options)
        self.step = step

    def call(self, x: Any) -> Any:
        return self.step(x)


def of(*layers: L.Layer, shape: tuple[int, ...] = (8, 8, 4), dtype: str = "float32") -> Callable[[], Any]:
    """A network around the layer that is looked at, which stands neither first nor last where it may."""

    def make() -> Any:
        return keras.Sequential([keras.Input(shape, dtype=dtype, name="x"), *(each.from_config(each.get_config())
                                if not isinstance(each, Step) else Step(each.step, name=each.name)
                                for each in layers)])  # fmt: skip

    return make


def dict_of_inputs() -> Any:
    late, early = keras.Input((3,), name="zeta"), keras.Input((3,), name="alpha")
    return keras.Model({"zeta": late, "alpha": early}, late - 2 * early)


def list_of_outputs() -> Any:
    x = keras.Input((3,), name="x")
    return keras.Model(x, [L.Dense(2, name="second")(x), L.Dense(2, name="first")(x)])


FLAT = (6,)
#: Carried right: the graph's answers are Keras's, in the last places, from 1e-8 to 30.
CARRIED = {
    "exact gelu": of(L.Dense(6), L.Activation("gelu"), shape=FLAT),
    "celu": of(L.Activation("celu"), shape=FLAT),
    "convolution in groups": of(L.Conv2D(8, 3, groups=2)),
    "log1p": of(Step(lambda x: ops.log1p(ops.abs(x)), name="logs"), shape=FLAT),
    "logaddexp": of(Step(lambda x: ops.logaddexp(x, 2 * x), name="logs"), shape=FLAT),
    "normalization of given moments": of(L.Normalization(mean=[1.0, 2.0], variance=[4.0, 9.0]), L.Dense(2), shape=(2,)),
    "discretization": of(L.Discretization(bin_boundaries=[-1.0, 0.0, 0.5]), shape=FLAT),
    "random flips, which do nothing in inference": of(L.RandomFlip(), L.RandomRotation(0.3), L.Conv2D(2, 3)),
    "inputs in a dict": dict_of_inputs,
    "outputs in a list": list_of_outputs,
}
#: Refused: the layer's name and class, and why.
REFUSED = {
    "hashing": (of(L.Hashing(num_bins=5, name="hashed"), shape=(1,), dtype="int32"), "hashed", "StringToHash"),
    "integer lookup": (
        of(L.IntegerLookup(vocabulary=[3, 5, 7], name="looked_up"), shape=(1,), dtype="int64"),
        "looked_up",
        "LookupTable",
    ),
    "string lookup": (
        of(L.StringLookup(vocabulary=["a"], name="texts"), shape=(1,), dtype="string"),
        "texts",
        "LookupTable",
    ),
    "resizing with antialias": (of(L.Conv2D(4, 1), L.Resizing(5, 5, antialias=True, name="small")), "small", "Scale"),
    "resizing by lanczos3": (of(L.Resizing(5, 5, interpolation="lanczos3", name="small"), L.ReLU()), "small", "Scale"),
    "resizing by bicubic": (
        of(L.Conv2D(4, 1), L.Resizing(5, 5, interpolation="bicubic", name="small"), L.ReLU()),
        "small",
        "answers otherwise",
    ),
    "resizing by area": (
        of(L.Conv2D(4, 1), L.Resizing(5, 5, interpolation="area", name="small"), L.Conv2D(2, 3)),
        "small",
        "answers otherwise",
    ),
    "mel spectrogram": (
        of(L.MelSpectrogram(fft_length=64, sequence_stride=32, num_mel_bins=8, sampling_rate=8000, name="mels"),
           shape=(256,)),
        "mels",
        "RFFT",
    ),
    "argmax": (of(L.Dense(4), Step(lambda x: ops.argmax(x, axis=-1), name="best"), shape=FLAT), "best", "Bitcast"),
    "cumprod": (of(Step(lambda x: ops.cumprod(x, axis=-1), name="product"), shape=FLAT), "product", "Cumprod"),
    "arctan2": (
        of(Step(lambda x: ops.arctan2(x, ops.roll(x, 1, axis=-1)), name="angle"), L.Dense(2), shape=FLAT),
        "angle",
        "answers otherwise",
    ),
    "inverse of a matrix": (of(Step(ops.inv, name="inverse"), shape=(2, 2)), "inverse", "MatrixInverse"),
}  # fmt: skip


@pytest.mark.parametrize("name", CARRIED)
def test_carried_right(name: str) -> None:
    source = KerasSource(CARRIED[name]())
    run = Runs(source.to_onnx())
    call = plain_call(source.signature.inputs, batch=4)
    for scale in (1e-8, 1e-3, 1.0, 30.0):
        asked = {key: value * np.float32(scale) for key, value in call.items()}
        for output, truth in source.answers(asked).items():
            np.testing.assert_allclose(run(asked)[output], truth, rtol=1e-5, atol=2e-6 * np.abs(truth).max())


@pytest.mark.parametrize("name", REFUSED)
def test_refused_by_the_layers_name(tmp_path: Path, name: str) -> None:
    """And nothing is written."""
    make, layer, why = REFUSED[name]
    with pytest.raises(UnsupportedModelError, match=why) as caught:
        isoship.export(make(), out=tmp_path / "bundle")
    assert caught.value.step.startswith(f"layer '{layer}' (")
    assert not (tmp_path / "bundle").exists()


@pytest.mark.parametrize("name", [*CARRIED, *REFUSED])
def test_keras_itself_writes_it_wrong(tmp_path: Path, name: str) -> None:
    model = CARRIED[name]() if name in CARRIED else REFUSED[name][0]()
    inputs = [tensor.name for tensor in model.inputs]
    (first, *others), draw = model.inputs, np.random.default_rng(0)
    values: Any = draw.normal(size=(3, *first.shape[1:]))
    values[1] = -0.0 if "matrix" not in name else values[1]
    values = np.full(values.shape, "a", object) if first.dtype == "string" else values.astype(first.dtype)
    model(dict.fromkeys(["zeta", "alpha"], values) if others else values)
    path = tmp_path / "model.onnx"
    try:
        model.export(path, format="onnx", verbose=False)
        graph = onnx.load(path)
        run = Runs(graph)
    except Exception:  # noqa: BLE001 - it is not written, or nothing loads it
        return
    if [value.name for value in graph.graph.input] != inputs:
        return
    if name in ("inputs in a dict", "outputs in a list"):
        order = [value.name for value in graph.graph.input], [value.name for value in graph.graph.output]
        assert order not in ((["zeta", "alpha"], ["subtract"]), (["x"], ["second", "first"]))
        return
    try:
        seen = next(iter(run({inputs[0]: values}).values()))
    except InputError:
        return
    truth = np.asarray(model(values, training=False))
    assert not np.allclose(seen, truth, rtol=1e-5, atol=1e-6), "Keras writes it right now: docs/upstream.md"


def test_stateful_and_random_models_are_refused() -> None:
    keeps = keras.Sequential([keras.Input((4, 3), batch_size=2), L.LSTM(3, stateful=True, name="kept")])
    with pytest.raises(UnsupportedModelError, match=r"kept.*(answers one call in two ways|changes it)"):
        KerasSource(keeps)
    x = keras.Input((6,))
    chance = keras.Model(x, Step(lambda y: y + keras.random.normal((6,)))(x))
    with pytest.raises(UnsupportedModelError, match=r"answers one call in two ways|changes it whenever it answers"):
        KerasSource(chance)


def test_a_layer_inside_a_model_inside_is_found() -> None:
    inner = keras.Sequential(
        [keras.Input((8, 8, 4)), L.Conv2D(3, 1), L.Resizing(5, 5, interpolation="area", name="small")], name="encoder"
    )
    x = keras.Input((8, 8, 4))
    with pytest.raises(ConversionError, match="layer 'encoder/small' \\(Resizing\\)"):
        KerasSource(keras.Model(x, L.Conv2D(2, 3)(inner(x))))
