"""int8 by onnxruntime's static quantization, in the one form whose answers depend on no processor.

What of its options was chosen, and why (docs/adr/0007 has what was measured):
- Operators that take integers (QOperator), not QuantizeLinear and DequantizeLinear around float ones (QDQ). Bundles run
  without graph optimization, where QDQ computes in float32 and saves no time; optimized, QDQ gives other answers. This
  form gives the same bits either way.
- uint8 activations and int8 weights a channel, the weights of 7 bits (`reduce_range`). x86 without VNNI adds two
  products in 16 bits, which saturate with 8 bits (255 * 127 * 2 > 32767) and cannot with 7 (255 * 64 * 2 = 32640).
- Standard ONNX operators alone: Conv and MatMul, and what moves or clips their results. Between them stands float32
  arithmetic that IEEE 754 rounds in one way everywhere.
- Only products with weights: attention's product of two activations stays float32.
"""

from __future__ import annotations

import contextlib
import logging
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from isoship.errors import ConversionError, UnsupportedModelError
from isoship.onnx.passes import drop_unused
from isoship.tensors.contract import Arrays
from isoship.tensors.quantization.batch_norms import fold_batch_norms
from isoship.tensors.quantization.clips import clips_to_keep
from isoship.tensors.quantization.constants import as_initializers

#: What is quantized, and what takes the integers of it as they are.
OPERATORS = ("Conv", "MatMul", "Relu", "Clip", "MaxPool", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose")
MICROSOFT = "com.microsoft"
PRODUCTS = ("QLinearConv", "QLinearMatMul")
#: The oldest opset that onnxruntime's tool takes as it is.
OPSET = 11
#: Weights of 7 bits: 255 * 64 * 2 is below 2^15.
GREATEST_WEIGHT = 64
ROWS = 64


def quantized_to_int8(model: onnx.ModelProto, calls: Sequence[Arrays]) -> onnx.ModelProto:
    """The graph with its products in integers. calls: what the ranges of activations are measured on.

    Raises:
        UnsupportedModelError: nothing in it can be quantized, or its opset is too old.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_static

    opset = next((o.version for o in model.opset_import if o.domain in ("", "ai.onnx")), 0)
    if opset < OPSET:
        raise UnsupportedModelError(
            "--quantize int8",
            f"the graph's opset is {opset}",
            f"Write it with opset {OPSET} or newer, or leave --quantize",
        )
    prepared = _prepared(model)
    with tempfile.TemporaryDirectory(prefix="isoship-") as folder, _quiet():
        written = Path(folder) / "int8.onnx"
        try:
            quantize_static(
                prepared,
                written,
                _Calls(_pieces(prepared, calls)),
                quant_format=QuantFormat.QOperator,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                per_channel=True,
                reduce_range=True,
                op_types_to_quantize=list(OPERATORS),
                nodes_to_exclude=clips_to_keep(prepared),
                extra_options={"MatMulConstBOnly": True},
            )
        except Exception as err:  # its errors share no base class
            said = " ".join(str(err).split())[:400]
            raise ConversionError(f"onnxruntime's quantization failed: {type(err).__name__}: {said}") from err
        made = onnx.load(str(written))
    if not any(node.op_type in PRODUCTS for node in made.graph.node):
        raise UnsupportedModelError(
            "--quantize int8",
            "the graph has no Conv, MatMul or Gemm with weights of its own outside a loop or branch",
            "Leave --quantize, or try --quantize float16",
        )
    _check(made, {node.op_type for node in model.graph.node if node.domain == MICROSOFT})
    made.producer_name, made.producer_version = model.producer_name, model.producer_version
    return made


def _prepared(model: onnx.ModelProto) -> onnx.ModelProto:
    """A copy whose nodes have names, whose BatchNormalization is in the Conv's weights, and whose Gemm is MatMul and
    Add: Gemm of integers is no standard operator."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    as_initializers(copy)
    fold_batch_norms(copy)
    weights = {one.name: one for one in copy.graph.initializer}
    nodes: list[onnx.NodeProto] = []
    taken = {node.name for node in copy.graph.node} | {name for node in copy.graph.node for name in node.output}
    for index, node in enumerate(copy.graph.node):
        if not node.name:
            node.name = f"{node.op_type}_{index}"
            while node.name in taken:
                node.name += "_"
            taken.add(node.name)
        nodes += _products(node, weights, copy.graph) if node.op_type == "Gemm" else [node]
    del copy.graph.node[:]
    copy.graph.node.extend(nodes)
    drop_unused.apply(copy)  # weights that were turned
    return copy


def _products(
    node: onnx.NodeProto, weights: dict[str, onnx.TensorProto], graph: onnx.GraphProto
) -> list[onnx.NodeProto]:
    """Gemm with weights and neutral factors as MatMul and Add; any other as it is."""
    given = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    plain = given.get("alpha", 1.0) == given.get("beta", 1.0) == 1.0 and not given.get("transA", 0)
    if not plain or node.input[1] not in weights:
        return [node]
    weight = node.input[1]
    if given.get("transB", 0):
        turned = numpy_helper.to_array(weights[weight]).T
        weight = f"{node.name}_{weight}_turned"
        graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(turned), weight))
    bias = len(node.input) > 2 and node.input[2]
    product = f"{node.output[0]}_product" if bias else node.output[0]
    made = [helper.make_node("MatMul", [node.input[0], weight], [product], name=f"{node.name}_product")]
    if bias:
        made.append(helper.make_node("Add", [product, node.input[2]], [node.output[0]], name=node.name))
    return made


def _check(made: onnx.ModelProto, own: set[str]) -> None:
    """What the promise of equal answers rests on. own: the model's own operators of com.microsoft."""
    used = {node.op_type for node in made.graph.node if node.domain == MICROSOFT}
    wrong = sorted(f"{MICROSOFT}.{op_type}" for op_type in used - own)
    weights = {one.name: one for one in made.graph.initializer}
    for node in made.graph.node:
        if node.op_type in PRODUCTS and node.input[3] in weights:
            weight = numpy_helper.to_array(weights[node.input[3]])
            if weight.dtype != np.int8 or np.abs(weight.astype(int)).max(initial=0) > GREATEST_WEIGHT:
                wrong.append(f"{node.name} with weights beyond {GREATEST_WEIGHT}")
    if wrong:
        raise ConversionError(
            f"onnxruntime's quantization wrote {', '.join(wrong)}, whose answers follow the processor"
        )
    if not used:
        kept = [one for one in made.opset_import if one.domain != MICROSOFT]
        del made.opset_import[:]
        made.opset_import.extend(kept)
    onnx.checker.check_model(made)


def _pieces(model: onnx.ModelProto, calls: Sequence[Arrays]) -> Iterator[Arrays]:
    """Calls of few rows, where the inputs' first dimension is a batch of one name: ranges then take little memory."""
    first = [next(iter(one.type.tensor_type.shape.dim), None) for one in model.graph.input]
    batches = {dim.dim_param if dim is not None else "" for dim in first}
    for call in calls:
        if len(batches) != 1 or "" in batches:
            yield call
            continue
        rows = min(len(array) for array in call.values())
        for start in range(0, rows, ROWS):
            yield {name: array[start : start + ROWS] for name, array in call.items()}


class _Calls:
    """onnxruntime's CalibrationDataReader over calls of the user's own."""

    def __init__(self, calls: Iterator[Arrays]) -> None:
        self._calls = calls

    def get_next(self) -> dict[str, np.ndarray[Any, Any]] | None:
        call = next(self._calls, None)
        return None if call is None else dict(call)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """The tool advises on the root logger to run what was decided against."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)
