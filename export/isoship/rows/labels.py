"""Labels by the canonical graph, for choosing rows: there only the side of a decision matters."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from isoship.rows.columns import feeds_from_rows
from isoship.sources.contract import Row
from isoship_edge.manifest import Output, Signature

if TYPE_CHECKING:
    import onnx


def labels_by_graph(
    model: onnx.ModelProto, signature: Signature, outputs: Sequence[Output]
) -> Callable[[list[Row]], Sequence[Any]] | None:
    """A function from rows to labels, or None where the model has no single label."""
    label = next((o.name for o in outputs if o.kind == "label" and len(o.shape) == 1), None)
    if label is None:
        return None
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])

    def labels(rows: list[Row]) -> Sequence[Any]:
        found: list[Any] = session.run([label], feeds_from_rows(rows, signature))[0].tolist()
        return found

    return labels
