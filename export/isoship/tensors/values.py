"""Values of one input tensor, drawn to exercise a graph: seeded, synthetic, of a kind that has a name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from isoship.tensors.graph import NUMPY
from isoship_edge.tensors.signature import FLOATS, Input

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Known:
    """What the graph says of one input's values. strings: keys it knows. thresholds: of trees, in the input's dtype.

    size: the input is a size or a count. large: the largest magnitude that is asked of floats.
    """

    strings: tuple[str, ...] = ()
    thresholds: tuple[float, ...] = ()
    size: bool = False
    large: float = 0.0


def draw(kind: str, rng: np.random.Generator, one: Input, shape: tuple[int, ...], known: Known) -> Array:
    """An array of the input's dtype. kind: one of `KINDS`."""
    if one.dtype == "string":
        return _strings(kind, rng, shape, known)
    if one.dtype == "bool":
        return _booleans(kind, rng, shape)
    if one.dtype in FLOATS:
        return _floats(kind, rng, one, shape, known)
    return _integers(kind, rng, one, shape, known)


#: From the most ordinary on: where few are asked, it is the first ones.
KINDS = (
    "normal", "uniform", "zeros", "thresholds", "ones", "ends", "extremes", "negative", "gradient", "decades", "tiny",
    "wide",
)  # fmt: skip


def _floats(kind: str, rng: np.random.Generator, one: Input, shape: tuple[int, ...], known: Known) -> Array:
    dtype = np.dtype(NUMPY[one.dtype])
    normal = rng.standard_normal(shape)
    if kind == "thresholds" and known.thresholds:
        at = rng.choice(np.array(known.thresholds, dtype), shape)
        side = rng.integers(-1, 2, shape)
        ends = np.where(side < 0, dtype.type(-np.inf), dtype.type(np.inf))
        made = np.where(side == 0, at, np.nextafter(at, ends.astype(dtype)))
    elif kind in ("extremes", "ends"):
        made = np.where(rng.random(shape) < 0.5, -known.large, known.large) * (1 - 0.5 * rng.random(shape))
    else:
        ways: dict[str, Callable[[], Any]] = {
            "uniform": lambda: rng.random(shape),
            "zeros": lambda: np.zeros(shape),
            "ones": lambda: np.ones(shape),
            "negative": lambda: -np.abs(normal),
            "gradient": lambda: np.linspace(-1, 1, int(np.prod(shape))).reshape(shape),
            "decades": lambda: normal * 10.0 ** rng.uniform(-5, 0.5, shape),
            "tiny": lambda: normal * (1e-4 if one.dtype == "float16" else 1e-30),
            "wide": lambda: normal * 4,
        }
        made = ways[kind]() if kind in ways else normal
    made = np.asarray(made, dtype)
    return np.clip(made, one.minimum, one.maximum) if (one.minimum, one.maximum) != (None, None) else made


def _integers(kind: str, rng: np.random.Generator, one: Input, shape: tuple[int, ...], known: Known) -> Array:
    dtype = np.dtype(NUMPY[one.dtype])
    info = np.iinfo(dtype)
    lowest = int(info.min if one.minimum is None else one.minimum)
    highest = int(info.max if one.maximum is None else one.maximum)
    if known.size:
        return np.full(shape, min(max(int(rng.integers(1, 5)), lowest), highest), dtype)
    image = one.dtype == "uint8"
    near = (max(lowest, 0), min(highest, 255 if image else 9))
    bounded = one.maximum is not None
    made: Any
    if kind == "zeros":
        made = np.zeros(shape)
    elif kind == "ones":
        made = np.ones(shape)
    elif kind in ("ends", "extremes") and (bounded or known.large or image):
        made = rng.choice(np.array([lowest, highest], dtype), shape)
    elif kind == "gradient" and (bounded or image):
        made = np.linspace(max(lowest, 0), highest, int(np.prod(shape))).astype(np.int64).reshape(shape)
    elif kind == "negative" and lowest < 0:
        made = -rng.integers(1, min(10, -lowest) + 1, shape)
    elif kind == "uniform":
        made = rng.integers(0, 2, shape)
    else:
        made = rng.integers(near[0], highest if bounded else near[1], shape, endpoint=True, dtype=np.int64)
    return np.asarray(np.clip(np.asarray(made, dtype), dtype.type(lowest), dtype.type(highest)))


def _booleans(kind: str, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    if kind in ("zeros", "ones"):
        return np.full(shape, kind == "ones")
    return np.asarray(rng.random(shape) < 0.5)


def _strings(kind: str, rng: np.random.Generator, shape: tuple[int, ...], known: Known) -> Array:
    words: Sequence[str] = known.strings or ("a", "b", "the cat sat on the mat")
    if kind == "zeros":
        return np.full(shape, "", object)
    if kind in ("ends", "extremes"):
        words = ("nowhere known", "Ünïcödé 東京", *words[:2])
    if kind == "wide":
        made = [" ".join(rng.choice(words, 4).tolist()) for _ in range(int(np.prod(shape)))]
        return np.array(made, object).reshape(shape)
    return np.array(rng.choice(np.array(words, object), shape), object).reshape(shape)
