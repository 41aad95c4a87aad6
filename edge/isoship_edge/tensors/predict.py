"""POST /predict of a bundle of tensors: {"inputs": {...}} -> {"model", "version", "outputs": {...}}."""

from __future__ import annotations

from isoship_edge.encoding.words import got, listed
from isoship_edge.http.body import check_media, content_of, parsed
from isoship_edge.http.response import Refusal, Response, answer
from isoship_edge.inference.tensor import Tensor
from isoship_edge.tensors.json_inputs import tensors_from_json
from isoship_edge.tensors.nested import nested

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from isoship_edge.http.api import Limits, Request
    from isoship_edge.tensors.model import TensorModel
    from isoship_edge.tensors.signature import Input

#: Bytes that pictures of a request may unpack to, in those that its body may have: a kilobyte of PNG can hold a
#: megabyte of one colour.
UNPACKED = 8


def predicted(model: TensorModel, request: Request) -> Response:
    """Raises: Refusal, InputError, InferenceError."""
    check_media(request.headers)
    inputs = read_inputs(parsed(content_of(request.headers, request.body, request.limits)))
    tensors = tensors_from_json(inputs, model.manifest.signature.inputs, picture_bytes(request.limits))
    made = answered(model, tensors, request)
    return answer({"model": model.manifest.name, "version": model.manifest.version, "outputs": lists_of(made)})


def answered(model: TensorModel, tensors: Mapping[str, Tensor], request: Request) -> dict[str, Tensor]:
    """A call of a request's, counted. Raises: InputError, InferenceError."""
    made = model.infer(tensors)
    count = items(model.manifest.signature.inputs, tensors)
    if request.metrics is not None:
        request.metrics.rows(count)
    if request.watch is not None:
        request.watch(count, made)
    return made


def items(expected: Sequence[Input], tensors: Mapping[str, Tensor]) -> int:
    """How many items a call holds: the size of the first dimension where that has a name, else one."""
    spec = expected[0] if expected else None
    if spec is None or not spec.shape or isinstance(spec.shape[0], int):
        return 1
    return tensors[spec.name].shape[0]


def lists_of(made: Mapping[str, Tensor]) -> dict[str, Any]:
    """Outputs as JSON has them."""
    return {name: nested(tensor) for name, tensor in made.items()}


def picture_bytes(limits: Limits) -> int:
    """What the pictures of a request may unpack to."""
    return UNPACKED * limits.body


def read_inputs(document: Any) -> dict[str, Any]:
    """The inputs of a document, not yet looked into.

    Raises:
        Refusal: 422.
    """
    if not isinstance(document, dict):
        raise Refusal(422, f'expected an object {{"inputs": {{...}}}}, got {got(document)}')
    if "inputs" not in document:
        raise Refusal(422, f'expected the key "inputs", got an object with the keys {listed(document)}')
    if len(document) > 1:
        unknown = listed(name for name in document if name != "inputs")
        raise Refusal(422, f'expected the key "inputs" and no other, got {unknown} too')
    inputs = document["inputs"]
    if not isinstance(inputs, dict):
        raise Refusal(422, f"inputs: expected an object, got {got(inputs)}", seen=got(inputs), expected="an object")
    return inputs
