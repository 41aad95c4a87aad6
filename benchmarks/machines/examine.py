"""One bundle on one machine: the rows of a check, and how many bits of their answers differ from this machine's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.machines.bits import all_bits
from benchmarks.machines.machines import Machine
from isoship.bundle.bundle import Bundle
from isoship.exporting import export
from isoship.parity.case import Case, Question, case_for
from isoship.parity.runners.contract import Shipped
from isoship.parity.runners.rows_python import RowsPythonRunner
from isoship.parity.verdict.compare import compare
from isoship.parity.verdict.evidence import find_source, read_golden

_ROWS = 400


@dataclass(frozen=True, eq=False)
class Asked:
    """A bundle with edge/, the rows that it is asked (golden ones first) and this machine's own answers to them."""

    shipped: Shipped
    case: Case
    here: dict[str, Any]


def exported(recipe: Callable[[], tuple[Any, Any]], folder: Path) -> Asked:
    """Trains, exports and asks here."""
    model, sample = recipe()
    export(model, sample=sample, out=folder, name="shelf", targets=("edge",), edge_arch=("x86_64",))
    opened = Bundle.open(folder)
    shipped = Shipped(opened.path, opened.manifest, opened.targets)
    golden = read_golden(shipped)
    source, why_not = find_source(shipped, golden, model, sample, silent, None)
    case = case_for(Question(shipped, golden, source, why_not, budget=_ROWS, outside=True), silent)
    return Asked(shipped, case, _answers(RowsPythonRunner(), shipped, case))


def examine(asked: Asked, machine: Machine) -> dict[str, Any]:
    """What `__main__` sums up, as JSON."""
    there = _answers(RowsPythonRunner(machine.python), asked.shipped, asked.case)
    manifest = asked.shipped.manifest
    assert manifest.row_program is not None
    bits = all_bits(manifest.outputs, manifest.row_program.libm, asked.here, there)
    tolerances = {output.name: manifest.tolerances[output.name]["double"] for output in manifest.outputs}
    held = compare(
        asked.case.reference, there, manifest.outputs, tolerances, kinds=asked.case.kinds, precision="double",
        through_json=True,
    )  # fmt: skip
    return {
        "rows": len(asked.case.rows),
        "outputs": [asdict(one) for one in bits],
        "agrees": held.agrees,
        "flips": held.flips,
        "ties": held.ties,
    }


def _answers(runner: RowsPythonRunner, shipped: Shipped, case: Case) -> dict[str, Any]:
    runner.prepare(shipped)
    try:
        return runner.infer(case.rows)
    finally:
        runner.close()


def silent(_message: str) -> None:
    """Says nothing."""
