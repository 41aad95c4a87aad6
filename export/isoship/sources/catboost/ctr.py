"""CTRs: statistics of the target kept for each category, or for each combination, in float32 as CatBoost has them.

    (count + prior) / (total + prior denominator) -> + shift -> * scale

| type | count | total |
|---|---|---|
| Buckets | rows of the target class | rows |
| Borders | rows of the classes above the border | rows |
| BinarizedTargetMeanValue, FloatTargetMeanValue | sum of the target | rows |
| Counter, FeatureFreq | rows | the model's own denominator, for unseen ones too |

An unseen category or combination has count 0, and total 0 but for the last line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from isoship.sources.catboost.document import Document
from isoship.sources.catboost.hashes import Hashes, signed

Floats = np.ndarray[Any, np.dtype[np.float32]]

#: The hash of a free place in a table.
_FREE = (1 << 64) - 1

_MEANS = ("BinarizedTargetMeanValue", "FloatTargetMeanValue")
_COUNTERS = ("Counter", "FeatureFreq")
TYPES = ("Borders", "Buckets", *_MEANS, *_COUNTERS)


@dataclass(frozen=True)
class Projection:
    """What a CTR combines, in the order in which it is hashed.

    categories: category features. floats: (float feature, border), 1 where it is exceeded. exact: (category feature,
    hash), 1 where the category is that one.
    """

    categories: tuple[int, ...]
    floats: tuple[tuple[int, float], ...] = ()
    exact: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, eq=False)
class Ctr:
    """hashes, values: of the combinations that the model knows, [E]. empty: the value of all others."""

    kind: str
    projection: Projection
    hashes: Hashes
    values: Floats
    empty: np.float32
    borders: Floats

    def distinguished_hashes(self) -> Hashes:
        """The hashes that some split tells from an unseen combination."""
        place = np.searchsorted(self.borders, self.values, "left")
        found: Hashes = self.hashes[place != np.searchsorted(self.borders, self.empty, "left")]
        return found

    def values_at(self, hashes: Sequence[int]) -> Floats:
        """The value at each of these hashes, then that of an unseen one: [hashes + 1]."""
        known = dict(zip(self.hashes.tolist(), self.values, strict=True))
        return np.array([*(known.get(each, self.empty) for each in hashes), self.empty], np.float32)


def ctrs_of(document: Document) -> list[Ctr]:
    """Every CTR of a model, in the order in which its splits number them."""
    tables = document.get("ctr_data", {})
    return [_ctr(each, tables[each["identifier"]]) for each in document["features_info"].get("ctrs", ())]


def _ctr(ctr: dict[str, Any], table: dict[str, Any]) -> Ctr:
    kind = str(ctr["ctr_type"])
    if kind not in TYPES:
        raise ValueError(f"a CTR of type {kind}")
    stride = int(table["hash_stride"])
    flat = table["hash_map"]
    rows = [flat[i : i + stride] for i in range(0, len(flat), stride)]
    rows = [row for row in rows if int(row[0]) != _FREE]
    numbers = np.array([[float(cell) for cell in row[1:]] for row in rows], np.float64).reshape(len(rows), stride - 1)
    counts, totals = _counts(kind, numbers, int(ctr["target_border_idx"]))
    denominator = float(table["counter_denominator"]) if kind in _COUNTERS else 0.0
    if kind in _COUNTERS:
        totals = np.full(len(rows), denominator)
    return Ctr(
        kind,
        _projection(ctr["elements"]),
        np.array([int(row[0]) for row in rows], np.uint64),
        _value(ctr, counts, totals),
        np.float32(_value(ctr, np.zeros(1), np.array([denominator]))[0]),
        np.array(ctr["borders"], np.float32),
    )


def _counts(kind: str, numbers: np.ndarray[Any, Any], border: int) -> tuple[np.ndarray[Any, Any], ...]:
    """Counts and totals of the rows of a table, which holds one number a class, or sum and count, or a count."""
    if kind in _MEANS:
        return numbers[:, 0], numbers[:, 1]
    if kind in _COUNTERS:
        return numbers[:, 0], numbers[:, 0]
    total = numbers.sum(axis=1)
    return (numbers[:, border] if kind == "Buckets" else numbers[:, border + 1 :].sum(axis=1)), total


def _value(ctr: dict[str, Any], counts: np.ndarray[Any, Any], totals: np.ndarray[Any, Any]) -> Floats:
    def number(key: str) -> np.float32:
        return np.float32(ctr[key])

    share = (counts.astype(np.float32) + number("prior_numerator")) / (
        totals.astype(np.float32) + number("prior_denomerator")  # the library's own spelling
    )
    values: Floats = (share + number("shift")) * number("scale")
    return values


def _projection(elements: Sequence[dict[str, Any]]) -> Projection:
    categories, floats, exact = [], [], []
    for element in elements:
        what = element["combination_element"]
        if what == "cat_feature_value":
            categories.append(int(element["cat_feature_index"]))
        elif what == "float_feature":
            floats.append((int(element["float_feature_index"]), float(element["border"])))
        elif what == "cat_feature_exact_value":
            exact.append((int(element["cat_feature_index"]), signed(int(element["value"]))))
        else:
            raise ValueError(f"a CTR over {what}")
    return Projection(tuple(categories), tuple(floats), tuple(exact))
