"""Whether requests that a serving version answers would still be answered by a new one, and mean the same.

Held against each other are two model cards (`GET /`): what the signature takes, and what the outputs give.
"""

from __future__ import annotations

import math
from typing import Any

from isoship_edge.manifest import Column, Output, manifest_from_json

_LISTED = 5
#: Trees end where float32 does (3.4e38) and linear models do not: no caller's number comes near.
_NO_END = 1e30


def breaks_callers(serving: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """What a caller of `serving` would meet with `new`, a line each; nothing where every request stays right.

    A retrained model whose columns, categories and ranges hold those of the one before passes. serving, new: model
    cards as JSON.

    Raises:
        BundleError: one of them is no model card.
    """
    before, after = (manifest_from_json({"format": 1, **_ABSENT, **card}) for card in (serving, new))
    old, own = ({c.name: c for c in m.signature.columns} for m in (before, after))
    found = []
    if serving.get("name") != new.get("name"):
        found.append(f"its name, which V2's paths hold, is {new.get('name')!r} and was {serving.get('name')!r}")
    takes = ["tensors" if m.signature.layout == "tensors" else "rows" for m in (before, after)]
    if takes[0] != takes[1]:
        return [*found, f"it takes {takes[1]} and took {takes[0]}"]
    if takes[0] == "tensors":
        from isoship_lambda.tensor_callers import breaks_tensor_callers

        return [*found, *breaks_tensor_callers(before, after)]
    if gone := [name for name in old if name not in own]:
        found.append(f"it takes no column {_named(gone)} any more")
    if fresh := [name for name in own if name not in old]:
        found.append(f"it needs {_named(fresh)}, which callers do not send")
    for name, column in old.items():
        if name in own and (why := _narrower(column, own[name])):
            found.append(f"column {name!r} {why}")
    by_position = before.signature.layout == "matrix" or all(c.dtype in ("double", "int64") for c in old.values())
    if not found and by_position and list(old) != list(own):
        found.append("its columns come in another order, which X is sent in")
    given = {output.name: output for output in after.outputs}
    for output in before.outputs:
        if why := _other(output, given.get(output.name)):
            found.append(f"output {output.name!r} {why}")
    return found


def card_of(document: dict[str, Any]) -> dict[str, Any]:
    """The model card of a bundle by its manifest's document."""
    return {name: document[name] for name in ("name", "version", "digest", "signature", "outputs", "provenance")}


#: What a manifest has and a card has not; it says nothing about requests.
_ABSENT: dict[str, Any] = {"tolerances": {}, "encoder": None, "files": {}}


def _narrower(old: Column, new: Column) -> str:
    """What of the old column the new one refuses."""
    if new.dtype != old.dtype:
        return f"is {new.dtype} and was {old.dtype}"
    if new.tensor != old.tensor:
        return f"is the tensor {new.tensor!r} of V2 and was {old.tensor!r}"
    if old.missing and not new.missing:
        return "takes no missing values any more"
    if new.categories is not None:
        lost = None if old.categories is None else [c for c in old.categories if c not in new.categories]
        if lost is None:
            return "takes known categories alone, and took any"
        if lost:
            return f"takes {_named(lost)} no more"
    if old.infinity and not new.infinity:
        return "takes no infinite numbers any more"
    if new.lowest > max(old.lowest, -_NO_END):
        return f"begins at {new.lowest!r}" + ("" if math.isinf(old.lowest) else f" and began at {old.lowest!r}")
    if new.highest < min(old.highest, _NO_END):
        return f"ends at {new.highest!r}" + ("" if math.isinf(old.highest) else f" and ended at {old.highest!r}")
    return ""


def _other(old: Output, new: Output | None) -> str:
    """How the answers under one name differ in kind."""
    if new is None:
        return "is gone"
    for what in ("kind", "dtype"):
        if getattr(new, what) != getattr(old, what):
            return f"has the {what} {getattr(new, what)} and had {getattr(old, what)}"
    if old.classes is not None and (lost := [c for c in old.classes if c not in (new.classes or ())]):
        return f"has no class {_named(lost)} any more"
    count = len(old.classes or ())
    if old.classes is not None and len(old.shape) == 2 and list(old.classes) != list(new.classes or ())[:count]:
        return "has its classes in other places of V2's tensor"
    if old.classes is None and new.shape != old.shape:
        return f"has the shape {list(new.shape)} and had {list(old.shape)}"
    return ""


def _named(values: list[Any]) -> str:
    shown = ", ".join(map(repr, values[:_LISTED]))
    return shown + (f" and {len(values) - _LISTED} more" if len(values) > _LISTED else "")
