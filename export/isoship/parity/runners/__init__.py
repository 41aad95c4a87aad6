"""The runtimes of the parity check, by name. Looking one up imports none of them.

| name | runtime | proves |
|---|---|---|
| onnxruntime | its Python binding on model.onnx | model |
| onnxruntime-web | its wasm build in Node, with every optimization, on model.onnx | model |
| edge | edge/run serve, a process of its own | edge |
| http | `isoship serve`: uvicorn and FastAPI | model |
| lambda, lambda-fastapi | lambda/ under the real runtime client, by either path | lambda |
| tfjs-stock-node-cpu, -wasm | stock TF.js in Node | web |
| web-node-cpu, -wasm | web/index.js in Node, as shipped | web |
| tfjs-stock-chromium-cpu, -wasm, -webgl, -webgpu | stock TF.js in Chromium | web |
| web-chromium-cpu, -wasm, -webgl, -webgpu | web/index.js in Chromium, as shipped | web |
"""

from __future__ import annotations

import importlib
from typing import NamedTuple

from isoship.errors import InputError
from isoship.parity.runners.contract import Runner


class Entry(NamedTuple):
    """Where a runner lives and what its constructor takes."""

    target: str
    module: str
    attribute: str
    arguments: tuple[str, ...] = ()


_HERE = "isoship.parity.runners"
_REGISTRY: dict[str, Entry] = {
    "onnxruntime": Entry("model", f"{_HERE}.onnxruntime", "OnnxRuntimeRunner"),
    "onnxruntime-web": Entry("model", f"{_HERE}.onnxruntime_web", "OnnxRuntimeWebRunner"),
    "edge": Entry("edge", f"{_HERE}.edge", "EdgeRunner"),
    "http": Entry("model", f"{_HERE}.http", "HttpRunner"),
    "lambda": Entry("lambda", f"{_HERE}.lambda_runtime", "LambdaRunner", ("direct",)),
    "lambda-fastapi": Entry("lambda", f"{_HERE}.lambda_runtime", "LambdaRunner", ("fastapi",)),
    "tfjs-stock-node-cpu": Entry("web", f"{_HERE}.tfjs_stock", "stock_in_node", ("cpu",)),
    "tfjs-stock-node-wasm": Entry("web", f"{_HERE}.tfjs_stock", "stock_in_node", ("wasm",)),
    "web-node-cpu": Entry("web", f"{_HERE}.web", "web_in_node", ("cpu",)),
    "web-node-wasm": Entry("web", f"{_HERE}.web", "web_in_node", ("wasm",)),
    "tfjs-stock-chromium-cpu": Entry("web", f"{_HERE}.tfjs_stock", "stock_in_chromium", ("cpu",)),
    "tfjs-stock-chromium-wasm": Entry("web", f"{_HERE}.tfjs_stock", "stock_in_chromium", ("wasm",)),
    "tfjs-stock-chromium-webgl": Entry("web", f"{_HERE}.tfjs_stock", "stock_in_chromium", ("webgl",)),
    "tfjs-stock-chromium-webgpu": Entry("web", f"{_HERE}.tfjs_stock", "stock_in_chromium", ("webgpu",)),
    "web-chromium-cpu": Entry("web", f"{_HERE}.web", "web_in_chromium", ("cpu",)),
    "web-chromium-wasm": Entry("web", f"{_HERE}.web", "web_in_chromium", ("wasm",)),
    "web-chromium-webgl": Entry("web", f"{_HERE}.web", "web_in_chromium", ("webgl",)),
    "web-chromium-webgpu": Entry("web", f"{_HERE}.web", "web_in_chromium", ("webgpu",)),
}


def available(target: str | None = None) -> tuple[str, ...]:
    """The names of every runner, or of those that prove a target, in the order in which they run."""
    return tuple(name for name, entry in _REGISTRY.items() if target in (None, entry.target))


def target_of(name: str) -> str:
    """What a runner proves: model, lambda, edge or web."""
    return _entry(name).target


def open_runner(name: str) -> Runner:
    """A runner, not yet prepared.

    Raises:
        InputError: no runner has this name.
    """
    entry = _entry(name)
    runner: Runner = getattr(importlib.import_module(entry.module), entry.attribute)(*entry.arguments)
    return runner


def _entry(name: str) -> Entry:
    if name not in _REGISTRY:
        raise InputError(f"there is no runtime {name!r}: choose from {', '.join(_REGISTRY)}")
    return _REGISTRY[name]
