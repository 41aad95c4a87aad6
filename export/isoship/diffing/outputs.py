"""The outputs of two bundles: names, kinds, types, classes and their order, tolerances."""

from __future__ import annotations

from collections.abc import Iterator

from isoship.diffing.changes import Change, gone_and_came, members, name_of
from isoship_edge.manifest import Manifest, Output


def output_changes(old: Manifest, new: Manifest) -> list[Change]:
    """What a reader of the answers meets. A class that came or went, or stands elsewhere, is breaking: arrays go by
    place, and nobody asked for the new one."""
    before, after = ({o.name: o for o in m.outputs} for m in (old, new))
    found: list[Change] = []
    for name, output in before.items():
        if name not in after:
            text = f"output {name_of(name)} ({output.kind}) is gone"
            found.append(Change("outputs", name, text, True, output.kind, None))
        else:
            found += _output(output, after[name])
    for name, output in after.items():
        if name not in before:
            text = f"output {name_of(name)} ({output.kind}) is new"
            found.append(Change("outputs", name, text, False, None, output.kind))
    for name in before:
        if name in after:
            found += _tolerance(name, old, new)
    return found


def _output(old: Output, new: Output) -> Iterator[Change]:
    name, output = old.name, f"output {name_of(old.name)}"
    if (old.kind, old.dtype) != (new.kind, new.dtype):
        was, now = (f"{o.kind} in {o.dtype}" for o in (old, new))
        yield Change("outputs", name, f"{output} is {now}, and was {was}", True, was, now)
    if old.shape != new.shape:
        was, now = (f"[{', '.join(map(str, o.shape))}]" for o in (old, new))
        yield Change("outputs", name, f"{output} is {now}, and was {was}", True, was, now)
    if old.classes == new.classes:
        return
    gone, came = gone_and_came(old.classes or (), new.classes or ())
    if gone or came:
        yield Change("outputs", name, f"{output}: of its classes {members(gone, came)}", True, gone=gone, came=came)
    elif old.kind != "label":
        text = f"{output}: its classes have another order, and arrays go by place"
        yield Change("outputs", name, text, True, list(old.classes or ()), list(new.classes or ()))


def _tolerance(name: str, old: Manifest, new: Manifest) -> Iterator[Change]:
    before, after = (m.tolerances.get(name, {}) for m in (old, new))
    for precision in before.keys() & after.keys():
        was, now = (f"{t.atol:g} + {t.rtol:g} × |answer|" for t in (before[precision], after[precision]))
        if was != now:
            text = f"output {name_of(name)}: its tolerance in {precision} is {now}, and was {was}"
            yield Change("tolerances", name, text, False, was, now)
