"""Dimensions of inputs that a file leaves open, under names of their own."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import onnx

from isoship.errors import UnsupportedModelError
from isoship.tensors.graph import inputs_of
from isoship.tensors.signatures import move_together

#: How tf2onnx, and with it Keras, calls a dimension that has no name. Two that are equal have two numbers.
_NUMBERED = re.compile(r"unk__\d+")


def name_dimensions(model: onnx.ModelProto, ranks: Mapping[str, int] | None = None) -> dict[str, list[str]]:
    """Gives each open dimension (-1, 0, without a name, or numbered by tf2onnx) a name, in place; the names
    made of each input.

    A lone input's first dimension becomes N; otherwise `<input>_<axis>`, since nothing says that two are equal
    (`share_batch`).
    ranks: of inputs that declare no shape, as the sample has them.

    Raises:
        UnsupportedModelError: an input declares no shape and no sample shows one.
    """
    given = inputs_of(model)
    taken = {dim.dim_param for value in given for dim in value.type.tensor_type.shape.dim}
    named: dict[str, list[str]] = {}
    for value in given:
        tensor = value.type.tensor_type
        if not tensor.HasField("shape"):
            if value.name not in (ranks or {}):
                raise UnsupportedModelError(
                    f"the input {value.name!r}",
                    "the file says nothing of its shape",
                    "Give a call as it is made: --sample calls.npz, an array for each input",
                )
            tensor.shape.SetInParent()
            for _ in range(ranks[value.name] if ranks else 0):
                tensor.shape.dim.add()
        made = named.setdefault(value.name, [])
        for axis, dim in enumerate(tensor.shape.dim):
            if dim.dim_value > 0 or (dim.dim_param and not _NUMBERED.fullmatch(dim.dim_param)):
                continue
            name = "N" if axis == 0 and len(given) == 1 and "N" not in taken else f"{value.name}_{axis}"
            while name in taken:
                name += "_"
            taken.add(name)
            dim.Clear()
            dim.dim_param = name
            made.append(name)
    return named


def share_batch(model: onnx.ModelProto, named: Mapping[str, Sequence[str]]) -> list[str]:
    """Calls first dimensions N that the model answers only where they are equal, in place; a note for each input.

    named: names that `name_dimensions` gave; those of the file's own stay.
    """
    made = [name for names in named.values() for name in names]
    firsts = [
        value.type.tensor_type.shape.dim[0]
        for value in inputs_of(model)
        if value.type.tensor_type.shape.dim and value.type.tensor_type.shape.dim[0].dim_param in made
    ]
    names = [dim.dim_param for dim in firsts]
    if len(names) > 1 and move_together(model, names):
        for dim in firsts:
            dim.dim_param = "N"
    else:
        names = []
    said = {name: ", ".join("N" if each in names else each for each in own) for name, own in named.items() if own}
    return [f"{name}: open dimensions are called {each}" for name, each in said.items()]
