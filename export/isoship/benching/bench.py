"""Bench: every form that a bundle ships and that runs here, measured one after another. It writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from isoship.benching.asks import asks_of_rows
from isoship.benching.contract import Asks
from isoship.benching.figures import Figures
from isoship.benching.forms import FORMS, chosen, open_form
from isoship.benching.measure import measured
from isoship.benching.report import BenchReport
from isoship.bundle.bundle import Bundle
from isoship.errors import DamagedFile, InputError
from isoship.parity.runners.contract import Shipped
from isoship.parity.verdict.environment import environment
from isoship.parity.verdict.integrity import changed_files

#: How long each form is started, and then asked.
SECONDS = 5.0
_MOST_SECONDS = 3600.0


def bench(
    bundle: str | Path,
    *,
    form: str | Sequence[str] | None = None,
    seconds: float = SECONDS,
    progress: Callable[[str], None] | None = None,
) -> BenchReport:
    """Cold start, latency, throughput, memory and size of each shipped form on this machine, in milliseconds and bytes.

    A form's answers are held against the golden ones before any is timed. Forms run one after another, on one thread
    each; nothing is written into the bundle.

    form: only these (`isoship.benching.forms.FORMS`). seconds: how long fresh processes of each form are started (3 to
    15 of them), and how long one is then asked, half of it for single rows or calls and half for batches.

    Raises:
        BundleError: no bundle, or one without golden rows. DamagedFile: its files are not those that were exported.
        InputError: no such form in this bundle, or seconds that are no time.
    """
    say = progress or _silent
    if not 0 < seconds <= _MOST_SECONDS:
        raise InputError(f"seconds is {seconds}: give more than 0, up to {_MOST_SECONDS:.0f}")
    opened = Bundle.open(bundle)
    shipped = Shipped(opened.path.absolute(), opened.manifest, opened.targets)
    names = chosen(shipped, [form] if isinstance(form, str) else form or ())
    changed = changed_files(shipped)
    if changed:
        # what lies in lambda/, edge/ and web/ is somebody's programs, and runs as it was exported
        more = f", and {len(changed) - 3} more" if len(changed) > 3 else ""
        raise DamagedFile(
            f"files of {opened.path} are not those that were exported, so nothing of it is run:"
            f" {'; '.join(changed[:3])}{more}. Copy the bundle again, or export again"
        )
    asks, sizes = _asks(shipped), opened.sizes()

    def figures(name: str) -> Figures:
        own, zipped = (*(sizes.get(key) for key in FORMS[name].sizes), None)[:2]
        return measured(open_form(name), shipped, asks, seconds, Figures(name, "measured", "", own, zipped), say)

    return BenchReport(
        name=opened.manifest.name,
        version=opened.manifest.version,
        digest=opened.manifest.digest,
        forms=tuple(figures(name) for name in names),
        unit=asks.unit,
        rows=None if asks.batch is None else asks.batch.rows,
        seconds=seconds,
        note=asks.note,
        environment=environment(opened.manifest),
    )


def _asks(shipped: Shipped) -> Asks:
    if shipped.manifest.signature.layout == "tensors":
        from isoship.benching.tensor_asks import asks_of_calls

        return asks_of_calls(shipped)
    return asks_of_rows(shipped)


def _silent(_message: str) -> None:
    """Says nothing, where nobody asked to be told of progress."""
