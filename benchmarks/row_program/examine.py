"""Examines models: their row programs against ONNX Runtime on the sweep's rows."""

from __future__ import annotations

import dataclasses
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from benchmarks.boosters.examine import LIBRARIES
from benchmarks.boosters.examine import recipes as booster_recipes
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


@dataclass
class Finding:
    """One model. status: agrees, lacks (an operator), WRONG, error, or skipped (no exact model to begin with).

    ties: labels that differ within the margin. ulps: rows by their largest difference from ONNX Runtime. max_error: the
    largest |d| / max(1, |x|) from it. to_model: the same from the model itself, and ONNX Runtime's from it.
    """

    label: str
    status: str
    why: str = ""
    rows: int = 0
    ties: int = 0
    max_error: float = 0.0
    to_model: tuple[float, float] = (0.0, 0.0)
    libm: list[str] = field(default_factory=list)
    ulps: dict[str, int] = field(default_factory=dict)
    bytes: int = 0
    row_us: float = 0.0
    seconds: float = 0.0


def examine(name: str) -> list[dict[str, Any]]:
    """The configurations of an estimator, or a booster's (`library: configuration`), as JSON."""
    if name.partition(":")[0] in LIBRARIES:
        return [_timed(name, lambda: _halves(*booster_recipes()[name]()))]
    return [_timed(recipe.label, lambda recipe=recipe: _trained(name, recipe)) for recipe in recipes(name)]


def _halves(model: Any, rows: Any) -> tuple[Any, Any, Any]:
    return model, rows[: len(rows) // 2], rows[len(rows) // 2 :]


def _trained(name: str, recipe: Any) -> tuple[Any, Any, Any]:
    rng = np.random.default_rng(0)
    x = TABLES[recipe.table](np.random.default_rng(0), ROWS)
    model = fit(build(name, dict(recipe.parameters)), x, target(recipe.target, x, rng))
    return model, x, TABLES[recipe.table](rng, FRESH)


def _timed(label: str, make: Callable[[], tuple[Any, Any, Any]]) -> dict[str, Any]:
    started = time.perf_counter()
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
                hold(finding, source, graph, row_sets(model, source, graph, x, fresh))
            except Exception as err:  # noqa: BLE001 a crash is a finding
                finding.status, finding.why = "error", f"{type(err).__name__}: {str(err)[:300]}"
    finding.seconds = round(time.perf_counter() - started, 3)
    return asdict(finding)


def hold(finding: Finding, source: Source, graph: Any, sets: dict[str, list[Row]]) -> None:
    """Writes the row program of a graph and holds it against ONNX Runtime, on rows that the model answers."""
    written = row_program_of(graph)
    if written.lacks:
        finding.status, finding.why = "lacks", written.lacks
        return
    finding.libm, finding.bytes = list(written.libm), sum(map(len, written.files.values()))
    program = RowProgram(parsed(written.files["rows.json"]), written.files.get("rows.bin", b""))
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
    theirs, ours, spent = [], [], 0.0
    for row in rows:
        tensors = decode_rows([row], source.signature)
        theirs.append(run([row], source))
        started = time.perf_counter()
        ours.append(program({name: tensor.data for name, tensor in tensors.items()}))
        spent += time.perf_counter() - started
    finding.rows, finding.row_us = len(rows), round(spent / len(rows) * 1e6, 1)
    answers = source.answers(rows)
    expected = {o.name: np.concatenate([_flat(made[o.name], o) for made in theirs]) for o in source.outputs}
    got = {o.name: np.concatenate([_flat(_array(made[o.name]), o) for made in ours]) for o in source.outputs}
    _compare(finding, source, answers, expected, got, kinds)


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


def _error(source: Source, want: Any, got: Any) -> float:
    worst = 0.0
    for output in source.outputs:
        if is_measured(output) and want[output.name].shape == got[output.name].shape:
            a, b = want[output.name].astype(np.float64), got[output.name].astype(np.float64)
            fine = np.isfinite(a) & np.isfinite(b)
            worst = max(worst, float((np.abs(a - b)[fine] / np.maximum(1.0, np.abs(a[fine]))).max(initial=0.0)))
    return worst


def _flat(array: Any, output: Output) -> Any:
    """[1] or [1, K] as the manifest says."""
    return array.ravel() if len(output.shape) == 1 else array


def _array(tensor: Tensor) -> Any:
    kinds = {"double": np.float64, "float": np.float32, "int64": np.int64, "bool": np.bool_, "string": object}
    return np.array(values(tensor), kinds[tensor.dtype]).reshape(tensor.shape)
