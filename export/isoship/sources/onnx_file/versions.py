"""A file that is newer than onnxruntime takes, declared as the older version that means the same."""

from __future__ import annotations

import onnx

from isoship.errors import UnsupportedModelError
from isoship.tensors.graph import node_title, nodes_of
from isoship.tensors.run import newest_taken


def declare_what_runs(model: onnx.ModelProto) -> list[str]:
    """Lowers IR version and opset to what onnxruntime takes, in place, where nothing else changes; a note for each.

    An opset is lowered where every operator is, in the older one, of the very same definition. Nothing is converted:
    `onnx.version_converter` changes answers (docs/upstream.md).

    Raises:
        UnsupportedModelError: a node's operator is of a newer definition.
    """
    ir, opset = newest_taken()
    notes = []
    if model.ir_version > ir:
        notes.append(f"the file declares IR version {model.ir_version}; it ships as {ir}, which onnxruntime takes")
        model.ir_version = ir
    imports = [*model.opset_import, *(each for function in model.functions for each in function.opset_import)]
    newer = [each for each in imports if each.domain in ("", "ai.onnx") and each.version > opset]
    if not newer:
        return notes
    for node in nodes_of(model):
        if node.domain not in ("", "ai.onnx"):
            continue
        now = onnx.defs.get_schema(node.op_type, newer[0].version, "")
        if now.since_version > opset:
            raise UnsupportedModelError(
                node_title(node),
                f"it is of opset {now.since_version}, and the onnxruntime of this version takes {opset} at most",
                f"Export the model with opset {opset} or older",
            )
    notes.append(
        f"the file declares opset {newer[0].version}; it ships as {opset}, in which its operators are the same"
    )
    for each in newer:
        each.version = opset
    return notes
