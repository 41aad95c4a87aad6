"""Every operator of the row program in Pythons of other machines: as ONNX Runtime answers here, and to the bit where no
function of the C library stands.

Outside `make test`, since the machines are prepared first: `make test-all GROUP=machines`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from benchmarks.machines.machines import MACHINES, Machine, python_of
from operator_cases import ROW_CASES, check, row_program_of

from isoship.row_program.operators import LIBM
from isoship_edge.encoding import golden

EDGE = Path(__file__).resolve().parents[3] / "edge"
ASK = """
import json, sys
sys.path.insert(0, sys.argv[1])
from isoship_edge.encoding import golden
from isoship_edge.inference.tensor import values
from isoship_edge.rows import RowProgram
made = []
for document, row in json.load(sys.stdin):
    answered = RowProgram(document)({name: golden.decode(data) for name, data in row.items()})
    made.append([{"dtype": t.dtype, "shape": t.shape, "data": golden.encode(values(t))} for t in answered.values()])
print(json.dumps(made))
"""
Answers = list[list[dict[str, Any]]]
FOLDED = (False, True)


def asked(python: Path | str) -> Answers:
    """The answers to every case, computed for a row and once more when the program is loaded."""
    programs = [row_program_of(case, folded=folded) for case in ROW_CASES for folded in FOLDED]
    sent = [[document, {name: golden.encode(data) for name, data in row.items()}] for document, row in programs]
    done = subprocess.run(
        [python, "-I", "-S", "-B", "-c", ASK, EDGE], input=json.dumps(sent), capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr[-2000:]
    made: Answers = json.loads(done.stdout)
    return made


@pytest.fixture(scope="module")
def here() -> Answers:
    return asked(sys.executable)


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_operators_answer_there_as_here(machine: Machine, here: Answers) -> None:
    python_of(machine)
    there = asked(machine.python)
    # golden values spell a double by its shortest repr, and zeros with their sign
    cases = [case for case in ROW_CASES for _ in FOLDED]
    others = [case for case, a, b in zip(cases, here, there, strict=True) if json.dumps(a) != json.dumps(b)]
    assert [str(case) for case in others if case.op not in LIBM] == []
    for case, made in zip(cases, there, strict=True):
        check(case, made)
    of = ", ".join(sorted({case.op for case in others})) or "none"
    print(f"{machine.name}: of {len(cases)} cases {len(others)} have other bits: {of}")
