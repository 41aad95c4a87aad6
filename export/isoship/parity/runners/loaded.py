"""`isoship.load(bundle).predict(inputs)` in a process of its own: arrays in and out, through ONNX Runtime's C API."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

from isoship.errors import InputError
from isoship.parity.runners.arrays import received, sent
from isoship.parity.runners.contract import RunnerCrashed, Shipped
from isoship.parity.runners.process import Lines, Process, plain_environment
from isoship.tensors.contract import Arrays

_ANSWER = 300.0
_CHILD = """
import json, os, sys
sys.path.insert(0, sys.argv[2])
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
from isoship.parity.runners.arrays import received, sent
from isoship_edge.errors import InputError
from isoship_edge.inference.model import load

def send(document):
    answers.write(json.dumps(document) + "\\n")
    answers.flush()

model = load(sys.argv[1])
send({"backend": getattr(model.session, "backend", "")})
for line in sys.stdin:
    try:
        made = model.predict({name: received(array) for name, array in json.loads(line).items()})
        send({"outputs": {name: sent(array) for name, array in made.items()}})
    except InputError as err:
        send({"refused": str(err), "input": err.input})
    except Exception as err:
        send({"failed": f"{type(err).__name__}: {err}"})
"""


class LoadedRunner:
    """The Python of this isoship on the bundle's own model.onnx."""

    name = "python"
    target = "model"
    precision = "double"
    as_users = True
    _process: Process | None = None

    def prepare(self, shipped: Shipped) -> None:
        root = Path(__file__).parents[3]  # -P and a plain environment know nothing of a checkout on PYTHONPATH
        self._process = Process(
            [sys.executable, "-P", "-c", _CHILD, shipped.folder, root],
            environment=plain_environment(),
            name="isoship.load",
            pipes=True,
        )
        self._lines = Lines(self._process)
        self._backend = str(self._lines.receive(_ANSWER)["backend"])

    def infer_tensors(self, inputs: Arrays, transport: str = "arrays") -> dict[str, np.ndarray[Any, Any]]:
        answer = self._lines.ask({name: sent(array) for name, array in inputs.items()}, _ANSWER)
        if "refused" in answer:
            raise InputError(answer["refused"], input=answer["input"])
        if "failed" in answer:
            raise RunnerCrashed(f"isoship.load(...).predict fails: {answer['failed']}")
        return {name: received(made) for name, made in answer["outputs"].items()}

    def stamp(self) -> dict[str, str]:
        return {"api": self._backend} if self._backend else {}

    def close(self) -> None:
        if self._process is not None:
            self._process.end()
            self._process = None
