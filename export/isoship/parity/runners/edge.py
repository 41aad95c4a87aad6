"""The edge folder as it lands on a device: `edge/run serve` in a process of its own, asked over loopback."""

from __future__ import annotations

import platform
from typing import Any

import numpy as np

from isoship.errors import RunnerUnavailable
from isoship.parity.runners.contract import Shipped
from isoship.parity.runners.http_client import MOST_BYTES, HttpModel
from isoship.parity.runners.predictions import arrays_from_predictions
from isoship.parity.runners.process import Process, free_port, plain_environment
from isoship.parity.runners.tensor_messages import BINARY, JSON, answer_of, request_of
from isoship.sources.contract import Row
from isoship.tensors.contract import Arrays


class EdgeRunner:
    """Through `run`, with the library that ships for this machine's architecture."""

    name = "edge"
    target = "edge"
    precision = "double"
    one_row = True
    concurrent = True
    through_json = True
    takes_infinity = True
    transports = (BINARY, JSON)
    most_bytes = MOST_BYTES
    _process: Process | None = None

    def __init__(self, **environment: str) -> None:
        """environment: of `edge/run`, such as ISOSHIP_PYTHON (docs/environment.md)."""
        self._environment = environment

    def prepare(self, shipped: Shipped) -> None:
        self._machine = machine_of(shipped)
        self._outputs, self._name = shipped.manifest.outputs, shipped.manifest.name
        port = free_port()
        # a check leaves the shipped folder as it is
        self._process = Process(
            [shipped.folder / "edge" / "run", "serve", "--host", "127.0.0.1", "--port", str(port)],
            environment=plain_environment(PYTHONDONTWRITEBYTECODE="1", **self._environment),
            name="edge/run serve",
        )
        self._model = HttpModel(self._process, port)
        self._model.wait()

    def infer(self, rows: list[Row]) -> dict[str, np.ndarray[Any, Any]]:
        return arrays_from_predictions(self._model.predict(rows), self._outputs)

    def infer_tensors(self, inputs: Arrays, transport: str = BINARY) -> dict[str, np.ndarray[Any, Any]]:
        path, headers, body = request_of(inputs, transport, self._name)
        return answer_of(transport, *self._model.post(path, body, headers), self._outputs, "edge/run serve")

    def stamp(self) -> dict[str, str]:
        return {"machine": self._machine, "transport": "HTTP over loopback"}

    def close(self) -> None:
        if self._process is not None:
            self._process.end()
            self._process = None


def machine_of(shipped: Shipped) -> str:
    """The architecture of this machine, for which edge/ has a library.

    Raises:
        RunnerUnavailable: it has none, or there is no edge/.
    """
    if not (shipped.folder / "edge" / "run").is_file():
        raise RunnerUnavailable("this bundle ships no edge/: isoship export ... --targets lambda,edge,web")
    machine = platform.machine().replace("arm64", "aarch64").replace("AMD64", "x86_64")
    archs = sorted(p.name for p in (shipped.folder / "edge" / "lib").glob("*") if p.is_dir())
    if archs and machine not in archs:
        raise RunnerUnavailable(
            f"edge/ holds libraries for {', '.join(archs)} and this machine is {machine}:"
            f" isoship export ... --edge-arch {','.join([*archs, machine])}"
        )
    return machine
