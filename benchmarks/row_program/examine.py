"""Examines models: their row programs against ONNX Runtime on the sweep's rows, and whose bits they have."""

from __future__ import annotations

import dataclasses
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from benchmarks.boosters.examine import LIBRARIES
from benchmarks.boosters.examine import recipes as booster_recipes
from benchmarks.row_program.another_libm import another_libm
from benchmarks.sweep.examine import TOLERANCE, Runner, answered, converted, fit, is_accepted, row_sets
from benchmarks.sweep.recipes import build, recipes
from benchmarks.sweep.tables import FRESH, ROWS, TABLES, target
from isoship.parity.verdict.compare import compare
from isoship.parity.verdict.ulps import histogram, ulp_distance
from isoship.row_program.program import row_program_of
from isoship.sources.contract import Answers, Row, Source
from isoship_edge.encoding.decode import decode_rows
from isoship_edge.encoding.documents import parsed
from isoship_edge.inference.agreement import is_measured
from isoship_edge.inference.tensor import Tensor, values
from isoship_edge.manifest import Output
from isoship_edge.rows import RowProgram

#: Of each kind of rows, so many are asked: one row takes from a hundredth of a millisecond to many.
MOST = 60
#: What adds or multiplies in an order that the model's own library chooses otherwise: BLAS, numpy's pairwise sums.
SUMS = frozenset({
    "Gemm", "MatMul", "ReduceL1", "ReduceL2", "ReduceLogSumExp", "ReduceMean", "ReduceProd", "ReduceSum",
    "ReduceSumSquare",
})  # fmt: skip
#: rows.json and rows.bin -> what answers a row.
Evaluator = Callable[[Any, bytes], Callable[[Mapping[str, Any]], Mapping[str, Tensor]]]
_EPSILON = {"double": 2.0**-52, "float": 2.0**-23}


@dataclass
class Finding:
    """One model. status: agrees, lacks (an operator), WRONG, error, or skipped (no exact model to begin with).

    ties: labels that differ within the margin. ulps: rows by their largest difference from ONNX Runtime. max_error: the
    largest |d| / max(1, |x|) from it. to_model: the same from the model itself, and ONNX Runtime's from it.

    sums: operators of `SUMS` among its steps. libm: the outputs that the manifest names. other_bits: the outputs of
    numbers that do not have the model's own bits on every row, the sign of a zero aside. moved: by how much each output
    differs where the C library is another one (`another_libm.py`), in 2^-52 max(1, |x|); labels, on how many rows.
    """

    label: str
    status: str
    why: str = ""
    rows: int = 0
    ties: int = 0
    max_error: float = 0.0
    to_model: tuple[float, float] = (0.0, 0.0)
    sums: list[str] = field(default_factory=list)
    libm: list[str] = field(default_factory=list)
    other_bits: list[str] = field(default_factory=list)
    moved: dict[str, float] = field(default_factory=dict)
    ulps: dict[str, int] = field(default_factory=dict)
    bytes: int = 0
    row_us: float = 0.0

    def document(self) -> dict[str, Any]:
        """As JSON, what is not the default."""
        usual = asdict(Finding(self.label, ""))
        return {name: value for name, value in asdict(self).items() if name == "label" or value != usual[name]}


def examine(name: str, program: Evaluator = RowProgram) -> list[dict[str, Any]]:
    """The configurations of an estimator, or a booster's (`library: configuration`), as JSON."""
    if name.partition(":")[0] in LIBRARIES:
        return [_examined(name, lambda: _halves(*booster_recipes()[name]()), program)]
    return [_examined(recipe.label, lambda recipe=recipe: _trained(name, recipe), program) for recipe in recipes(name)]


