"""The evaluator in JavaScript under the same questions as Python's: `python -m benchmarks.row_program --javascript`."""

from __future__ import annotations

import base64
import json
import subprocess
from array import array
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.row_program.examine import examine as examined
from isoship_edge.encoding import golden
from isoship_edge.errors import InferenceError
from isoship_edge.inference.tensor import TYPECODES, Tensor

_SCRIPT = Path(__file__).with_suffix(".mjs")


class JavaScriptProgram:
    """`isoship_edge.rows.RowProgram`, evaluated by `web/src/rows` in Node; one of them is open at a time."""

    def __init__(self, document: dict[str, Any], binary: bytes = b"") -> None:
        """Raises: InferenceError, where it is refused."""
        self._inputs = _asked({"document": document, "binary": base64.b64encode(binary).decode()})["inputs"]

    def __call__(self, inputs: Mapping[str, Sequence[Any]]) -> dict[str, Tensor]:
        """Every output for one row. Raises: InferenceError."""
        sent = [golden.encode([_plain(x) for x in inputs[name]]) for name in self._inputs]
        return {made["name"]: _tensor(made) for made in _asked({"inputs": sent})["outputs"]}


def examine(name: str) -> list[dict[str, Any]]:
    """As `benchmarks.row_program.examine.examine`."""
    return examined(name, JavaScriptProgram)


@cache
def _node() -> subprocess.Popen[str]:
    return subprocess.Popen(["node", _SCRIPT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _asked(request: dict[str, Any]) -> Any:
    node = _node()
    assert node.stdin is not None
    assert node.stdout is not None
    node.stdin.write(json.dumps(request) + "\n")
    node.stdin.flush()
    answer = json.loads(node.stdout.readline())
    if "error" in answer:
        raise InferenceError(answer["error"])
    return answer


def _plain(x: Any) -> Any:
    return x.item() if hasattr(x, "item") else x


def _tensor(made: dict[str, Any]) -> Tensor:
    dtype, data = made["dtype"], golden.decode(made["data"])
    letter = TYPECODES.get(dtype)
    if letter in ("d", "f"):  # JSON has whole numbers without a point
        data = [float(x) for x in data]
    flat: Any = array(letter, data) if letter else bytearray(data) if dtype == "bool" else data
    return Tensor(dtype, tuple(made["shape"]), flat)
