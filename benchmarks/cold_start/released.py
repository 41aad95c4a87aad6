"""A model of this benchmark as the isoship of an earlier commit exports it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks.cold_start.models import ROOT, Case
from benchmarks.size.release import environment

_PROGRAM = (
    "import sys; from pathlib import Path; from benchmarks.cold_start.models import cases, train;"
    " case = next(case for case in cases() if case.name == sys.argv[1]);"
    " train(case, Path(sys.argv[2]), sys.argv[3], lambda line: None, reuse=False)"
)


def exported_by(tree: Path, case: Case, below: Path, python: str) -> Path:
    """The bundle that the isoship of another tree writes of the same model. tree: `benchmarks.size.release`'s."""
    folder = below / f"{case.slug}-before"
    variables = environment(tree)
    variables["PYTHONPATH"] += f":{ROOT}"
    command = [sys.executable, "-c", _PROGRAM, case.name, str(folder), python]
    subprocess.run(command, cwd=ROOT, env=variables, check=True)
    return folder / "bundle"
