"""web/ of a bundle of tensors in Node and in Chromium: by web/index.js as shipped, and its graph in stock TF.js."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from isoship.errors import InputError, RunnerUnavailable
from isoship.parity.runners.arrays import Array, received, sent
from isoship.parity.runners.chromium import ChromiumDriver
from isoship.parity.runners.contract import RunnerCrashed, Shipped
from isoship.parity.runners.node import NodeDriver
from isoship.parity.runners.tensor_messages import JSON, inputs_document, outputs_from_document
from isoship.parity.runners.tfjs_stock import chromium_with_stock, node_with_stock
from isoship.parity.runners.web import Driver
from isoship.parity.tensors.ports import TfjsPorts, read_ports
from isoship.tensors.contract import Arrays


class _InTfjs:
    """A driver on web/ of a bundle."""

    precision = "float32"
    needs = "index.js"
    _driver: Driver | None = None
    _ports: TfjsPorts

    def __init__(self, name: str, backend: str, start: Callable[[str, Path], Driver]) -> None:
        self.name = name
        self._backend = backend
        self._start = start

    def prepare(self, shipped: Shipped) -> None:
        web = shipped.folder / "web"
        if not (web / self.needs).is_file():
            raise RunnerUnavailable("this bundle ships no web/: isoship export ... --targets lambda,edge,web")
        self._outputs = shipped.manifest.outputs
        self._ports = read_ports(web)
        if self._backend not in self._ports.backends:
            raise RunnerUnavailable(f"its graph is made for {' and '.join(self._ports.backends)} alone")
        self._driver = self._start(self.name, web)

    def holds(self, inputs: Arrays) -> bool:
        """Whether TF.js has every number of the call."""
        return self._ports.holds(inputs)

    def stamp(self) -> dict[str, str]:
        return {} if self._driver is None else dict(self._driver.stamp)

    def close(self) -> None:
        if self._driver is not None:
            self._driver.close()
            self._driver = None

    def _ask(self, request: dict[str, Any]) -> Any:
        assert self._driver is not None
        return self._driver.ask(request)


class WebTensorRunner(_InTfjs):
    """`load()` of the package that ships: typed arrays by `predictTensors`, nested lists by `predict`."""

    target = "web"
    transports = ("arrays", JSON)

    def infer_tensors(self, inputs: Arrays, transport: str = "arrays") -> dict[str, Array]:
        call = inputs_document(inputs) if transport == JSON else {name: sent(array) for name, array in inputs.items()}
        answer = self._ask({"call": call, "transport": transport})
        if "error" in answer:
            error = answer["error"]
            raise InputError(error["message"], input=error["input"], index=error["index"])
        if transport == JSON:
            return outputs_from_document(answer["outputs"], self._outputs)
        return {name: received(made) for name, made in answer["outputs"].items()}


class StockTensorRunner(_InTfjs):
    """The graph in TF.js alone, with nothing of ours registered."""

    target = "tfjs-stock"
    needs = "model.json"
    unguarded = True

    def infer_tensors(self, inputs: Arrays, transport: str = "arrays") -> dict[str, Array]:
        feeds = {node: sent(array) for node, array in self._ports.feeds(inputs).items()}
        answer = self._ask({"feeds": feeds, "fetches": [one.node for one in self._ports.outputs]})
        if "error" in answer:
            raise RunnerCrashed(f"{self.name}: {answer['error']['message']}")
        try:
            return self._ports.answers({node: received(made) for node, made in answer["outputs"].items()})
        except ValueError as err:
            raise RunnerCrashed(f"{self.name}: {err}") from err


def web_in_node(backend: str) -> WebTensorRunner:
    def start(name: str, web: Path) -> Driver:
        return NodeDriver(name, "web", backend, web / "index.js")

    return WebTensorRunner(f"web-node-{backend}", backend, start)


def web_in_chromium(backend: str) -> WebTensorRunner:
    def start(name: str, web: Path) -> Driver:
        return ChromiumDriver(name, "web", backend, {"web": web})

    return WebTensorRunner(f"web-chromium-{backend}", backend, start)


def stock_in_node(backend: str) -> StockTensorRunner:
    return StockTensorRunner(f"tfjs-stock-node-{backend}", backend, node_with_stock(backend))


def stock_in_chromium(backend: str) -> StockTensorRunner:
    return StockTensorRunner(f"tfjs-stock-chromium-{backend}", backend, chromium_with_stock(backend))
