"""Keras itself: whether it is here, and that it runs on TensorFlow."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from typing import Any

from isoship.errors import ConversionError, MissingExtraError
from isoship.sources.tensorflow.library import tensorflow_for


def keras_for(purpose: str) -> Any:
    """The library.

    Raises:
        MissingExtraError: Keras, TensorFlow or tf2onnx is not installed.
        ConversionError: Keras runs on another backend in this process.
    """
    if importlib.util.find_spec("keras") is None:
        raise MissingExtraError("keras", "keras", purpose)
    tensorflow_for(purpose, extra="keras")
    if "keras" not in sys.modules:
        os.environ["KERAS_BACKEND"] = "tensorflow"
    keras = importlib.import_module("keras")
    backend = keras.backend.backend()
    if backend != "tensorflow":
        raise ConversionError(
            f"{purpose} needs Keras on TensorFlow, and in this process it runs on {backend}. Save the model with"
            " model.save('model.keras') and export that file: isoship export model.keras"
        )
    return keras
