"""Dimensions of inputs that a file leaves open, under names of their own."""

from __future__ import annotations

from collections.abc import Mapping

import onnx

from isoship.errors import UnsupportedModelError
from isoship.tensors.graph import inputs_of


def name_dimensions(model: onnx.ModelProto, ranks: Mapping[str, int] | None = None) -> list[str]:
    """Gives each open dimension (-1, 0, or without a name) a name, in place; a note for each input where one was made.

    A lone input's first dimension becomes N; otherwise `<input>_<axis>`, since nothing says that two are equal.
    ranks: of inputs that declare no shape, as the sample has them.

    Raises:
        UnsupportedModelError: an input declares no shape and no sample shows one.
    """
    given = inputs_of(model)
    taken = {dim.dim_param for value in given for dim in value.type.tensor_type.shape.dim}
    notes = []
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
        made = []
        for axis, dim in enumerate(tensor.shape.dim):
            if dim.dim_value > 0 or dim.dim_param:
                continue
            name = "N" if axis == 0 and len(given) == 1 and "N" not in taken else f"{value.name}_{axis}"
            while name in taken:
                name += "_"
            taken.add(name)
            dim.Clear()
            dim.dim_param = name
            made.append(name)
        if made:
            notes.append(f"{value.name}: open dimensions are called {', '.join(made)}")
    return notes