def _halves(model: Any, rows: Any) -> tuple[Any, Any, Any]:
    return model, rows[: len(rows) // 2], rows[len(rows) // 2 :]


def _trained(name: str, recipe: Any) -> tuple[Any, Any, Any]:
    rng = np.random.default_rng(0)
    x = TABLES[recipe.table](np.random.default_rng(0), ROWS)
    model = fit(build(name, dict(recipe.parameters)), x, target(recipe.target, x, rng))
    return model, x, TABLES[recipe.table](rng, FRESH)


def _examined(label: str, make: Callable[[], tuple[Any, Any, Any]], program: Evaluator) -> dict[str, Any]:
    finding = Finding(label, "agrees")
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            model, x, fresh = make()
            source, graph = converted(model, x)
        except Exception as err:  # noqa: BLE001 what is not fitted or is refused is the sweep's finding
            finding.status, finding.why = "skipped", f"{type(err).__name__}: {str(err)[:120]}"
        else:
            try:
                hold(finding, source, graph, row_sets(model, source, graph, x, fresh), program)
            except Exception as err:  # noqa: BLE001 a crash is a finding
                finding.status, finding.why = "error", f"{type(err).__name__}: {str(err)[:300]}"
    return finding.document()


def hold(
    finding: Finding, source: Source, graph: Any, sets: dict[str, list[Row]], evaluator: Evaluator = RowProgram
) -> None:
    """Writes the row program of a graph and holds it against ONNX Runtime, on rows that the model answers.

    evaluator: Python's, which is also asked with another C library, or another one.
    """
    written = row_program_of(graph)
    if written.lacks:
        finding.status, finding.why = "lacks", written.lacks
        return
    finding.libm, finding.bytes = list(written.libm), sum(map(len, written.files.values()))
    finding.sums = sorted(SUMS.intersection(written.operators))
    document, binary = parsed(written.files["rows.json"]), written.files.get("rows.bin", b"")
    program = elsewhere = evaluator(document, binary)
    if evaluator is RowProgram:
        with another_libm() as moved_evaluator:
            elsewhere = moved_evaluator(document, binary)
    run = Runner(graph)
    chosen = np.random.default_rng(2)
    rows, kinds = list[Row](), list[str]()
    for kind, every in sets.items():
        taken = [row for row in every if is_accepted([row], source)]
        if len(taken) > MOST:
            taken = [taken[i] for i in sorted(chosen.permutation(len(taken))[:MOST].tolist())]
        taken = [row for row, ok in zip(taken, answered(taken, source), strict=True) if ok]
        rows, kinds = rows + taken, kinds + [kind] * len(taken)
    if not rows:
        finding.status, finding.why = "skipped", "the model answers none of its rows"
        return
    theirs, ours, others, spent = [], [], [], 0.0
    for row in rows:
        inputs = {name: tensor.data for name, tensor in decode_rows([row], source.signature).items()}
        theirs.append(run([row], source))
        started = time.perf_counter()
        ours.append(program(inputs))
        spent += time.perf_counter() - started
        others.append(ours[-1] if elsewhere is program else elsewhere(inputs))
    finding.rows, finding.row_us = len(rows), round(spent / len(rows) * 1e6, 1)
    answers = source.answers(rows)
    expected = {o.name: np.concatenate([_flat(made[o.name], o) for made in theirs]) for o in source.outputs}
    got, moved = (
        {o.name: np.concatenate([_flat(_array(made[o.name]), o) for made in each]) for o in source.outputs}
        for each in (ours, others)
    )
    _compare(finding, source, answers, expected, got, kinds)
    finding.other_bits = [
        o.name for o in source.outputs if is_measured(o) and not _same_bits(answers.outputs[o.name], got[o.name], o)
    ]
    finding.moved = {o.name: far for o in source.outputs if (far := _moved(got[o.name], moved[o.name], o))}


def _compare(finding: Finding, source: Source, answers: Answers, expected: Any, got: Any, kinds: list[str]) -> None:
    reference = dataclasses.replace(answers, outputs=expected)
    tolerances = {output.name: source.double_tolerances.get(output.name, TOLERANCE) for output in source.outputs}
    tolerances |= dict.fromkeys((o.name for o in source.outputs if is_measured(o)), TOLERANCE)
    result = compare(reference, got, source.outputs, tolerances, kinds=kinds, precision="double", through_json=True)
    finding.ties, finding.max_error = result.ties, _error(source, expected, got)
    finding.to_model = _error(source, answers.outputs, got), _error(source, answers.outputs, expected)
    largest = np.zeros(len(kinds))
    for output in source.outputs:
        if output.dtype == "double" and is_measured(output):
            apart = ulp_distance(expected[output.name], got[output.name], "double")
            largest = np.maximum(largest, apart.reshape(len(kinds), -1).max(axis=1, initial=0.0))
    finding.ulps = histogram(largest)
    if not result.agrees:
        worst = [f"{w.kind}, {w.output}: {str(w.value)[:80]} for {str(w.expected)[:80]}" for w in result.worst[:2]]
        finding.status = "WRONG"
        finding.why = f"{result.flips} flips, {result.over} rows off; {' '.join(result.problems)} {'; '.join(worst)}"


def _same_bits(want: Any, got: Any, output: Output) -> bool:
    precision = "float32" if output.dtype == "float" else "double"
    return want.shape == got.shape and not ulp_distance(want, got, precision).any()


def _moved(a: Any, b: Any, output: Output) -> float:
    """How far apart the two are: `Finding.moved`."""
    if not is_measured(output):
        return float(np.count_nonzero(a != b))
    differ = (a != b) & ~(np.isnan(a) & np.isnan(b))
    far = np.abs(a.astype(np.float64) - b)[differ] / np.maximum(1.0, np.abs(a[differ]))
    far = np.where(np.isfinite(far), far / _EPSILON.get(output.dtype, 1.0), 1e300)  # one alone is finite
    return round(float(far.max(initial=0.0)), 1)


def _error(source: Source, want: Any, got: Any) -> float:
    worst = 0.0
    for output in source.outputs:
        if is_measured(output) and want[output.name].shape == got[output.name].shape:
            a, b = want[output.name].astype(np.float64), got[output.name].astype(np.float64)
            fine = np.isfinite(a) & np.isfinite(b)
            worst = max(worst, float((np.abs(a - b)[fine] / np.maximum(1.0, np.abs(a[fine]))).max(initial=0.0)))
    return float(f"{worst:.2e}")


def _flat(array: Any, output: Output) -> Any:
    """[1] or [1, K] as the manifest says."""
    return array.ravel() if len(output.shape) == 1 else array


def _array(tensor: Tensor) -> Any:
    kinds = {"double": np.float64, "float": np.float32, "int64": np.int64, "bool": np.bool_, "string": object}
    return np.array(values(tensor), kinds[tensor.dtype]).reshape(tensor.shape)
