"""What stands around the model: targets, sizes, engines and the versions that wrote it. Nothing here is breaking."""

from __future__ import annotations

from collections.abc import Iterator

from isoship.bundle.bundle import Bundle
from isoship.diffing.changes import Change, name_of
from isoship_edge.manifest import Manifest

_MIB = 2**20
#: Members of provenance that stand elsewhere in the report.
_ELSEWHERE = ("targets",)


def changes_around(old: Bundle, new: Bundle) -> list[Change]:
    """Targets, the size of each, what answers single rows, and provenance."""
    return [*_targets(old, new), *_sizes(old, new), *_engines(old.manifest, new.manifest), *_provenance(old, new)]


def _targets(old: Bundle, new: Bundle) -> Iterator[Change]:
    for target in (*old.targets, *new.targets):
        if target not in new.targets:
            yield Change("targets", target, f"{target}/ is not shipped any more", old=True, new=False)
        elif target not in old.targets:
            yield Change("targets", target, f"{target}/ is shipped now", old=False, new=True)


def _sizes(old: Bundle, new: Bundle) -> Iterator[Change]:
    before, after = old.sizes(), new.sizes()
    for name in before:
        if name in after and before[name] != after[name]:
            was, now = before[name], after[name]
            text = f"{name} takes {_mib(now)}, and took {_mib(was)} ({_percent(was, now)})"
            yield Change("sizes", name, text, old=was, new=now)


def _engines(old: Manifest, new: Manifest) -> Iterator[Change]:
    before, after = old.row_program, new.row_program
    if before == after:
        return
    was, now = (
        "none" if p is None else f"none: {p.lacks}" if p.lacks is not None else "there"
        for p in (before, after)
    )  # fmt: skip
    if was != now:
        yield Change("engines", "row program", f"the row program: {now}; it was {was}", old=was, new=now)
    if before is None or after is None:
        return
    if before.libm != after.libm:
        text = f"outputs whose last bits hang on the platform: {_names(after.libm)}; they were {_names(before.libm)}"
        yield Change("engines", "libm", text, old=list(before.libm), new=list(after.libm))
    for target in before.most_rows | after.most_rows:
        most, more = before.most_rows.get(target), after.most_rows.get(target)
        if most != more:
            text = f"{target}: the row program answers up to {more} rows of a request, and answered up to {most}"
            yield Change("engines", target, text, old=most, new=more)


def _provenance(old: Bundle, new: Bundle) -> Iterator[Change]:
    before, after = old.manifest.provenance, new.manifest.provenance
    for name in before | after:
        was, now = before.get(name), after.get(name)
        if was != now and name not in _ELSEWHERE:
            text = f"{name}: {_cut(now)}, was {_cut(was)}"
            yield Change("provenance", name, text, old=was, new=now)


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(map(name_of, names)) or "none"


def _cut(value: str | None) -> str:
    text = " ".join((value or "none").split())
    return text if len(text) <= 60 else f"{text[:57]}..."


def _mib(size: int) -> str:
    return f"{size / _MIB:.2f} MiB" if size >= 0.1 * _MIB else f"{size / 1024:.1f} KiB"


def _percent(was: int, now: int) -> str:
    return "new" if not was else f"{100 * (now - was) / was:+.1f} %"
