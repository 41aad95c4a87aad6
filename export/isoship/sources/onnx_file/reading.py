"""An .onnx file read whole, with the weights that lie beside it."""

from __future__ import annotations

import math
from pathlib import Path

import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

from isoship.errors import ModelFileError
from isoship.tensors.graph import tensors_of

#: What one protobuf message may hold, and so one model.onnx.
MOST = 2**31 - 1
#: Bits of an element of each type. Strings never lie outside of the file.
_BITS = {
    number: 8 * onnx.helper.tensor_dtype_to_np_dtype(number).itemsize
    for number in onnx.TensorProto.DataType.values()
    if number not in (onnx.TensorProto.UNDEFINED, onnx.TensorProto.STRING)
}
_FOUR_BITS = ("UINT4", "INT4", "FLOAT4E2M1")
_BITS |= {getattr(onnx.TensorProto, name): 4 for name in _FOUR_BITS if hasattr(onnx.TensorProto, name)}
_BITS |= {getattr(onnx.TensorProto, name): 2 for name in ("UINT2", "INT2") if hasattr(onnx.TensorProto, name)}


def read_model(path: Path) -> onnx.ModelProto:
    """The model, weights of files beside it inside.

    Raises:
        ModelFileError: it is missing, no ONNX file, too large, or its weights lie elsewhere than in its folder.
    """
    try:
        size = path.stat().st_size
        if size > MOST:
            raise ModelFileError(f"{path} has {size / 1e9:.1f} GB: {_TOO_LARGE}")
        data = path.read_bytes()
    except OSError as err:
        raise ModelFileError(f"cannot read {path}: {err.strerror or err}") from err
    model = onnx.ModelProto()
    try:
        model.ParseFromString(data)
    except DecodeError as err:
        raise ModelFileError(
            f"{path} is no ONNX file: {err}. Write one with your library's exporter, such as torch.onnx.export"
        ) from err
    if not model.graph.node or not model.graph.output:
        raise ModelFileError(f"{path} holds no ONNX graph that answers: it has {len(model.graph.node)} nodes")
    inline_weights(model, path.parent)
    return model


def inline_weights(model: onnx.ModelProto, folder: Path | None) -> None:
    """Reads into the model what it keeps in files of `folder`, in place. None: there is no folder to read from.

    Raises:
        ModelFileError: a file is missing, is not in the folder, or is shorter than its tensors; or all is too large.
    """
    outside = [t for t in tensors_of(model) if t.data_location == onnx.TensorProto.EXTERNAL]
    total = model.ByteSize() + sum(_length(tensor) for tensor in outside)
    if total > MOST:
        raise ModelFileError(f"the model has {total / 1e9:.1f} GB of weights: {_TOO_LARGE}")
    for tensor in outside:
        if folder is None:
            raise ModelFileError(
                f"the tensor {tensor.name!r} lies in a file of its own, and a model that is given as an object says not"
                " in which folder. Save it and give the path: onnx.save(model, 'model.onnx')"
            )
        tensor.raw_data = _read(tensor, folder)
        tensor.ClearField("external_data")
        tensor.data_location = onnx.TensorProto.DEFAULT


_TOO_LARGE = (
    "one ONNX file holds at most 2 GB, and so does a bundle of this version. Models of that size want an engine of"
    " their own (vLLM, llama.cpp); a smaller one can be had by float16 weights"
)


def _length(tensor: onnx.TensorProto) -> int:
    """The bytes that a tensor's shape and type call for.

    Raises:
        ModelFileError: it has no such size.
    """
    if tensor.data_type not in _BITS or any(size < 0 for size in tensor.dims):
        raise ModelFileError(f"the tensor {tensor.name!r} has a shape or type that no file of weights can hold")
    bits: int = math.prod(tensor.dims) * _BITS[tensor.data_type]
    return (bits + 7) // 8


def _read(tensor: onnx.TensorProto, folder: Path) -> bytes:
    """The bytes of one tensor. A path that leaves the model's folder is refused: it may be any file of this machine's,
    and would be shipped."""
    told = {entry.key: entry.value for entry in tensor.external_data}
    what = f"the weights of {tensor.name!r}"
    location = told.get("location", "")
    home = folder.resolve()
    try:
        path = (home / location).resolve()
        offset = int(told.get("offset", "0") or 0)
        length = int(told["length"]) if told.get("length") else _length(tensor)
    except (ValueError, OSError) as err:
        raise ModelFileError(f"{what} lie nowhere: {err}") from err
    if not location or not path.is_relative_to(home) or path == home:
        raise ModelFileError(
            f"{what} lie in {location!r}, outside of the model's folder. Put the file beside the model, as its exporter"
            " did, and save the model again with its name"
        )
    if not path.is_file():
        raise ModelFileError(f"{what} lie in {location!r}, which is not beside the model. Copy both files together")
    if length != _length(tensor) or offset < 0 or offset + length > path.stat().st_size:
        raise ModelFileError(f"{what} do not fit {location!r}: the file was cut or is another model's")
    try:
        with path.open("rb") as file:
            file.seek(offset)
            data: bytes = file.read(length)
            return data
    except OSError as err:
        raise ModelFileError(f"cannot read {location!r}: {err.strerror or err}") from err
