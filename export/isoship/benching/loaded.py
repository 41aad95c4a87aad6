"""`isoship.load(bundle).predict(...)` in a process of its own, which has imported nothing before."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from isoship.benching.contract import Answer, Ask
from isoship.benching.conversation import Conversation
from isoship.parity.runners.arrays import received, sent
from isoship.parity.runners.contract import Shipped
from isoship.parity.runners.process import Process, plain_environment
from isoship_edge.encoding.golden import encode

_CHILD = """
import sys
sys.path.insert(0, sys.argv[2])
from isoship.benching import loaded_process
loaded_process.main(sys.argv[1])
"""


class LoadedForm:
    """This Python's runtime on the bundle's own model.onnx: what edge/ holds, with numpy arrays in and out."""

    name = "python"
    precision = "double"
    through_json = False

    def prepare(self, shipped: Shipped, aside: Path) -> dict[str, str]:
        self._folder = shipped.folder
        self._stamp: dict[str, str] = {}
        return self._stamp

    def start(self, first: Ask) -> Conversation:
        return Conversation(self._started, _encoded, _decoded, first, self._stamp)

    def _started(self) -> Process:
        root = Path(__file__).parents[2]  # -P and a plain environment know nothing of a checkout on PYTHONPATH
        return Process(
            [sys.executable, "-P", "-c", _CHILD, self._folder, root],
            environment=plain_environment(),
            name="isoship.load",
            pipes=True,
        )


def _encoded(ask: Ask) -> Any:
    if isinstance(ask.given, list):
        return {"rows": [{name: encode(value) for name, value in row.items()} for row in ask.given]}
    return {"inputs": {name: sent(array) for name, array in ask.given.items()}}


def _decoded(answer: Any) -> Answer:
    return {name: received(array) for name, array in answer["outputs"].items()}
