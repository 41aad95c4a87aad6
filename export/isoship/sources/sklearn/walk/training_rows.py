"""Which estimators keep training rows, or text of them: a graph of such a model hands them to whoever has the graph."""

from __future__ import annotations

from typing import Any

#: Attribute -> the estimators in which it holds rows; () for every estimator that has it.
_ROWS: dict[str, tuple[str, ...]] = {
    "_fit_X": (),
    "support_vectors_": (),
    "X_fit_": (),
    "X_train_": (),
    "X_": ("LabelPropagation", "LabelSpreading"),
    "components_": ("Nystroem", "DBSCAN"),
    "cluster_centers_": ("AffinityPropagation",),
    "vocabulary_": (),
}


def holds_training_rows(model: Any) -> tuple[str, ...]:
    """The classes of the estimators inside that keep training rows or a vocabulary, each once, sorted."""
    found: set[str] = set()
    seen: set[int] = set()
    waiting = [model]
    while waiting:
        value = waiting.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, (list, tuple)):
            waiting += value
        elif isinstance(value, dict):
            waiting += value.values()
        elif (
            hasattr(value, "__dict__") and not isinstance(value, type) and type(value).__module__.startswith("sklearn.")
        ):
            name = type(value).__name__
            held = [
                a for a, owners in _ROWS.items() if getattr(value, a, None) is not None and name in (owners or (name,))
            ]
            if held:
                found.add(name)
            waiting += vars(value).values()
        elif hasattr(value, "dtype") and value.dtype == object:
            waiting += value.ravel().tolist()
    return tuple(sorted(found))
