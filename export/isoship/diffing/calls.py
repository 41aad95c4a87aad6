"""Two models of tensors on the golden calls of both, where the inputs fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from isoship.bundle.bundle import Bundle
from isoship.diffing.answered import WORST, Answered, ChangedRow, Refusal, Side
from isoship.diffing.labels import LabelCounts
from isoship.diffing.shifts import Shifts, moved
from isoship.errors import InputError
from isoship.parity.runners.arrays import array_from_tensor
from isoship_edge.inference.agreement import is_measured
from isoship_edge.inference.tensor import Tensor
from isoship_edge.manifest import Manifest, Output, Tolerance
from isoship_edge.tensors.golden import read_golden
from isoship_edge.tensors.model import TensorModel

Array = np.ndarray[Any, Any]


def compare_calls(old: Bundle, new: Bundle, models: tuple[TensorModel, TensorModel]) -> tuple[Answered, dict[str, int]]:
    """What `Tally` says of rows, of calls: numbers are all those of an output, labels the class with the largest value
    at each place of an output whose last axis is classes. And how many calls are from where.

    Raises:
        BundleError: one has no golden calls. InferenceError: ONNX Runtime fails on a call that the contract accepts.
    """
    tally, counts = _Calls(old.manifest, new.manifest), dict[str, int]()
    for side, bundle in (("old", old), ("new", new)):
        asks, _ = read_golden(bundle.path, bundle.manifest)
        counts[f"golden calls of the {side}"] = len(asks)
        for ask in asks:
            tally.add(ask.kind, ask.inputs, [_answer(model, ask.inputs) for model in models])
    return tally.all(), counts


@dataclass
class _Calls:
    old: Manifest
    new: Manifest
    _asked: int = 0
    _both: int = 0
    _neither: int = 0
    _changed: int = 0
    _beyond: int = 0
    _largest: float = 0.0
    _bits: bool = True
    _refused: dict[tuple[Side, str | None, str], list[Any]] = field(default_factory=dict)
    _worst: list[ChangedRow] = field(default_factory=list)

    def __post_init__(self) -> None:
        after = {o.name: o for o in self.new.outputs}
        self._outputs = [o for o in self.old.outputs if o.name in after and o.dtype == after[o.name].dtype]
        self._shifts = {o.name: Shifts(o.name, ("",)) for o in self._outputs if is_measured(o)}
        self._labels = {
            o.name: LabelCounts(o.name, "", as_text=False)
            for o in self._outputs
            if not is_measured(o) or (o.classes is not None and o.classes == after[o.name].classes)
        }

    def add(self, kind: str, inputs: Mapping[str, Tensor], answers: list[dict[str, Array] | InputError]) -> None:
        number, self._asked = self._asked, self._asked + 1
        was, now = answers
        if isinstance(was, InputError) or isinstance(now, InputError):
            self._note_refused(was, now)
            return
        self._both += 1
        changed, size, beyond = False, 0.0, False
        for output in self._outputs:
            differs, by, over = self._compare(output, was[output.name], now[output.name])
            changed, size, beyond = changed or differs, max(size, by), beyond or over
        self._changed += changed
        self._beyond += beyond
        if changed or size:
            shapes = {n: f"{t.dtype} [{', '.join(map(str, t.shape))}]" for n, t in inputs.items()}
            self._worst.append(ChangedRow(number, changed, size, {"kind": kind, **shapes}, {}, {}))

    def all(self) -> Answered:
        refused = (Refusal(*key, seen, calls) for key, (calls, seen) in self._refused.items())
        return Answered(
            rows=self._asked,
            both=self._both,
            neither=self._neither,
            refused=tuple(sorted(refused, key=lambda r: -r.rows)),
            labels_changed=self._changed,
            ties=0,
            beyond_tolerance=self._beyond,
            largest=self._largest,
            bits=self._bits,
            labels=tuple(counts.all() for counts in self._labels.values()),
            shifts=tuple(shift for shifts in self._shifts.values() for shift in shifts.all()),
            slices=(),
            worst=tuple(sorted(self._worst, key=lambda w: (not w.label_changed, -w.largest, w.row))[:WORST]),
        )

    def _note_refused(self, was: dict[str, Array] | InputError, now: dict[str, Array] | InputError) -> None:
        if isinstance(was, InputError) and isinstance(now, InputError):
            self._neither += 1
            return
        side: Side = "old" if isinstance(was, InputError) else "new"
        err = was if isinstance(was, InputError) else now
        assert isinstance(err, InputError)
        key = (side, err.input, err.expected or str(err))
        self._refused.setdefault(key, [0, str(err.seen or "")])[0] += 1

    def _compare(self, output: Output, old: Array, new: Array) -> tuple[bool, float, bool]:
        """Whether a class is another, the largest |shift|, and whether it is beyond the tolerance."""
        if old.shape != new.shape:
            self._bits, self._largest = False, np.inf
            return True, np.inf, True
        changed, size, beyond = False, 0.0, False
        if output.name in self._shifts:
            before, after = old.reshape(-1, 1), new.reshape(-1, 1)
            found = moved(before, after, _tolerance(output.name, self.old, self.new))
            self._shifts[output.name].add(before, after, found)
            self._bits &= found.bits
            sizes = np.where(found.broken, np.inf, np.abs(found.by))
            size, beyond = float(sizes.max(initial=0.0)), bool(found.beyond.any())
            self._largest = max(self._largest, float(sizes[found.beyond].max(initial=0.0)))
        if output.name in self._labels:
            was, now = _labels(output, old), _labels(output, new)
            differ = self._labels[output.name].differ(was, now)
            self._labels[output.name].add(was, now, differ, np.zeros(len(differ), bool))
            changed = bool(differ.any())
            self._bits &= not changed
        return changed, size, beyond


def _answer(model: TensorModel, inputs: Mapping[str, Tensor]) -> dict[str, Array] | InputError:
    try:
        return {name: array_from_tensor(t) for name, t in model.infer(inputs).items()}
    except InputError as err:
        return err


def _labels(output: Output, array: Array) -> Array:
    """[M] labels: the classes of the largest values, or what is no measured number as it stands."""
    if output.classes is None or not is_measured(output):
        return array.reshape(-1)
    places = np.argmax(array.astype(np.float64), axis=-1).reshape(-1)
    made = np.empty(len(places), object)
    made[:] = [output.classes[i] for i in places.tolist()]
    return made


def _tolerance(name: str, old: Manifest, new: Manifest) -> Tolerance:
    """The wider of both, of the model's own precision, the only one that manifests of networks have."""
    known = [t for m in (old, new) for t in m.tolerances.get(name, {}).values()]
    return Tolerance(max((t.atol for t in known), default=0.0), max((t.rtol for t in known), default=0.0), "")
