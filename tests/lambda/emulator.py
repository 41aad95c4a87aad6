"""A Lambda directory of this machine under AWS's own Runtime Interface Emulator."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lambda_directory import Here

from isoship.parity.runners.lambda_process import HANDLER, function_environment
from runtime_emulator import RuntimeEmulator


class Emulator(RuntimeEmulator):
    """folder: the directory. inside, program: of `RuntimeEmulator`. environment: of the function, besides Lambda's."""

    def __init__(
        self, here: Here, folder: Path, aside: Path, handler: str = HANDLER, *, inside: Sequence[str | Path] = (),
        program: Path | None = None, **environment: str,
    ) -> None:  # fmt: skip
        given = function_environment(folder, here.client, "") | environment
        super().__init__(here.interpreter, handler, folder, aside, given, inside=inside, program=program)
