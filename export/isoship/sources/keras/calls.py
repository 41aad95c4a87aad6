"""How a Keras model is called: its inputs in its own order and under its own names, and its outputs likewise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from isoship.errors import SampleError, UnsupportedModelError
from isoship.tensors.contract import Arrays


@dataclass(frozen=True)
class Call:
    """names: of the inputs, in order. specs: (dtype, shape with None where any size goes) of each.

    keys: the place of each in what the model is called with: a key of a dict, an index of a list; None for one tensor.
    """

    names: tuple[str, ...]
    specs: tuple[tuple[str, tuple[int | None, ...]], ...]
    keys: tuple[str | int, ...] | None

    def packed(self, tensors: Sequence[Any]) -> Any:
        """What the model is called with."""
        if self.keys is None:
            return tensors[0]
        if isinstance(self.keys[0], str):
            return dict(zip(self.keys, tensors, strict=True))
        return list(tensors)


def call_of(model: Any, sample: Any) -> Call:
    """The inputs that a model was built with; those of the sample, where it is a class of the user's own.

    Raises:
        SampleError: a class of the user's own, and no sample says what it takes.
        UnsupportedModelError: an input is ragged or sparse, or inputs are nested.
    """
    struct = _structure(model, "input")
    if struct is None:
        return _from_sample(model, sample)
    if isinstance(struct, Mapping):
        keys: tuple[str | int, ...] | None = tuple(map(str, struct))
        tensors, names = list(struct.values()), tuple(map(str, struct))
    elif isinstance(struct, (list, tuple)):
        keys, tensors = tuple(range(len(struct))), list(struct)
        names = distinct([_layer_name(tensor) for tensor in tensors])
    else:
        keys, tensors = None, [struct]
        names = (_layer_name(struct),)
    for name, tensor in zip(names, tensors, strict=True):
        if not hasattr(tensor, "shape") or not hasattr(tensor, "dtype"):
            raise UnsupportedModelError(
                f"input {name!r}", "it is a structure of tensors", "Give each tensor an Input of its own"
            )
        if getattr(tensor, "ragged", False) or getattr(tensor, "sparse", False):
            raise UnsupportedModelError(
                f"input {name!r}", "it is ragged or sparse, and callers have arrays", "Pad it to a dense tensor"
            )
    return Call(names, tuple((str(t.dtype), tuple(t.shape)) for t in tensors), keys)


def arrays_of(call: Call, sample: Any) -> list[dict[str, np.ndarray[Any, Any]]]:
    """The user's calls, in the model's dtypes.

    Raises:
        SampleError: they have other inputs than the model.
    """
    from isoship.tensors.samples import read_samples

    if sample is None:
        return []
    if isinstance(sample, (list, tuple)) and len(sample) == len(call.names) > 1 and not isinstance(sample[0], Mapping):
        sample = dict(zip(call.names, sample, strict=True))
    return read_samples(sample, call.names)


def named_outputs(model: Any, made: Any) -> list[tuple[str, Any]]:
    """What a model answered, tensor by tensor under its name: the key of a dict, else the layer that made it."""
    if isinstance(made, Mapping):
        return [(str(name), tensor) for name, tensor in made.items()]
    many = isinstance(made, (list, tuple))
    tensors = list(made) if many else [made]
    layers = _structure(model, "output")
    if layers is None:
        names = [f"output_{i}" for i in range(len(tensors))] if many else ["output"]
    else:
        names = [_layer_name(tensor) for tensor in (layers if many else [layers])]
    return list(zip(distinct(names), tensors, strict=True))


def distinct(names: Sequence[str]) -> tuple[str, ...]:
    """A layer that is used twice gives two tensors: dense, dense_1."""
    made: list[str] = []
    for name in names:
        number, free = 0, name
        while free in made:
            number += 1
            free = f"{name}_{number}"
        made.append(free)
    return tuple(made)


def _structure(model: Any, end: str) -> Any:
    """The symbolic inputs or outputs as the model has them; None for a class of the user's own, which has none."""
    if type(model).__name__ == "Sequential":
        tensors = getattr(model, f"{end}s", None)
        return tensors[0] if tensors else None
    return getattr(model, end, None) if hasattr(model, "operations") else None


def _layer_name(tensor: Any) -> str:
    """The layer's name is the file's own; a tensor's is a counter of the process."""
    history = getattr(tensor, "_keras_history", None)
    return str(history.operation.name if history is not None else tensor.name)


def _from_sample(model: Any, sample: Any) -> Call:
    kind = type(model).__name__
    if isinstance(sample, (list, tuple)) and sample and isinstance(sample[0], Mapping):
        sample = sample[0]
    if sample is None or isinstance(sample, str) or hasattr(sample, "open"):
        raise SampleError(
            f"{kind} is a class of your own, which does not say what it is called with: give arrays as the sample, one"
            " array or a dict of them"
        )
    if isinstance(sample, Mapping):
        arrays: Arrays = {str(name): np.asarray(value) for name, value in sample.items()}
        keys: tuple[str | int, ...] | None = tuple(arrays)
    elif isinstance(sample, (list, tuple)):
        arrays = {f"input_{i}": np.asarray(value) for i, value in enumerate(sample)}
        keys = tuple(range(len(arrays)))
    else:
        arrays, keys = {"input": np.asarray(sample)}, None
    specs = tuple((str(array.dtype), (None, *array.shape[1:])) for array in arrays.values())
    return Call(tuple(arrays), specs, keys)
