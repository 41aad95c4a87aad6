"""Canonical ONNX from a fitted estimator: the graph's inputs and outputs around what the carrier writes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from isoship.errors import ConversionError
from isoship.onnx import passes
from isoship.sources.contract import GraphStep
from isoship.sources.sklearn.converters.arithmetic.links import label
from isoship.sources.sklearn.tracing import traced
from isoship.sources.sklearn.truth.outputs import METHODS
from isoship.sources.sklearn.walk.carrier import Carrier, Way, brief
from isoship.sources.sklearn.walk.frame import Block, Frame, cast, matrix
from isoship.sources.sklearn.walk.steps import graph_steps
from isoship_edge.manifest import Output, Signature

if TYPE_CHECKING:
    import onnx

_ONNX = {"double": 11, "int64": 7, "bool": 9, "string": 8}


def onnx_from_sklearn(
    estimator: Any,
    signature: Signature,
    outputs: Sequence[Output],
    trained_on: Sequence[str] | None,
    examples: Callable[[], dict[str, Any]] = dict,
    categories: Sequence[str] = (),
    nones: Sequence[str] = (),
    *,
    zeros_missing: bool = False,
    label_names: Any = None,
    steps: list[GraphStep] | None = None,
    others: Sequence[Way] = (),
) -> onnx.ModelProto:
    """The canonical graph of docs/architecture.md.

    trained_on: the columns of the training frame; those that the signature lacks are never read.
    examples: the sample's categories as feeds, for models that keep hashes of them.
    categories: the columns that were pandas categories in training. nones: those whose missing values are None.
    zeros_missing: a 0 is a missing value to the model. label_names: an array of names for the classes 0, 1, ...
    steps: is told what stands for each estimator. others: what carries estimators that isoship does not, before tracing
    is tried.

    Raises:
        UnsupportedModelError: a step cannot be carried exactly.
        ConversionError: the graph is not valid, which is a fault of isoship.
    """
    from onnx import checker, helper

    c = Carrier(others=(*others, traced))
    for output in outputs:
        c.g.name(output.name)
    frame, inputs = _inputs(c, signature, trained_on, categories, nones)
    c.inputs, c.examples = inputs, examples
    if zeros_missing:
        frame = tuple(_without_zeros(c, block) for block in frame)
    parts = c.carry(estimator, frame)
    declared = []
    for output in outputs:
        method = METHODS[output.kind]
        if output.name != output.kind:
            method += "_" + output.name.rpartition("_")[2]
        if method not in parts:
            raise c.absent(estimator, METHODS[output.kind], "Leave the output out")
        if not parts[method]:
            raise c.unsupported(
                estimator, f"its {METHODS[output.kind]} gives no column at all", "Leave it out of what you ship"
            )
        part = parts[method]
        if output.kind == "label" and label_names is not None:
            part = (label(c.g, label_names, cast(c.g, part[0], "int64").name),)
        _write_output(c, output, part)
        shape = [*output.shape]
        declared.append(helper.make_tensor_value_info(output.name, _ONNX[output.dtype], shape))
    try:
        names = None if steps is None else {each.name: each.name for each in inputs}
        model = passes.run_all(c.g.model(inputs, declared), names)
        checker.check_model(model, full_check=True)
    except checker.ValidationError as err:
        raise ConversionError(f"the graph of {type(estimator).__name__} is not valid ONNX: {err}") from err
    if steps is not None and names is not None:
        steps += graph_steps(c.steps, c.g.nodes, names, [brief(step.estimator) for step in c.steps])
    return model


def _inputs(
    c: Carrier,
    signature: Signature,
    trained_on: Sequence[str] | None,
    categories: Sequence[str],
    nones: Sequence[str],
) -> tuple[Frame, list[Any]]:
    from onnx import helper

    if signature.layout == "matrix":
        width = len(signature.columns)
        c.g.name("X")
        return (Block("X", "double", width),), [helper.make_tensor_value_info("X", _ONNX["double"], ["N", width])]
    inputs = []
    blocks: dict[str, Block] = {}
    for column in signature.columns:
        c.g.name(column.tensor)
        blocks[column.name] = Block(column.tensor, column.dtype, 1, column.name in categories, column.name in nones)
        inputs.append(helper.make_tensor_value_info(column.tensor, _ONNX[column.dtype], ["N", 1]))
    order = trained_on if trained_on is not None else [column.name for column in signature.columns]
    return tuple(blocks.get(name, Block("", "double", 1)) for name in order), inputs


def _without_zeros(c: Carrier, block: Block) -> Block:
    """NaN for 0: on doubles, since what is too small for float32 is stored in a sparse matrix, and 0.0 to XGBoost."""
    if not block.name:
        return block
    block = cast(c.g, block, "double")
    zeros = c.g.op("Equal", block.name, np.float64(0))
    return Block(c.g.op("Where", zeros, np.float64(np.nan), block.name, seed="stored"), "double", block.width)


def _write_output(c: Carrier, output: Output, frame: Frame) -> None:
    """One tensor under the output's name, in its type and shape."""
    g = c.g
    if len(frame) == 1 and frame[0].width is None:
        block = cast(g, frame[0], output.dtype)
    else:
        block = matrix(g, frame, None if output.dtype == "string" else output.dtype)
    name = block.name
    if len(output.shape) == 1 and block.width is not None:
        name = g.op("Squeeze", name, np.array([1]))
    elif len(output.shape) == 2 and block.width is None:
        name = g.op("Unsqueeze", name, np.array([1]))
    elif len(output.shape) == 2 and block.width != output.shape[1]:
        raise ConversionError(
            f"output {output.name!r} has {block.width} columns in the graph and {output.shape[1]} in the model"
        )
    g.op("Identity", name, out=output.name)
