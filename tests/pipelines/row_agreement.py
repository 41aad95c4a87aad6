"""Where a graph's row program parts from ONNX Runtime, asked one row at a time."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from agreement import TOLERANCE, Fault, Runner, accepts, answers_of, overflown

from isoship.parity.verdict.compare import compare
from isoship.row_program.program import row_program_of
from isoship.sources.contract import Row, Source
from isoship_edge.encoding.decode import decode_rows
from isoship_edge.encoding.documents import parsed
from isoship_edge.inference.tensor import Tensor, values
from isoship_edge.rows import RowProgram

#: One row takes both of them a while.
_MOST = 12
_NUMPY = {"double": np.float64, "float": np.float32, "int64": np.int64, "bool": np.bool_, "string": object}
#: What no row program has, and a drawn pipeline may need.
LACKING = ("Loop", "Scan")


def program_of(graph: Any) -> RowProgram | None:
    """The row program as it is read back; None where the graph holds an operator that it is known to lack."""
    written = row_program_of(graph)
    if written.lacks:
        assert any(f"the operator {name} " in written.lacks for name in LACKING), written.lacks
        return None
    return RowProgram(parsed(written.files["rows.json"]), written.files.get("rows.bin", b""))


def row_faults(source: Source, program: RowProgram, run: Runner, kind: str, rows: list[Row]) -> list[Fault]:
    """Every way in which the two part on these rows, as far as the model answers them."""
    taken = [row for row in rows if accepts(row, source)][:_MOST]
    answers = answers_of(source, taken) if taken else None
    if answers is None:
        return []
    theirs, ours = [], []
    for row in taken:
        tensors = decode_rows([row], source.signature)
        theirs.append(run([row], source))
        ours.append(program({name: tensor.data for name, tensor in tensors.items()}))
    ranks = {output.name: len(output.shape) for output in source.outputs}
    expected = {n: np.concatenate([_of_rank(made[n], rank) for made in theirs]) for n, rank in ranks.items()}
    got = {n: np.concatenate([_of_rank(_array(made[n]), rank) for made in ours]) for n, rank in ranks.items()}
    got = {name: overflown(expected[name], value) for name, value in got.items()}
    wider = source.double_tolerances  # type: ignore[attr-defined]
    tolerances = {output.name: wider.get(output.name, TOLERANCE) for output in source.outputs}
    reference = dataclasses.replace(answers, outputs=expected)
    kinds = [kind] * len(taken)
    result = compare(reference, got, source.outputs, tolerances, kinds=kinds, precision="double")
    if result.agrees:
        return []
    worst = result.worst[0] if result.worst else None
    told = f"{worst.output} is {worst.value} and not {worst.expected}" if worst else ""
    what = f"row program: {result.flips} flips, {result.over} values off; {told} {' '.join(result.problems)}"
    return [Fault(kind, what, taken[worst.row if worst else 0])]


def _of_rank(array: Any, rank: int) -> Any:
    return array.ravel() if rank == 1 else array


def _array(tensor: Tensor) -> Any:
    return np.array(values(tensor), _NUMPY[tensor.dtype]).reshape(tensor.shape)
