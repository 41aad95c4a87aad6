"""A concrete function as an ONNX graph: weights frozen into it, then tf2onnx, with what it lacks beside it.

Keras's own `model.export(format="onnx")` is tf2onnx, too. What is done otherwise here (docs/upstream.md):

| there | here |
|---|---|
| tensors that a layer holds (Normalization's mean) become required inputs | they are constants |
| functions that TensorFlow compiles (convolutions in groups) stay calls of themselves | they are inlined before |
| Erfc, Expm1, Log1p become operators that no runtime knows | they are written out (`kernels.py`) |
| dict inputs in alphabetical order, outputs named Identity:0 | in the model's order, under its names |
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from isoship.errors import UnsupportedModelError
from isoship.sources.tensorflow.kernels import HANDLERS
from isoship.sources.tensorflow.library import first_line, quiet

if TYPE_CHECKING:
    import onnx

OPSET = 18


def graph_of(function: Any, inputs: Sequence[str], outputs: Sequence[str]) -> onnx.ModelProto:
    """inputs, outputs: the names in the graph of the function's own inputs (those before its captured tensors) and
    outputs, in its order.

    Raises:
        UnsupportedModelError: tf2onnx fails on it. What it writes may still hold operators that ONNX does not have.
    """
    import tensorflow as tf
    from tf2onnx import optimizer, tf_loader, tfonnx

    given = [tensor.name for tensor in function.inputs[: len(function.inputs) - len(function.captured_inputs)]]
    made = [tensor.name for tensor in function.outputs]
    try:
        with quiet(), tf.device("/cpu:0"):
            frozen = _frozen(function, given)
            with tf.Graph().as_default():
                tf.import_graph_def(frozen, name="")
                frozen = tf_loader.tf_optimize(given, made, frozen)
            with tf.Graph().as_default() as graph:
                tf.import_graph_def(frozen, name="")
                converted = tfonnx.process_tf_graph(
                    graph,
                    opset=OPSET,
                    continue_on_error=True,
                    custom_op_handlers=dict(HANDLERS),
                    input_names=list(given),
                    output_names=list(made),
                    tensors_to_rename={
                        **dict(zip(given, inputs, strict=True)),
                        **dict(zip(made, outputs, strict=True)),
                    },
                )
                # What is computed twice would become one node of the first or of the second layer, as a set has them.
                passes = {n: each for n, each in optimizer._get_optimizers().items() if n != "merge_duplication"}
                model = optimizer.optimize_graph(converted, catch_errors=True, optimizers=passes).make_model("model")
    except Exception as err:  # tf2onnx and TensorFlow raise whatever their parts do
        raise UnsupportedModelError(
            "the model's graph",
            f"tf2onnx does not convert it: {type(err).__name__}: {first_line(err)}",
            "Write the step with other operations, or train with another layer, and export again",
        ) from err
    return _ordered(model, inputs, outputs)


def _frozen(function: Any, given: Sequence[str]) -> Any:
    """The function's graph with variables and captured tensors as constants."""
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    held = {
        inside.op.name: outside
        for outside, inside in function.graph.captures
        if outside.dtype not in (tf.resource, tf.variant)
    }
    frozen = convert_variables_to_constants_v2(function, lower_control_flow=False, aggressive_inlining=True)
    document = frozen.graph.as_graph_def(add_shapes=True)
    for node in document.node:
        if node.op != "Placeholder" or f"{node.name}:0" in given or node.name not in held:
            continue
        value = tf.make_tensor_proto(held[node.name].numpy())
        node.op = "Const"
        node.attr.clear()
        node.attr["dtype"].type = value.dtype
        node.attr["value"].tensor.CopyFrom(value)
    return document


def _ordered(model: onnx.ModelProto, inputs: Sequence[str], outputs: Sequence[str]) -> onnx.ModelProto:
    """Inputs and outputs in the model's order. An input that nothing reads stays; what tf2onnx adds comes last."""
    for values, names in ((model.graph.input, inputs), (model.graph.output, outputs)):
        held = {value.name: value for value in values}
        ordered = [held[name] for name in names if name in held] + [v for n, v in held.items() if n not in names]
        del values[:]
        values.extend(ordered)
    return model
