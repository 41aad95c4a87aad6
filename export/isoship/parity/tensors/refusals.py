"""Calls that must be refused: made from the input contract, and shown to every runtime that knows of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from isoship.errors import InputError
from isoship.parity.runners.arrays import NUMPY
from isoship.parity.runners.contract import RunnerCrashed
from isoship.parity.verdict.compare import Status, Verdict
from isoship.tensors.contract import Arrays
from isoship_edge.manifest import Signature
from isoship_edge.tensors.signature import FLOATS, Input

_SHOWN = 3
#: Values of a call that is too long, beyond which none is made.
_LONG = 200_000
#: One call; its answer is of no interest.
Ask = Callable[[Arrays], Any]


@dataclass(frozen=True, eq=False)
class Refusal:
    """input: the one at fault; empty where none alone is. by_model: the contract allows the call, and the model itself
    refuses it, so any error will do."""

    inputs: Arrays
    input: str
    why: str
    by_model: bool = False


def faults(signature: Signature, answered: Arrays) -> list[Refusal]:
    """A call of each fault that the contract names, in each input. answered: a call that is answered."""
    if any(array.size == 0 for array in answered.values()):
        return []
    found = [
        Refusal({**answered, one.name: wrong}, one.name, why)
        for one in signature.inputs
        for why, wrong in _wrong(one, answered[one.name])
    ]
    for one in signature.inputs:
        found.append(Refusal({n: a for n, a in answered.items() if n != one.name}, one.name, "absent"))
    unknown = "not an input"
    found.append(Refusal({**answered, unknown: next(iter(answered.values()))}, unknown, "unknown"))
    return found + _unlike(signature, answered)


def with_refusals(
    asks: Mapping[str, Ask], refused: Sequence[Refusal], signature: Signature, verdict: Verdict
) -> Verdict:
    """Each call that must be refused, by each transport that can carry it; an input that is named must be the one at
    fault."""
    wrong: list[str] = []
    failed = 0
    for r in refused:
        said = [(t, _unrefused(ask, r)) for t, ask in asks.items() if t != "json" or _in_json(r, signature)]
        found = [f"{line}{', asked as JSON' if transport == 'json' else ''}" for transport, line in said if line]
        wrong += found
        failed += bool(found)
    if not wrong:
        return dataclasses.replace(verdict, refused=len(refused))
    more = [f"and {len(wrong) - _SHOWN} more of these"] if len(wrong) > _SHOWN else []
    message = "\n".join([*filter(None, [verdict.message]), *wrong[:_SHOWN], *more])
    status: Status = "disagree"
    return dataclasses.replace(verdict, status=status, refused=len(refused) - failed, message=message)


def _in_json(r: Refusal, signature: Signature) -> bool:
    """Whether the fault is still there in JSON, which has no NaN, and no dtypes: 3.0 is an integer there."""
    for one in signature.inputs:
        array, dtype = r.inputs.get(one.name), np.dtype(NUMPY[one.dtype])
        if array is not None and array.dtype != dtype and array.dtype.kind in "fiu" and dtype.kind in "fiu":
            with np.errstate(invalid="ignore", over="ignore"):
                if np.array_equal(array.astype(dtype), array):
                    return False
    return finite(r.inputs)


def finite(arrays: Arrays) -> bool:
    """Whether JSON has words for all of it."""
    return all(array.dtype.kind != "f" or bool(np.isfinite(array).all()) for array in arrays.values())


def _unrefused(ask: Ask, r: Refusal) -> str:
    fault = f"{r.why} in {r.input!r}" if r.input else r.why
    try:
        ask(r.inputs)
    except InputError as err:
        if r.input and err.input not in (None, r.input):
            return f"a call with a fault ({r.why}) in {r.input!r} is refused for {err.input!r}: {err}"
        return ""
    except RunnerCrashed:
        if r.by_model:
            return ""
        raise
    return f"answers a call that must be refused ({fault})"


def _wrong(one: Input, array: np.ndarray[Any, Any]) -> Iterator[tuple[str, np.ndarray[Any, Any]]]:
    """(why, the input's array with that fault)."""
    if one.dtype in FLOATS:
        yield from ((why, _with(array, v)) for why, v in (("NaN", np.nan),) if not one.nan)
        yield from ((w, _with(array, v)) for w, v in (("inf", np.inf), ("-inf", -np.inf)) if not one.infinity)
    for why, end, step in (("below the minimum", one.minimum, -1), ("above the maximum", one.maximum, 1)):
        beyond = None if end is None else _beyond(array.dtype, end, step)
        if beyond is not None:
            yield why, _with(array, beyond)
    yield "another rank", array[None]
    if one.shape and isinstance(one.shape[0], str):
        yield "nothing along the first axis", array[:0]
    for name, most in (one.largest or {}).items():
        axis = one.shape.index(name)
        if array.size // array.shape[axis] * most <= _LONG:
            yield f"{name} is {most + 1} and at most {most}", array.take(np.arange(most + 1) % array.shape[axis], axis)
    for axis, size in enumerate(one.shape):
        if isinstance(size, int):
            yield f"axis {axis} is {size + 1} and not {size}", np.concatenate([array, array.take([0], axis)], axis)
            break
    if one.dtype == "string":
        yield "numbers for strings", np.zeros(array.shape, dtype=np.float32)
    else:
        words = np.empty(array.shape, dtype=object)
        words[...] = "seven"
        yield "strings for numbers", words
    if one.dtype not in (*FLOATS, "string", "bool"):
        yield "fractions for integers", array.astype(np.float64) + 0.5


def _with(array: np.ndarray[Any, Any], value: Any) -> np.ndarray[Any, Any]:
    """The array with this value at its end."""
    made = array.copy()
    made.reshape(-1)[-1] = value
    return made


def _beyond(dtype: Any, end: float, step: int) -> Any:
    """The next value past an end; None where the dtype holds none."""
    if dtype.kind == "f":
        # the end is a double, and the dtype's nearest may lie within it
        beyond = dtype.type(end)
        if not (float(beyond) - end) * step > 0:
            beyond = np.nextafter(beyond, dtype.type(step * np.inf))
        return beyond if np.isfinite(beyond) else None
    whole = int(end) + step
    info = np.iinfo(dtype)
    return whole if info.min <= whole <= info.max else None


def _unlike(signature: Signature, answered: Arrays) -> list[Refusal]:
    """One dimension's name that is of two sizes in two inputs."""
    seen: dict[str, str] = {}
    for one in signature.inputs:
        for axis, size in enumerate(one.shape):
            if not isinstance(size, str):
                continue
            if seen.setdefault(size, one.name) != one.name:
                array = answered[one.name]
                longer = np.concatenate([array, array.take([0], axis)], axis)
                return [Refusal({**answered, one.name: longer}, "", f"{size} is of two sizes")]
    return []
