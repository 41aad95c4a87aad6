"""The features of an estimator, however many tensors skl2onnx hands to its converter, as one [N, F] tensor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from skl2onnx.common.data_types import BooleanTensorType, DoubleTensorType, FloatTensorType, Int64TensorType

from isoship.errors import UnsupportedModelError
from isoship.onnx.graph import GraphBuilder
from isoship.onnx.trees import DTYPE, Width

_NUMERIC = (BooleanTensorType, DoubleTensorType, FloatTensorType, Int64TensorType)


def features(g: GraphBuilder, operator: Any) -> tuple[str, Width]:
    """One tensor with all features, and its width: float if every input is float, else double.

    Raises:
        UnsupportedModelError: an input holds strings.
    """
    width: Width = "float" if all(isinstance(each.type, FloatTensorType) for each in operator.inputs) else "double"
    parts = [numbers(g, each, width, operator.raw_operator) for each in operator.inputs]
    return join(g, parts), width


def numbers(g: GraphBuilder, variable: Any, width: Width, estimator: Any) -> str:
    """One numeric input in the given width.

    Raises:
        UnsupportedModelError: it holds strings.
    """
    if not isinstance(variable.type, _NUMERIC):
        raise UnsupportedModelError(
            f"{type(estimator).__name__}, column {variable.raw_name!r}",
            f"it takes numbers and the column is {type(variable.type).__name__.removesuffix('TensorType').lower()}",
            "Encode the column in a Pipeline in front of the estimator",
        )
    wanted = FloatTensorType if width == "float" else DoubleTensorType
    name: str = variable.full_name
    return name if isinstance(variable.type, wanted) else g.cast(name, DTYPE[width])


def join(g: GraphBuilder, columns: Sequence[str]) -> str:
    return columns[0] if len(columns) == 1 else g.op("Concat", *columns, seed="features", axis=1)


def columns_of(indices: Any, count: int) -> np.ndarray[Any, Any] | None:
    """The features an ensemble's member sees, or None where these are all `count` in order."""
    indices = np.asarray(indices, dtype=np.int64)
    return None if np.array_equal(indices, np.arange(count)) else indices
