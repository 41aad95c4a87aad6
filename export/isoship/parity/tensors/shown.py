"""A call in a few words, for the report: each input's dtype, shape and first values."""

from __future__ import annotations

from typing import Any

from isoship.parity.runners.arrays import DTYPES
from isoship.tensors.contract import Arrays

_VALUES = 6


def shown_inputs(inputs: Arrays) -> dict[str, Any]:
    """Input name -> such as `float [1, 3]: 0.5, 1.0, -2.0`."""
    return {name: _shown(array) for name, array in inputs.items()}


def _shown(array: Any) -> str:
    first = [_value(v) for v in array.ravel()[:_VALUES].tolist()]
    more = ", …" if array.size > _VALUES else ""
    return f"{DTYPES.get(array.dtype, 'string')} {list(array.shape)}: {', '.join(first)}{more}"


def _value(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else repr(value)
