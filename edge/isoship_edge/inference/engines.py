"""What answers: the row program requests of a few rows, ONNX Runtime all others. It is loaded when the first one comes.

How many rows are few is the manifest's to say for each target, so that a row has one answer whatever came before it.
Where ONNX Runtime is not, on a machine that it has no library for or in a bundle without one, the row program answers
all.

    ISOSHIP_ENGINE   rows or onnxruntime: this one answers everything
"""
# ruff: noqa: PTH112, PTH118

from __future__ import annotations

import os
import sys
from _thread import allocate_lock  # `threading` is not imported on the way to a first answer

from isoship_edge.errors import BundleError, RuntimeMissing
from isoship_edge.inference.model_files import check_model
from isoship_edge.inference.session import open_session

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from isoship_edge.inference.session import Session
    from isoship_edge.manifest import Manifest

_ALL = 2**63
#: Whoever names one of ONNX Runtime's libraries is not answered by another engine.
_NAMED = ("ISOSHIP_ORT_LIBRARY", "ISOSHIP_BACKEND")


class Engines:
    """A bundle's engines on this machine, for several threads.

    most_rows: the most rows of a request that the row program answers.
    """

    def __init__(
        self,
        folder: str | Path,
        document: dict[str, Any],
        manifest: Manifest,
        *,
        target: str | None = None,
        threads: int = 1,
        backend: str | None = None,
    ) -> None:
        """target: edge or lambda, whose border counts; None, of neither, asks ONNX Runtime wherever it is.
        backend: of ONNX Runtime, which then answers everything.

        Raises:
            BundleError: ISOSHIP_ENGINE asks for what there is not; model.onnx is missing or not loaded.
            DamagedFile: a file is not the one that was exported.
            RuntimeMissing: no engine is here.
        """
        self._folder, self._document, self._manifest = os.fspath(folder), document, manifest
        self._options = {"threads": threads, "backend": backend, "optimized": manifest.optimized}
        self._lock = allocate_lock()
        self._rows: Session | None = None
        self._native: Session | None = None
        facts = manifest.row_program
        border = {} if facts is None or facts.lacks is not None else facts.most_rows
        has_rows = facts is not None and facts.lacks is None
        asked = os.environ.get("ISOSHIP_ENGINE") or ("onnxruntime" if backend else None)
        if asked not in (None, "rows", "onnxruntime"):
            raise BundleError(f"there is no engine {asked!r}; ISOSHIP_ENGINE takes rows or onnxruntime")
        if asked == "rows" and not has_rows:
            why = "it was written without one" if facts is None else facts.lacks
            raise BundleError(f"ISOSHIP_ENGINE is rows, and this bundle has no row program: {why}")
        self.most_rows = 0
        if asked == "rows":
            self.most_rows = _ALL
        elif asked is None:
            self.most_rows = border.get(target or "", 0)
        named = backend or any(os.environ.get(name) for name in _NAMED)
        # What a function was deployed with is there, or that is a fault; a device may be one of another kind.
        shipped = target == "lambda" and os.path.isdir(os.path.join(self._folder, "lib"))
        self._spared = asked is None and has_rows and not named and not shipped
        self._quiet = target == "lambda"
        self.of(1)

    def of(self, count: int) -> Session:
        """What answers so many rows. Raises: as above."""
        if self.most_rows and count <= self.most_rows:
            return self._rows or self._with_rows()
        return self.batches()

    def batches(self) -> Session:
        """What answers the most rows: ONNX Runtime, or the row program in its stead. Raises: as above."""
        if self.most_rows == _ALL:
            return self._rows or self._with_rows()
        if self._native is None:
            with self._lock:
                if self._native is None:
                    self._open()
        return self._native or self._with_rows()

    def stands_in(self) -> Session | None:
        """ONNX Runtime, for a row that the row program fails at; None where it is not."""
        made = self.batches()
        return None if made is self._rows else made

    def close(self) -> None:
        """Releases both."""
        for session in (self._rows, self._native):
            if session is not None:
                session.close()

    def _open(self) -> None:
        check_model(self._folder, self._document, self._manifest)
        path = os.path.join(self._folder, "model.onnx")
        try:
            made = open_session(path, **self._options)  # type: ignore[arg-type]
        except RuntimeMissing as err:
            if not self._spared:
                raise
            self.most_rows = _ALL
            if not self._quiet:
                why = str(err).partition(". pip install")[0]  # there may be no wheel for this machine
                print(f"isoship: the row program answers, since ONNX Runtime does not: {why}", file=sys.stderr)  # noqa: T201
            return
        absent = [output.name for output in self._manifest.outputs if output.name not in made.outputs]
        if absent:
            raise BundleError(f"{path} lacks the manifest's outputs {', '.join(absent)}")
        self._native = made

    def _with_rows(self) -> Session:
        from isoship_edge.rows.session import RowSession

        with self._lock:
            if self._rows is None:
                self._rows = RowSession(self._folder, self._manifest)
        return self._rows
