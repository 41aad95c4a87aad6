"""Progress on a terminal: a line a message, and below them what runs now, drawn anew until it has ended.

While runtimes are asked, their table fills there. Nothing of what was drawn stays: the results are printed on stdout.
Pipes, CI and terminals that want plain text get lines alone.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console, Group
    from rich.table import Table

    from isoship.parity.verdict.compare import Verdict

_STYLES = {"agree": "green", "unavailable": "yellow", "differs": "yellow", "idle": "yellow"}


def draws() -> bool:
    """Whether stderr is a terminal on which things may be drawn."""
    plain = os.environ.get("CI") or os.environ.get("NO_COLOR") or os.environ.get("TERM") in ("dumb", "unknown")
    return sys.stderr.isatty() and not plain


@contextmanager
def drawn_progress() -> Iterator[Callable[[str], None]]:
    """Progress for `isoship.export` and `isoship.check`, which draws on stderr until the block ends."""
    from rich.console import Console
    from rich.live import Live

    console = Console(stderr=True)
    progress = Drawn(console)
    # stdout is data, and stays out of what is drawn
    with Live(
        get_renderable=progress.now, console=console, refresh_per_second=8, transient=True, redirect_stdout=False
    ):
        yield progress


@contextmanager
def drawn_bar() -> Iterator[Callable[[int, float | None], None]]:
    """A bar on stderr that is told how many rows were answered and which share of the file was read, if it is known."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[said]}"), TimeRemainingColumn())
    began = time.monotonic()
    with Progress(*columns, console=Console(stderr=True), transient=True, redirect_stdout=False) as bar:
        task = bar.add_task("", total=None, said="")

        def told(rows: int, share: float | None) -> None:
            rate = rows / max(time.monotonic() - began, 1e-3)
            said = f"{rows:,} rows, {rate:,.0f} a second"
            bar.update(task, completed=share or 0, total=None if share is None else 1.0, said=said)

        yield told


class Drawn:
    """Implements `isoship.parity.side_by_side.Watch`."""

    def __init__(self, console: Console) -> None:
        from rich.spinner import Spinner

        self._console = console
        self._spinner = Spinner("dots")
        self._message, self._since = "", time.monotonic()
        self._head: tuple[str, ...] = ()
        #: Runtimes, None for one that waits and the time at which another began.
        self._asked: dict[str, float | Verdict | None] = {}

    def __call__(self, message: str, /) -> None:
        """Prints a line; where the table says it all, the message stands below it until the next."""
        self._message, self._since = message, time.monotonic()
        if not self._asked:
            self._console.print(f"  {message}", markup=False, highlight=False, soft_wrap=True)

    def asks(self, names: Sequence[str], unit: str) -> None:
        from isoship.parity.verdict.wording import table_head

        self._head = table_head(unit)
        self._asked = dict.fromkeys(names)

    def begins(self, name: str) -> None:
        self._asked[name] = time.monotonic()

    def ends(self, verdict: Verdict) -> None:
        self._asked[verdict.name] = verdict
        if all(hasattr(each, "status") for each in self._asked.values()):
            self._asked = {}

    def now(self) -> Group:
        """What is drawn at this moment."""
        from rich.console import Group
        from rich.text import Text

        waited, asked = time.monotonic() - self._since, self._asked  # which other threads change
        said = f"{self._message} " if asked else ""  # without the table it stands in the line above
        self._spinner.update(text=Text(f"{said}({waited:.0f} s)"))
        return Group(*([self._table(asked)] if asked else []), self._spinner)

    def _table(self, asked: dict[str, float | Verdict | None]) -> Table:
        from rich.table import Table

        from isoship.parity.verdict.wording import table_cells

        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        for title in self._head:
            table.add_column(title, justify="left" if title in ("runtime", "verdict") else "right", no_wrap=True)
        for name, state in asked.items():
            if state is None or isinstance(state, float):
                said = "waiting" if state is None else f"running {time.monotonic() - state:.0f} s"
                table.add_row(name, *[""] * (len(self._head) - 2), said, style="dim" if state is None else None)
            else:
                *cells, status = table_cells(state)
                table.add_row(*cells, f"[{_STYLES.get(status, 'bold red')}]{status}[/]")
        return table
