"""Two models on the same rows: everything that a report says of them, added up piece by piece."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from isoship.diffing.answered import WORST, Answered, ChangedRow, Refusal, Side
from isoship.diffing.asking import Asked, ask
from isoship.diffing.labels import LabelCounts
from isoship.diffing.pairs import Numbers, Pairs
from isoship.diffing.pieces import ByColumn, Piece
from isoship.diffing.shifts import Moved, Shifts, moved
from isoship.diffing.slices import Slices
from isoship.parity.runners.arrays import tensor_from_array
from isoship_edge.encoding.encode import predictions
from isoship_edge.inference.model import Model
from isoship_edge.manifest import Column

Array = np.ndarray[Any, Any]

#: Of a piece so many times as many are looked at: rows of the same values are shown once.
_TRIED = 20
#: Reasons of refusals that are told apart.
_MOST_REASONS = 1000


@dataclass
class Tally:
    """Asks both models for every piece."""

    old: Model
    new: Model
    pairs: Pairs
    _rows: int = 0
    _both: int = 0
    _neither: int = 0
    _changed: int = 0
    _ties: int = 0
    _beyond: int = 0
    _largest: float = 0.0
    _bits: bool = True
    _refused: dict[tuple[Side, str | None, str], list[Any]] = field(default_factory=dict)
    _worst: list[ChangedRow] = field(default_factory=list)

    def __post_init__(self) -> None:
        ours, theirs = (m.manifest.signature.columns for m in (self.old, self.new))
        known = {c.name for c in ours}
        self._columns: tuple[Column, ...] = (*ours, *(c for c in theirs if c.name not in known))
        self._own = known
        self._shifts = [Shifts(n.output, n.of) for n in self.pairs.numbers]
        self._labels = [
            (label.output, k, LabelCounts(label.output, "" if label.count == 1 else str(k), as_text=label.as_text))
            for label in self.pairs.labels
            for k in range(label.count)
        ]
        self._slices = Slices(self._columns, numbers=bool(self.pairs.numbers), lead=self.pairs.lead is not None)

    def over(self, pieces: Iterable[Piece]) -> Answered:
        """Raises:
        InferenceError: ONNX Runtime fails on rows that a contract accepts.
        """
        for piece in pieces:
            self._add(piece)
        return Answered(
            rows=self._rows,
            both=self._both,
            neither=self._neither,
            refused=tuple(
                sorted(
                    (Refusal(*key, seen, rows) for key, (rows, seen) in self._refused.items()),
                    key=lambda r: -r.rows,
                )
            ),
            labels_changed=self._changed,
            ties=self._ties,
            beyond_tolerance=self._beyond,
            largest=self._largest,
            bits=self._bits,
            labels=tuple(counts.all() for _, _, counts in self._labels),
            shifts=tuple(shift for shifts in self._shifts for shift in shifts.all()),
            slices=tuple(self._slices.all()),
            worst=tuple(self._worst),
        )

    def _add(self, piece: Piece) -> None:
        ours, theirs = (piece.by(m.manifest.signature) for m in (self.old, self.new))
        before, after = ask(self.old, ours, piece.count), ask(self.new, theirs, piece.count)
        self._rows += piece.count
        self._neither += len(before.refused.keys() & after.refused.keys())
        self._note_refused("old", before, after)
        self._note_refused("new", after, before)
        both = sorted(set(before.kept) & set(after.kept))
        self._both += len(both)
        if both:
            old, new = ({n: a[_places(one.kept, both)] for n, a in one.outputs.items()} for one in (before, after))
            self._compare(piece.first, both, ours, theirs, old, new)

    def _note_refused(self, by: Side, mine: Asked, other: Asked) -> None:
        for i in mine.refused.keys() - other.refused.keys():
            err = mine.refused[i]
            key = (by, err.column, err.expected or str(err))
            if key not in self._refused and len(self._refused) >= _MOST_REASONS:
                key = (by, None, "other reasons")
            self._refused.setdefault(key, [0, str(err.seen or "")])[0] += 1

    def _compare(
        self,
        first: int,
        places: list[int],
        ours: ByColumn,
        theirs: ByColumn,
        old: Mapping[str, Array],
        new: Mapping[str, Array],
    ) -> None:
        count = len(places)
        largest, lead, beyond = np.zeros(count), np.zeros(count), np.zeros(count, bool)
        for k, (numbers, shifts) in enumerate(zip(self.pairs.numbers, self._shifts, strict=True)):
            was, now = _columns(old, numbers, numbers.old_at), _columns(new, numbers, numbers.new_at)
            found = moved(was, now, numbers.tolerance)
            shifts.add(was, now, found)
            self._bits &= found.bits
            size = np.where(found.broken, np.inf, np.abs(found.by))
            largest = np.maximum(largest, size.max(axis=1))
            beyond |= found.beyond.any(axis=1)
            self._largest = max(self._largest, float(np.where(found.beyond, size, 0.0).max()))
            lead = _leading(self.pairs, k, found, lead)
        changed = self._count_labels(old, new, beyond)
        self._beyond += int(beyond.sum())
        facts = np.column_stack([np.ones(count), changed, lead, np.where(np.isinf(largest), 0.0, largest)])
        for column in self._columns:
            held = (ours if column.name in self._own else theirs).columns[column.name]
            self._slices.add(column.name, [held[i] for i in places], facts)
        self._keep_worst(first, places, changed, largest, ours, theirs, old, new)

    def _count_labels(self, old: Mapping[str, Array], new: Mapping[str, Array], beyond: Array) -> Array:
        """Rows of which any label is another; where the old model does not settle its label, and no number is beyond
        its tolerance, it is a tie."""
        output, tie = self.pairs.tie
        unsettled = np.zeros(len(beyond), bool)
        if output in old and len(self._labels) == 1:
            unsettled = ~beyond & (_gap(old[output]) <= tie)
        changed = np.zeros(len(beyond), bool)
        for name, k, counts in self._labels:
            was, now = (a[name].reshape(len(beyond), -1)[:, k] for a in (old, new))
            differ = counts.differ(was, now)
            self._bits &= not differ.any()
            counts.add(was, now, differ & ~unsettled, differ & unsettled)
            self._ties += int((differ & unsettled).sum())
            changed |= differ & ~unsettled
        self._changed += int(changed.sum())
        return changed

    def _keep_worst(
        self,
        first: int,
        places: list[int],
        changed: Array,
        largest: Array,
        ours: ByColumn,
        theirs: ByColumn,
        old: Mapping[str, Array],
        new: Mapping[str, Array],
    ) -> None:
        kept = [one.values for one in self._worst]
        for i in np.lexsort((-largest, ~changed))[: _TRIED * WORST].tolist():
            if not changed[i] and not largest[i]:
                break
            values = {
                c.name: (ours if c.name in self._own else theirs).columns[c.name][places[i]] for c in self._columns
            }
            if values in kept:
                continue
            kept.append(values)
            answers = (
                predictions(m.manifest.outputs, {n: tensor_from_array(a[i : i + 1]) for n, a in o.items()})[0]
                for m, o in ((self.old, old), (self.new, new))
            )
            self._worst.append(ChangedRow(first + places[i], bool(changed[i]), float(largest[i]), values, *answers))
        self._worst = sorted(self._worst, key=lambda w: (not w.label_changed, -w.largest, w.row))[:WORST]


def _columns(answers: Mapping[str, Array], numbers: Numbers, at: Sequence[int]) -> Array:
    held = answers[numbers.output]
    return np.ascontiguousarray(held.reshape(len(held), -1)[:, list(at)])


def _leading(pairs: Pairs, place: int, found: Moved, lead: Array) -> Array:
    which = pairs.lead
    return lead if which is None or which[0] != place else found.by[:, which[1]]


def _gap(scores: Array) -> Array:
    """How far the best score is from the next."""
    if scores.ndim == 1:
        return np.abs(scores)
    if scores.shape[1] < 2:
        return np.full(len(scores), np.inf)
    ordered = np.sort(scores, axis=1)
    return np.asarray(ordered[:, -1] - ordered[:, -2])


def _places(kept: list[int], wanted: list[int]) -> Any:
    return slice(None) if len(kept) == len(wanted) else np.searchsorted(kept, wanted)
