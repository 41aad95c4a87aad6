"""edge/ as it lands on a device: `edge/run serve` in a process of its own, asked over one connection of loopback."""

from __future__ import annotations

import contextlib
import http.client
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from isoship.benching.contract import Answer, Ask
from isoship.benching.messages import Request, answer_in, request_for
from isoship.benching.timing import times_of
from isoship.benching.usage import ended, peak_bytes
from isoship.parity.runners.contract import RunnerCrashed, RunnerHung, Shipped
from isoship.parity.runners.edge import machine_of
from isoship.parity.runners.patience import Patience
from isoship.parity.runners.process import Process, free_port, plain_environment
from isoship_edge.manifest import Manifest

#: Seconds until the server listens, and for one answer.
_START, _ANSWER = 60.0, 300.0
_POLL = 0.002
_WHO = "edge/run serve"


class EdgeForm:
    """A copy of the folder is run: its first start leaves bytecode beside the modules, and a bundle stays as it is."""

    name = "edge"
    precision = "double"
    through_json = True

    def prepare(self, shipped: Shipped, aside: Path) -> dict[str, str]:
        machine = machine_of(shipped)
        self._manifest = shipped.manifest
        self._run = Path(shutil.copytree(shipped.folder / "edge", aside / "edge")) / "run"
        return {"machine": machine, "transport": "HTTP over loopback, one connection"}

    def start(self, first: Ask) -> EdgeServer:
        request, port = request_for(first, self._manifest), free_port()
        began = time.perf_counter()
        process = Process(
            [self._run, "serve", "--host", "127.0.0.1", "--port", str(port)], environment=plain_environment(), name=_WHO
        )
        try:
            return EdgeServer(process, port, self._manifest, first, request, began)
        except BaseException:
            process.end()
            raise


class EdgeServer:
    """`isoship.benching.contract.Running`."""

    def __init__(
        self, process: Process, port: int, manifest: Manifest, first: Ask, request: Request, began: float
    ) -> None:
        self._process, self._manifest = process, manifest
        self.pid = process.process.pid
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_ANSWER)
        self._connect()
        answer = self._posted(request)
        self.wall = time.perf_counter() - began
        self.first = answer_in(manifest, first, *answer, _WHO)

    def answer(self, ask: Ask) -> Answer:
        self._connection.close()  # the server ends one that was idle for long; the next request opens another
        return answer_in(self._manifest, ask, *self._posted(request_for(ask, self._manifest)), _WHO)

    def times(self, asks: Sequence[Ask], seconds: float) -> list[float]:
        requests = [request_for(ask, self._manifest) for ask in asks]
        self._connection.close()
        self._answered(requests[0])
        return times_of(lambda place: self._answered(requests[place]), len(requests), seconds)

    def peak(self, largest: Ask) -> int | None:
        return peak_bytes(self.pid)

    def end(self) -> float | None:
        self._connection.close()
        try:
            return ended(self.pid)
        finally:
            self._process.end()

    def _connect(self) -> None:
        """As soon as the server listens."""
        patience = Patience(self.pid, _START)
        while not patience.is_over():
            if not self._process.running:
                raise self._process.crashed()
            with contextlib.suppress(OSError):
                self._connection.connect()
                if self._connection.sock.getsockname() != self._connection.sock.getpeername():
                    return
                self._connection.close()  # nobody listens yet, and the system has connected us with ourselves
            time.sleep(_POLL)
        raise RunnerHung(f"{_WHO} did not listen after {patience}")

    def _answered(self, request: Request) -> None:
        status, _, body = self._posted(request)
        if status != 200:
            raise RunnerCrashed(f"{_WHO} answered {status}: {body[:300]!r}")

    def _posted(self, request: Request) -> tuple[int, dict[str, str], bytes]:
        path, headers, body = request
        try:
            self._connection.request("POST", path, body, headers)
            response = self._connection.getresponse()
            return response.status, {n.lower(): v for n, v in response.getheaders()}, response.read()
        except TimeoutError as err:
            raise RunnerHung(f"{_WHO} gave no answer in {_ANSWER:g} s") from err
        except (OSError, http.client.HTTPException) as err:
            raise self._process.crashed() from err
