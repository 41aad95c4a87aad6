"""The input tensors of an Open Inference Protocol request as columns of values, by the signature and nothing else."""

from __future__ import annotations

import math

from isoship_edge.encoding.decode import MATRIX_INPUT
from isoship_edge.encoding.words import got, listed, quoted
from isoship_edge.errors import InputError
from isoship_edge.http.body import check_count
from isoship_edge.manifest import Column, Signature
from isoship_edge.tensors.signature import DATATYPES

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from typing import Any

    from isoship_edge.http.api import Limits

#: Integers that a column of 64 bits holds each of, and the ends of their values.
NARROWER = {
    f"{sign}INT{bits}": (0, 2**bits - 1) if sign else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    for sign in ("", "U")
    for bits in (8, 16, 32)
}


def columns_of(signature: Signature, inputs: list[Any], limits: Limits) -> tuple[dict[str, list[Any]], int]:
    """Column name -> its values, and how many rows.

    Raises:
        InputError: tensors that are not the signature's. Refusal: 413, too many rows.
    """
    tensors: dict[str, tuple[list[int], Any, Any]] = {}
    for tensor in inputs:
        name, shape, datatype, data = members_of(tensor, "as [N] or [N, K]", (1, 2))
        if name in tensors:
            raise InputError(f"the input {quoted(name)} is given twice", column=name)
        tensors[name] = (shape, datatype, data)
    counts = {shape[0] if shape else -1 for shape, _, _ in tensors.values()}
    if len(counts) != 1:
        raise InputError("the inputs have different numbers of rows: " + listed(sorted(counts)))
    count = counts.pop()
    check_count(count, limits)
    names = [column.tensor for column in signature.columns]
    numeric = all(column.dtype in ("double", "int64") for column in signature.columns)
    if list(tensors) == [MATRIX_INPUT] and names != [MATRIX_INPUT] and (numeric or signature.layout == "matrix"):
        shape, datatype, data = tensors[MATRIX_INPUT]
        if datatype != "FP64" or shape != [count, len(names)]:
            expected = f"FP64 of shape [N, {len(names)}]"
            raise InputError(f"input {quoted(MATRIX_INPUT)}: expected {expected}, got {shown(datatype)} of {shape}")
        flat = _flat(MATRIX_INPUT, shape, data)
        return {column.name: flat[j :: len(names)] for j, column in enumerate(signature.columns)}, count
    columns = {}
    for column in signature.columns:
        if column.tensor not in tensors:
            name = column.tensor
            raise InputError(f"the input {quoted(name)} is absent; expected {listed(names)}", column=column.name)
        columns[column.name] = _column(column, *tensors[column.tensor])
    unknown = [name for name in tensors if name not in names]
    if unknown:
        raise InputError(f"unknown inputs {listed(unknown)}; expected {listed(names)}", column=unknown[0])
    return columns, count


def name_of(tensor: Any) -> str:
    """The name of an input tensor.

    Raises:
        InputError: it has none, or is no object.
    """
    if not isinstance(tensor, dict):
        raise InputError(f"expected an input tensor as an object, got {got(tensor)}")
    name = tensor.get("name")
    if not isinstance(name, str):
        raise InputError(f'expected an input\'s "name" to be a string, got {got(name)}')
    return name


def parameters_of(holder: dict[str, Any], place: str) -> dict[str, Any]:
    """The parameters of a request, an input or an output, none where it has none. place: whose, for the message.

    Raises:
        InputError: they are no object, or ask for what is not offered here and would change the answer or its place.
    """
    parameters = holder.get("parameters")
    if parameters is None:
        return {}
    if not isinstance(parameters, dict):
        raise InputError(f'{place}: expected "parameters" to be an object, got {got(parameters)}')
    for unknown in ("classification", "shared_memory_region"):
        if unknown in parameters:
            raise InputError(f"{place}: the parameter {quoted(unknown)} is not offered here")
    return parameters


def shown(datatype: Any) -> str:
    """A datatype as a message names it."""
    return quoted(datatype) if isinstance(datatype, str) else got(datatype)


def members_of(
    tensor: Any, shapes: str, ranks: tuple[int, int], *, raw: bool = False
) -> tuple[str, list[int], Any, Any]:
    """An input's name, shape, datatype and data. shapes: those of the ranks that are taken, in words. raw: its data
    came as bytes.

    Raises:
        InputError: one of them is none.
    """
    name, shape = name_of(tensor), tensor.get("shape")
    # MLServer's codecs write it beside the data; base64 is the one under which the data is not what it says.
    if parameters_of(tensor, f"input {quoted(name)}").get("content_type") == "base64":
        raise InputError(f"input {quoted(name)}: base64 is not decoded here; send the text itself", column=name)
    if "data" not in tensor and not raw:
        raise InputError(
            f'input {quoted(name)} has no "data" and no "binary_data_size" with Inference-Header-Content-Length',
            column=name,
        )
    least, most = ranks
    if not (
        isinstance(shape, list)
        and least <= len(shape) <= most
        and all(type(size) is int and 0 <= size < 2**31 for size in shape)
    ):
        raise InputError(f'input {quoted(name)}: expected "shape" {shapes}', column=name)
    return name, list(shape), tensor.get("datatype"), tensor.get("data")


def _column(column: Column, shape: list[int], datatype: Any, data: Any) -> list[Any]:
    expected = DATATYPES[column.dtype]
    ends = NARROWER.get(datatype) if column.dtype in ("double", "int64") and isinstance(datatype, str) else None
    if datatype != expected and ends is None:
        raise InputError(
            f"input {quoted(column.tensor)}: expected datatype {expected}, got {shown(datatype)}", column=column.name
        )
    if shape[1:] not in ([], [1]):
        raise InputError(
            f"input {quoted(column.tensor)}: expected shape [N] or [N, 1], got {shape}", column=column.name
        )
    flat = _flat(column.tensor, shape, data)
    if ends is not None:
        wrong = next((v for v in flat if type(v) is not int or not ends[0] <= v <= ends[1]), None)
        if wrong is not None:
            raise InputError(f"input {quoted(column.tensor)}: {got(wrong)} is no {datatype}", column=column.name)
    return flat


def _flat(name: str, shape: list[int], data: Any) -> list[Any]:
    """Flat data of a tensor that came flat, or nested as its shape says."""
    if not isinstance(data, list):
        raise InputError(f'input {quoted(name)}: expected "data" to be a list, got {got(data)}', column=name)
    count = math.prod(shape)
    if len(shape) == 2 and len(data) == shape[0] and all(isinstance(row, list) for row in data):
        if any(len(row) != shape[1] for row in data):
            raise InputError(f'input {quoted(name)}: "data" does not have shape {shape}', column=name)
        return [value for row in data for value in row]
    if len(data) != count:
        raise InputError(
            f"input {quoted(name)}: shape {shape} holds {count} values, the data has {len(data)}", column=name
        )
    return data
