"""One cold start, and warm invocations, under the real awslambdaric and a Runtime API server on loopback."""

from __future__ import annotations

import contextlib
import json
import math
import os
import re
import signal
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.cold_start.models import Asked
from benchmarks.cold_start.variants import ECHO, Variant
from isoship.parity.runners.lambda_api import RuntimeApi
from isoship.parity.runners.lambda_events import predict_event, response_of
from isoship.parity.runners.lambda_process import function_environment

LIMIT_SECONDS = 180.0
#: Warm invocations go to one function this often before the other one's turn.
BLOCK = 50


class WrongAnswer(Exception):
    """A function answered otherwise than its model: its time means nothing."""


@dataclass(frozen=True)
class Start:
    """From before the process exists to its first answer. cpu_ms: user and system, of all its threads and children."""

    wall_ms: float
    cpu_ms: float
    peak_mb: float


@dataclass(frozen=True)
class Machine:
    """interpreter: of the target's version. client: awslambdaric, with bytecode. core: the one that functions get.

    Lambda gives a function of 1769 MB one vCPU: with two, ONNX Runtime's and BLAS's defaults would start threads.
    """

    interpreter: Path
    client: Path
    core: int


def cold_start(machine: Machine, variant: Variant, trained: Asked) -> Start:
    """Starts the function, sends one event, checks the answer and ends the process before it does anything else.

    Raises:
        WrongAnswer: another answer than the model's, or none.
    """
    api = RuntimeApi()
    event = json.dumps(predict_event(trained.body)).encode()
    try:
        request = api.put(event, LIMIT_SECONDS)
        with tempfile.TemporaryFile() as log:
            started = time.perf_counter()
            process = _started(machine, variant, api, log)
            answered = api.take(LIMIT_SECONDS)
            wall = time.perf_counter() - started
            peak = _peak_mb(process.pid)
            process.send_signal(signal.SIGKILL)
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            if answered is None or answered[0] != request or answered[1].kind != "response":
                log.seek(0)
                said = log.read().decode(errors="replace")[-2000:]
                raise WrongAnswer(f"{variant.name}: {answered[1].body if answered else 'no answer'!r}\n{said}")
    finally:
        api.close()
    check(variant, answered[1].body, trained)
    return Start(wall * 1e3, (used.ru_utime + used.ru_stime) * 1e3, peak)


def warm(machine: Machine, variants: list[Variant], trained: Asked, count: int) -> dict[str, dict[str, float]]:
    """Variant -> median_ms of at least `count` one-row invocations, and cpu_ms of one; the functions take turns."""
    event = json.dumps(predict_event(trained.body)).encode()
    with contextlib.ExitStack() as stack:
        running = {variant.name: stack.enter_context(_running(machine, variant)) for variant in variants}
        taken: dict[str, list[float]] = {name: [] for name in running}
        for variant in variants:  # past the first answers
            for _ in range(BLOCK):
                check(variant, _invoked(*running[variant.name], event)[1], trained)
        before = {name: _cpu_ms(process.pid) for name, (_, process) in running.items()}
        while len(taken[variants[0].name]) < count:
            for name, (api, process) in running.items():
                taken[name] += [_invoked(api, process, event)[0] for _ in range(BLOCK)]
        return {
            name: {
                "median_ms": statistics.median(taken[name]),
                "minimum_ms": min(taken[name]),
                "cpu_ms": (_cpu_ms(process.pid) - before[name]) / len(taken[name]),
            }
            for name, (_, process) in running.items()
        }


def check(variant: Variant, content: bytes, trained: Asked) -> None:
    """Raises: WrongAnswer."""
    answer = json.loads(content)
    status, body = response_of(answer)
    document = json.loads(body)
    if variant.name == ECHO:
        right = status == 200 and body.decode() == trained.body
    else:
        right = status == 200 and trained.is_answer(document)
    if not right:
        raise WrongAnswer(f"{variant.name} answered {status} {body[:300]!r}, which is not what the model says")


def _started(machine: Machine, variant: Variant, api: RuntimeApi, log: Any) -> subprocess.Popen[bytes]:
    environment = function_environment(variant.folder, machine.client, api.address)
    environment["PYTHONPATH"] = os.pathsep.join(map(str, (*variant.path, machine.client)))
    environment["_HANDLER"] = variant.handler
    environment["ORT_DISABLE_TELEMETRY"] = "1"  # else onnxruntime asks the network at import, which no one should time
    everywhere = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {machine.core})  # of this thread alone, and of what it starts
    try:
        return subprocess.Popen(
            [machine.interpreter, "-S", "-m", "awslambdaric", variant.handler], cwd=variant.folder,
            env=environment | dict(variant.environment), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip
    finally:
        os.sched_setaffinity(0, everywhere)


@contextlib.contextmanager
def _running(machine: Machine, variant: Variant) -> Iterator[tuple[RuntimeApi, subprocess.Popen[bytes]]]:
    api = RuntimeApi()
    with tempfile.TemporaryFile() as log:
        process = _started(machine, variant, api, log)
        try:
            yield api, process
        finally:
            process.kill()
            process.wait()
            api.close()


def _invoked(api: RuntimeApi, process: subprocess.Popen[bytes], event: bytes) -> tuple[float, bytes]:
    started = time.perf_counter()
    api.put(event, LIMIT_SECONDS)
    answered = api.take(LIMIT_SECONDS)
    seconds = time.perf_counter() - started
    if answered is None or answered[1].kind != "response":
        raise WrongAnswer(f"process {process.pid}: {answered}")
    return seconds * 1e3, answered[1].body


def _cpu_ms(pid: int) -> float:
    """What a process's living threads have used, by the scheduler's clock (/proc/<pid>/task/*/schedstat)."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e6


def _peak_mb(pid: int) -> float:
    """Peak resident memory. Not wait4's: that one starts at what the parent had (exec keeps the larger)."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) * 1024 / 1e6 if found else math.nan
