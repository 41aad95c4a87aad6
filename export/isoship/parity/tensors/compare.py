"""The answers to calls against the reference's: pure functions on arrays."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from isoship.parity.runners.arrays import NUMPY, Array
from isoship.parity.tensors.call import Call
from isoship.parity.verdict import ulps
from isoship.parity.verdict.compare import Comparison, KindCount, Worst, decade, difference
from isoship_edge.manifest import Manifest, Output, Tolerance
from isoship_edge.tensors.signature import FLOATS

_WORST = 8
_PROBLEMS = 4
EXACT = Tolerance(0.0, 0.0, "the same runtime computed the reference on this machine: bits count")


@dataclass(frozen=True)
class _Found:
    """One call: error and relative are the largest of any number; flips and ties count places."""

    error: float = 0.0
    relative: float = 0.0
    ulp: float = 0.0
    flips: int = 0
    ties: int = 0
    over: bool = False
    worst: Worst | None = None


def tolerances_of(
    manifest: Manifest, atol: float | None = None, rtol: float | None = None, precision: str = ""
) -> dict[str, Tolerance]:
    """Each output's tolerance: of the precision given, where it has one, else of its own, the first. atol and rtol are
    the user's own, for floats."""
    found = {}
    for output in manifest.outputs:
        held = manifest.tolerances.get(output.name, {})
        given = held.get(precision) or next(iter(held.values()), Tolerance(0.0, 0.0, "compared for equality"))
        if output.dtype in FLOATS and (atol is not None or rtol is not None):
            given = Tolerance(
                given.atol if atol is None else atol,
                given.rtol if rtol is None else rtol,
                "given with --atol and --rtol",
            )
        found[output.name] = given
    return found


def precision_of(manifest: Manifest) -> str:
    """What the report calls the precision: double where any output is."""
    return "double" if any(o.dtype == "double" for o in manifest.outputs) else "float32"


def compare_calls(
    calls: Sequence[Call],
    answers: Sequence[Mapping[str, Array]],
    outputs: Sequence[Output],
    tolerances: Mapping[str, Tolerance],
    *,
    through_json: bool = False,
    exact: bool = False,
) -> Comparison:
    """One runtime's answers against the reference's, call by call; `rows` of what is returned are calls.

    |d| <= atol + rtol * |reference|, NaN equals NaN, shapes and dtypes are equal; integers, booleans and strings are.
    A flip is another class (argmax over the last axis of an output with `classes`) at one place of one call; where the
    two classes' own values lie within the tolerance of each other it is a tie.
    through_json: NaN and infinities come back as null, so only "not finite" can be told.
    exact: calls that are `exact` tolerate nothing.
    """
    problems: list[str] = []
    per_call: list[_Found] = []
    for place, (call, got) in enumerate(zip(calls, answers, strict=True)):
        problems += [f"{name} is answered and not in the manifest" for name in got if name not in call.want]
        found = _Found()
        for output in outputs:
            if output.name not in got:
                problems.append(f"{output.name} is not answered")
                continue
            want, have = call.want[output.name], np.asarray(got[output.name])
            wrong = _misfit(output, want, have)
            if wrong is not None:
                problems.append(f"{wrong} (a call of kind {call.kind})")
                continue
            allowed = EXACT if exact and call.exact else tolerances[output.name]
            found = _joined(found, _of_output(output, want, have, allowed, through_json, place, call.kind))
        per_call.append(found)
    kinds = [call.kind for call in calls]
    worst = sorted((f.worst for f in per_call if f.worst), key=lambda w: (not w.flip, not w.over, -w.error))
    distinct = list(dict.fromkeys(problems))
    return Comparison(
        rows=len(calls),
        flips=sum(f.flips for f in per_call),
        ties=sum(f.ties for f in per_call),
        over=sum(f.over for f in per_call),
        max_abs=max((f.error for f in per_call), default=0.0),
        max_rel=max((f.relative for f in per_call), default=0.0),
        worst=tuple(worst[:_WORST]),
        kinds={
            kind: _count([f for f, k in zip(per_call, kinds, strict=True) if k == kind])
            for kind in dict.fromkeys(kinds)
        },
        problems=tuple(
            distinct[:_PROBLEMS] + ([f"and {len(distinct) - _PROBLEMS} more"] if len(distinct) > _PROBLEMS else [])
        ),
        ulps=ulps.histogram(np.array([f.ulp for f in per_call])),
        allowed=_most_allowed(calls, outputs, tolerances),
    )


