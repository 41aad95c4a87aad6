"""Networks with random weights, in the shapes that people train, small enough to be asked often."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import layers as L


def mobilenet() -> keras.Model:
    """Inverted residuals: expand, depthwise, project; 96 x 96 pixels in."""
    pixels = keras.Input((96, 96, 3), dtype="uint8", name="pixels")
    x = L.Rescaling(1 / 127.5, offset=-1.0)(pixels)
    x = L.ReLU(6.0)(L.BatchNormalization()(L.Conv2D(8, 3, strides=2, padding="same", use_bias=False)(x)))
    for channels, stride, times in ((8, 1, 1), (12, 2, 3), (12, 1, 3), (16, 2, 3), (24, 2, 3)):
        y = L.Conv2D(int(x.shape[-1]) * times, 1, use_bias=False)(x)
        y = L.ReLU(6.0)(L.BatchNormalization()(y))
        y = L.ZeroPadding2D(((0, 1), (0, 1)))(y) if stride == 2 else y
        padding = "valid" if stride == 2 else "same"
        y = L.DepthwiseConv2D(3, strides=stride, padding=padding, use_bias=False)(y)
        y = L.ReLU(6.0)(L.BatchNormalization()(y))
        y = L.BatchNormalization()(L.Conv2D(channels, 1, use_bias=False)(y))
        x = L.Add()([x, y]) if stride == 1 and x.shape[-1] == channels else y
    x = L.Dropout(0.2)(L.GlobalAveragePooling2D()(x))
    return keras.Model(pixels, L.Dense(10, activation="softmax", name="probabilities")(x))


def resnet() -> keras.Model:
    """Basic blocks with a pad before the first pool, as keras.applications has it; 64 x 64 in."""
    image = keras.Input((64, 64, 3), name="image")
    x = L.Conv2D(8, 7, strides=2)(L.ZeroPadding2D(3)(image))
    x = L.ReLU()(L.BatchNormalization()(x))
    x = L.MaxPooling2D(3, strides=2)(L.ZeroPadding2D(1)(x))
    for channels, stride in ((8, 1), (16, 2), (32, 2)):
        y = L.ReLU()(L.BatchNormalization()(L.Conv2D(channels, 3, strides=stride, padding="same")(x)))
        y = L.BatchNormalization()(L.Conv2D(channels, 3, padding="same")(y))
        if stride > 1:
            x = L.BatchNormalization()(L.Conv2D(channels, 1, strides=stride)(x))
        x = L.ReLU()(L.Add()([x, y]))
    return keras.Model(image, L.Dense(5, name="logits")(L.GlobalAveragePooling2D()(x)))


def transformer() -> keras.Model:
    """Token and position embeddings, two encoder layers with exact gelu, the mean over the sequence."""
    tokens = keras.Input((16,), dtype="int32", name="tokens")
    places = keras.ops.arange(16)
    x = L.Embedding(50, 24)(tokens) + L.Embedding(16, 24)(places)
    for _ in range(2):
        y = L.MultiHeadAttention(3, 8, dropout=0.1)(x, x)
        x = L.LayerNormalization(epsilon=1e-6)(x + y)
        y = L.Dense(24)(L.Dense(48, activation="gelu")(x))
        x = L.LayerNormalization(epsilon=1e-6)(x + y)
    return keras.Model(tokens, L.Dense(3, activation="softmax", name="classes")(L.GlobalAveragePooling1D()(x)))


def lstm() -> keras.Model:
    """Masked embeddings of a sequence of any length, both ways."""
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    x = L.Embedding(40, 12, mask_zero=True)(tokens)
    x = L.Bidirectional(L.LSTM(10))(x)
    return keras.Model(tokens, L.Dense(1, activation="sigmoid", name="score")(x))


def gru() -> keras.Model:
    """Two stacked layers over numbers, the last sequence and a class."""
    series = keras.Input((24, 4), name="series")
    x = L.GRU(10, return_sequences=True)(L.Normalization(mean=[0.5] * 4, variance=[2.0] * 4)(series))
    x = L.GRU(8)(x)
    return keras.Model(series, L.Dense(4, activation="softmax", name="classes")(x))


def unet() -> keras.Model:
    """Two levels down and up again, by transposed convolutions and by resizing; a mask and its mean."""
    image = keras.Input((32, 32, 1), name="image")
    first = L.Conv2D(6, 3, padding="same", activation="relu")(image)
    second = L.Conv2D(12, 3, padding="same", activation="relu")(L.MaxPooling2D()(first))
    low = L.Conv2D(16, 3, padding="same", activation="relu")(L.MaxPooling2D()(second))
    x = L.Concatenate()([L.Conv2DTranspose(12, 2, strides=2, padding="same")(low), second])
    x = L.Conv2D(12, 3, padding="same", activation="relu")(x)
    x = L.Concatenate()([L.UpSampling2D(2, interpolation="bilinear")(x), first])
    mask = L.Conv2D(1, 1, activation="sigmoid", name="mask")(x)
    return keras.Model(image, {"mask": mask, "area": L.GlobalAveragePooling2D(name="area")(mask)})


def wavenet() -> keras.Model:
    """Dilated causal convolutions with gates and skips, over a sequence of any length."""
    signal = keras.Input((None, 2), name="signal")
    x, skips = L.Conv1D(8, 1)(signal), []
    for dilation in (1, 2, 4, 8):
        gate = L.Conv1D(8, 2, padding="causal", dilation_rate=dilation, activation="sigmoid")(x)
        y = L.Conv1D(8, 2, padding="causal", dilation_rate=dilation, activation="tanh")(x) * gate
        skips.append(L.Conv1D(8, 1)(y))
        x = x + L.Conv1D(8, 1)(y)
    return keras.Model(signal, L.Conv1D(3, 1, name="frames")(L.ReLU()(L.Add()(skips))))


def grouped() -> keras.Model:
    """ResNeXt's convolutions in groups, which TensorFlow compiles, and exponential units."""
    image = keras.Input((24, 24, 4), name="image")
    x = L.Activation("celu")(L.Conv2D(16, 3, groups=4, padding="same")(image))
    x = L.GroupNormalization(4)(x) + L.Conv2D(16, 1)(image)
    return keras.Model(image, L.Dense(4, name="logits")(L.GlobalMaxPooling2D()(x)))


def shared() -> keras.Model:
    """A model inside a model, used twice; inputs in a dict, in another order than the alphabet's."""
    tower = keras.Sequential([keras.Input((6,)), L.Dense(8, activation="tanh"), L.Dense(3)], name="tower")
    query, candidate = keras.Input((6,), name="query"), keras.Input((6,), name="candidate")
    distance = tower(query) - 2 * tower(candidate)
    return keras.Model({"query": query, "candidate": candidate}, [distance, tower(query)])


ZOO: dict[str, Callable[[], Any]] = {
    each.__name__: each for each in (mobilenet, resnet, transformer, lstm, gru, unet, wavenet, grouped, shared)
}
