"""What every runner (a runtime in which a shipped form is checked) promises."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from isoship.errors import ParityError
from isoship.sources.contract import Row
from isoship.tensors.contract import Arrays
from isoship_edge.manifest import Manifest

if TYPE_CHECKING:
    import numpy as np


class RunnerCrashed(ParityError):
    """The runtime ended, threw, or warned where it must be silent."""


class RunnerHung(ParityError):
    """The runtime did not answer in time."""


@dataclass(frozen=True)
class Shipped:
    """A bundle under check. `folder` holds manifest.json; targets are those shipped in it."""

    folder: Path
    manifest: Manifest
    targets: tuple[str, ...]


class TensorRunner(Protocol):
    """A runtime that takes bundles of tensors: `Runner` with arrays in place of rows.

    Optional attributes. transports: ways to ask, the first for every call and all for small ones; ("arrays",) where
    absent. precision: of the answers, where it is not the model's own. most_bytes: what a request may take, and an
    answer. holds: a method that says whether a call's numbers are such as the runtime has (TF.js: int32 and float32);
    others are left out. differs: what is said of a runtime that is no shipped form, whose other answers fail no check.
    unguarded, concurrent, as_users: as in `Runner`.
    """

    name: str
    target: str

    def prepare(self, shipped: Shipped) -> None:
        """As `Runner.prepare`."""
        ...

    def infer_tensors(self, inputs: Arrays, transport: str = ...) -> dict[str, np.ndarray[Any, Any]]:
        """Every output for one call.

        Raises: as `Runner.infer`.
        """
        ...

    def stamp(self) -> dict[str, str]: ...

    def close(self) -> None: ...


class Runner(Protocol):
    """prepare, infer as often as wanted, close. Registered by name in `isoship.parity.runners`.

    Optional attributes, all False where absent. through_json: answers come as JSON, where NaN and infinities are null,
    and rows with infinities are left out unless takes_infinity. unguarded: the runtime knows nothing of the input
    contract (stock TF.js), so rows that must be refused are not shown to it. one_row: it has a way of its own for a
    single row, and is asked 200 of them, the golden rows first, one at a time. one_at_a_time: it has no other, and is
    asked no large batch. refusals: a method that says of several batches, each by itself, how it is refused, and None
    where it is answered; without it `infer` is asked. concurrent: `infer` may be called from several threads at once.
    as_users: it opens the bundle as its users do, which refuses files that were changed: it is not asked then.
    """

    name: str
    """Such as `onnxruntime`, `rows-node`, `edge`, `lambda`, `http`, `tfjs-stock-node-cpu`, `web-chromium-webgl`."""
    target: str
    """The shipped form that it proves: model, rows, rows-web (the row program in web/), lambda, edge, web
    (web/index.js by TF.js) or tfjs-stock (web/model.json in TF.js alone)."""
    precision: str
    """double or float32: which of the manifest's tolerances applies."""

    def prepare(self, shipped: Shipped) -> None:
        """Starts the runtime on the bytes that ship.

        Raises:
            RunnerUnavailable: something is missing here; the message is the line that installs it.
        """
        ...

    def infer(self, rows: list[Row]) -> dict[str, np.ndarray[Any, Any]]:
        """Every output for these rows as one batch, in the dtypes and shapes of the manifest.

        Raises:
            InputError: the runtime refuses the batch.
            ParityError: it crashed (RunnerCrashed), hung (RunnerHung), or warned where it must be silent.
        """
        ...

    def stamp(self) -> dict[str, str]:
        """Versions, backend, CPU flags: what a reader of the report needs to repeat the run.

        adapter: what computes graphics, by its own name. One that is software (`adapter.py`) is asked fewer rows.
        """
        ...

    def close(self) -> None:
        """Ends what prepare started, and only that."""
        ...
