"""Which numbers and labels of two models stand for the same: by the output's name, and in it by class or by place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from isoship_edge.encoding.words import quoted
from isoship_edge.inference.agreement import is_measured, tie_margin
from isoship_edge.manifest import Manifest, Output, Scalar, Tolerance

Array = np.ndarray[Any, Any]
_NONE = Tolerance(0.0, 0.0, "")


@dataclass(frozen=True)
class Numbers:
    """Numbers of one output in both models. of: the class, or the place, of each; ("",) where there is one.

    old_at, new_at: their columns. tolerance: the wider of the two manifests' in doubles. lead: of `of` the one that
    stands for the row in slices; None where no single one does.
    """

    output: str
    of: tuple[str, ...]
    old_at: tuple[int, ...]
    new_at: tuple[int, ...]
    tolerance: Tolerance
    lead: int | None


@dataclass(frozen=True)
class Labels:
    """Labels of one output. as_text: the two models' classes have other types, so that their texts are compared."""

    output: str
    count: int
    as_text: bool


@dataclass(frozen=True)
class Pairs:
    """What can be compared. apart: outputs of both names that cannot, with the reason. tie: the output of scores whose
    gap decides a label, and the gap up to which another label is a tie; "" where there is none."""

    numbers: tuple[Numbers, ...]
    labels: tuple[Labels, ...]
    apart: tuple[str, ...]
    tie: tuple[str, float]

    @property
    def lead(self) -> tuple[int, int] | None:
        """Place of the first output of numbers, and in it of the number that stands for a row."""
        first = self.numbers[0] if self.numbers else None
        return None if first is None or first.lead is None else (0, first.lead)


def pairs_of(old: Manifest, new: Manifest) -> Pairs:
    """What of the outputs of two models of rows can be compared."""
    after = {o.name: o for o in new.outputs}
    numbers: list[Numbers] = []
    labels: list[Labels] = []
    apart: list[str] = []
    for one in old.outputs:
        other = after.get(one.name)
        if other is None:
            continue
        if one.kind != other.kind or len(one.shape) != len(other.shape) or is_measured(one) != is_measured(other):
            apart.append(f"output {quoted(one.name)} is {other.kind}, and was {one.kind}, of another form")
        elif not is_measured(one):
            if one.shape != other.shape:
                apart.append(f"output {quoted(one.name)} has another number of columns")
            else:
                labels.append(Labels(one.name, _width(one), _text(one) != _text(other)))
        else:
            made = _numbers(one, other, _wider(one.name, old, new))
            if made is None:
                apart.append(f"output {quoted(one.name)} has no column in common")
            else:
                numbers.append(made)
    return Pairs(tuple(numbers), tuple(labels), tuple(apart), _tie(old))


def _width(output: Output) -> int:
    return int(output.shape[1]) if len(output.shape) > 1 else 1


def _text(output: Output) -> bool:
    return output.dtype == "string"


def _numbers(old: Output, new: Output, tolerance: Tolerance) -> Numbers | None:
    if len(old.shape) == 1:
        return Numbers(old.name, ("",), (0,), (0,), tolerance, 0)
    ours, theirs = _keys(old), _keys(new)
    shared = [key for key in ours if key in theirs]
    if not shared:
        return None
    lead = 0 if len(shared) == 1 else 1 if len(ours) == 2 and old.classes is not None and len(shared) == 2 else None
    old_at, new_at = (tuple(keys[key] for key in shared) for keys in (ours, theirs))
    return Numbers(old.name, tuple(shared), old_at, new_at, tolerance, lead)


def _keys(output: Output) -> dict[str, int]:
    classes: tuple[Scalar, ...] | range = range(_width(output))
    if output.classes is not None and len(output.classes) == _width(output):
        classes = output.classes
    return {str(key): i for i, key in enumerate(classes)}


def _wider(name: str, old: Manifest, new: Manifest) -> Tolerance:
    known = [m.tolerances.get(name, {}).get("double", _NONE) for m in (old, new)]
    return Tolerance(max(t.atol for t in known), max(t.rtol for t in known), "the wider of both")


def _tie(old: Manifest) -> tuple[str, float]:
    deciding = next((o.name for o in old.outputs if o.kind in ("probabilities", "scores")), "")
    doubles: Mapping[str, Tolerance] = {n: by["double"] for n, by in old.tolerances.items() if "double" in by}
    return deciding, tie_margin(old.outputs, doubles, "double")
