"""model.onnx in onnxruntime-web: another build of ONNX Runtime, with other kernels.

Column models run with all of its optimizations, as a page would load them: every fusion that runs by default runs here.
Tensor models run without, as they ship: fusions change networks' answers, and `onnxruntime-default` tells of those.
"""

from __future__ import annotations

from typing import Any

from isoship.parity.runners.arrays import received, sent
from isoship.parity.runners.contract import RunnerCrashed, Shipped
from isoship.parity.runners.node import ORT_WEB, NodeDriver, modules_with
from isoship.parity.runners.onnxruntime import OnnxRuntimeRunner


class OnnxRuntimeWebRunner(OnnxRuntimeRunner):
    """One thread of its wasm backend, in Node."""

    name = "onnxruntime-web"
    _driver: NodeDriver | None = None

    def prepare(self, shipped: Shipped) -> None:
        self._take(shipped)
        modules = modules_with(ORT_WEB[:1], "@".join(ORT_WEB))
        level = "disabled" if shipped.manifest.signature.layout == "tensors" else "all"
        self._driver = NodeDriver(self.name, "onnx", "wasm", shipped.folder / "model.onnx", modules, level)

    def stamp(self) -> dict[str, str]:
        return {} if self._driver is None else {**self._driver.stamp, "threads": "1"}

    def close(self) -> None:
        if self._driver is not None:
            self._driver.close()
            self._driver = None

    def _run(self, feeds: dict[str, Any]) -> dict[str, Any]:
        assert self._driver is not None
        answer = self._driver.ask({"feeds": {name: sent(array) for name, array in feeds.items()}})
        if "outputs" not in answer:
            raise RunnerCrashed(f"{self.name}: {answer['error']['message']}")
        return {name: received(made) for name, made in answer["outputs"].items()}