def _of_output(
    output: Output, want: Array, got: Array, allowed: Tolerance, through_json: bool, place: int, kind: str
) -> _Found:
    if want.size == 0:
        return _Found()
    if output.dtype not in FLOATS:
        wrong = np.asarray(want != got)
        if not wrong.any():
            return _Found()
        at = int(np.flatnonzero(wrong.ravel())[0])
        d = difference(want, got) if want.dtype.kind in "iu" else np.where(wrong, math.inf, 0.0)
        first = _worst(output, want, got, at, place, kind, float(d.ravel()[at]), flip=False, over=True)
        return _Found(float(d.max()), ulp=math.inf, over=True, worst=first)
    d = difference(want, got, only_finite=through_json)
    size = np.where(np.isfinite(want), np.abs(want.astype(np.float64)), 0.0)
    limit = allowed.atol + allowed.rtol * size
    beyond = d > limit
    flips, ties, flipped = _flips(want, got, limit) if output.classes and want.ndim else (0, 0, 0)
    error = float(d.max())
    worst: Worst | None = None
    if error > 0:
        at = flipped if flips else int(np.argmax(np.where(beyond, d + (d - limit), -1.0) if beyond.any() else d))
        worst = _worst(
            output, want, got, at, place, kind, float(d.ravel()[at]), flip=flips > 0, over=bool(beyond.any())
        )
    usable = np.isfinite(d) & (size > max(allowed.atol, 1e-300))
    relative = float((d[usable] / size[usable]).max(initial=0.0))
    distance = np.where(d == 0, 0.0, ulps.ulp_distance(want, got, _PRECISION[output.dtype]))
    return _Found(error, relative, float(distance.max()), flips, ties, bool(beyond.any()), worst)


_PRECISION = {"double": "double", "float": "float32", "float16": "float16"}


def _flips(want: Array, got: Array, limit: Array) -> tuple[int, int, int]:
    """(flips, ties, flat place of the first flip's own class) over the last axis. Rows with NaN have no best class."""
    width = want.shape[-1]
    if width == 0:
        return 0, 0, 0
    a, b, room = (x.reshape(-1, width).astype(np.float64) for x in (want, got, limit))
    rows = np.arange(len(a))
    best, other = a.argmax(axis=1), b.argmax(axis=1)
    differs = (best != other) & ~np.isnan(a).any(axis=1) & ~np.isnan(b).any(axis=1)
    with np.errstate(invalid="ignore"):
        near = a[rows, best] - a[rows, other] <= room[rows, best] + room[rows, other]
    near |= a[rows, best] == a[rows, other]  # both infinite
    flipped = np.flatnonzero(differs & ~near)
    first = int(flipped[0] * width + best[flipped[0]]) if len(flipped) else 0
    return len(flipped), int((differs & near).sum()), first


def _worst(
    output: Output, want: Array, got: Array, at: int, place: int, kind: str, error: float, *, flip: bool, over: bool
) -> Worst:
    index = ", ".join(str(int(i)) for i in np.unravel_index(at, want.shape))
    name = f"{output.name}[{index}]" if index else output.name
    return Worst(place, kind, name, _item(want.ravel()[at]), _item(got.ravel()[at]), error, flip, over)


def _joined(one: _Found, other: _Found) -> _Found:
    worst = [w for w in (one.worst, other.worst) if w is not None]
    worst.sort(key=lambda w: (not w.flip, not w.over, -w.error))
    return _Found(
        max(one.error, other.error),
        max(one.relative, other.relative),
        max(one.ulp, other.ulp),
        one.flips + other.flips,
        one.ties + other.ties,
        one.over or other.over,
        worst[0] if worst else None,
    )


def _misfit(output: Output, want: Array, got: Array) -> str | None:
    if got.shape != want.shape:
        return f"{output.name} has shape {list(got.shape)} where the model gives {list(want.shape)}"
    expected = np.dtype(NUMPY[output.dtype])
    if got.dtype != expected and not (output.dtype == "string" and got.dtype.kind in "OU"):
        return f"{output.name} has dtype {got.dtype} where the manifest says {output.dtype}"
    return None


def _count(found: list[_Found]) -> KindCount:
    return KindCount(
        rows=len(found),
        flips=sum(f.flips for f in found),
        ties=sum(f.ties for f in found),
        over=sum(f.over for f in found),
        max_abs=max((f.error for f in found), default=0.0),
        decades=dict(Counter(decade(f.error) for f in found)),
        over_decades=dict(Counter(decade(f.error) for f in found if f.over)),
    )


def _most_allowed(calls: Sequence[Call], outputs: Sequence[Output], tolerances: Mapping[str, Tolerance]) -> float:
    most = 0.0
    for output in outputs:
        if output.dtype in FLOATS:
            t = tolerances[output.name]
            values = [call.want[output.name] for call in calls if output.name in call.want]
            largest = max((float(np.abs(v[np.isfinite(v)]).max(initial=0.0)) for v in values), default=0.0)
            most = max(most, t.atol + t.rtol * largest)
    return most


def _item(value: Any) -> Any:
    """A Python value; a narrow float in the digits that tell it from its neighbours."""
    if isinstance(value, np.floating):
        return float(str(value))
    return value.item() if hasattr(value, "item") else value
