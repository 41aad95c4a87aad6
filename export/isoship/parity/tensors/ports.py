"""`web/program.json` of a bundle of tensors, and arrays in and out of its graph: web/src/tensors/ports.js in numpy."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from isoship.bundle.web_tensors import FORMAT
from isoship.errors import BundleError
from isoship.parity.runners.arrays import NUMPY, Array
from isoship.tensors.contract import Arrays
from isoship.tfjs.network import MOST

#: Integers that every backend holds, graphics in float32, and for which no int32 in a graph overflows.
HELD = (-MOST, MOST)
_DTYPES: dict[str, Any] = {"float32": np.float32, "int32": np.int32, "bool": np.bool_}


@dataclass(frozen=True)
class TfjsPort:
    """An input or output: its name and dtype in the signature, and the node and dtype of the graph."""

    name: str
    dtype: str
    node: str
    tfjs: str


@dataclass(frozen=True)
class TfjsPorts:
    """Both sides of the graph. backends: those of TF.js that it is right on."""

    inputs: tuple[TfjsPort, ...]
    outputs: tuple[TfjsPort, ...]
    backends: tuple[str, ...]

    def holds(self, inputs: Arrays) -> bool:
        """Whether TF.js has every number of a call that the model accepts."""
        return all(one.name not in inputs or self._held(one, inputs[one.name]) for one in self.inputs)

    def feeds(self, inputs: Arrays) -> dict[str, Array]:
        """Node -> what it is fed with, of a call that TF.js holds."""
        with np.errstate(over="ignore"):
            return {one.node: np.ascontiguousarray(inputs[one.name]).astype(_DTYPES[one.tfjs]) for one in self.inputs}

    def answers(self, got: Mapping[str, Array]) -> dict[str, Array]:
        """Output -> what its node gave, in the manifest's dtype. Raises: ValueError, for one that is no such number."""
        made = {}
        for one in self.outputs:
            array = got[one.node]
            with np.errstate(over="ignore"):
                made[one.name] = array.astype(NUMPY[one.dtype])
            if array.dtype.kind == "i" and not np.array_equal(made[one.name].astype(np.int64), array):
                raise ValueError(f"{one.name} holds integers that are no {one.dtype}")
        return made

    def _held(self, port: TfjsPort, array: Array) -> bool:
        if array.dtype != np.dtype(NUMPY[port.dtype]) or array.size == 0:
            return True  # the contract's to refuse
        if port.dtype == "double":
            with np.errstate(over="ignore"):
                return bool((np.isfinite(array.astype(np.float32)) | ~np.isfinite(array)).all())
        if array.dtype.kind not in "iu":
            return True
        return bool(int(array.min()) >= HELD[0] and int(array.max()) <= HELD[1])


def read_ports(web: Path) -> TfjsPorts:
    """What a web folder's program.json says.

    Raises:
        BundleError: it is missing, damaged, or of another format.
    """
    path = web / "program.json"
    try:
        document = json.loads(path.read_bytes())
        if document["format"] != FORMAT:
            raise BundleError(f"{path} has format {document['format']}; that of a bundle of tensors is {FORMAT}")
        inputs, outputs = (
            tuple(TfjsPort(one["name"], one["dtype"], one["node"], one["tfjs"]) for one in document[side])
            for side in ("inputs", "outputs")
        )
        backends = tuple(map(str, document["backends"]))
    except (OSError, ValueError, KeyError, TypeError) as err:
        raise BundleError(f"{path} is missing or damaged: {type(err).__name__}: {err}") from err
    return TfjsPorts(inputs, outputs, backends)
