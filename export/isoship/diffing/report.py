"""The report of a diff: its verdict and exit code, text for the terminal, JSON for machines, a page for people."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from isoship.diffing.answered import Answered
from isoship.diffing.changes import Change
from isoship.diffing.page import render
from isoship.diffing.text import report_text
from isoship.diffing.wording import headline

#: equal: one digest, or no change of schema, contract or outputs and every answer the same to the last bit. within
#: tolerance: no answer further off than the manifests allow. The others go by the limits.
Status = Literal["equal", "within tolerance", "within limits", "beyond limits", "breaking", "not compared"]
Source = Literal["own", "made"]


@dataclass(frozen=True)
class Side:
    """One of the two bundles."""

    name: str
    version: str
    digest: str


@dataclass(frozen=True)
class Group:
    """Rows (or calls) that both were asked. source: "own", the user's file, or "made", from both models. name: of the
    file. counts: where made rows come from. why_not: what could not be asked; answered is None where nothing could."""

    source: Source
    name: str
    answered: Answered | None
    counts: dict[str, int] = field(default_factory=dict)
    why_not: tuple[str, ...] = ()


@dataclass(frozen=True)
class Limits:
    """changed: share of rows with another label, or answered by one model alone. shift: of any number, beyond the
    tolerance. allow_schema: a breaking change of schema, contract or outputs does not fail by itself."""

    changed: float = 0.0
    shift: float = 0.0
    allow_schema: bool = False


@dataclass(frozen=True)
class DiffReport:
    """What a new bundle changes. unit: what was asked: rows, or calls of a model of tensors. apart: outputs of both
    that cannot be compared."""

    old: Side
    new: Side
    changes: tuple[Change, ...]
    groups: tuple[Group, ...]
    limits: Limits
    unit: Literal["rows", "calls"] = "rows"
    apart: tuple[str, ...] = ()

    @property
    def breaking(self) -> tuple[Change, ...]:
        """Changes that a caller of the old bundle runs into."""
        return tuple(c for c in self.changes if c.breaking)

    @property
    def judged(self) -> Group | None:
        """The rows that the limits go by: the user's own where they were given, else those made from both."""
        return next((g for source in ("own", "made") for g in self.groups if g.source == source), None)

    @property
    def same_digest(self) -> bool:
        return self.old.digest == self.new.digest

    @property
    def status(self) -> Status:
        """One word for the verdict."""
        if self.same_digest:
            return "equal"
        if self.breaking and not self.limits.allow_schema:
            return "breaking"
        found = None if self.judged is None else self.judged.answered
        if found is None or found.rows == found.neither:
            return "not compared"
        if found.share > self.limits.changed or found.largest > self.limits.shift:
            return "beyond limits"
        asked = [g.answered for g in self.groups if g.answered is not None]
        changed = any(c.part in ("columns", "contract", "outputs") for c in self.changes) or self.apart
        if not changed and all(a.bits and not a.refused_by_one for a in asked):
            return "equal"
        if not changed and not any(a.changed or a.beyond_tolerance for a in asked):
            return "within tolerance"
        return "within limits"

    @property
    def exit_code(self) -> int:
        """0 equal or within limits; 1 beyond them, or a breaking change; 2 nothing could be compared."""
        return {"beyond limits": 1, "breaking": 1, "not compared": 2}.get(self.status, 0)

    @property
    def ok(self) -> bool:
        return self.exit_code == 0

    @property
    def headline(self) -> str:
        """The verdict in one sentence, with the rows that it goes by."""
        return headline(self)

    def text(self) -> str:
        """The report for a terminal of 80 columns."""
        return report_text(self)

    def to_json(self) -> dict[str, Any]:
        """The document of `--json`: plain JSON values, non-finite numbers as "inf", "-inf" and "nan"."""
        judged = self.judged
        found = None if judged is None else judged.answered
        document = {
            "format": 1,
            "status": self.status,
            "ok": self.ok,
            "exit_code": self.exit_code,
            "headline": self.headline,
            "old": asdict(self.old),
            "new": asdict(self.new),
            "same_digest": self.same_digest,
            "unit": self.unit,
            "limits": {
                "max_changed": self.limits.changed,
                "max_shift": self.limits.shift,
                "allow_schema": self.limits.allow_schema,
                "by": None if judged is None else judged.source,
                "changed_share": None if found is None else found.share,
                "largest_shift": None if found is None else found.largest,
            },
            "breaking": len(self.breaking),
            "changes": [c.to_json() for c in self.changes],
            "not_comparable": list(self.apart),
            "groups": [_group(g) for g in self.groups],
        }
        plain: dict[str, Any] = _plain(document)
        return plain

    def to_html(self) -> str:
        """One page that needs nothing else: no script, no network."""
        return render(self)


def _group(group: Group) -> dict[str, Any]:
    found = group.answered
    head = {
        "source": group.source,
        "name": group.name,
        "counts": dict(group.counts),
        "why_not": list(group.why_not),
    }
    if found is None:
        return {**head, "answered": None}
    document = asdict(found)
    document |= {"refused_by_one": found.refused_by_one, "changed": found.changed, "share": found.share}
    for made, one in zip(document["slices"], found.slices, strict=True):
        made |= {"name": one.name, "share": one.share, "few": one.few}
    for made, label in zip(document["labels"], found.labels, strict=True):
        made |= {"share": label.share, "changes": [{"from": a, "to": b, "rows": n} for a, b, n in label.changes]}
    return {**head, "answered": document}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    return value
