"""Follows a model's raw columns to every step that reads them.

A column goes through pipelines, tables of transformers and every estimator made of others (`inside`). It ends where a
step computes something of it. What such a step knows of its own input is true of the raw column only where no step
stands between: a fill value, a scale or a rounding changes the values on the way.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from isoship.sources.frames import plain
from isoship.sources.sklearn.walk.inside import is_pipeline, is_table, is_union, looks_itself, members
from isoship.sources.sklearn.walk.registry import record_of


class Place(NamedTuple):
    """A raw column on its way. between: the fitted steps that changed its values so far, the first one first."""

    column: int
    between: tuple[Any, ...] = ()


#: One entry a column of what a step is given or returns; None for a column that is no single raw column any more.
Places = Sequence[Place | None]


class Reader(NamedTuple):
    """A fitted step that reads columns. path: where it is, as in error messages; step: the string "passthrough" too."""

    path: str
    step: Any
    places: Places


def readers(model: Any, count: int) -> list[Reader]:
    """Every step that reads one of the model's `count` raw columns, in the order of the walk."""
    found: list[Reader] = []
    left = _follow(model, "", [Place(i) for i in range(count)], found)
    if left:
        found.append(Reader("", "passthrough", left))
    return found


def columns_read(model: Any, count: int) -> list[int]:
    """The raw columns that reach a step which reads them: the model answers rows without the others."""
    return sorted({place.column for reader in readers(model, count) for place in reader.places if place is not None})


def _follow(model: Any, path: str, places: Places | None, found: list[Reader]) -> Places | None:
    """Follows columns through an estimator; the result says what its output columns are, None where nothing is known.

    places None: how many columns there are is not known, so none of them can be told by its place.
    """
    if model is None or (isinstance(model, str) and model == "passthrough"):
        return places
    if places is None:
        places = [None] * int(getattr(model, "n_features_in_", 0))
    here = f"{path} -> {type(model).__name__}" if path else type(model).__name__
    if is_pipeline(model):
        through: Places | None = places
        for i, (_, step) in enumerate(model.steps):
            through = _follow(step, f"{_prefix(path)}pipeline.steps[{i}]", through, found)
        return through
    inner = members(model)
    if not inner or looks_itself(model):
        found.append(Reader(here, model, places))
    elif is_table(model):
        # trained on names, it refuses rows without a column that it hands on, whatever becomes of it inside
        listed = sorted({i for member in inner for i in member.columns or ()})
        found.append(Reader(here, model, _chosen(places, listed)))
    outputs = []
    for member in inner:
        chosen = places if member.columns is None else _chosen(places, member.columns)
        beside: Places = [*[None] * member.before, *chosen, *[None] * member.after]
        inside = f"{_prefix(path)}{type(model).__name__.lower()}.{member.path}"
        if isinstance(member.estimator, str):
            found.append(Reader(inside, member.estimator, beside))
        outputs.append(_follow(member.estimator, inside, beside, found))
    return _out_of(model, places, inner, outputs)


def _prefix(path: str) -> str:
    return f"{path} -> " if path else ""


def _chosen(places: Places, columns: Sequence[int]) -> list[Place | None]:
    return [places[i] if i < len(places) else None for i in columns]


def _out_of(model: Any, places: Places, inner: Sequence[Any], outputs: list[Places | None]) -> Places | None:
    """What an estimator's `transform` returns."""
    if is_table(model):
        return _side_by_side(model, outputs)
    if is_union(model):
        return None if any(each is None for each in outputs) else [p for each in outputs for p in each or ()]
    if inner:
        return outputs[0] if record_of(model).passes_columns else None
    made_of = record_of(model).output_places
    if made_of is not None:
        return made_of(model, places)  # type: ignore[no-any-return]
    if hasattr(model, "get_support") and len(support := model.get_support()) == len(places):
        return [place for place, kept in zip(places, support, strict=True) if kept]
    return None


def _side_by_side(model: Any, outputs: list[Places | None]) -> Places | None:
    """The transformers' columns; one whose columns are new to the table counts by its width."""
    slices = getattr(model, "output_indices_", {})
    named = [key for key, transformer, _ in getattr(model, "transformers_", ()) if not _dropped(transformer)]
    result: list[Place | None] = []
    for key, each in zip(named, outputs, strict=True):
        width = slices[key].stop - slices[key].start if key in slices else None
        if each is not None and width in (None, len(each)):
            result += each
        elif width is None:
            return None
        else:
            result += [None] * width
    return result


def _dropped(transformer: Any) -> bool:
    return isinstance(transformer, str) and transformer == "drop"


def columnwise(step: Any, places: Places) -> list[Place | None]:
    """For `Record.output_places`: the k-th output column is the k-th input column, changed but not mixed."""
    return [place and Place(place.column, (*place.between, step)) for place in places]


def imputed(imputer: Any, places: Places) -> Places | None:
    """For `Record.output_places`: columns with missing values filled, without those of which nothing was known."""
    if hasattr(imputer, "_mask_fit_X"):  # KNNImputer
        empty = imputer._mask_fit_X.all(axis=0).tolist()
    else:  # a statistic of None is a value like any other
        empty = [value is not None and plain(value) is None for value in getattr(imputer, "statistics_", ())]
    if len(empty) != len(places):
        return None
    kept = [
        place
        for place, left_out in zip(columnwise(imputer, places), empty, strict=True)
        if imputer.keep_empty_features or not left_out
    ]
    if imputer.add_indicator:
        kept += [None] * len(imputer.indicator_.features_)
    return kept
