"""`isoship serve`: the FastAPI app under uvicorn in a process of its own, asked over loopback."""

from __future__ import annotations

import importlib.metadata
import sys
from typing import Any

import numpy as np

from isoship.parity.runners.contract import Shipped
from isoship.parity.runners.http_client import MOST_BYTES, HttpModel
from isoship.parity.runners.predictions import arrays_from_predictions
from isoship.parity.runners.process import Process, free_port, plain_environment
from isoship.parity.runners.tensor_messages import BINARY, JSON, answer_of, request_of
from isoship.sources.contract import Row
from isoship.tensors.contract import Arrays

_SERVE = """
import sys
import uvicorn
from isoship_lambda.app import create_app

uvicorn.run(create_app(sys.argv[1]), host="127.0.0.1", port=int(sys.argv[2]), log_level="warning", lifespan="off")
"""


class HttpRunner:
    """Every request goes through uvicorn and FastAPI's routing."""

    name = "http"
    target = "model"
    precision = "double"
    concurrent = True
    as_users = True
    through_json = True
    takes_infinity = True
    transports = (BINARY, JSON)
    most_bytes = MOST_BYTES
    _process: Process | None = None

    def prepare(self, shipped: Shipped) -> None:
        self._outputs, self._name = shipped.manifest.outputs, shipped.manifest.name
        port = free_port()
        # -P: what lies in the caller's folder is not imported.
        self._process = Process(
            [sys.executable, "-P", "-c", _SERVE, shipped.folder, str(port)],
            environment=plain_environment(),
            name="isoship serve",
        )
        self._model = HttpModel(self._process, port)
        self._model.wait()

    def infer(self, rows: list[Row]) -> dict[str, np.ndarray[Any, Any]]:
        return arrays_from_predictions(self._model.predict(rows), self._outputs)

    def infer_tensors(self, inputs: Arrays, transport: str = BINARY) -> dict[str, np.ndarray[Any, Any]]:
        path, headers, body = request_of(inputs, transport, self._name)
        return answer_of(transport, *self._model.post(path, body, headers), self._outputs, "isoship serve")

    def stamp(self) -> dict[str, str]:
        return {name: importlib.metadata.version(name) for name in ("uvicorn", "fastapi", "starlette")}

    def close(self) -> None:
        if self._process is not None:
            self._process.end()
            self._process = None
