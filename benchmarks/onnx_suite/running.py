"""Graph models asked in stock TF.js, in Node or Chromium: a process a backend, a fresh one after a trap or a crash."""

from __future__ import annotations

import base64
import contextlib
import json
import select
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np

from isoship.parity.runners.node import modules_with

_NUMPY: dict[str, Any] = {"float32": np.float32, "int32": np.int32, "bool": np.bool_}
_SECONDS = 60.0


class StockTFJS:
    """`ask` gives outputs by name, or the error's text. place: node or chromium."""

    def __init__(self, backend: str, place: str = "node") -> None:
        packages = ["@tensorflow/tfjs", "@tensorflow/tfjs-backend-wasm"]
        modules = modules_with((*packages, *(["playwright-core"] if place == "chromium" else [])), "TF.js")
        self._command = ["node", str(Path(__file__).with_name("run.mjs")), place, backend, str(modules)]
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def ask(
        self, folder: Path, feeds: Mapping[str, Any], fetches: list[str], *, asynchronous: bool = False
    ) -> dict[str, Any] | str:
        """feeds: arrays by node name, float32, int32 or bool."""
        if self._process is None:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
        given = {
            name: {"dtype": str(x.dtype), "shape": list(x.shape), "data": base64.b64encode(x.tobytes()).decode()}
            for name, x in feeds.items()
        }
        request = {"folder": str(folder), "feeds": given, "fetches": fetches, "asynchronous": asynchronous}
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        try:
            stdin.write(json.dumps(request).encode() + b"\n")
            stdin.flush()
            ready, _, _ = select.select([stdout], [], [], _SECONDS)
            line = stdout.readline() if ready else b""
        except BrokenPipeError:
            line = b""
        if not line:
            self._end()
            return "the process of TF.js ended or hung"
        answer = json.loads(line)
        if "error" in answer:
            if answer["trap"]:  # every later call of the process would fail
                self._end()
            return str(answer["error"])
        return {
            name: np.frombuffer(base64.b64decode(x["data"]), _NUMPY[x["dtype"]]).reshape(x["shape"])
            for name, x in answer["outputs"].items()
        }

    def _end(self) -> None:
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired, OSError):  # a browser ends with its input
                self._process.communicate(timeout=10)
            self._process.kill()
            self._process.wait()
            self._process = None
