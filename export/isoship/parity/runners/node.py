"""Node as a runtime: where it and stock TF.js are found, and the conversation with `js/node.mjs`."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from isoship.errors import RunnerUnavailable
from isoship.parity.runners.contract import RunnerCrashed
from isoship.parity.runners.process import Lines, Process, plain_environment

#: The drivers that travel with this package.
DRIVERS = Path(__file__).parent.parent / "js"
TFJS = "4.22.0"
#: What the runners of stock TF.js load.
STOCK = ("@tensorflow/tfjs", "@tensorflow/tfjs-backend-wasm", "@tensorflow/tfjs-backend-webgpu")
#: onnxruntime-web and its version.
ORT_WEB = ("onnxruntime-web", "1.30.0")
#: A start reads the model: 1.6 million nodes take onnxruntime-web more than a minute.
_START = _ANSWER = 300.0


class NodeDriver:
    """One Node process that answers requests, started with the arguments of `js/node.mjs`."""

    def __init__(self, name: str, *arguments: str | Path) -> None:
        self._process = Process(
            [node_program(), DRIVERS / "node.mjs", *arguments],
            environment=plain_environment(),
            name=f"{name} (node)",
            pipes=True,
        )
        self._lines = Lines(self._process)
        try:
            self.stamp: dict[str, str] = checked(self._lines.receive(_START), name)["stamp"]
        except BaseException:
            self.close()
            raise
        self._name = name

    def ask(self, request: Any) -> Any:
        """The answer to one request.

        Raises:
            RunnerCrashed: it ended, threw or printed a warning. RunnerHung: no answer in five minutes.
        """
        return checked(self._lines.ask(request, _ANSWER), self._name)

    def close(self) -> None:
        self._process.end()


def node_program() -> str:
    """Where Node is.

    Raises:
        RunnerUnavailable: nowhere; the message is the line that installs it.
    """
    node = shutil.which("node")
    if node is None:
        raise RunnerUnavailable("Node 18 or newer is not on PATH: apt-get install nodejs")
    return node


def node_modules(names: Sequence[str] = STOCK) -> Path | None:
    """The folder that holds these: ISOSHIP_NODE_MODULES, a checkout's web/node_modules, or the user's cache."""
    named = os.environ.get("ISOSHIP_NODE_MODULES")
    places = [Path(named)] if named else []
    places.append(Path(__file__).parents[4] / "web" / "node_modules")
    places.append(cache_folder() / "node_modules")
    return next((p for p in places if all((p / name / "package.json").is_file() for name in names)), None)


def stock_modules() -> Path:
    """The folder that holds stock TF.js, under the terms of `modules_with`."""
    return modules_with(STOCK, *(f"{name}@{TFJS}" for name in STOCK))


def modules_with(names: Sequence[str], *wanted: str) -> Path:
    """The folder that holds these packages. wanted: what npm is told to install.

    Raises:
        RunnerUnavailable: they are nowhere; the message is the line that installs them.
    """
    found = node_modules(names)
    if found is None:
        what = "stock TF.js" if names is STOCK else " and ".join(names)
        raise RunnerUnavailable(f"{what} is not here: npm install --prefix {cache_folder()} {' '.join(wanted)}")
    return found


def cache_folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "isoship" / "node"


def checked(answer: Any, name: str) -> Any:
    """The answer of a driver, unless it tells of a fault or of a warning.

    Raises:
        RunnerCrashed: it does. Refusals of the input contract are left to the caller.
        RunnerUnavailable: the driver says that its backend is not on this machine.
    """
    warnings = answer.get("warnings") or []
    if warnings:
        raise RunnerCrashed(f"{name} warned where it must be silent: {'; '.join(warnings)[:1500]}")
    error = answer.get("error")
    if error is not None and error.get("name") == "Unavailable":
        raise RunnerUnavailable(str(error.get("message")))
    if error is not None and error.get("name") != "InputError":
        raise RunnerCrashed(f"{name}: {error.get('message')}\n{error.get('stack', '')[:1500]}")
    return answer
