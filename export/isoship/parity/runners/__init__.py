"""The runtimes of the parity check, by name. Looking one up imports none of them.

| name | runtime | proves |
|---|---|---|
| onnxruntime | its Python binding on model.onnx | model |
| onnxruntime-web | its wasm build in Node, with every optimization, on model.onnx | model |
| rows-python | the row program, in a Python without packages | rows |
| rows-node, rows-chromium | web/index.js in Node and in Chromium, by the row program that lies there | rows-web |
| edge | edge/run serve, a process of its own | edge |
| http | `isoship serve`: uvicorn and FastAPI | model |
| lambda, lambda-fastapi | lambda/ under the real runtime client, by either path | lambda |
| tfjs-stock-node-cpu, -wasm | stock TF.js in Node | tfjs-stock |
| web-node-cpu, -wasm | web/index.js in Node, as shipped | web |
| tfjs-stock-chromium-cpu, -wasm, -webgl, -webgpu | stock TF.js in Chromium | tfjs-stock |
| web-chromium-cpu, -wasm, -webgl, -webgpu | web/index.js in Chromium, as shipped | web |

Of bundles of tensors all are asked but those by the row program (`available(layout="tensors")`), and two more:
`python`, `isoship.load` in a process of its own, and `onnxruntime-default`, whose other answers are told and fail
nothing.
"""

from __future__ import annotations

import importlib
from typing import Any, NamedTuple

from isoship.errors import InputError


class Entry(NamedTuple):
    """Where a runner lives and what its constructor takes."""

    target: str
    module: str
    attribute: str
    arguments: tuple[str, ...] = ()
    layouts: tuple[str, ...] = ("columns",)
    #: The module that has the attribute for bundles of tensors, where that is another one.
    tensors: str = ""


_HERE = "isoship.parity.runners"
_BOTH = ("columns", "tensors")
_WEB_TENSORS = "isoship.parity.tensors.web_runners"
_REGISTRY: dict[str, Entry] = {
    "onnxruntime": Entry("model", f"{_HERE}.onnxruntime", "OnnxRuntimeRunner", layouts=_BOTH),
    "onnxruntime-default": Entry("model", f"{_HERE}.onnxruntime", "DefaultLevelRunner", layouts=("tensors",)),
    "onnxruntime-web": Entry("model", f"{_HERE}.onnxruntime_web", "OnnxRuntimeWebRunner", layouts=_BOTH),
    "python": Entry("model", f"{_HERE}.loaded", "LoadedRunner", layouts=("tensors",)),
    "rows-python": Entry("rows", f"{_HERE}.rows_python", "RowsPythonRunner"),
    "rows-node": Entry("rows-web", f"{_HERE}.web", "rows_in_node"),
    "rows-chromium": Entry("rows-web", f"{_HERE}.web", "rows_in_chromium"),
    "edge": Entry("edge", f"{_HERE}.edge", "EdgeRunner", layouts=_BOTH),
    "http": Entry("model", f"{_HERE}.http", "HttpRunner", layouts=_BOTH),
    "lambda": Entry("lambda", f"{_HERE}.lambda_runtime", "LambdaRunner", ("direct",), _BOTH),
    "lambda-fastapi": Entry("lambda", f"{_HERE}.lambda_runtime", "LambdaRunner", ("fastapi",), _BOTH),
    "tfjs-stock-node-cpu": Entry("tfjs-stock", f"{_HERE}.tfjs_stock", "stock_in_node", ("cpu",), _BOTH, _WEB_TENSORS),
    "tfjs-stock-node-wasm": Entry("tfjs-stock", f"{_HERE}.tfjs_stock", "stock_in_node", ("wasm",), _BOTH, _WEB_TENSORS),
    "web-node-cpu": Entry("web", f"{_HERE}.web", "web_in_node", ("cpu",), _BOTH, _WEB_TENSORS),
    "web-node-wasm": Entry("web", f"{_HERE}.web", "web_in_node", ("wasm",), _BOTH, _WEB_TENSORS),
    "tfjs-stock-chromium-cpu": Entry(
        "tfjs-stock", f"{_HERE}.tfjs_stock", "stock_in_chromium", ("cpu",), _BOTH, _WEB_TENSORS
    ),
    "tfjs-stock-chromium-wasm": Entry(
        "tfjs-stock", f"{_HERE}.tfjs_stock", "stock_in_chromium", ("wasm",), _BOTH, _WEB_TENSORS
    ),
    "tfjs-stock-chromium-webgl": Entry(
        "tfjs-stock", f"{_HERE}.tfjs_stock", "stock_in_chromium", ("webgl",), _BOTH, _WEB_TENSORS
    ),
    "tfjs-stock-chromium-webgpu": Entry(
        "tfjs-stock", f"{_HERE}.tfjs_stock", "stock_in_chromium", ("webgpu",), _BOTH, _WEB_TENSORS
    ),
    "web-chromium-cpu": Entry("web", f"{_HERE}.web", "web_in_chromium", ("cpu",), _BOTH, _WEB_TENSORS),
    "web-chromium-wasm": Entry("web", f"{_HERE}.web", "web_in_chromium", ("wasm",), _BOTH, _WEB_TENSORS),
    "web-chromium-webgl": Entry("web", f"{_HERE}.web", "web_in_chromium", ("webgl",), _BOTH, _WEB_TENSORS),
    "web-chromium-webgpu": Entry("web", f"{_HERE}.web", "web_in_chromium", ("webgpu",), _BOTH, _WEB_TENSORS),
}


def available(target: str | None = None, layout: str = "columns") -> tuple[str, ...]:
    """The names of every runner of such bundles, or of those that prove a target, in the order in which they run."""
    return tuple(
        name for name, entry in _REGISTRY.items() if target in (None, entry.target) and layout in entry.layouts
    )


def target_of(name: str) -> str:
    """What a runner proves: model, rows, rows-web, lambda, edge, web or tfjs-stock."""
    return _entry(name).target


def open_runner(name: str, layout: str = "columns") -> Any:
    """A runner, not yet prepared: a `Runner`, or for bundles of tensors a `TensorRunner`.

    Raises:
        InputError: no runner of such bundles has this name.
    """
    entry = _entry(name)
    if layout not in entry.layouts:
        raise InputError(f"{name} takes no bundle of {layout}: choose from {', '.join(available(layout=layout))}")
    module = entry.tensors if layout == "tensors" and entry.tensors else entry.module
    return getattr(importlib.import_module(module), entry.attribute)(*entry.arguments)


def _entry(name: str) -> Entry:
    if name not in _REGISTRY:
        raise InputError(f"there is no runtime {name!r}: choose from {', '.join(_REGISTRY)}")
    return _REGISTRY[name]
