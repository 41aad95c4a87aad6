"""The report of a check: a table for the terminal, a document for machines, a page for people."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from isoship.parity.verdict.compare import FAULTS, Verdict
from isoship.parity.verdict.evidence import Evidence
from isoship.parity.verdict.page import in_notebook, render
from isoship.parity.verdict.wording import (
    asked_rows,
    cause_lines,
    fewer_lines,
    table_cells,
    table_head,
    told_together,
)
from isoship.sources.contract import Row
from isoship_edge.encoding.documents import parsed


@dataclass(frozen=True)
class ParityReport:
    """What a check found.

    partial: fewer runtimes than the bundle's targets call for were asked for. required: targets that had to run.
    shipped: targets whose forms are in the bundle; one that ran nowhere is named, whether or not it had to run.
    kinds: rows of each kind. shown: the rows that the verdicts name; None for rows of the user's sample, whose values
    are not kept. own_tolerances: given in place of the manifest's. notes: what a reader should know besides.
    unit: what was asked: rows, or calls of a tensor model.
    """

    name: str
    version: str
    digest: str
    evidence: Evidence
    verdicts: tuple[Verdict, ...]
    partial: bool = False
    required: tuple[str, ...] = ()
    shipped: tuple[str, ...] = ()
    kinds: dict[str, int] = field(default_factory=dict)
    shown: dict[int, Row | None] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    checked: str = ""
    seed: int = 0
    model_sha256: str = ""
    own_tolerances: bool = False
    unit: str = "rows"

    @property
    def unproven(self) -> tuple[str, ...]:
        """Targets that had to run and ran nowhere."""
        return tuple(t for t in self.required if t not in self._ran)

    @property
    def unseen(self) -> tuple[str, ...]:
        """Shipped forms that no runtime here has run."""
        return tuple(t for t in self.shipped if t not in self._ran)

    @property
    def _ran(self) -> set[str]:
        return {v.target for v in self.verdicts if v.status == "agree"}

    @property
    def exit_code(self) -> int:
        """0 all agree; 1 a disagreement, crash or hang; 2 something that had to run could not."""
        if any(v.status in FAULTS for v in self.verdicts):
            return 1
        nothing = not self._ran or (self.shipped and len(self.unseen) == len(self.shipped))
        return 2 if self.unproven or nothing else 0

    @property
    def ok(self) -> bool:
        return self.exit_code == 0

    @property
    def headline(self) -> str:
        """The verdict in one sentence."""
        bad = [v for v in self.verdicts if v.status in FAULTS]
        asked = [v for v in self.verdicts if v.status not in ("unavailable", "idle")]
        ran = [v for v in asked if v.status == "agree" and v.rows]
        if bad:
            return f"{len(bad)} of {len(asked)} checks failed: {', '.join(v.name for v in bad)}"
        rows = f"with the reference on {asked_rows(ran, self.unit)}"
        word = "The runtime asked agrees" if len(ran) == 1 else f"The {len(ran)} runtimes asked agree"
        if not self.ok:
            idle = any(v.status == "idle" for v in self.verdicts)
            why = "computes nothing that a runtime could be checked by" if idle else "ran in no runtime here"
            nowhere = f"not checked: {', '.join(self.unproven or self.unseen) or 'nothing'} {why}"
            some = any(v.target in self.shipped for v in ran)
            return f"{nowhere}; {word[0].lower()}{word[1:]} {rows}" if some else nowhere
        absent = len(self.verdicts) - len(asked)
        otherwise = [v.name for v in asked if v.status == "differs"]
        rows += f"; {', '.join(otherwise)}, in which nothing ships, answers otherwise" if otherwise else ""
        if not (self.partial or absent or otherwise):
            return f"Every runtime agrees {rows}"
        besides = f"; {', '.join(self.unseen)} ran in no runtime here" if self.unseen else ""
        besides += f"; {absent} more {'is' if absent == 1 else 'are'} not here" if absent and not self.unseen else ""
        return f"{word} {rows}{besides}"

    def table(self) -> str:
        """runtime, rows, flips, ties, largest error, the largest relative one, ms; then the verdict and what to do."""
        head, body = table_head(self.unit), [table_cells(v) for v in self.verdicts]
        widths = [max(len(row[i]) for row in (head, *body)) for i in range(len(head))]
        lines = [
            "  ".join(
                c.ljust(w) if i in (0, 7) else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True))
            )
            for row in (head, *body)
        ]
        lines = [lines[0].rstrip(), "-" * len(lines[0].rstrip()), *(line.rstrip() for line in lines[1:])]
        for names, v in told_together(self.verdicts):
            if v.message:
                first, *rest = v.message.splitlines()
                lines += [f"{names}: {first}", *(f"    {line}" for line in rest)]
            if v.cause is not None:
                lines += [f"    {line}" for line in cause_lines(v.cause)]
        lines += fewer_lines(self.verdicts)
        lines += [f"{v.name}: {v.environment['rebuilt']}" for v in self.verdicts if "rebuilt" in v.environment]
        lines += list(self.notes)
        lines.append(f"{self.headline} (evidence: {self.evidence}{', partial' if self.partial else ''})")
        return "\n".join(lines)

    def to_json(self) -> dict[str, Any]:
        """The document of parity.json: plain JSON values, non-finite numbers as "inf", "-inf" and "nan"."""
        document = {
            "format": 1,
            "ok": self.ok,
            "exit_code": self.exit_code,
            "headline": self.headline,
            "evidence": self.evidence,
            "partial": self.partial,
            "checked": self.checked,
            "name": self.name,
            "version": self.version,
            "digest": self.digest,
            "model_sha256": self.model_sha256,
            "seed": self.seed,
            "unit": self.unit,
            "rows": dict(self.kinds),
            "required": list(self.required),
            "unproven": list(dict.fromkeys((*self.unproven, *self.unseen))),
            "verdicts": [self._verdict(v) for v in self.verdicts],
            "notes": list(self.notes),
            "environment": dict(self.environment),
        }
        plain: dict[str, Any] = _plain(document)
        return plain

    def to_html(self) -> str:
        """One page that needs nothing else: no script, no network."""
        return render(self)

    def _repr_html_(self) -> str:
        """The report in a notebook."""
        return in_notebook(self)

    def write(self, folder: Path) -> Path:
        """Writes parity.json and parity.html, and returns the page's path.

        A partial report that agrees is no news beside a full one of the same files, nor beside one that disagrees: it
        goes to parity-partial.json and parity-partial.html, and so does one by the user's own tolerances. A partial
        one that disagrees replaces whatever stood there.
        """
        aside = (self.own_tolerances or (self.partial and self.ok)) and self._stays(folder / "parity.json")
        page = folder / ("parity-partial.html" if aside else "parity.html")
        text = json.dumps(self.to_json(), indent=1, ensure_ascii=False, allow_nan=False)
        page.with_suffix(".json").write_text(text + "\n", encoding="utf-8", errors="backslashreplace")
        page.write_text(self.to_html(), encoding="utf-8", errors="backslashreplace")
        return page

    def _stays(self, path: Path) -> bool:
        """Whether a report of these very files stands there that asked every runtime or found a disagreement."""
        try:
            document = parsed(path.read_bytes())
        except (OSError, ValueError):
            return False
        same = {"digest": self.digest, "model_sha256": self.model_sha256}
        known = isinstance(document, dict) and same.items() <= document.items()
        return known and (document.get("partial") is False or document.get("ok") is False)

    def _verdict(self, verdict: Verdict) -> dict[str, Any]:
        entry = asdict(verdict)
        entry["tolerances"] = {name: t._asdict() for name, t in verdict.tolerances.items()}
        for shown in entry["worst"]:
            shown["input"] = self.shown.get(shown["row"])
        return entry


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return str(value)
