"""onnxruntime sessions of the Python binding, for whoever asks a graph at export or in a check."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from isoship_edge.inference.ort_api import NOT_OPTIMIZED

if TYPE_CHECKING:
    import onnx

#: How far onnxruntime may rewrite a graph: not at all, as our runtimes let it where the manifest says `optimized`, or
#: as it does by itself.
Level = Literal["off", "shipped", "default"]
_FATAL = 4


def session_of(model: onnx.ModelProto | bytes | str, level: Level = "off") -> Any:
    """A session on one thread. What goes wrong is raised and not logged.

    model: the graph, its bytes, or the path of its file.

    Raises:
        Exception: onnxruntime does not load the graph; its errors share no base class.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = _FATAL
    if level == "off":
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    elif level == "shipped":
        options.add_session_config_entry(*NOT_OPTIMIZED)
    data = model if isinstance(model, (bytes, str)) else model.SerializeToString()
    return _session_class()(data, options, providers=["CPUExecutionProvider"])


@cache
def _session_class() -> Any:
    import onnxruntime as ort

    class Session(ort.InferenceSession):  # type: ignore[misc]
        def _validate_input(self, feed_input_names: Any) -> None:
            # onnxruntime looks every input up in a list: 4 ms a run of 600 columns, of 9 (1.31)
            super()._validate_input(set(feed_input_names))

    return Session
