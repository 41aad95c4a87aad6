"""A call and the reference's answer to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from isoship.tensors.contract import Arrays

Answer = Callable[[Arrays], Mapping[str, np.ndarray[Any, Any]]]


@dataclass(frozen=True, eq=False)
class Call:
    """exact: both sides were computed by one runtime on this machine, so that bits count where model.onnx runs in it
    again."""

    kind: str
    inputs: Arrays
    want: Mapping[str, np.ndarray[Any, Any]]
    exact: bool = False
