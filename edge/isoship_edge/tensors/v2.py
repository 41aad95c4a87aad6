"""The tensors of an Open Inference Protocol request as they are: no columns, any rank, every dtype, JSON or bytes."""

from __future__ import annotations

import math

from isoship_edge.encoding.words import got, quoted
from isoship_edge.errors import InputError
from isoship_edge.inference.tensor import Tensor
from isoship_edge.tensors.contract import check_names, refusal, shown
from isoship_edge.tensors.nested import elements, tensor_from_nested
from isoship_edge.tensors.predict import answered
from isoship_edge.tensors.raw import from_bytes
from isoship_edge.tensors.signature import DATATYPES, Input
from isoship_edge.v2.binary import parted, texts_of
from isoship_edge.v2.inputs import members_of
from isoship_edge.v2.inputs import shown as shown_datatype

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from isoship_edge.http.api import Request
    from isoship_edge.tensors.model import TensorModel

#: numpy's most.
_RANKS = 64


def inferred(model: TensorModel, inputs: Sequence[Any], rest: bytes | None, request: Request) -> dict[str, Tensor]:
    """Every output for the inputs of a request. rest: the bytes behind its JSON.

    Raises:
        InputError: tensors that are not the signature's. InferenceError: ONNX Runtime failed on them.
    """
    by_name = {spec.name: spec for spec in model.manifest.signature.inputs}
    tensors: dict[str, Tensor] = {}
    held = [(tensor, None) for tensor in inputs] if rest is None else parted(inputs, rest)
    for tensor, raw in held:
        name, shape, datatype, data = members_of(tensor, "as a list of sizes", (0, _RANKS), raw=raw is not None)
        if name in tensors:
            raise InputError(f"the input {quoted(name)} is given twice", input=name)
        if name not in by_name:
            check_names([name], model.manifest.signature.inputs)
        spec = by_name[name]
        if datatype != DATATYPES[spec.dtype]:
            raise refusal(name, f"datatype {DATATYPES[spec.dtype]}", shown_datatype(datatype))
        tensors[name] = _tensor(spec, tuple(shape), data, raw)
    return answered(model, tensors, request)


def _tensor(spec: Input, shape: tuple[int, ...], data: Any, raw: bytes | None) -> Tensor:
    if raw is not None:
        if spec.dtype == "string":
            return _counted(spec, shape, texts_of(spec.name, raw))
        try:
            return from_bytes(spec.dtype, shape, raw)
        except ValueError as err:
            raise InputError(f"input {quoted(spec.name)}: {err}", input=spec.name) from err
    if not isinstance(data, list):
        raise refusal(spec.name, '"data" to be a list', got(data))
    if len(shape) > 1 and len(shape) == len(spec.shape) and data and isinstance(data[0], list):
        tensor = tensor_from_nested(spec, data)
        if tensor.shape != shape:
            raise refusal(spec.name, f'"data" of shape {shown(shape)}', f"shape {shown(tensor.shape)}")
        return tensor
    return _counted(spec, shape, data)


def _counted(spec: Input, shape: tuple[int, ...], flat: list[Any]) -> Tensor:
    if len(flat) != math.prod(shape):
        raise refusal(spec.name, f"{math.prod(shape)} values for shape {shown(shape)}", f"{len(flat)}")
    return Tensor(spec.dtype, shape, elements(spec, flat, shape))
