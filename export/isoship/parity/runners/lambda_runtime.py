"""The Lambda directory as it ships, under the real runtime client, spoken to with HTTP API events.

Runner `lambda` takes the direct path, `lambda-fastapi` the one through FastAPI and Mangum.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isoship.bundle.aws_lambda.directory import check_target
from isoship.bundle.bytecode import bytecode_of
from isoship.bundle.interpreters import find_interpreter
from isoship.bundle.target import Target, elf_machine, target_of
from isoship.bundle.wheels.contents import wheel_members
from isoship.bundle.wheels.fetch import WheelsUnavailable, fetch_wheels, read_pins
from isoship.bundle.wheels.native import onnxruntime_pin, write_library
from isoship.errors import RunnerUnavailable
from isoship.parity.runners.contract import RunnerCrashed, Shipped
from isoship.parity.runners.lambda_events import (
    MAX_TENSORS,
    answered,
    headers_of,
    post_event,
    predict_event,
    request_bodies,
    response_of,
)
from isoship.parity.runners.lambda_process import LambdaFunction
from isoship.parity.runners.predictions import arrays_from_predictions
from isoship.parity.runners.tensor_messages import BINARY, JSON, answer_of, request_of
from isoship.sources.contract import Row
from isoship.tensors.contract import Arrays

if TYPE_CHECKING:
    import numpy as np

CLIENT_PINS = "pins_runtime_client.txt"


class LambdaRunner:
    """The contract is `isoship.parity.runners.contract.Runner`.

    Where the directory's own Python or architecture is not here, it is rebuilt in a temporary folder for the running
    interpreter: the same sources and model, other compiled files, no bytecode. `stamp()["rebuilt"]` says so.
    """

    target = "lambda"
    precision = "double"
    through_json = True
    transports = (BINARY, JSON)
    most_bytes = MAX_TENSORS

    def __init__(self, path: str) -> None:
        """path: "direct", or "fastapi"."""
        self.name = "lambda" if path == "direct" else f"lambda-{path}"
        self.one_row = path == "direct"
        self._path = path
        self._function: LambdaFunction | None = None
        self._aside: tempfile.TemporaryDirectory[str] | None = None
        self._shipped: Shipped | None = None
        self._stamp: dict[str, str] = {}

    def prepare(self, shipped: Shipped) -> None:
        self._shipped = shipped
        self._aside = tempfile.TemporaryDirectory(prefix="isoship-lambda-")
        try:
            task = task_here(shipped, Path(self._aside.name))
        except BaseException:
            self.close()
            raise
        self._stamp = {**task.stamp, "path": self._path}
        environment = {"ISOSHIP_DIRECT": "1" if self._path == "direct" else "0"}
        self._function = LambdaFunction(task.interpreter, task.folder, task.client, environment=environment)

    def infer(self, rows: list[Row]) -> dict[str, np.ndarray[Any, Any]]:
        if self._function is None or self._shipped is None:
            raise RuntimeError("infer before prepare")
        outputs = self._shipped.manifest.outputs
        predictions: list[Any] = []
        for first, body in request_bodies(rows, outputs):
            predictions += answered(*response_of(self._function.invoke(predict_event(body))), first)
        if len(predictions) != len(rows):
            raise RunnerCrashed(f"{len(rows)} rows were sent and {len(predictions)} predictions came back")
        return arrays_from_predictions(predictions, outputs)

    def infer_tensors(self, inputs: Arrays, transport: str = BINARY) -> dict[str, np.ndarray[Any, Any]]:
        if self._function is None or self._shipped is None:
            raise RuntimeError("infer before prepare")
        manifest = self._shipped.manifest
        answer = self._function.invoke(post_event(*request_of(inputs, transport, manifest.name)))
        status, body = response_of(answer)
        return answer_of(transport, status, headers_of(answer), body, manifest.outputs, "the Lambda function")

    def stamp(self) -> dict[str, str]:
        return dict(self._stamp)

    def close(self) -> None:
        if self._function is not None:
            self._function.close()
            self._function = None
        if self._aside is not None:
            self._aside.cleanup()
            self._aside = None


@dataclass(frozen=True)
class Task:
    """How this machine runs a Lambda directory. stamp: versions, bytecode, and whether it was rebuilt."""

    interpreter: Path
    folder: Path
    client: Path
    stamp: dict[str, str]


def task_here(shipped: Shipped, aside: Path) -> Task:
    """The Lambda directory as it ships, or rebuilt for what is here, and the runtime client, both below `aside`.

    Raises:
        RunnerUnavailable: there is no lambda/, or something that runs it is missing here.
    """
    folder = (shipped.folder / "lambda").absolute()
    if not folder.is_dir():
        raise RunnerUnavailable("this bundle ships no lambda/: isoship export ... --targets lambda,edge,web")
    built_for = target_of(folder)
    here = check_target(built_for)
    interpreter = find_interpreter(here.python) if here is not None else None
    if here is None or interpreter is None:
        raise RunnerUnavailable("the Lambda directory runs on Linux (x86_64, aarch64): check it there")
    try:
        client = unpack_client(aside / "client", here)
        if here != built_for:
            folder = rebuild(folder, aside / "task", built_for, here)
    except WheelsUnavailable as err:
        raise RunnerUnavailable(f"running lambda/ as {here} needs wheels that are not cached. {err}") from err
    stamp = {
        "python": here.python,
        "architecture": here.arch,
        "awslambdaric": next(pin.version for pin in read_pins(CLIENT_PINS) if pin.name == "awslambdaric"),
        "bytecode": bytecode_of(folder),
    }
    if here != built_for:
        stamp["rebuilt"] = f"lambda/ is for {built_for}, not found here: rebuilt for {here}"
    return Task(interpreter, folder, client, stamp)


def unpack_client(folder: Path, here: Target) -> Path:
    """awslambdaric and what it needs, out of cached wheels, as Lambda's base image has them.

    Raises:
        WheelsUnavailable: they are not cached; the message is the command that fetches them.
    """
    _unpack(fetch_wheels(read_pins(CLIENT_PINS), here, offline=True).values(), folder, compiled_only=False)
    return folder


def rebuild(folder: Path, task: Path, built_for: Target, here: Target) -> Path:
    """A copy of a Lambda directory whose compiled files are `here`'s. Sources, model and manifest are the shipped ones.

    Raises:
        WheelsUnavailable: wheels for `here` are not cached; the message is the command that fetches them.
    """
    shutil.copytree(folder, task, ignore=lambda place, names: _foreign(Path(place), names, built_for, here))
    if here.arch != built_for.arch and (folder / "lib").is_dir():
        shutil.rmtree(task / "licenses" / "onnxruntime", ignore_errors=True)
        write_library(task, here.arch, python=here.python, offline=True)
    pins = [pin for pin in read_pins() if pin != onnxruntime_pin()]
    _unpack(fetch_wheels(pins, here, offline=True).values(), task, compiled_only=True)
    return task


def _foreign(place: Path, names: list[str], built_for: Target, here: Target) -> list[str]:
    """What of a folder only the other Python or architecture can read."""
    kept_libraries = here.arch == built_for.arch and place.parent.name == "lib"
    return [
        name
        for name in names
        if name == "__pycache__"
        or (name == built_for.arch and place.name == "lib" and here.arch != built_for.arch)
        or ((place / name).is_file() and not kept_libraries and elf_machine(place / name) is not None)
    ]


def _unpack(wheels: Iterable[Path], folder: Path, *, compiled_only: bool) -> None:
    for wheel in wheels:
        for name, data in wheel_members(wheel, lambda n: n.endswith(".so") or not compiled_only):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
