"""Declares the opsets and the IR version that every canonical graph has."""

from __future__ import annotations

import onnx
from onnx import helper

from isoship.onnx.graph import IR_VERSION, ML, OPSET, OPSET_ML


def apply(model: onnx.ModelProto) -> None:
    """Sets ai.onnx and ai.onnx.ml; other domains keep their version and go when nothing uses them."""
    used = {node.domain for node in model.graph.node}
    others = [each for each in model.opset_import if each.domain not in ("", "ai.onnx", ML) and each.domain in used]
    kept = [helper.make_opsetid("", OPSET), helper.make_opsetid(ML, OPSET_ML), *others]
    del model.opset_import[:]
    model.opset_import.extend(kept)
    model.ir_version = IR_VERSION
