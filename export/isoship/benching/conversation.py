"""A process that answers in JSON lines and times itself, so that what stands between it and us is in no figure."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from isoship.benching.contract import Answer, Ask
from isoship.benching.timing import LEAST, MOST
from isoship.benching.usage import ended, peak_bytes
from isoship.parity.runners.contract import RunnerCrashed
from isoship.parity.runners.process import Lines, Process

#: Seconds to wait for one answer; an ask that takes longer is not timed `LEAST` times by anyone.
_ANSWER = 300.0


class Conversation:
    """`isoship.benching.contract.Running`. The process answers

    {"ask": A} with what `decoded` takes, and {"asks": [A, ...], "seconds": s, "least": n, "most": n} with
    {"seconds": [...]}; or with {"failed": why}.
    """

    def __init__(
        self,
        start: Callable[[], Process],
        encoded: Callable[[Ask], Any],
        decoded: Callable[[Any], Answer],
        first: Ask,
        stamp: dict[str, str],
    ) -> None:
        """stamp: takes what the first answer says of the process, under "stamp"."""
        question = {"ask": encoded(first)}
        began = time.perf_counter()
        self._process = start()
        try:
            self.pid = self._process.process.pid
            self._lines, self._encoded, self._decoded = Lines(self._process), encoded, decoded
            answer = self._asked(question, _ANSWER)
            self.wall = time.perf_counter() - began
            self.first = decoded(answer)
            stamp |= answer.get("stamp", {})
        except BaseException:
            self._process.end()
            raise

    def answer(self, ask: Ask) -> Answer:
        return self._decoded(self._asked({"ask": self._encoded(ask)}, _ANSWER))

    def times(self, asks: Sequence[Ask], seconds: float) -> list[float]:
        question = {"asks": [self._encoded(ask) for ask in asks], "seconds": seconds, "least": LEAST, "most": MOST}
        found: list[float] = self._asked(question, seconds + LEAST * _ANSWER)["seconds"]
        return found

    def peak(self, largest: Ask) -> int | None:
        return peak_bytes(self.pid)

    def end(self) -> float | None:
        try:
            return ended(self.pid)
        finally:
            self._process.end()

    def _asked(self, question: Any, seconds: float) -> Any:
        answer = self._lines.ask(question, seconds)
        if "failed" in answer:
            raise RunnerCrashed(f"{self._process.name} fails: {answer['failed']}")
        return answer
