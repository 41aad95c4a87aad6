"""A source whose network was made smaller: what ships is the quantized graph, and its own answers are the truth.

The model's answers were compared once, on the user's sample and against a budget; that figure is in the manifest's
provenance. Parity from there on says that Lambda and devices answer what the quantized graph answers here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import onnx

from isoship.errors import InputError, SampleError, UnsupportedModelError
from isoship.tensors.contract import Arrays, TensorSource, made_with, sizes_known
from isoship.tensors.quantization.agreement import DEFAULT_BUDGET, Agreement, agreements, hold
from isoship.tensors.quantization.float16 import WEIGHTS, with_float16_weights
from isoship.tensors.quantization.int8 import PRODUCTS, quantized_to_int8
from isoship.tensors.run import Array, Runs
from isoship_edge.tensors.signature import FLOATS

METHODS = ("int8", "float16")


class Quantized:
    """A `TensorSource` over another one.

    Raises:
        InputError: another method than int8 and float16.
        SampleError: no sample.
        UnsupportedModelError: trees, linear models, and graphs in which nothing can be quantized.
        ConversionError: the agreement on the sample is below the budget; the figures.
    """

    def __init__(self, source: TensorSource, method: str, budget: float = DEFAULT_BUDGET) -> None:
        if method not in METHODS:
            raise InputError(f"quantize is {method!r}: choose from {', '.join(METHODS)}")
        if not source.samples:
            raise SampleError(
                "--quantize needs --sample: ranges of activations and the agreement with the model are measured on it"
            )
        original = source.to_onnx()
        refuse_what_gains_nothing(original)
        self._source, self.samples = source, source.samples
        self.library, self.library_version = source.library, source.library_version
        self.estimator, self.places, self.outputs = source.estimator, source.places, source.outputs
        self.signature, self.sizes = source.signature, sizes_known(source)
        if method == "int8":
            self._graph, kept = quantized_to_int8(original, source.samples), list[str]()
            done = sum(node.op_type in PRODUCTS for node in self._graph.graph.node)
            # What integers NaN and infinities become follows the processor.
            finite = [one._replace(nan=False, infinity=False) for one in source.signature.inputs]
            self.signature = source.signature._replace(inputs=tuple(finite))
            what = f"int8, {done} of {len(_products(original))} products with weights"
        else:
            self._graph, kept = with_float16_weights(original)
            what = "float16 weights, float32 arithmetic"
        self._run = Runs(self._graph)
        self.agreements: tuple[Agreement, ...] = agreements(self.outputs, self.samples, source.answers, self.answers)
        hold(self.agreements, budget, method)
        figures = "; ".join(one.described() for one in self.agreements)
        self.quantization = f"{what}; agreement with the model on the sample, of which {budget:g} was asked: {figures}"
        self.made_with = made_with(source) | {"quantization": self.quantization}
        self.notes = (*source.notes, f"quantized: {self.quantization}. The quantized graph's own answers are the truth")
        if kept:
            self.notes += (f"float16 cannot hold {', '.join(kept)}, which stay float32",)
        if method == "int8" and any(i.dtype in FLOATS and (i.nan or i.infinity) for i in source.signature.inputs):
            self.notes += ("NaN and infinities are refused: integers hold neither",)

    def answers(self, inputs: Arrays) -> dict[str, Array]:
        """The quantized graph's, in onnxruntime without optimization."""
        answers: Mapping[str, Array] = self._run(inputs)
        return {output.name: answers[output.name] for output in self.outputs}

    def to_onnx(self) -> onnx.ModelProto:
        copy = onnx.ModelProto()
        copy.CopyFrom(self._graph)
        return copy

    def close(self) -> None:
        self._source.close()


def refuse_what_gains_nothing(model: onnx.ModelProto) -> None:
    """Raises:
    UnsupportedModelError: trees and linear models.
    """
    ml = sorted({node.op_type for node in model.graph.node if node.domain == "ai.onnx.ml"})
    if ml:
        raise UnsupportedModelError(
            f"--quantize of {', '.join(ml)}",
            "thresholds decide by their last bit, and integers or float16 would send rows to other leaves",
            "Leave --quantize",
        )
    products = _products(model)
    if len(products) == 1 and products[0].op_type in ("MatMul", "Gemm"):
        raise UnsupportedModelError(
            f"--quantize of {products[0].op_type} {products[0].name}",
            "one product is a linear model, whose coefficients are its answer and whose size is nothing to save",
            "Leave --quantize",
        )


def _products(model: onnx.ModelProto) -> Sequence[onnx.NodeProto]:
    weights = {one.name for one in model.graph.initializer}
    weights |= {name for node in model.graph.node if node.op_type == "Constant" for name in node.output}
    return [
        node
        for node in model.graph.node
        if node.op_type in WEIGHTS and node.op_type != "Gather"
        if any(node.input[at] in weights for at in WEIGHTS[node.op_type] if at < len(node.input))
    ]
