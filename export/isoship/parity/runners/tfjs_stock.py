"""web/model.json in stock TF.js with nothing of ours registered, in Node and in Chromium.

The steps of `program.json` around the graph run in Python (`program.py`). So the graph is checked without the
JavaScript interpreter that ships, and that interpreter's twin is checked as well.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from isoship.errors import RunnerUnavailable
from isoship.parity.runners.chromium import ChromiumDriver
from isoship.parity.runners.contract import RunnerCrashed, Shipped
from isoship.parity.runners.mailbox import Mailbox
from isoship.parity.runners.node import NodeDriver, stock_modules
from isoship.parity.runners.program import Program, read_program
from isoship.parity.runners.web import Driver
from isoship.rows.columns import feeds_from_rows
from isoship.sources.contract import Row

_DTYPES: dict[str, Any] = {"float32": np.float32, "int32": np.int32, "bool": np.uint8}
#: Rows in one execution of the graph: large enough for the largest batch of a check.
_BATCH = 5000


class StockRunner:
    """A stock graph model between a prefix and a suffix."""

    target = "tfjs-stock"
    precision = "float32"
    unguarded = True
    _driver: Driver | None = None

    def __init__(self, name: str, start: Callable[[str, Path], Driver]) -> None:
        self.name = name
        self._start = start

    def prepare(self, shipped: Shipped) -> None:
        web = shipped.folder / "web"
        if not (web / "model.json").is_file():
            raise RunnerUnavailable("this bundle ships no web/: isoship export ... --targets lambda,edge,web")
        self._manifest = shipped.manifest
        self._program: Program = read_program(web)
        self._driver = self._start(self.name, web)

    def infer(self, rows: list[Row]) -> dict[str, np.ndarray[Any, Any]]:
        parts = [self._batch(rows[start : start + _BATCH]) for start in range(0, len(rows), _BATCH)]
        return {
            o.name: np.concatenate([p[o.name] for p in parts]) for o in self._manifest.outputs if o.name in parts[0]
        }

    def stamp(self) -> dict[str, str]:
        return {} if self._driver is None else dict(self._driver.stamp)

    def close(self) -> None:
        if self._driver is not None:
            self._driver.close()
            self._driver = None

    def fetch(self, rows: list[Row], nodes: list[str]) -> dict[str, np.ndarray[Any, Any]]:
        """What these nodes of the graph hold for these rows, by node name."""
        return self._fetched(self._program.before(feeds_from_rows(rows, self._manifest.signature)), nodes)

    def _batch(self, rows: list[Row]) -> dict[str, np.ndarray[Any, Any]]:
        values = self._program.before(feeds_from_rows(rows, self._manifest.signature))
        got = self._fetched(values, [fetch["name"] for fetch in self._program.fetches])
        values.update({fetch["to"]: got[fetch["name"]] for fetch in self._program.fetches})
        return self._program.after(values)

    def _fetched(self, values: dict[str, Any], nodes: list[str]) -> dict[str, np.ndarray[Any, Any]]:
        assert self._driver is not None
        feeds = {}
        for feed in self._program.feeds:
            with np.errstate(over="ignore"):  # beyond float32 is infinite, as it is in the browser
                array = np.ascontiguousarray(values[feed["from"]]).astype(_DTYPES[feed["dtype"]])
            feeds[feed["name"]] = {"dtype": feed["dtype"], "shape": list(array.shape), "data": _base64(array)}
        answer = self._driver.ask({"feeds": feeds, "fetches": nodes})
        if "error" in answer:
            raise RunnerCrashed(f"{self.name}: {answer['error']['message']}")
        return {name: _array(answer["outputs"][name]) for name in nodes}


def stock_in_node(backend: str) -> StockRunner:
    return StockRunner(f"tfjs-stock-node-{backend}", node_with_stock(backend))


def stock_in_chromium(backend: str) -> StockRunner:
    return StockRunner(f"tfjs-stock-chromium-{backend}", chromium_with_stock(backend))


def node_with_stock(backend: str) -> Callable[[str, Path], Driver]:
    """What starts stock TF.js in Node on a web folder."""
    return lambda name, web: _StockInNode(name, backend, web)


def chromium_with_stock(backend: str) -> Callable[[str, Path], Driver]:
    """What starts stock TF.js in Chromium on a web folder."""

    def start(name: str, web: Path) -> Driver:
        return ChromiumDriver(name, "stock", backend, {"web": web, "stock": stock_modules() / "@tensorflow"})

    return start


class _StockInNode:
    """Stock TF.js in Node, which loads the model over loopback HTTP as a page would."""

    def __init__(self, name: str, backend: str, web: Path) -> None:
        modules = stock_modules()
        self._files = Mailbox({"web": web})
        try:
            url = f"http://127.0.0.1:{self._files.port}/web/model.json"
            self._node = NodeDriver(name, "stock", backend, url, modules)
        except BaseException:
            self._files.close()
            raise
        self.stamp = self._node.stamp

    def ask(self, request: Any) -> Any:
        return self._node.ask(request)

    def close(self) -> None:
        self._node.close()
        self._files.close()


def _array(got: dict[str, Any]) -> np.ndarray[Any, Any]:
    flat = np.frombuffer(base64.b64decode(got["data"]), dtype=_DTYPES[got["dtype"]])
    array = flat.reshape(got["shape"])
    return array.astype(bool) if got["dtype"] == "bool" else array


def _base64(array: np.ndarray[Any, Any]) -> str:
    return base64.b64encode(array.tobytes()).decode()
