"""Small seeded tables to fit on: what each kind of estimator needs, and columns as real tables have them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Table = Any  # ndarray or DataFrame
Array = np.ndarray[Any, Any]

ROWS = 120
FRESH = 200


def plain(rng: np.random.Generator, rows: int) -> Array:
    """Five numeric columns of different scale, one of them a product of the others' signs."""
    x = rng.normal(size=(rows, 5)) * [1.0, 12.0, 0.3, 4.0, 1.0] + [0.0, 30.0, -1.0, 2.0, 0.0]
    x[:, 4] += 0.5 * x[:, 0]
    return np.asarray(x)


def positive(rng: np.random.Generator, rows: int) -> Array:
    return np.abs(plain(rng, rows)) + 0.01


def counts(rng: np.random.Generator, rows: int) -> Array:
    """Word counts: small integers, the first columns more frequent."""
    return rng.poisson([3.0, 1.0, 2.0, 0.5, 1.5, 0.7], size=(rows, 6)).astype(np.float64)


def codes(rng: np.random.Generator, rows: int) -> Array:
    """Category codes 0..3; the first rows hold every code, so that later tables have no new one."""
    table = rng.integers(0, 4, size=(rows, 4)).astype(np.float64)
    table[:4] = np.arange(4)[:, None]
    return table


def unit(rng: np.random.Generator, rows: int) -> Array:
    return np.asarray(rng.uniform(size=(rows, 5)))


def gappy(rng: np.random.Generator, rows: int) -> Array:
    """`plain` with a tenth of the values missing."""
    x = plain(rng, rows)
    x[rng.uniform(size=x.shape) < 0.1] = np.nan
    return x


def single(rng: np.random.Generator, rows: int) -> Array:
    return plain(rng, rows)[:, :1]


def real(rng: np.random.Generator, rows: int) -> Array:
    """Epoch seconds, latitudes within metres, cents, small integers, and a reading with one decimal."""
    return np.column_stack(
        [
            1.7e9 + rng.integers(0, 2_000_000, rows),
            59.9139 + rng.normal(size=rows) * 2e-5,
            np.round(rng.lognormal(3.0, 1.0, rows) * 100) / 100,
            rng.integers(0, 8, rows),
            np.round(rng.normal(20.0, 4.0, rows), 1),
        ]
    )


def real_single(rng: np.random.Generator, rows: int) -> Array:
    return real(rng, rows)[:, 2:3]


def words(rng: np.random.Generator, rows: int) -> Table:
    """A DataFrame of categories: strings in several scripts, small integers as floats."""
    import pandas as pd

    cities = np.array(["Oslo", "Ærøskøbing", "東京", "a b", "🐧"], dtype=object)
    return pd.DataFrame({"city": rng.choice(cities, rows), "size": rng.integers(1, 5, rows).astype(np.float64)})


def mixed(rng: np.random.Generator, rows: int) -> Table:
    """A DataFrame of categories and numbers."""
    frame = words(rng, rows)
    frame["cents"] = np.round(rng.lognormal(3.0, 1.0, rows) * 100) / 100
    frame["epoch"] = 1.7e9 + rng.integers(0, 2_000_000, rows)
    return frame


def texts(rng: np.random.Generator, rows: int) -> list[str]:
    vocabulary = np.array(["the", "cat", "Ærø", "naïve", "東京", "dog", "ran", "café", "STRASSE", "straße"])
    return [" ".join(rng.choice(vocabulary, rng.integers(1, 9))) for _ in range(rows)]


def records(rng: np.random.Generator, rows: int) -> list[dict[str, Any]]:
    return [{"city": str(rng.choice(["Oslo", "東京"])), "size": float(rng.integers(0, 5))} for _ in range(rows)]


def labels(rng: np.random.Generator, rows: int) -> Array:
    return np.asarray(rng.choice(np.array(["no", "yes", "ç"], dtype=object), rows))


def label_sets(rng: np.random.Generator, rows: int) -> list[set[str]]:
    return [set(rng.choice(["a", "b", "c"], rng.integers(1, 4)).tolist()) for _ in range(rows)]


def kernel(rng: np.random.Generator, rows: int) -> Array:
    """Products with the 120 training rows of seed 0."""
    trained = plain(np.random.default_rng(0), ROWS)
    x = trained if rows == ROWS else plain(rng, rows)
    return np.asarray(x @ trained.T)


TABLES: dict[str, Callable[[np.random.Generator, int], Table]] = {
    make.__name__: make
    for make in (
        plain,
        positive,
        counts,
        codes,
        unit,
        gappy,
        single,
        real,
        real_single,
        words,
        mixed,
        texts,
        records,
        labels,
        label_sets,
        kernel,
    )
}


def target(kind: str, x: Table, rng: np.random.Generator) -> Any:
    """What there is to learn. kind: classes, codes, binary, several, value, values, amounts, none."""
    if kind == "none":
        return None
    signal = _signal(x) + 0.3 * rng.normal(size=len(x))
    thirds = np.digitize(signal, np.quantile(signal, [0.35, 0.7]))
    if kind == "classes":
        return np.array(["a", "b", "ç"])[thirds]
    if kind == "codes":
        return thirds
    if kind == "binary":
        return (signal > np.median(signal)).astype(np.int64)
    if kind == "several":
        return np.column_stack([signal > np.median(signal), thirds == 1]).astype(np.int64)
    if kind == "value":
        return 3.0 * signal + 10.0
    if kind == "values":
        return np.column_stack([3.0 * signal + 10.0, np.abs(signal) * 2.0])
    if kind == "amounts":  # above zero, as counts and costs are
        return np.exp(0.4 * signal) + 0.1
    raise ValueError(f"no target {kind!r}")


def _signal(x: Table) -> Array:
    """A standardised sum of the columns, with an interaction that a line cannot follow."""
    if hasattr(x, "select_dtypes"):
        x = x.select_dtypes("number").to_numpy()
    if not isinstance(x, np.ndarray) or x.dtype == object:
        return np.arange(len(x)) % 7.0
    x = np.nan_to_num(x, nan=0.0)
    spread = x.std(axis=0)
    z = (x - x.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return np.asarray(z @ np.linspace(1.0, 0.3, z.shape[1]) + (z[:, 0] * z[:, -1] if z.shape[1] > 1 else 0.0))
