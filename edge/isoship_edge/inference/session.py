"""A model ready to run: ONNX Runtime behind one small contract, with two backends.

`c_api` talks to the C library through ctypes and needs no numpy; `binding` uses the onnxruntime package and is
the fallback. Both give the same bits (tests/edge/test_session.py).

    ISOSHIP_BACKEND       c_api or binding: use this one and no other
    ISOSHIP_ORT_LIBRARY   path of libonnxruntime.so: use this library
"""
# ruff: noqa: PTH113

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence

from isoship_edge.errors import BundleError, RuntimeMissing
from isoship_edge.inference.library import find_library
from isoship_edge.inference.tensor import Tensor

TYPE_CHECKING = False  # `typing` and `pathlib` are not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any, Protocol

    from isoship_edge.inference.kept_call import KeptCall
else:
    Protocol = object

__all__ = ["Session", "Tensor", "open_session"]


class Kept(Protocol):
    """One row's tensors, kept for the next row. One run at a time."""

    def run(self, numbers: Sequence[Any], texts: Sequence[bytes]) -> dict[str, Tensor]:
        """Every output for a row. Raises: InferenceError."""
        ...


class Session(Protocol):
    """A loaded model. `run` may be called from several threads at once."""

    backend: str
    """Which implementation runs: `c_api`, `binding` or `rows`."""
    runtime: str
    """ONNX Runtime's version; empty where another engine runs."""
    outputs: tuple[str, ...]

    @property
    def inputs(self) -> tuple[str, ...]: ...

    def run(self, inputs: Mapping[str, Tensor], outputs: Iterable[str]) -> dict[str, Tensor]:
        """The named outputs for one batch.

        Raises:
            InputError: a string that ONNX Runtime cannot hold (NUL, a lone surrogate).
            InferenceError: ONNX Runtime refused the inputs or failed on them.
        """
        ...

    def keep(self, inputs: Sequence[tuple[str, str, int]], outputs: tuple[str, ...]) -> Kept | None:
        """Tensors [1, width] for the inputs (name, dtype, width), numbers first and strings last, and for the outputs.

        None where this backend keeps none.
        """
        ...

    def keep_call(
        self, inputs: Sequence[tuple[str, str, tuple[int, ...]]], outputs: tuple[str, ...]
    ) -> KeptCall | None:
        """Tensors of these dtypes, none of them string, and shapes. None where this backend keeps none."""
        ...

    def close(self) -> None:
        """Releases the model. Further runs raise InferenceError."""
        ...


def open_session(
    model_path: str | Path, *, threads: int = 1, backend: str | None = None, optimized: bool = False
) -> Session:
    """Loads an ONNX model, as a rule with graph optimization off: the graph was optimized when it was exported.

    threads: for one operator; operators themselves run one after the other.
    optimized: with ONNX Runtime's own layouts and fusions, for graphs whose export showed that these answer alike.
    backend: `c_api` or `binding`; by default the C library where one is found, else the Python package.

    Raises:
        BundleError: the file is missing, or ONNX Runtime does not load it.
        RuntimeMissing: no ONNX Runtime here.
    """
    path = os.fspath(model_path)
    if not os.path.isfile(path):
        raise BundleError(f"no model at {path}. Give the folder that `isoship export` wrote")
    # A DNS query and files under the home directory otherwise (onnxruntime 1.29 and later), and nothing may leave.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    backend = backend or os.environ.get("ISOSHIP_BACKEND") or None
    if backend not in (None, "c_api", "binding"):
        raise RuntimeMissing(f"there is no backend {backend!r}; ISOSHIP_BACKEND takes c_api or binding")
    if backend != "binding":
        library = find_library()
        if library is not None:
            try:
                from isoship_edge.inference.c_api import CSession
            except ImportError as err:
                raise RuntimeMissing(f"this Python cannot load {library}: {err}") from err
            return CSession(library, path, threads, optimized=optimized)
        if backend == "c_api":
            raise RuntimeMissing(
                "no ONNX Runtime library here. pip install onnxruntime, or set ISOSHIP_ORT_LIBRARY to libonnxruntime.so"
            )
    from isoship_edge.inference.binding import BindingSession

    return BindingSession(path, threads, optimized=optimized)
