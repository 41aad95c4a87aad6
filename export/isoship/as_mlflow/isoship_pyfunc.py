"""Loads a bundle that was logged with `isoship.mlflow` for MLflow's python_function.

MLflow finds this file in the model's code/, beside isoship_edge; nothing else of isoship is needed.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import isoship_edge
from isoship_edge.encoding.batch import flat_names
from isoship_edge.errors import BundleError, InputError
from isoship_edge.inference.model import Model, load
from isoship_edge.tensors.model import TensorModel

#: Rows of a call come in a multiple of so many: onnxruntime computes the last of an odd number otherwise.
_EVEN = 16


#: In the bundle's folder, what `runtime_digest` gives of the runtime that it was logged with.
RUNTIME = "runtime.sha256"


def runtime_digest(package: Path) -> str:
    """The sha256 of what a runtime computes with: the names and bytes of its modules, without its servers."""
    files = {path.relative_to(package).as_posix(): path for path in package.rglob("*.py")}
    parts = (f"{name}\n".encode() + files[name].read_bytes() for name in sorted(files) if not name.startswith("http/"))
    return hashlib.sha256(b"\n".join(parts)).hexdigest()


def _load_pyfunc(path: str) -> Rows | Tensors:
    """What MLflow calls with the folder of the bundle.

    Raises:
        BundleError: this process has the runtime of another release, from a model that was loaded before.
    """
    loaded = Path(isoship_edge.__file__).parent
    if runtime_digest(loaded) != Path(path, RUNTIME).read_text(encoding="utf-8"):
        raise BundleError(f"this process has another isoship_edge ({loaded}): load the model in a process of its own")
    model = load(path)
    return Tensors(model) if model.takes == "tensors" else Rows(model)


class Rows:
    """A model of columns."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._names = [column.name for column in model.manifest.signature.columns]

    def predict(self, model_input: Any, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """A DataFrame in, one out with its index: the columns that `isoship predict` writes.

        Raises:
            InputError: a row that the model refuses.
        """
        if params:
            raise InputError(f"this model takes no parameters, got {', '.join(map(repr, params))}")
        frame = model_input if isinstance(model_input, pd.DataFrame) else pd.DataFrame(model_input, columns=self._names)
        count = len(frame)
        last = [count - 1] * (-count % _EVEN) if count else []
        made = self._model.predict(frame.iloc[[*range(count), *last]][self._names])
        columns: dict[str, Any] = {}
        for output in self._model.manifest.outputs:
            values = made[output.name][:count]
            each = [values] if values.ndim == 1 else [values[:, k] for k in range(values.shape[1])]
            columns.update(zip(flat_names((output,)), each, strict=True))
        return pd.DataFrame(columns, index=frame.index)


class Tensors:
    """A model of tensors."""

    def __init__(self, model: TensorModel) -> None:
        self._model = model

    def predict(self, model_input: Any, params: dict[str, Any] | None = None) -> dict[str, np.ndarray[Any, Any]]:
        """An array, or a dict of them by name, in; a dict of them out.

        Raises:
            InputError: a call that the model refuses.
        """
        if params:
            raise InputError(f"this model takes no parameters, got {', '.join(map(repr, params))}")
        if not isinstance(model_input, dict):
            (one,) = self._model.manifest.signature.inputs
            model_input = {one.name: np.asarray(model_input)}
        return self._model.predict(model_input)
