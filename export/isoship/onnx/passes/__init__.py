"""Rewrites of a finished graph, one a file, each `(model) -> None` in place. Input and output names never change."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from isoship.errors import ConversionError
from isoship.onnx.passes import (
    drop_identities,
    drop_needless_casts,
    drop_plain_lookups,
    drop_unused,
    gather_one_hot_products,
    join_reshapes,
    share_equal_nodes,
    unfuse_scaled_products,
)

if TYPE_CHECKING:
    import onnx

#: The output of a node that stands in the graph while the passes run: it reads every tensor.
_READER = "read by nobody"


def run_all(model: onnx.ModelProto, names: dict[str, str] | None = None) -> onnx.ModelProto:
    """A copy of the model with every pass applied, checked by onnx.

    names: is told what each tensor between the nodes is called in the copy; those that went are left out.

    Raises:
        ConversionError: onnx's checker or shape inference finds a mistake in the result.
    """
    import onnx

    passes: tuple[Callable[[onnx.ModelProto], None], ...] = (
        share_equal_nodes.apply,
        drop_needless_casts.apply,
        drop_plain_lookups.apply,
        drop_identities.apply,
        join_reshapes.apply,
        gather_one_hot_products.apply,
        share_equal_nodes.apply,
        drop_identities.apply,
        unfuse_scaled_products.apply,
        drop_unused.apply,
    )
    result = onnx.ModelProto()
    result.CopyFrom(model)
    del model  # which the caller may have let go
    tensors = [name for node in result.graph.node for name in node.output if name]
    read: list[str] = []
    if names is not None:
        # a pass that renames a tensor renames it where it is read, and the last one takes out what no output needs
        result.graph.node.append(onnx.helper.make_node("Reader", tensors, [_READER], domain="ai.onnx.ml"))
    for apply in passes:
        if names is not None and apply is drop_unused.apply:
            read = list(result.graph.node[-1].input)
        apply(result)
    if names is not None:
        left = {name for node in result.graph.node for name in node.output}
        left |= {each.name for each in (*result.graph.input, *result.graph.initializer)}
        names.update({name: now for name, now in zip(tensors, read, strict=True) if now in left})
    try:
        onnx.checker.check_model(result)
    except onnx.checker.ValidationError as err:
        raise ConversionError(f"the converted graph is not valid ONNX: {err}") from err
    return result
