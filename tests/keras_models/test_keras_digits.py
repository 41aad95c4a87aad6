"""A convolutional network on scikit-learn's digits, trained in seconds: no flip on 1,797 images."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers as L
from sklearn.datasets import load_digits

import isoship


@pytest.fixture(scope="module")
def trained() -> tuple[keras.Model, np.ndarray, np.ndarray]:
    images, digits = load_digits(return_X_y=True)
    images = (images.reshape(-1, 8, 8, 1) * 255 / 16).astype(np.uint8)
    keras.utils.set_random_seed(0)
    pixels = keras.Input((8, 8, 1), dtype="uint8", name="pixels")
    x = L.Rescaling(1 / 255)(pixels)
    x = L.BatchNormalization()(L.Conv2D(16, 3, padding="same", activation="gelu")(x))
    x = L.Conv2D(32, 3, activation="relu")(L.MaxPooling2D()(x))
    x = L.Dropout(0.2)(L.Flatten()(x))
    model = keras.Model(pixels, L.Dense(10, activation="softmax", name="probabilities")(x))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(images, digits, epochs=6, batch_size=64, verbose=0)
    assert model.evaluate(images, digits, verbose=0)[1] > 0.9
    return model, images, digits


def test_no_flip_on_all_images(tmp_path: Path, trained: tuple[keras.Model, np.ndarray, np.ndarray]) -> None:
    model, images, _ = trained
    model.save(tmp_path / "digits.keras")
    bundle = isoship.export(
        tmp_path / "digits.keras", out=tmp_path / "bundle", targets=("edge",), edge_arch=("x86_64",)
    )
    truth = model(images, training=False).numpy()
    made = isoship.load(bundle.path).predict({"pixels": images})["probabilities"]
    assert (made.argmax(axis=1) == truth.argmax(axis=1)).all()
    np.testing.assert_allclose(made, truth, rtol=1e-4, atol=1e-6)
    report = isoship.check(bundle.path, model=tmp_path / "digits.keras", runtimes=("onnxruntime", "edge"))
    assert report.ok, report.table()
    assert report.evidence == "source"
