"""What callers of a bundle of tensors would meet with another one: `isoship_lambda.callers` for tensors."""

from __future__ import annotations

import math

from isoship_edge.manifest import Manifest, Output
from isoship_edge.tensors.signature import Input


def breaks_tensor_callers(before: Manifest, after: Manifest) -> list[str]:
    """A line each."""
    old, own = ({spec.name: spec for spec in m.signature.inputs} for m in (before, after))
    found = [f"it takes no input {name!r} any more" for name in old if name not in own]
    found += [f"it needs the input {name!r}, which callers do not send" for name in own if name not in old]
    for name, spec in old.items():
        if name in own and (why := _narrower(spec, own[name])):
            found.append(f"input {name!r} {why}")
    given = {output.name: output for output in after.outputs}
    for output in before.outputs:
        if why := _other(output, given.get(output.name)):
            found.append(f"output {output.name!r} {why}")
    return found


def _narrower(old: Input, new: Input) -> str:
    """What of the old input the new one refuses."""
    if new.dtype != old.dtype:
        return f"is {new.dtype} and was {old.dtype}"
    sizes = zip(old.shape, new.shape, strict=False)
    if len(old.shape) != len(new.shape) or any(isinstance(n, int) and n != o for o, n in sizes):
        return f"has the shape {list(new.shape)} and had {list(old.shape)}"
    for name, held, kept in (("NaN", old.nan, new.nan), ("infinite numbers", old.infinity, new.infinity)):
        if held and not kept:
            return f"takes no {name} any more"
    low, high = (-math.inf if end is None else end for end in (old.minimum, new.minimum))
    if high > low:
        return f"begins at {new.minimum}" + ("" if old.minimum is None else f" and began at {old.minimum}")
    low, high = (math.inf if end is None else end for end in (new.maximum, old.maximum))
    if low < high:
        return f"ends at {new.maximum}" + ("" if old.maximum is None else f" and ended at {old.maximum}")
    for before, after in zip(old.shape, new.shape, strict=True):
        most = (new.largest or {}).get(str(after))
        had = before if isinstance(before, int) else (old.largest or {}).get(before)
        if most is not None and (had is None or most < had):
            return f"takes {after} up to {most}" + ("" if had is None else f" and took it up to {had}")
    if old.image is not None and new.image != old.image:
        return f"takes no pictures of {old.image.color} any more"
    return ""


def _other(old: Output, new: Output | None) -> str:
    """How the answers under one name differ in kind."""
    if new is None:
        return "is gone"
    if new.dtype != old.dtype:
        return f"is {new.dtype} and was {old.dtype}"
    if len(new.shape) != len(old.shape):
        return f"has the shape {list(new.shape)} and had {list(old.shape)}"
    if old.classes is not None and list(old.classes) != list(new.classes or ())[: len(old.classes)]:
        return "has its classes in other places"
    if old.classes is None and any(isinstance(o, int) and n != o for o, n in zip(old.shape, new.shape, strict=True)):
        return f"has the shape {list(new.shape)} and had {list(old.shape)}"
    return ""
