"""The targets that run Python, edge/ and lambda/, as an export was asked for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from isoship.bundle.aws_lambda.directory import write_lambda
from isoship.bundle.edge import write_edge

NATIVE = ("always", "never")


@dataclass(frozen=True)
class PythonTargets:
    """What `isoship.export` takes for them. native: always, or never for no ONNX Runtime in either."""

    lambda_python: str
    lambda_arch: str
    lambda_package: str
    edge_arch: tuple[str, ...]
    native: str
    offline: bool

    def write(self, aside: Path, out: Path, targets: Sequence[str], say: Callable[[str], None]) -> None:
        """Writes those of the targets into `aside`, beside the model; out: the bundle that it will replace."""
        native = self.native == "always"
        if "edge" in targets:
            say("writing edge/")
            write_edge(aside / "edge", aside, archs=self.edge_arch, native=native, offline=self.offline, progress=say)
        if "lambda" in targets:
            say("writing lambda/")
            write_lambda(
                aside / "lambda", aside, python=self.lambda_python, arch=self.lambda_arch, package=self.lambda_package,
                native=native, offline=self.offline, progress=say, kept=out,
            )  # fmt: skip
