"""Two calls as one, along the first dimension where every input names the same one.

Whether a batch answers as its parts do is the model's own affair (attention over the batch, batch statistics): the
reference is asked for the batch itself.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from isoship.parity.tensors.call import Call
from isoship.tensors.contract import Arrays, Ask
from isoship_edge.manifest import Signature

_MOST = 8
#: Values in one batch: two images that fill a request alone make none together.
_MOST_VALUES = 200_000


def batch_name(signature: Signature) -> str | None:
    """The name of the dimension along which calls may be joined; None where inputs do not share a first one."""
    names = {one.shape[0] if one.shape else None for one in signature.inputs}
    name = next(iter(names)) if len(names) == 1 else None
    return name if isinstance(name, str) else None


def pairs(signature: Signature, calls: Sequence[Call]) -> list[Ask]:
    """At most eight asks of two calls each that differ in their first dimension alone."""
    name = batch_name(signature)
    if name is None or any(name in one.shape[1:] for one in signature.inputs):
        return []
    found: list[Ask] = []
    waiting: dict[tuple[tuple[int, ...], ...], Arrays] = {}
    for call in calls:
        arrays = [call.inputs[one.name] for one in signature.inputs]
        if any(array.shape[0] == 0 for array in arrays) or sum(a.size for a in arrays) > _MOST_VALUES // 2:
            continue
        key = tuple(array.shape[1:] for array in arrays)
        first = waiting.pop(key, None)
        if first is None:
            waiting[key] = call.inputs
        elif _fits(signature, name, first, call.inputs):
            found.append(Ask("pair", {n: np.concatenate([first[n], call.inputs[n]]) for n in first}))
    return found[:_MOST]


def _fits(signature: Signature, name: str, first: Arrays, second: Arrays) -> bool:
    """Whether the contract takes both in one."""
    one = signature.inputs[0]
    size = len(first[one.name]) + len(second[one.name])
    return size <= (one.largest or {}).get(name, size)
