"""web/index.js as shipped, by TF.js and by the row program, in Node and in Chromium: rows in, predictions out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from isoship.errors import InputError, RunnerUnavailable
from isoship.parity.runners.chromium import ChromiumDriver
from isoship.parity.runners.contract import Shipped
from isoship.parity.runners.node import NodeDriver, checked
from isoship.parity.runners.predictions import arrays_from_predictions
from isoship.sources.contract import Row
from isoship_edge.encoding.golden import encode
from isoship_edge.manifest import ROW_FILES

#: Rows in one call of predict(), which cuts them up itself.
_BATCH = 5000


class Driver(Protocol):
    """A process that answers requests."""

    stamp: dict[str, str]

    def ask(self, request: Any) -> Any: ...

    def close(self) -> None: ...


class WebRunner:
    """`load()` and `predict()` of the package that ships, by its TF.js graph."""

    target = "web"
    precision = "float32"
    needs = "index.js"
    through_json = True
    takes_infinity = True
    _driver: Driver | None = None

    def __init__(self, name: str, start: Callable[[str, Path], Driver]) -> None:
        self.name = name
        self._start = start

    def prepare(self, shipped: Shipped) -> None:
        web = shipped.folder / "web"
        if not (web / "index.js").is_file():
            raise RunnerUnavailable("this bundle ships no web/: isoship export ... --targets lambda,edge,web")
        if not (web / self.needs).is_file():
            raise RunnerUnavailable(f"web/ holds no {self.needs}: {_why_not(shipped)}")
        self._outputs = shipped.manifest.outputs
        self._driver = self._start(self.name, web)

    def infer(self, rows: list[Row]) -> dict[str, np.ndarray[Any, Any]]:
        assert self._driver is not None
        predictions: list[Any] = []
        for start in range(0, len(rows), _BATCH):
            answer = self._driver.ask({"rows": _encoded(rows[start : start + _BATCH])})
            if "error" in answer:
                raise _refusal(answer["error"])
            predictions += answer["predictions"]
        return arrays_from_predictions(predictions, self._outputs)

    def refusals(self, batches: list[list[Row]]) -> list[InputError | None]:
        """One request for all: each is an exchange with a page, which takes longer than most refusals."""
        assert self._driver is not None
        answers = self._driver.ask({"batches": [_encoded(rows) for rows in batches]})["answers"]
        told = [checked(answer, self.name) for answer in answers]  # what broke has refused nothing
        return [_refusal(answer["error"]) if "error" in answer else None for answer in told]

    def stamp(self) -> dict[str, str]:
        return {} if self._driver is None else dict(self._driver.stamp)

    def close(self) -> None:
        if self._driver is not None:
            self._driver.close()
            self._driver = None


class RowsWebRunner(WebRunner):
    """The same by its row program, in doubles."""

    target = "rows-web"
    precision = "double"
    needs = ROW_FILES[0]


def _encoded(rows: list[Row]) -> list[dict[str, Any]]:
    return [{k: encode(v) for k, v in row.items()} for row in rows]


def _refusal(error: dict[str, Any]) -> InputError:
    return InputError(error["message"], row=error["row"], column=error["column"])


def _why_not(shipped: Shipped) -> str:
    facts = shipped.manifest.row_program
    return (None if facts is None else facts.lacks) or "exported before there was one"


def rows_in_node() -> WebRunner:
    return RowsWebRunner("rows-node", lambda name, web: NodeDriver(name, "web", "rows", web / "index.js"))


def rows_in_chromium() -> WebRunner:
    return RowsWebRunner("rows-chromium", lambda name, web: ChromiumDriver(name, "web", "rows", {"web": web}))


def web_in_node(backend: str) -> WebRunner:
    return WebRunner(f"web-node-{backend}", lambda name, web: NodeDriver(name, "web", backend, web / "index.js"))


def web_in_chromium(backend: str) -> WebRunner:
    return WebRunner(f"web-chromium-{backend}", lambda name, web: ChromiumDriver(name, "web", backend, {"web": web}))
