"""A model as a function: its answers to arrays, and its graph as tf2onnx writes it, not yet checked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from isoship.errors import InputError, UnsupportedModelError
from isoship.sources.keras.calls import Call, named_outputs
from isoship.sources.tensorflow.graph import graph_of
from isoship.sources.tensorflow.library import REFUSALS, array_of, first_line, quiet
from isoship.tensors.contract import Arrays
from isoship_edge.tensors.signature import Input

if TYPE_CHECKING:
    import onnx

Array = np.ndarray[Any, Any]
#: Keras's dtypes -> the signature's, where the names differ.
_DTYPES = {"float32": "float", "float64": "double"}


def answers_of(model: Any, call: Call, title: str) -> Callable[[Arrays], dict[str, Array]]:
    """A model's answers to arrays, by output name; InputError for a call that it refuses."""
    import tensorflow as tf

    def answers(inputs: Arrays) -> dict[str, Array]:
        try:
            with quiet(), tf.device("/cpu:0"):
                specs = zip(call.names, call.specs, strict=True)
                tensors = [tf.constant(inputs[name], dtype) for name, (dtype, _) in specs]
                made = named_outputs(model, model(call.packed(tensors), training=False))
                return {name: array_of(tensor) for name, tensor in made}
        except (*REFUSALS, tf.errors.OpError) as err:
            raise InputError(f"{title} refuses this call: {type(err).__name__}: {first_line(err)}") from err

    return answers


def converted(model: Any, call: Call, outputs: Sequence[str]) -> tuple[onnx.ModelProto, tuple[str, ...]]:
    """The graph of a model, dynamic dimensions named, and its outputs' names. Nothing of it is checked yet.

    Raises:
        UnsupportedModelError: tf2onnx fails on it, or an input and an output have one name.
    """
    import tensorflow as tf

    clash = sorted({*call.names} & {*outputs})
    if clash:
        raise UnsupportedModelError(
            f"output {clash[0]!r}", "an input has the same name, and a graph has one name space", "Rename one of them"
        )
    specs = [tf.TensorSpec(shape, dtype, name=f"input_{i}") for i, (dtype, shape) in enumerate(call.specs)]

    def flat(*tensors: Any) -> list[Any]:
        made = dict(named_outputs(model, model(call.packed(tensors), training=False)))
        return [tf.identity(made[name]) for name in outputs]

    eagerly = tf.config.functions_run_eagerly()
    tf.config.run_functions_eagerly(True)  # functions inside, such as those that XLA compiles, become part of this one
    try:
        with quiet():
            function = tf.function(flat, input_signature=specs, autograph=False).get_concrete_function()
    finally:
        tf.config.run_functions_eagerly(eagerly)
    graph = graph_of(function, call.names, outputs)
    dims = {name: as_input(call, i).shape for i, name in enumerate(call.names)}
    for value in graph.graph.input:
        for dim, size in zip(value.type.tensor_type.shape.dim, dims.get(value.name, ()), strict=False):
            if isinstance(size, str):
                dim.dim_param = size
    return graph, tuple(outputs)


def write_saved_model(
    model: Any, call: Call, outputs: Sequence[str], folder: Path
) -> tuple[dict[str, str], dict[str, str]]:
    """The model as a SavedModel; the names of its signature, by those of the inputs and of the outputs."""
    import tensorflow as tf

    specs = [tf.TensorSpec(shape, dtype, name=f"input_{i}") for i, (dtype, shape) in enumerate(call.specs)]

    def serve(*tensors: Any) -> dict[str, Any]:
        made = dict(named_outputs(model, model(call.packed(tensors), training=False)))
        return {f"output_{k}": tf.identity(made[name]) for k, name in enumerate(outputs)}

    module = tf.Module()
    module.model = model
    module.serve = tf.function(serve, input_signature=specs, autograph=False)
    with quiet():
        tf.saved_model.save(module, str(folder), signatures=module.serve)
    inputs = {name: f"input_{i}" for i, name in enumerate(call.names)}
    return inputs, {name: f"output_{k}" for k, name in enumerate(outputs)}


def as_input(call: Call, i: int) -> Input:
    """The first dimension is the batch, of all inputs; another dynamic one has a name of its own."""
    (dtype, shape), name = call.specs[i], call.names[i]
    sizes = tuple(("batch" if a == 0 else f"{name}_{a}") if size is None else size for a, size in enumerate(shape))
    return Input(name, _DTYPES.get(dtype, dtype), sizes)
