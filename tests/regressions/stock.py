"""skl2onnx and onnxmltools as they are on PyPI, asked from a process that never loads isoship."""

from __future__ import annotations

import multiprocessing
import warnings
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

LIMIT_SECONDS = 60.0


class Stock:
    """One process. Use it as a context; leaving it ends the process."""

    def __enter__(self) -> Stock:
        self._pipe, theirs = multiprocessing.Pipe()
        self._process = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._pipe.close()
        self._process.terminate()
        self._process.join()

    def answers(self, model: Any, rows: Any, width: str) -> list[Any] | str:
        """The stock graph's outputs in their order, or what went wrong: "convert: ...", "load: ..." or "run: ..."."""
        self._pipe.send((model, rows, width))
        if not self._pipe.poll(LIMIT_SECONDS):
            raise TimeoutError(f"no answer for {type(model).__name__} within {LIMIT_SECONDS:.0f} s")
        answer: list[Any] | str = self._pipe.recv()
        return answer


def _serve(pipe: Connection) -> None:
    warnings.simplefilter("ignore")
    while True:
        try:
            model, rows, width = pipe.recv()
        except EOFError:
            return
        pipe.send(_answers(model, rows, width))


def _answers(model: Any, rows: Any, width: str) -> list[Any] | str:
    import onnxruntime as ort

    step = "convert"
    try:
        graph = _converted(model, rows, width)
        step = "load"
        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4
        session = ort.InferenceSession(graph.SerializeToString(), options, providers=["CPUExecutionProvider"])
        step = "run"
        return list(session.run(None, _feeds(rows, width)))
    except Exception as err:  # noqa: BLE001 what fails, and how, is what the tests ask for
        return f"{step}: {type(err).__name__}: {err}"


def _converted(model: Any, rows: Any, width: str) -> Any:
    from skl2onnx import to_onnx
    from skl2onnx.common import data_types
    from sklearn.base import is_classifier

    number = data_types.FloatTensorType if width == "float" else data_types.DoubleTensorType
    if isinstance(rows, np.ndarray):
        types = [("X", number([None, rows.shape[1]]))]
    else:
        kinds = [data_types.StringTensorType if rows[c].dtype.kind not in "iuf" else number for c in rows.columns]
        types = [(name, kind([None, 1])) for name, kind in zip(rows.columns, kinds, strict=True)]
    package = type(model).__module__.partition(".")[0]
    if package == "sklearn":
        options = {id(model): {"zipmap": False}} if is_classifier(model) and hasattr(model, "predict_proba") else None
        opset = {"": 21, "ai.onnx.ml": 3}  # what IsolationForest asks for, and what the others take by themselves
        return to_onnx(model, initial_types=types, options=options, target_opset=opset)
    import onnxmltools
    from onnxmltools.convert.common import data_types as their_types

    types = [("X", getattr(their_types, number.__name__)([None, rows.shape[1]]))]
    if package == "xgboost":
        return onnxmltools.convert_xgboost(model, initial_types=types)
    return onnxmltools.convert_lightgbm(model, initial_types=types, zipmap=False)


def _feeds(rows: Any, width: str) -> dict[str, Any]:
    dtype = np.float32 if width == "float" else np.float64
    with np.errstate(over="ignore"):
        if isinstance(rows, np.ndarray):
            return {"X": np.ascontiguousarray(rows, dtype)}
        return {
            name: rows[[name]].to_numpy(dtype if rows[name].dtype.kind in "iuf" else object) for name in rows.columns
        }
