"""What every form under the bench promises: fresh processes that answer, and say how long they took."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from isoship.parity.runners.contract import Shipped
from isoship.sources.contract import Row
from isoship.tensors.contract import Arrays

#: Output name -> array, as the manifest says.
Answer = Arrays


@dataclass(frozen=True, eq=False)
class Ask:
    """What a form is asked at a time.

    given: rows, or the arrays of a call. rows: how many; of a call, how long its first dimension is. fault: what is
    wrong with an answer by a form, in words; "" where it agrees with the golden one.
    """

    given: list[Row] | Arrays
    rows: int
    fault: Callable[[Answer, Form], str]


@dataclass(frozen=True, eq=False)
class Asks:
    """ones: single rows, or the smallest calls, which are asked in turn. batch: None where calls cannot be joined.
    unit: "row" or "call". note: what a reader of the figures should know; "" for nothing."""

    ones: tuple[Ask, ...]
    batch: Ask | None
    unit: str
    note: str = ""


class Running(Protocol):
    """A process of one form that has answered once."""

    pid: int
    wall: float
    """Seconds from before the process was there to its first answer."""
    first: Answer

    def answer(self, ask: Ask) -> Answer:
        """Raises: RunnerCrashed, RunnerHung."""
        ...

    def times(self, asks: Sequence[Ask], seconds: float) -> list[float]:
        """Seconds of each ask, the asks in turn, as `isoship.benching.timing.times_of` has them.

        Raises: RunnerCrashed, RunnerHung.
        """
        ...

    def peak(self, largest: Ask) -> int | None:
        """Bytes of resident memory at its peak, the largest ask and all else that it may be asked included; None where
        the system does not tell.

        Raises: RunnerCrashed, RunnerHung.
        """
        ...

    def end(self) -> float | None:
        """Kills it before it does anything else; seconds of CPU that it and its children took, user and system. None
        where it has ended by itself."""
        ...


class Form(Protocol):
    """One form in which the model ships. Registered by name in `isoship.benching.forms`."""

    name: str
    precision: str
    """double or float32: which of the manifest's tolerances applies to columns."""
    through_json: bool
    """Rows are answered in JSON, where NaN and infinities are null."""

    def prepare(self, shipped: Shipped, aside: Path) -> dict[str, str]:
        """Makes ready to start processes, in the folder `aside` and nowhere else; what is said of the form.

        Raises:
            RunnerUnavailable: something is missing here; the message is the line that installs it.
        """
        ...

    def start(self, first: Ask) -> Running:
        """A fresh process, asked at once.

        Raises: RunnerCrashed, RunnerHung.
        """
        ...
