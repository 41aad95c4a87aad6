"""lambda/ as it ships, under the real runtime client, by the path that answers predictions without FastAPI."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path

from isoship.benching.contract import Answer, Ask
from isoship.benching.messages import answer_in, request_for
from isoship.benching.timing import times_of
from isoship.benching.usage import ended, peak_bytes
from isoship.bundle.bytecode import compile_bytecode
from isoship.parity.runners.contract import RunnerCrashed, Shipped
from isoship.parity.runners.lambda_events import get_event, headers_of, post_event, response_of
from isoship.parity.runners.lambda_process import LambdaFunction
from isoship.parity.runners.lambda_runtime import Task, task_here
from isoship_edge.manifest import Manifest

#: Seconds for one answer.
_ANSWER = 300.0
_WHO = "the Lambda function"


class LambdaForm:
    """The client has bytecode, as in Lambda's own image. What a rebuilt folder lacks, the stamp says."""

    name = "lambda"
    precision = "double"
    through_json = True

    def prepare(self, shipped: Shipped, aside: Path) -> dict[str, str]:
        self._manifest = shipped.manifest
        self._task = task_here(shipped, aside)
        compile_bytecode(self._task.client, self._task.stamp["python"])
        return {**self._task.stamp, "path": "direct", "transport": "HTTP API events through the Runtime API"}

    def start(self, first: Ask) -> Function:
        return Function(self._task, self._manifest, first)


class Function:
    """`isoship.benching.contract.Running`."""

    def __init__(self, task: Task, manifest: Manifest, first: Ask) -> None:
        self._manifest = manifest
        event = self._event(first)
        began = time.perf_counter()
        self._function = LambdaFunction(task.interpreter, task.folder, task.client, environment={"ISOSHIP_DIRECT": "1"})
        try:
            self.pid = self._function.pid
            answer = self._function.invoke_bytes(event, _ANSWER)
            self.wall = time.perf_counter() - began
            self.first = self._read(first, answer)
        except BaseException:
            self._function.close()
            raise

    def answer(self, ask: Ask) -> Answer:
        return self._read(ask, self._function.invoke_bytes(self._event(ask), _ANSWER))

    def times(self, asks: Sequence[Ask], seconds: float) -> list[float]:
        events = [self._event(ask) for ask in asks]
        return times_of(lambda place: self._answered(events[place]), len(events), seconds)

    def peak(self, largest: Ask) -> int | None:
        """The hook asks each version for its model card, which FastAPI answers; what that imports stays."""
        self._answered(json.dumps(get_event("/")).encode())
        self.answer(largest)
        return peak_bytes(self.pid)

    def end(self) -> float | None:
        try:
            return ended(self.pid)
        finally:
            self._function.close()

    def _event(self, ask: Ask) -> bytes:
        return json.dumps(post_event(*request_for(ask, self._manifest))).encode()

    def _answered(self, event: bytes) -> None:
        answer = self._function.invoke_bytes(event, _ANSWER)
        if b'"statusCode": 200' not in answer and b'"statusCode":200' not in answer:
            raise RunnerCrashed(f"{_WHO} answered {answer[:300]!r}")

    def _read(self, ask: Ask, answer: bytes) -> Answer:
        document = json.loads(answer)
        status, body = response_of(document)
        return answer_in(self._manifest, ask, status, headers_of(document), body, _WHO)
