"""web/index.js as it ships, in Node, with the backend that it chooses by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from isoship.benching.contract import Answer, Ask
from isoship.benching.conversation import Conversation
from isoship.errors import RunnerUnavailable
from isoship.parity.runners.arrays import received, sent
from isoship.parity.runners.contract import Shipped
from isoship.parity.runners.node import node_program
from isoship.parity.runners.predictions import arrays_from_predictions
from isoship.parity.runners.process import Process, plain_environment
from isoship_edge.encoding.golden import encode


class WebForm:
    """`load()` and `predict` of the package, or `predictTensors`; a browser starts and computes otherwise."""

    name = "web"
    precision = "float32"
    through_json = True

    def prepare(self, shipped: Shipped, aside: Path) -> dict[str, str]:
        self._index = shipped.folder / "web" / "index.js"
        if not self._index.is_file():
            raise RunnerUnavailable("web/index.js is not there: isoship export ... --targets lambda,edge,web")
        self._node = node_program()
        self._outputs = shipped.manifest.outputs
        self._stamp: dict[str, str] = {}
        return self._stamp

    def start(self, first: Ask) -> Conversation:
        return Conversation(self._started, _encoded, self._decoded, first, self._stamp)

    def _started(self) -> Process:
        return Process(
            [self._node, Path(__file__).with_name("web.mjs"), self._index],
            environment=plain_environment(),
            name="web/index.js (node)",
            pipes=True,
        )

    def _decoded(self, answer: Any) -> Answer:
        if "outputs" in answer:
            return {name: received(made) for name, made in answer["outputs"].items()}
        return arrays_from_predictions(answer["predictions"], self._outputs)


def _encoded(ask: Ask) -> Any:
    if not isinstance(ask.given, list):
        return {name: sent(array) for name, array in ask.given.items()}
    return [{name: encode(value) for name, value in row.items()} for row in ask.given]
