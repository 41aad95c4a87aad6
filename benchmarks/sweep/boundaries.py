"""Where a fitted model changes its mind: split points and bin edges read from its attributes, labels by bisection.

Nothing here reads the graph under test, except `graph_boundaries`, which adds what lies behind a chain of steps.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from isoship.sources.contract import Row, Source

FloatArray = np.ndarray[Any, np.dtype[np.float64]]
Boundaries = dict[int, set[float]]

#: Of arrays that merely lie in the units of a column (means, centres, support vectors), so many values a column.
_MOST_OTHERS = 24
#: Split points and edges beyond this are thinned evenly.
_MOST_SPLITS = 150


def fitted_boundaries(model: Any, width: int) -> Boundaries:
    """Column -> values at which a split, an edge, a knot or a mean of the fitted model lies, walking into its parts."""
    found: Boundaries = {}
    for column, values, exact in _walk(model, width, set(), None):
        finite = np.unique(values[np.isfinite(values)])
        most = _MOST_SPLITS if exact else _MOST_OTHERS
        if len(finite) > most:
            finite = finite[np.linspace(0, len(finite) - 1, most).astype(int)]
        found.setdefault(column, set()).update(finite.tolist())
    return found


def _walk(thing: Any, width: int, seen: set[int], columns: Any) -> Iterator[tuple[int, FloatArray, bool]]:
    """(column, values, whether it is a split or an edge). columns: which of X a bag's member was given."""
    if id(thing) in seen:
        return
    seen.add(id(thing))
    if isinstance(thing, (list, tuple)):
        for item in thing:
            yield from _walk(item, width, seen, columns)
        return
    if isinstance(thing, dict):
        for item in thing.values():
            yield from _walk(item, width, seen, columns)
        return
    if isinstance(thing, np.ndarray) and thing.dtype == object:
        for item in thing.ravel().tolist():
            yield from _walk(item, width, seen, columns)
        return
    if type(thing).__module__.split(".")[0] != "sklearn":
        return
    attributes = dict(getattr(thing, "__dict__", {}))
    members = attributes.get("estimators_features_")
    if members is not None:  # a bag: its members see some of the columns
        for member, part in zip(attributes.pop("estimators_"), members, strict=True):
            yield from _walk(member, width, seen, np.asarray(part))
    if hasattr(getattr(thing, "tree_", None), "threshold"):  # KernelDensity's tree_ is one of neighbours
        tree = thing.tree_
        for feature in np.unique(tree.feature[tree.feature >= 0]).tolist():
            column = feature if columns is None else int(columns[feature])
            yield column, tree.threshold[tree.feature == feature], True
    if type(thing).__name__ == "TreePredictor":
        inner = thing.nodes[~thing.nodes["is_leaf"].astype(bool)]
        for feature in np.unique(inner["feature_idx"]).tolist():
            yield feature, inner["num_threshold"][inner["feature_idx"] == feature], True
    threshold = attributes.get("threshold", attributes.get("binarize"))
    if isinstance(threshold, (int, float)):
        for column in range(width):
            yield column, np.array([float(threshold)]), True
    for key, value in attributes.items():
        yield from _arrays(key, value, width, columns)
        yield from _walk(value, width, seen, columns)


def _arrays(key: str, value: Any, width: int, columns: Any) -> Iterator[tuple[int, FloatArray, bool]]:
    """Arrays in the units of the columns: [F], [K, F], or one array a column."""
    exact = key in ("bin_edges_", "quantiles_", "bsplines_", "X_thresholds_", "categories_", "data_min_", "data_max_")
    if key == "bsplines_":
        value = [spline.t for spline in value]
    if isinstance(value, np.ndarray) and value.dtype.kind == "f" and value.ndim in (1, 2) and columns is None:
        if value.shape[-1] == width:
            for column in range(width):
                yield column, np.ravel(value[..., column]).astype(np.float64), exact
        elif width == 1 and value.ndim == 1:
            yield 0, value.astype(np.float64), exact
        return
    if not isinstance(value, (list, tuple, np.ndarray)) or len(value) != width or columns is not None:
        return
    for column, part in enumerate(value):
        if isinstance(part, np.ndarray) and part.dtype.kind in "fiu":
            yield column, part.astype(np.float64), exact


def graph_boundaries(graph: Any, source: Source) -> Boundaries:
    """What `isoship.rows.structure` finds in the canonical graph, by column."""
    from isoship.rows.structure import column_profiles

    profiles = column_profiles(graph, source.signature)
    found: Boundaries = {}
    for i, column in enumerate(source.signature.columns):
        values = profiles[column.name].boundaries
        values = values[np.isfinite(values)]
        if len(values) > _MOST_SPLITS:
            values = values[np.linspace(0, len(values) - 1, _MOST_SPLITS).astype(int)]
        found[i] = set(values.tolist())
    return found


def label_boundaries(source: Source, rows: list[Row], pairs: int = 12) -> list[Row]:
    """Rows between two training rows of different label, as near to the change on both sides as doubles allow."""
    kinds = {output.name: output.kind for output in source.outputs}
    names = [column.name for column in source.signature.columns]
    label = next((name for name, kind in kinds.items() if kind == "label"), None)
    if label is None or any(column.dtype != "double" for column in source.signature.columns):
        return []
    rows = [row for row in rows if all(value is not None for value in row.values())]
    if not rows:
        return []

    def labels(points: FloatArray) -> Any:
        return source.answers(_rows_of(points, names)).outputs[label].reshape(len(points), -1)

    table = np.array([[row[name] for name in names] for row in rows])
    told = labels(table)
    ends = [
        (i, j)
        for i in range(len(table))
        for j in (i + 1, i + 7, i + 31)
        if j < len(table) and np.any(told[i] != told[j])
    ]
    ends = ends[:: max(1, len(ends) // pairs)][:pairs]
    if not ends:
        return []
    low, high = table[[i for i, _ in ends]], table[[j for _, j in ends]]
    side = told[[i for i, _ in ends]]
    for _ in range(60):
        middle = low + (high - low) / 2
        same = np.all(labels(middle) == side, axis=1, keepdims=True)
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    return _rows_of(np.concatenate([low, high]), names)


def _rows_of(points: FloatArray, names: list[str]) -> list[Row]:
    return [dict(zip(names, values, strict=True)) for values in points.tolist()]
