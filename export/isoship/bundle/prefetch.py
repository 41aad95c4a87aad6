"""Fills the wheel cache, so that exports and checks after it need no network: `python -m isoship.bundle.prefetch`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from isoship.bundle.aws_lambda.directory import check_target, fetch_for_check
from isoship.bundle.aws_lambda.pythons import default_lambda_python
from isoship.bundle.target import Target, running_target
from isoship.bundle.wheels.fetch import Progress, fetch_library_wheel, fetch_wheels, read_pins
from isoship.bundle.wheels.native import onnxruntime_pin


def prefetch(target: Target, *, archs: Sequence[str] = ("x86_64", "aarch64"), progress: Progress | None = None) -> None:
    """Fetches what export and check of `target` and of an edge bundle for `archs` take.

    Raises:
        WheelsUnavailable: pip could not.
    """
    library = onnxruntime_pin()
    for arch in dict.fromkeys((target.arch, *archs)):
        fetch_library_wheel(library, arch, python=target.python, progress=progress)
    fetch_wheels([pin for pin in read_pins() if pin != library], target, progress=progress)
    fetch_for_check(target, offline=False, progress=progress)
    running = running_target()
    # The lambda runner rebuilds for the running interpreter wherever the target's is missing.
    if running is not None and running != check_target(target):
        rebuild = [pin for pin in read_pins() if pin != library]
        fetch_wheels([*read_pins("pins_runtime_client.txt"), *rebuild], running, progress=progress)


def main() -> None:
    """Everything for Lambda's default runtime, on both architectures for the edge."""
    prefetch(Target(default_lambda_python(), "x86_64"), progress=lambda line: print(line, file=sys.stderr))  # noqa: T201


if __name__ == "__main__":
    main()
