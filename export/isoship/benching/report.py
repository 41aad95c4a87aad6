"""The report of a bench: one table for the terminal, one document for programs."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from isoship.benching.figures import Figures, Latency
from isoship.benching.lambda_memory import HOW, LambdaMemory, lambda_memory

_MIB = 2**20


@dataclass(frozen=True)
class BenchReport:
    """What a bench found.

    unit: what one ask is, "row" or "call". rows: of a batch; None where none was asked. seconds: that each form had.
    note: what a reader of the figures should know; "" for nothing. environment: versions and the processor.
    """

    name: str
    version: str
    digest: str
    forms: tuple[Figures, ...]
    unit: str
    rows: int | None
    seconds: float
    note: str = ""
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        """0 every form was measured; 2 one answers otherwise than golden, or could not run."""
        return 0 if all(one.status == "measured" for one in self.forms) else 2

    @property
    def ok(self) -> bool:
        return self.exit_code == 0

    @property
    def on_lambda(self) -> LambdaMemory | None:
        """None where the Lambda form was not measured."""
        found = next((one for one in self.forms if one.form == "lambda" and one.status == "measured"), None)
        return None if found is None else lambda_memory(found)

    @property
    def headline(self) -> str:
        """The end of the table, in one sentence."""
        done = [one.form for one in self.forms if one.status == "measured"]
        left = [f"{one.form} ({one.status})" for one in self.forms if one.status != "measured"]
        if left:
            return f"not measured: {', '.join(left)}"
        forms = "The form was" if len(done) == 1 else f"The {len(done)} forms were"
        return f"{forms} held against golden {self.unit}s before {'it was' if len(done) == 1 else 'they were'} timed"

    def table(self) -> str:
        """A line a form: cold start, one row or call, a batch, memory, size; then what stands beside the figures."""
        batch = (
            "batch" if self.rows is None else f"{self.rows:,} rows" if self.unit == "row" else f"batch of {self.rows}"
        )
        head = (
            "form", "cold start ms", "CPU ms", f"1 {self.unit} ms", "p99", f"{batch} ms", "p99", "rows/s", "peak MiB",
            "size MiB",
        )  # fmt: skip
        body = [_cells(one) for one in self.forms]
        widths = [max(len(row[i]) for row in (head, *body)) for i in range(len(head))]
        lines = [
            "  ".join(c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True)))
            for row in (head, *body)
        ]
        lines = [lines[0].rstrip(), "-" * len(lines[0].rstrip()), *(line.rstrip() for line in lines[1:])]
        for one in self.forms:
            if one.message:
                first, *rest = one.message.splitlines()
                lines += [f"{one.form}: {one.status}: {first}", *(f"    {line}" for line in rest)]
            if one.zip_bytes is not None:
                lines.append(f"lambda.zip: {one.zip_bytes / _MIB:.1f} MiB")
            if "rebuilt" in (one.environment or {}):
                lines.append(f"{one.form}: {(one.environment or {})['rebuilt']}, without bytecode")
        lines += _said_of_lambda(self.on_lambda, self.unit)
        return "\n".join([*lines, *([self.note] if self.note else []), self.headline])

    def to_json(self) -> dict[str, Any]:
        """The document of `--json`: plain values, None for what was not measured."""
        found = self.on_lambda
        return {
            "format": 1,
            "ok": self.ok,
            "exit_code": self.exit_code,
            "headline": self.headline,
            "name": self.name,
            "version": self.version,
            "digest": self.digest,
            "unit": self.unit,
            "batch_rows": self.rows,
            "seconds": self.seconds,
            "forms": [_document(one) for one in self.forms],
            "lambda": None if found is None else {**asdict(found), "how": HOW},
            "note": self.note,
            "environment": dict(self.environment),
        }


def _document(figures: Figures) -> dict[str, Any]:
    document = asdict(figures)
    if figures.batch is not None:
        document["batch"]["rows_per_second"] = figures.batch.rows_per_second
    return document


def _cells(one: Figures) -> tuple[str, ...]:
    size = "" if one.size_bytes is None else f"{one.size_bytes / _MIB:.2f}"
    if one.cold_start is None or one.one is None:
        return (one.form, *[""] * 8, size)
    wall = one.cold_start.wall_ms
    return (
        one.form,
        f"{wall.median:.0f} ({wall.minimum:.0f} to {wall.maximum:.0f})",
        f"{one.cold_start.cpu_ms.median:.0f}",
        *_times(one.one),
        *_times(one.batch),
        "-" if one.batch is None else f"{one.batch.rows_per_second:,.0f}",
        "-" if one.peak_bytes is None else f"{one.peak_bytes / _MIB:.0f}",
        size,
    )


def _times(latency: Latency | None) -> tuple[str, str]:
    return ("-", "-") if latency is None else (_ms(latency.median_ms), _ms(latency.p99_ms))


def _ms(value: float) -> str:
    """Three digits, and no more than a microsecond's."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}" if value >= 1 else f"{value:.3f}"


def _said_of_lambda(found: LambdaMemory | None, unit: str) -> list[str]:
    if found is None:
        return []
    return [
        f"on Lambda: {found.memory_mb} MB hold the peak of {found.peak_mb:.0f}, with room for the hook; an answer takes"
        f" {found.warm_ms:,} ms there, a cold start {found.cold_start_ms:,} ms",
        f"    a million requests of one {unit}: {found.gb_seconds_per_million:,.0f} GB-seconds, and"
        f" {found.gb_seconds_per_cold_start:.3g} for each cold start",
    ]
