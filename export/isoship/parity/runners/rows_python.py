"""The row program in a Python of its own, one row at a time: the evaluator and the files that ship, no ONNX Runtime.

Each row is asked twice, of a program as a cold start has it and of one that was asked often; their bits are the same.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

from isoship.bundle.bundle import package_folder
from isoship.errors import InputError, RunnerUnavailable
from isoship.parity.runners.contract import RunnerCrashed, Shipped
from isoship.parity.runners.process import Lines, Process, plain_environment
from isoship.sources.contract import Row
from isoship_edge.encoding import golden
from isoship_edge.encoding.decode import decode_rows
from isoship_edge.manifest import MISSING_STRING, Output

_ANSWER = 300.0
#: Rows in one message: a slow model shows in time that it is at work.
_AT_ONCE = 64
_NUMPY = {"double": "float64", "float": "float32", "int64": "int64", "bool": "bool", "string": "object"}
_CHILD = """
import json, os, sys
folder = sys.argv[1]
sys.path.insert(0, sys.argv[2])
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
from isoship_edge.encoding import golden
from isoship_edge.encoding.decode import decode_rows
from isoship_edge.errors import InputError
from isoship_edge.inference.tensor import values
from isoship_edge.manifest import read_manifest
from isoship_edge.rows import load

def send(document):
    answers.write(json.dumps(document) + "\\n")
    answers.flush()

def answer(row):
    given = {name: tensor.data for name, tensor in decode_rows([row], manifest.signature).items()}
    first, warm = (
        {name: [made.dtype, made.shape, golden.encode(values(made))] for name, made in program(given).items()}
        for program in programs
    )
    if first != warm:
        raise AssertionError(f"a program that was asked often answers {warm}, and one that was not {first}")
    return first

try:
    manifest = read_manifest(folder)
    programs = load(folder, manifest.files, linked=False), load(folder, manifest.files)
    send({"python": sys.version.split()[0]})
except Exception as err:
    send({"failed": f"{type(err).__name__}: {err}"})
for line in sys.stdin:
    place = 0
    try:
        rows = [{name: golden.decode(value) for name, value in row.items()} for row in json.loads(line)]
        made = []
        for place, row in enumerate(rows):
            made.append(answer(row))
        send({"answers": made})
    except InputError as err:
        send({"refused": str(err), "row": place, "column": err.column})
    except Exception as err:
        send({"failed": f"{type(err).__name__}: {err}"})
"""


class RowsPythonRunner:
    """`isoship_edge.rows` out of edge/, or else lambda/, or else this installation, on the files that lie there."""

    name = "rows-python"
    target = "rows"
    precision = "double"
    one_at_a_time = True
    #: What is served is JSON; whether a sum beyond the doubles is infinite or NaN hangs on its order.
    through_json = True
    takes_infinity = True
    _process: Process | None = None

    def __init__(self, python: str | Path = sys.executable) -> None:
        """python: which one answers, that of another machine under emulation for one."""
        self._executable = python

    def prepare(self, shipped: Shipped) -> None:
        facts = shipped.manifest.row_program
        if facts is None or facts.lacks is not None:
            why = "exported before there was one" if facts is None else facts.lacks
            raise RunnerUnavailable(f"this bundle has no row program: {why}")
        self._signature, self._outputs = shipped.manifest.signature, shipped.manifest.outputs
        folder, modules, self._from = _places(shipped)
        # -S -E: no package and no variable of this Python; -B: a check leaves the shipped folder as it is
        self._process = Process(
            [self._executable, "-S", "-E", "-P", "-B", "-c", _CHILD, folder, modules],
            environment=plain_environment(),
            name="the row program",
            pipes=True,
        )
        self._lines = Lines(self._process)
        self._python = str(_succeeded(self._lines.receive(_ANSWER))["python"])

    def infer(self, rows: list[Row]) -> dict[str, np.ndarray[Any, Any]]:
        answers: list[dict[str, Any]] = []
        for start in range(0, len(rows), _AT_ONCE):
            message = self._lines.ask([self._sent(row) for row in rows[start : start + _AT_ONCE]], _ANSWER)
            if "refused" in message:
                raise InputError(message["refused"], row=start + message["row"], column=message["column"])
            answers += _succeeded(message)["answers"]
        made: dict[str, np.ndarray[Any, Any]] = {}
        for output in self._outputs:
            made[output.name] = _stacked([answer[output.name] for answer in answers], output)
        for name in answers[0].keys() - made.keys():
            raise RunnerCrashed(f"the row program answers {name!r}, of which the manifest knows nothing")
        return made

    def _sent(self, row: Row) -> dict[str, Any]:
        try:
            return {name: golden.encode(value) for name, value in row.items()}
        except (OverflowError, TypeError):
            decode_rows([row], self._signature)  # says what is wrong with it
            raise

    def stamp(self) -> dict[str, str]:
        return {"python": self._python, "from": self._from}

    def close(self) -> None:
        if self._process is not None:
            self._process.end()
            self._process = None


def _places(shipped: Shipped) -> tuple[Path, Path, str]:
    """The folder of rows.json, what `isoship_edge` is imported from, and both in a word."""
    for target in ("edge", "lambda"):
        folder = shipped.folder / target
        if target in shipped.targets and (folder / "isoship_edge").is_dir():
            return folder, folder, f"{target}/"
    return shipped.folder, package_folder("isoship_edge").parent, "this isoship"


def _succeeded(message: dict[str, Any]) -> dict[str, Any]:
    if "failed" in message:
        raise RunnerCrashed(f"the row program fails: {message['failed']}")
    return message


def _stacked(rows: list[Any], output: Output) -> np.ndarray[Any, Any]:
    """One output of every row, as the manifest says: [N] where a row's is [1, 1], too."""
    parts = []
    for dtype, shape, encoded in rows:
        flat = [None if dtype == "string" and x == MISSING_STRING else x for x in golden.decode(encoded)]
        parts.append(np.array(flat, _NUMPY[dtype]).reshape(shape))
    made = np.concatenate(parts)
    return made.ravel() if len(output.shape) == 1 and made.shape[1:] == (1,) else made
