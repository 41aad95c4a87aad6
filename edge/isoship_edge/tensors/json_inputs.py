"""The inputs of a call as JSON has them: nested lists, and pictures."""

from __future__ import annotations

from isoship_edge.inference.tensor import Tensor
from isoship_edge.tensors.contract import check_names
from isoship_edge.tensors.nested import tensor_from_nested
from isoship_edge.tensors.signature import Input

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any


def tensors_from_json(inputs: Mapping[str, Any], expected: Sequence[Input], limit: int) -> dict[str, Tensor]:
    """limit: bytes that all pictures together may unpack to.

    Raises:
        InputError: an input that is unknown, absent, or no such tensor.
    """
    check_names(inputs, expected)
    made = {}
    for spec in expected:
        made[spec.name] = tensor_from_json(spec, inputs[spec.name], limit)
        if spec.image is not None:
            limit -= len(made[spec.name].data)
    return made


def tensor_from_json(spec: Input, value: Any, limit: int) -> Tensor:
    """One input: nested lists; {"png": base64} or a list of those where it takes pictures.

    Raises:
        InputError: it is no such tensor.
    """
    if spec.image is not None and _holds_pictures(value):
        from isoship_edge.tensors.images import tensor_from_pictures

        return tensor_from_pictures(spec, value, limit)
    return tensor_from_nested(spec, value)


def _holds_pictures(value: Any) -> bool:
    return type(value) is dict or (type(value) is list and any(type(one) is dict for one in value))
