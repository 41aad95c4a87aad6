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


def run_all(model: onnx.ModelProto) -> onnx.ModelProto:
    """A copy of the model with every pass applied, checked by onnx.

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
    for apply in passes:
        apply(result)
    try:
        onnx.checker.check_model(result)
    except onnx.checker.ValidationError as err:
        raise ConversionError(f"the converted graph is not valid ONNX: {err}") from err
    return result
