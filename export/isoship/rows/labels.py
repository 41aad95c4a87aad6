"""Labels by the canonical graph, for choosing rows: there only the side of a decision matters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from isoship.onnx.sessions import session_of
from isoship.rows.columns import feeds_from_rows
from isoship.sources.contract import Row
from isoship_edge.manifest import Output, Signature

if TYPE_CHECKING:
    import onnx

#: Rows of a run: what is between a row's input and its label may be large.
_ROWS = 4096


def labels_by_graph(
    model: onnx.ModelProto | str, signature: Signature, outputs: Sequence[Output]
) -> Callable[[list[Row]], Sequence[Any]] | None:
    """A function from rows that the contract accepts to labels, or None where the model has no single label.

    model: the graph, or the path of its file.
    """
    label = next((o.name for o in outputs if o.kind == "label" and len(o.shape) == 1), None)
    if label is None:
        return None
    session = session_of(model)

    def labels(rows: list[Row]) -> Sequence[Any]:
        found: list[Any] = []
        for start in range(0, len(rows), _ROWS):
            feeds = feeds_from_rows(rows[start : start + _ROWS], signature)
            found += session.run([label], feeds)[0].tolist()
        return found

    return labels
