"""A tensor of the graph, as a converter from outside has it in hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from isoship.errors import ConversionError

#: onnx.TensorProto's numbers -> our names.
DTYPES = {1: "float", 6: "int32", 7: "int64", 8: "string", 9: "bool", 11: "double"}
NUMBERS = {name: number for number, name in DTYPES.items()}
NUMPY = {
    "float": np.float32,
    "int32": np.int32,
    "int64": np.int64,
    "bool": np.bool_,
    "double": np.float64,
    "string": np.str_,
}

#: Makes the error that names the step and its class.
Fault = Callable[[str], ConversionError]


@dataclass(frozen=True)
class Tensor:
    """What an operator gave, or some columns. dtype: double, float, int64, int32, bool or string; None: not known yet.

    shape: "N" stands for the number of rows, None for a size that is not known; None where not even the rank is.
    """

    name: str
    dtype: str | None
    shape: tuple[int | str | None, ...] | None = None
