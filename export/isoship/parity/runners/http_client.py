"""POST /predict over loopback, for every runner whose runtime is an HTTP server."""

from __future__ import annotations

import contextlib
import http.client
import json
import math
import selectors
import time
from collections.abc import Mapping
from typing import Any

from isoship.errors import InputError
from isoship.parity.runners.contract import RunnerCrashed, RunnerHung
from isoship.parity.runners.patience import Patience
from isoship.parity.runners.process import Process
from isoship.sources.contract import Row

#: Rows and bytes in one request, of 10,000 and 6 MB that our servers take by default.
_BATCH, _MOST_BYTES = 9000, 3 * 1024 * 1024
#: One call of a tensor model, which cannot be cut up: below those 6 MB.
MOST_BYTES = 6 * 1024 * 1024 - 100_000
_INFINITY = "isoship infinity 5f1d"


class HttpModel:
    """A server of ours on a port of this machine. Threads may share it."""

    def __init__(self, process: Process, port: int, *, timeout: float = 60.0) -> None:
        self._process = process
        self._port = port
        self._timeout = timeout

    def wait(self, seconds: float = 30.0) -> None:
        """Until the model is ready.

        Raises:
            RunnerCrashed: the server ended. RunnerHung: it never became ready.
        """
        patience = Patience(self._process.process.pid, seconds)
        while not patience.is_over():
            if not self._process.running:
                raise self._process.crashed()
            with contextlib.suppress(OSError, http.client.HTTPException):
                if self._ask("GET", "/v2/health/ready", None, {})[0] == 200:
                    return
            time.sleep(0.05)
        raise RunnerHung(f"{self._process.name} was not ready after {patience}")

    def predict(self, rows: list[Row]) -> list[dict[str, Any]]:
        """The predictions for these rows, asked in one request where it is not too large.

        Raises:
            InputError: answered 422. RunnerCrashed: any other answer, or none. RunnerHung: too late.
        """
        found: list[dict[str, Any]] = []
        for start in range(0, len(rows), _BATCH):
            part = rows[start : start + _BATCH]
            body = json_of_rows(part)
            if len(body) > _MOST_BYTES and len(part) > 1:
                found += self.predict(part[: len(part) // 2]) + self.predict(part[len(part) // 2 :])
                continue
            status, _, payload = self.post("/predict", body, {"content-type": "application/json"})
            document = _parsed(payload)
            if status == 422:
                raise refusal_from_problem(document)
            if status != 200:
                raise RunnerCrashed(f"{self._process.name} answered {status}: {payload[:300]!r}")
            found += document["predictions"]
        return found

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, dict[str, str], bytes]:
        """(status, headers with names in lower case, body) of the answer.

        Raises:
            RunnerCrashed: none. RunnerHung: too late.
        """
        try:
            return self._ask("POST", path, body, headers)
        except TimeoutError as err:
            raise RunnerHung(f"{self._process.name} gave no answer in {err or f'{self._timeout:g} s'}") from err
        except (OSError, http.client.HTTPException) as err:
            raise self._process.crashed() from err

    def _ask(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> tuple[int, dict[str, str], bytes]:
        """A connection of its own each: several threads ask, and servers close one that was idle for long.

        Raises:
            TimeoutError: no answer in time, which the message says.
        """
        patience = Patience(self._process.process.pid, self._timeout)
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=patience.wall)
        with contextlib.closing(connection):
            connection.request(method, path, body, dict(headers))
            with selectors.DefaultSelector() as waiting:
                waiting.register(connection.sock, selectors.EVENT_READ)
                while not waiting.select(patience.tick):
                    if patience.is_over():
                        raise TimeoutError(str(patience))
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            return response.status, found, response.read()


def json_of_rows(rows: list[Row]) -> bytes:
    """`{"rows": [...]}`; an infinity is written 1e999, the nearest that JSON's grammar comes to it."""
    with contextlib.suppress(ValueError):  # mostly there is none, and to look at each cell costs as much as to write it
        return json.dumps({"rows": rows}, allow_nan=False).encode()
    text = json.dumps({"rows": [{k: _marked(v) for k, v in row.items()} for row in rows]}, allow_nan=False)
    return text.replace(f'"+{_INFINITY}"', "1e999").replace(f'"-{_INFINITY}"', "-1e999").encode()


def refusal_from_problem(document: Any) -> InputError:
    """A problem+json document as the error it describes."""
    fields = document if isinstance(document, dict) else {}
    errors = fields.get("errors")
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else fields
    message = str(fields.get("detail") or fields.get("title") or document)
    return InputError(
        message, row=first.get("row"), column=first.get("column"), input=first.get("input"), seen=first.get("seen")
    )


def _marked(value: Any) -> Any:
    if isinstance(value, float) and math.isinf(value):
        return f"{'+' if value > 0 else '-'}{_INFINITY}"
    return value


def _parsed(payload: bytes) -> Any:
    try:
        return json.loads(payload)
    except ValueError as err:
        raise RunnerCrashed(f"the server answered {payload[:200]!r}, which is not JSON") from err
