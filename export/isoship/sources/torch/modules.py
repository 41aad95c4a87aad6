"""What the user gave as a torch model, and the copy of it that is asked: on the CPU, in evaluation mode."""

from __future__ import annotations

import copy
import io
from typing import Any

from isoship.errors import ModelFileError, UnsupportedModelError
from isoship.sources.torch.library import first_line

SAVE = (
    "torch.export.save(torch.export.export(model.eval(), (x,), dynamic_shapes=({0: torch.export.Dim.DYNAMIC},)),"
    " 'model.pt2')"
)
#: Wrappers by the names of their classes -> the attribute that holds the module itself.
_WRAPPERS = {"OptimizedModule": "_orig_mod", "DataParallel": "module", "DistributedDataParallel": "module"}
_INSTEAD = "Give the torch.nn.Module itself"
#: numpy, HTTP and the Open Inference Protocol have no such numbers, or onnxruntime does not compute with them.
_NO_NUMBERS = {"torch.bfloat16": "model.float()", "torch.complex64": "real numbers", "torch.complex128": "real numbers"}


def unwrapped(model: Any, notes: list[str]) -> Any:
    """The module inside compiled and parallel wrappers, or the exported program as it is.

    Raises:
        ModelFileError: a tensor, a class, weights alone. UnsupportedModelError: a scripted or traced module, and
        others of torch's classes that are no modules.
    """
    import torch

    if isinstance(model, torch.export.ExportedProgram):
        return model
    while type(model).__name__ in _WRAPPERS and hasattr(model, _WRAPPERS[type(model).__name__]):
        notes.append(f"{type(model).__name__} is a wrapper: the module inside is exported")
        model = getattr(model, _WRAPPERS[type(model).__name__])
    if isinstance(model, (torch.jit.ScriptModule, torch.jit.ScriptFunction)):
        raise UnsupportedModelError(
            type(model).__name__,
            "it is TorchScript, which torch's exporter no longer takes",
            f"Give the module that it was made from, or save it with {SAVE}",
        )
    if isinstance(model, type):
        raise ModelFileError(f"this is no model but the class {model.__name__}. {_INSTEAD}, with its weights")
    if isinstance(model, torch.Tensor):
        raise ModelFileError(f"this is no model but a tensor. {_INSTEAD}")
    if not isinstance(model, torch.nn.Module):
        raise UnsupportedModelError(type(model).__name__, "it is no module of torch", _INSTEAD)
    if any("fsdp" in type(each).__name__.lower() or "fullyshard" in type(each).__name__.lower() for each in
           model.modules()):  # fmt: skip
        raise UnsupportedModelError(
            type(model).__name__,
            "its weights lie in pieces on several devices",
            "Gather them into a plain module first",
        )
    return model


def copied(module: Any, notes: list[str]) -> Any:
    """A copy on the CPU in evaluation mode: the user's own module stays as it is, buffers and training flags included.

    Raises:
        UnsupportedModelError: it has no weights yet, cannot be copied, or holds numbers that nothing else has.
    """
    import torch

    name = type(module).__name__
    tensors = [*module.named_parameters(), *module.named_buffers()]
    for path, tensor in tensors:
        if isinstance(tensor, torch.nn.parameter.UninitializedTensorMixin):
            raise UnsupportedModelError(f"{name}.{path}", "a lazy layer has not seen any input", "Call the model once")
        if tensor.is_meta:
            raise UnsupportedModelError(f"{name}.{path}", "it is on the device meta, without numbers", "Load weights")
        if tensor.is_quantized or str(tensor.dtype) in _NO_NUMBERS or tensor.layout != torch.strided:
            what = "sparse or quantized" if str(tensor.dtype) not in _NO_NUMBERS else str(tensor.dtype)
            raise UnsupportedModelError(
                f"{name}.{path}",
                f"its numbers are {what}, which neither numpy nor a request has",
                f"Give {_NO_NUMBERS.get(str(tensor.dtype), 'the dense model of floats')} and export again",
            )
    if any(each.training for each in module.modules()):
        notes.append(f"{name} is in training mode; a copy in evaluation mode (model.eval()) is exported")
    devices = sorted({str(tensor.device) for _path, tensor in tensors} - {"cpu"})
    if devices:
        notes.append(f"{name} is on {devices[0]}; a copy on the CPU is exported")
    try:
        with torch.no_grad():
            made = copy.deepcopy(module)
    except Exception:  # noqa: BLE001  # hooks of weight_norm, locks, handles: each class says it in another way
        made = _through_bytes(module)
    return made.to("cpu").eval()


def _through_bytes(module: Any) -> Any:
    import torch

    saved = io.BytesIO()
    try:
        torch.save(module, saved)
        saved.seek(0)
        return torch.load(saved, weights_only=False, map_location="cpu")  # what this very process wrote
    except Exception as err:
        raise UnsupportedModelError(
            type(module).__name__,
            f"it cannot be copied, and isoship never works on the user's own module: {first_line(err)}",
            "Keep what is no part of the model (files, locks, trainers) out of it",
        ) from err
