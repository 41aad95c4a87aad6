"""The inputs of two bundles of tensors, and what each accepts."""

from __future__ import annotations

import math
from collections.abc import Iterator

from isoship.diffing.changes import Change, name_of
from isoship_edge.manifest import Signature
from isoship_edge.tensors.signature import Input


def tensor_changes(old: Signature, new: Signature) -> list[Change]:
    """As `schema_changes`, of inputs."""
    before, after = ({i.name: i for i in s.inputs} for s in (old, new))
    found: list[Change] = []
    for name, one in before.items():
        if name not in after:
            text = f"input {name_of(name)} ({said(one)}) is gone: calls that hold it are refused"
            found.append(Change("columns", name, text, True, said(one), None))
        else:
            found += _input(one, after[name])
    for name, one in after.items():
        if name not in before:
            text = f"input {name_of(name)} ({said(one)}) is new: calls without it are refused"
            found.append(Change("columns", name, text, True, None, said(one)))
    return found


def said(one: Input) -> str:
    return f"{one.dtype} [{', '.join(map(str, one.shape))}]"


def _input(old: Input, new: Input) -> Iterator[Change]:
    name, words = old.name, f"input {name_of(old.name)}"
    if said(old) != said(new):
        yield Change("columns", name, f"{words} is {said(new)}, and was {said(old)}", True, said(old), said(new))
    for what, was, now in (("NaN", old.nan, new.nan), ("infinity", old.infinity, new.infinity)):
        if was != now:
            yield Change("contract", name, f"{words}: {what} is {'refused' if was else 'accepted'} now", was, was, now)
    if (old.minimum, old.maximum) != (new.minimum, new.maximum):
        before, after = (f"{_end(i.minimum)} to {_end(i.maximum)}" for i in (old, new))
        text = f"{words}: {before} was accepted, now {after}"
        narrower = new.minimum is not None and (old.minimum is None or new.minimum > old.minimum)
        narrower |= new.maximum is not None and (old.maximum is None or new.maximum < old.maximum)
        yield Change("contract", name, text, narrower, before, after)
    if (old.largest or {}) != (new.largest or {}):
        ends, sizes = (i.largest or {} for i in (old, new))
        smaller = any(size < ends.get(dim, math.inf) for dim, size in sizes.items())
        text = f"{words}: the largest sizes of its dimensions are {sizes or 'any'}, and were {ends or 'any'}"
        yield Change("contract", name, text, smaller, dict(ends), dict(sizes))
    if old.image != new.image:
        color, colors = (None if i.image is None else i.image.color for i in (old, new))
        text = f"{words}: it takes {colors or 'no'} pictures, and took {color or 'no'} pictures"
        yield Change("contract", name, text, True, color, colors)


def _end(value: float | None) -> str:
    return "anything" if value is None else f"{value:g}"
