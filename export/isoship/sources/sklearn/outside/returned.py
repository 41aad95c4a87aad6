"""What a converter returned, held against what an estimator gives: columns by method, each with a row's worth a row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from isoship.sources.sklearn.outside.builder import tensors_of
from isoship.sources.sklearn.outside.tensor import Fault, Tensor
from isoship.sources.sklearn.walk.carrier import Parts
from isoship.sources.sklearn.walk.frame import Block

METHODS = ("transform", "predict", "predict_proba", "decision_function", "score_samples")
#: What a column may be.
_COLUMNS = ("double", "float", "int64", "bool", "string")

#: The dtype and the shape of a tensor as ONNX Runtime gives it.
Measured = tuple[str, tuple[Any, ...]]


def by_method(returned: Any, estimator: Any, fault: Fault) -> dict[str, list[Tensor]]:
    """method -> the tensors that it gives, side by side.

    Raises:
        ConversionError: it is something else, or of a method that the estimator does not have.
    """
    if not isinstance(returned, Mapping):
        returned = {"transform" if hasattr(estimator, "transform") else "predict": returned}
    for method in returned:
        if method not in METHODS or not hasattr(estimator, method):
            own = [each for each in METHODS if hasattr(estimator, each)]
            raise fault(f"it returns {method!r}, and the estimator has {', '.join(own) or 'no method for rows'}")
    if not returned:
        raise fault("it returns nothing")
    return {method: _tensors(each, method, fault) for method, each in returned.items()}


def parts_from(tensors: Mapping[str, list[Tensor]], measured: Mapping[str, list[Measured]], fault: Fault) -> Parts:
    """The parts of an estimator out of the tensors.

    Raises:
        ConversionError: one has another type than columns have, another rank, or no row for each row.
    """
    return {
        method: tuple(_block(t, method, *one, fault) for t, one in zip(each, measured[method], strict=True))
        for method, each in tensors.items()
    }


def _tensors(given: Any, method: str, fault: Fault) -> list[Tensor]:
    found = tensors_of(given)
    strange = [each for each in found if not isinstance(each, Tensor)]
    if strange or not found:
        what = f"a {type(strange[0]).__name__}" if strange else "no columns"
        raise fault(
            f"it returns {what} as its {method}. A converter returns what g.op gives, columns, a list of those, or a"
            " dict of them by method"
        )
    return found


def _block(t: Tensor, method: str, dtype: str, shape: tuple[Any, ...], fault: Fault) -> Block:
    seen = f"[{', '.join('?' if size is None else str(size) for size in shape)}]"
    if dtype not in _COLUMNS:
        raise fault(f"its {method} is {dtype}, and columns are {', '.join(_COLUMNS)}: g.cast it")
    if len(shape) != 2 and not (len(shape) == 1 and method != "transform"):
        raise fault(f"its {method} has the shape {seen}, and columns have [N, K]: g.op.Reshape or g.op.Unsqueeze it")
    if shape[0] != "N":
        raise fault(
            f"its {method} has the shape {seen} for any number of rows: nothing of the columns is in it, or an operator"
            " worked along the rows. A row's answer is a row, made of that row alone"
        )
    if len(shape) == 2 and not isinstance(shape[1], int):
        raise fault(f"its {method} has the shape {seen}: the number of columns follows the number of rows")
    return Block(t.name, dtype, shape[1] if len(shape) == 2 else None)
