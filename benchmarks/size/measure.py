"""One command in a process of its own: exit code, CPU seconds of it and all that it started, the largest process.

A small process starts and watches the command: a child's peak memory counts what its parent held when it was started.
It also waits for what the command leaves to others: a browser's renderers and its graphics process, which the browser
does not wait for, are two thirds of what a check of a large forest costs (Linux: prctl(2), PR_SET_CHILD_SUBREAPER).
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_WATCH = """
import ctypes, json, os, resource, subprocess, sys, time
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
out, seconds, command = sys.argv[1], float(sys.argv[2]), sys.argv[3:]
started = time.monotonic()
with open(out, "wb") as said:
    try:
        code = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, timeout=seconds).returncode
    except subprocess.TimeoutExpired:
        code = -1
ended = time.monotonic()
until = time.monotonic() + 20
while time.monotonic() < until:
    try:
        time.sleep(0 if os.waitpid(-1, os.WNOHANG)[0] else 0.05)
    except ChildProcessError:
        break
used = resource.getrusage(resource.RUSAGE_CHILDREN)
cpu, megabytes = used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
print(json.dumps({"code": code, "cpu": cpu, "megabytes": megabytes, "seconds": ended - started}))
"""


@dataclass(frozen=True)
class Figure:
    """code: exit code, -1 for the time limit. cpu: seconds. megabytes: the largest process. said: its last lines.

    seconds: from its start to its end, without what it left to others.
    """

    code: int
    cpu: float
    megabytes: float
    said: str = ""
    seconds: float = 0.0


def measured(command: Sequence[str], environment: Mapping[str, str], folder: Path, seconds: float) -> Figure:
    """Runs a command in a folder and measures it; `seconds` of wall time at most."""
    out = folder / "said.txt"
    watch = [sys.executable, "-S", "-c", _WATCH, str(out), str(seconds), *command]
    run = subprocess.run(watch, cwd=folder, env=dict(environment), stdout=subprocess.PIPE, text=True, check=True)
    found = json.loads(run.stdout)
    said = out.read_text(encoding="utf-8", errors="replace")[-3000:]
    cpu, megabytes, took = round(found["cpu"], 2), round(found["megabytes"], 1), round(found["seconds"], 2)
    return Figure(found["code"], cpu, megabytes, said, took)
