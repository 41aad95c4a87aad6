"""What is timed: each a process of its own on one core that is sent an array and says how long its calls took."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.neural.graphs import INPUT, Network

_HERE = Path(__file__).parent
FLOOR, UNOPTIMIZED = "C program", "C program, optimization off"
EDGE, EDGE_TENSORS, LAMBDA = "edge, numpy arrays", "edge, tensors", "Lambda, tensors"
EDGE_JSON, EDGE_BINARY = "edge server, JSON", "edge server, V2 binary"
LAMBDA_JSON, LAMBDA_BINARY = "Lambda event, JSON", "Lambda event, V2 binary"
COMPILERS = ("cc", "gcc", "clang")
#: Optimization levels of ONNX Runtime: its default, and none.
_ALL, _OFF = 99, 0


@dataclass(frozen=True)
class Places:
    """bundle: of the network. library: ONNX Runtime's. interpreter: of the Python that the Lambda folder is for."""

    bundle: Path
    library: Path
    interpreter: Path
    core: int


class Contestant:
    """A process under the protocol of floor.c."""

    def __init__(self, name: str, command: Sequence[str | os.PathLike[str]], network: Network, core: int) -> None:
        self.name, self._network = name, network
        everywhere = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {core})  # of this thread alone, and of what it starts
        environment = {"PATH": os.environ["PATH"], "ORT_DISABLE_TELEMETRY": "1", "OMP_NUM_THREADS": "1"}
        try:
            self._process = subprocess.Popen(
                list(map(os.fspath, command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
            )
        finally:
            os.sched_setaffinity(0, everywhere)

    def timed(self, pictures: np.ndarray[Any, Any], calls: int) -> tuple[list[int], np.ndarray[Any, Any]]:
        """Nanoseconds of each call, and the logits of the last one.

        Raises:
            RuntimeError: the process ended.
        """
        given, said = self._process.stdin, self._process.stdout
        assert given is not None
        assert said is not None
        answered = 4 * len(pictures) * self._network.classes
        try:
            given.write(f"{len(pictures)} {calls}\n".encode() + pictures.tobytes())
            given.flush()
            content = said.read(8 * calls + answered)
        except BrokenPipeError:
            content = b""
        if len(content) != 8 * calls + answered:
            raise RuntimeError(f"{self.name} ended with exit code {self._process.wait(10)}")
        logits = np.frombuffer(content[8 * calls :], np.float32).reshape(len(pictures), self._network.classes)
        return list(struct.unpack(f"={calls}Q", content[: 8 * calls])), logits

    def close(self) -> None:
        self._process.communicate(timeout=10)  # the end of its input is the end of it, and of the server that it has


def compiled(folder: Path) -> Path:
    """The floor, built by the C compiler that is here.

    Raises:
        SystemExit: there is none.
    """
    compiler = next(filter(None, map(shutil.which, COMPILERS)), None)
    if compiler is None:
        raise SystemExit("no C compiler is here: apt-get install gcc")
    program = folder / "floor"
    warnings = ["-Wall", "-Wextra", "-Werror"]
    subprocess.run(
        [compiler, "-O2", "-std=gnu11", *warnings, _HERE / "floor.c", "-o", program, "-ldl"], check=True, timeout=60
    )
    return program


def library() -> Path:
    """ONNX Runtime's own, of the installed wheel."""
    import onnxruntime

    (found,) = Path(onnxruntime.__file__).parent.joinpath("capi").glob("libonnxruntime.so.*")
    return found


def contestants(network: Network, places: Places, program: Path) -> list[Contestant]:
    """All that is measured with a network, started."""
    bundle, worker = places.bundle, _HERE / "worker.py"
    shape = [str(size) for size in network.shape]
    model = bundle / "model.onnx"
    commands: dict[str, list[str | os.PathLike[str]]] = {
        name: [program, places.library, model, INPUT, str(level), str(network.classes), *shape]
        for name, level in ((FLOOR, _ALL), (UNOPTIMIZED, _OFF))
    }
    # -S: without numpy and all else that is installed, as on a device and on Lambda.
    bare, on_lambda = [sys.executable, "-S", worker], [places.interpreter, "-S", worker]
    commands |= {
        EDGE: [sys.executable, worker, "arrays", bundle / "edge", *shape],
        EDGE_TENSORS: [*bare, "tensors", bundle / "edge", *shape],
        EDGE_JSON: [*bare, "http-json", bundle / "edge", *shape],
        EDGE_BINARY: [*bare, "http-binary", bundle / "edge", *shape],
        LAMBDA: [*on_lambda, "handler-tensors", bundle / "lambda", *shape],
        LAMBDA_JSON: [*on_lambda, "handler-json", bundle / "lambda", *shape],
        LAMBDA_BINARY: [*on_lambda, "handler-binary", bundle / "lambda", *shape],
    }
    return [Contestant(name, command, network, places.core) for name, command in commands.items()]
