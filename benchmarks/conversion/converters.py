"""Conversion in two processes, one an exporter: neither has what the other has imported or allocated."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import time
import warnings
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from benchmarks.conversion.models import FEATURES

LIMIT_SECONDS = 300.0


class Converter:
    """One process that converts pickled models. Use it as a context; leaving it ends the process."""

    def __init__(self, exporter: str) -> None:
        self._pipe, theirs = multiprocessing.Pipe()
        context = multiprocessing.get_context("spawn")
        self._process = context.Process(target=_serve, args=(exporter, theirs), daemon=True)
        self._process.start()

    def __enter__(self) -> Converter:
        return self

    def __exit__(self, *_: object) -> None:
        self._pipe.close()
        self._process.terminate()
        self._process.join()

    def convert(self, model: Path, package: str) -> tuple[float, bytes]:
        """CPU seconds and the graph.

        Raises:
            RuntimeError: the exporter failed, or did not answer in time.
        """
        self._pipe.send((str(model), package))
        if not self._pipe.poll(LIMIT_SECONDS):
            raise RuntimeError(f"{model.name} was not converted within {LIMIT_SECONDS:.0f} s")
        seconds, answer = self._pipe.recv()
        if seconds is None:
            raise RuntimeError(answer)
        return seconds, answer


def _serve(exporter: str, pipe: Connection) -> None:
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    warnings.simplefilter("ignore")
    while True:
        try:
            path, package = pipe.recv()
        except EOFError:
            return
        try:
            model, sample = pickle.loads(Path(path).read_bytes())
            convert = _ours if exporter == "isoship" else _onnxmltools if package == "onnxmltools" else _skl2onnx
            started = time.process_time()
            graph = convert(model, sample)
            pipe.send((time.process_time() - started, graph.SerializeToString()))
        except Exception as err:  # noqa: BLE001 the parent raises it with the model's name
            pipe.send((None, f"{exporter}: {type(err).__name__}: {err}"))


def _ours(model: Any, sample: Any) -> Any:
    from isoship.sources import to_onnx

    return to_onnx(model, sample=sample)


def _skl2onnx(model: Any, _sample: Any) -> Any:
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType
    from sklearn.base import is_classifier

    options = {id(model): {"zipmap": False}} if is_classifier(model) else None
    return to_onnx(model, initial_types=[("X", FloatTensorType([None, FEATURES]))], options=options)


def _onnxmltools(model: Any, _sample: Any) -> Any:
    import onnxmltools
    from onnxmltools.convert.common.data_types import FloatTensorType

    types = [("X", FloatTensorType([None, FEATURES]))]
    if type(model).__module__.startswith("xgboost"):
        return onnxmltools.convert_xgboost(model, initial_types=types)
    return onnxmltools.convert_lightgbm(model, initial_types=types, zipmap=False)
