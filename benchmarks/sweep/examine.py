"""Examines one estimator: fits each configuration, converts it, and compares graph and model row by row."""

from __future__ import annotations

import math
import os
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import Any

import numpy as np

from benchmarks.sweep import rows as kinds
from benchmarks.sweep.boundaries import fitted_boundaries, graph_boundaries, label_boundaries
from benchmarks.sweep.recipes import Recipe, build, recipes
from benchmarks.sweep.tables import FRESH, ROWS, TABLES, target
from isoship.errors import InputError, IsoshipError, UnsupportedModelError
from isoship.parity.verdict.compare import Comparison, compare, difference
from isoship.sources import open_source
from isoship.sources.contract import Answers, Row, Source
from isoship.sources.frames import rows_from_frame
from isoship_edge.encoding.decode import decode_rows
from isoship_edge.encoding.golden import encode
from isoship_edge.inference.agreement import is_measured
from isoship_edge.inference.tensor import Tensor
from isoship_edge.manifest import Output, Tolerance

TOLERANCE = Tolerance(1e-9, 1e-9, "double throughout")
#: Outputs beyond the default ones, asked for where the estimator has the method.
_FURTHER = (("probabilities", "predict_proba"), ("scores", "decision_function"), ("transformed", "transform"))
_SEED = 0
#: Of ordinary and training rows, how many may be called undecided: more would say nothing of the model.
_MOST_UNDECIDED = 0.05
#: Rows with a fault that the model is asked one by one.
_MOST_ASKED_ALONE = 200


@dataclass
class Finding:
    """One configuration. status: exact, refused, WRONG, error, or not fitted (by scikit-learn itself).

    ties: labels that differ within the margin. undecided: rows on which the model alone disagrees with the model on a
    batch, or whose value jumps within the margin. max_error: the largest |d| / max(1, |reference|). worst: on each kind
    of rows with a fault, the worst row. default_level: how far onnxruntime's level ALL is from BASIC.
    """

    label: str
    status: str
    why: str = ""
    rows: int = 0
    refused_rows: int = 0
    ties: int = 0
    undecided: int = 0
    max_error: float = 0.0
    open_seconds: float = 0.0
    convert_seconds: float = 0.0
    seconds: float = 0.0
    default_level: float = 0.0
    worst: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def examine(name: str, most: int | None = None) -> list[dict[str, Any]]:
    """The configurations of one estimator, all or the first `most`, as JSON."""
    found = []
    for recipe in islice(recipes(name), most):
        started = time.perf_counter()
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            finding = _examine(name, recipe)
        finding.seconds = round(time.perf_counter() - started, 3)
        found.append(asdict(finding))
    return found


def _examine(name: str, recipe: Recipe) -> Finding:
    rng = np.random.default_rng(_SEED)
    x = TABLES[recipe.table](np.random.default_rng(0), ROWS)
    try:
        model = fit(build(name, dict(recipe.parameters)), x, target(recipe.target, x, rng))
    except Exception as err:  # noqa: BLE001 what scikit-learn raises here is its own affair
        return Finding(recipe.label, "not fitted", _first_line(err))
    return examine_fitted(recipe.label, model, x, TABLES[recipe.table](rng, FRESH))


def examine_fitted(label: str, model: Any, x: Any, fresh: Any) -> Finding:
    """A fitted model, or the path of a model file, on rows made from it. x: training rows; fresh: others like them."""
    finding = Finding(label, "exact")
    try:
        source, graph = converted(model, x, finding)
    except UnsupportedModelError as err:
        finding.status, finding.why = "refused", f"{err.why}. {err.instead}"
        return finding
    except IsoshipError as err:
        finding.status, finding.why = "error", f"{type(err).__name__}: {_first_line(err)}"
        return finding
    except Exception as err:  # noqa: BLE001 a crash of the converter is a finding
        finding.status, finding.why = "error", f"{type(err).__name__}: {_first_line(err)}"
        return finding
    try:
        _compare(model, source, graph, x, fresh, finding)
    except Exception as err:  # noqa: BLE001 so is a graph that does not load or run
        finding.status, finding.why = "error", f"{type(err).__name__}: {_first_line(err)}"
    return finding


def fit(model: Any, x: Any, y: Any) -> Any:
    if type(model).__name__ == "FrozenEstimator":
        model.estimator.fit(x, y)
        return model
    return model.fit(x) if y is None else model.fit(x, y)


def converted(model: Any, x: Any, finding: Finding | None = None) -> tuple[Source, Any]:
    """The source with every output that can be had, and its graph."""
    finding = finding or Finding("", "exact")
    more = [kind for kind, method in _FURTHER if hasattr(model, method)]
    sample = x.reshape(-1, 1) if isinstance(x, np.ndarray) and x.ndim == 1 else x  # labels are one column
    for outputs in (more, None) if more else (None,):
        started = time.perf_counter()
        try:
            source = open_source(model, sample=sample, outputs=outputs)
            finding.open_seconds = round(time.perf_counter() - started, 4)
            started = time.perf_counter()
            graph = source.to_onnx()
        except IsoshipError as err:
            if outputs is None:
                raise
            finding.notes.append(f"not every output: {_first_line(err)}")
            continue
        finding.convert_seconds = round(time.perf_counter() - started, 4)
        if finding.convert_seconds > 1.0:  # the machine may have been busy
            started = time.perf_counter()
            source.to_onnx()
            finding.convert_seconds = min(finding.convert_seconds, round(time.perf_counter() - started, 4))
        return source, graph
    raise AssertionError("unreachable")


def row_sets(model: Any, source: Source, graph: Any, x: Any, fresh: Any) -> dict[str, list[Row]]:
    """The rows of every kind on which a fitted model and its graph are compared. x: training rows; fresh: others."""
    names = [column.name for column in source.signature.columns]
    training, ordinary = _rows(x, names), _rows(fresh, names)
    rng = np.random.default_rng(_SEED + 1)
    boundaries = fitted_boundaries(model, len(names))
    for place, values in graph_boundaries(graph, source).items():
        boundaries.setdefault(place, set()).update(values)
    whole = [row for row in training if all(value is not None for value in row.values())]
    signature = source.signature
    return {
        "ordinary": ordinary,
        "training": training,
        "midpoint": kinds.midpoint_rows(signature, training, rng),
        "threshold": kinds.threshold_rows(signature, training, boundaries, rng) + label_boundaries(source, whole),
        "special": kinds.special_rows(signature, whole[0]),
        "missing": kinds.missing_rows(signature, whole),
        "infinity": kinds.infinity_rows(signature, whole),
    }


def _compare(model: Any, source: Source, graph: Any, x: Any, fresh: Any, finding: Finding) -> None:
    run = Runner(graph)
    sets = row_sets(model, source, graph, x, fresh)
    ordinary = sets["ordinary"]
    for kind, rows in sets.items():
        if rows:
            _compare_kind(kind, rows, source, run, finding)
    first = run(ordinary[:50], source) if is_accepted(ordinary[:50], source) else {}
    if first:
        finding.default_level = _level_difference(graph, ordinary[:50], source, first)
    if finding.worst:
        finding.status = "WRONG"
        finding.why = "; ".join(f"{w['kind']}: {w['fault']}" for w in finding.worst)


def _compare_kind(kind: str, rows: list[Row], source: Source, run: Runner, finding: Finding) -> None:
    by_contract = [is_accepted([row], source) for row in rows]
    by_model = [False] * len(rows)
    for expected in (True, False):  # apart, so that few batches are refused and halved
        places = [i for i, ok in enumerate(by_contract) if ok is expected]
        for place, ok in zip(places, answered([rows[i] for i in places], source), strict=True):
            by_model[place] = ok
    finding.rows += len(rows)
    finding.refused_rows += len(rows) - sum(by_model)
    for want, fault in (
        (False, "rows that the graph answers and the model refuses"),
        (True, "rows that the contract refuses and the model answers"),
    ):
        places = [i for i, ok in enumerate(by_model) if ok is want and by_contract[i] is not want]
        if want:  # the contract is of columns, and the model of what they come to together
            places = [i for i in places if not _cut_together(rows[i], source)]
        if places:
            row = rows[places[0]]
            finding.worst.append(
                {"kind": kind, "fault": f"{len(places)} {fault}", "row": _shown(row), "message": _refusal(row, source)}
            )
    both = [row for row, m, c in zip(rows, by_model, by_contract, strict=True) if m and c]
    if not both:
        return
    answers = source.answers(both)
    outputs, got = source.outputs, run(both, source)
    tolerances = {output.name: source.double_tolerances.get(output.name, TOLERANCE) for output in outputs}
    unsettled = int(answers.unsettled(TOLERANCE.atol).sum())
    if kind in ("ordinary", "training") and unsettled > _MOST_UNDECIDED * len(both):
        finding.worst.append({"kind": kind, "fault": f"{unsettled} rows called undecided of {len(both)}"})
    left_out = _undecided(both, answers, got, source)
    if left_out:
        kept = [i for i in range(len(both)) if i not in left_out]
        finding.undecided += len(left_out)
        both, answers = [both[i] for i in kept], answers.at(kept)
        got = {name: value[kept] for name, value in got.items()}
    result = compare(answers, got, outputs, tolerances, kinds=[kind] * len(both), precision="double")
    finding.ties += result.ties
    finding.max_error = max(finding.max_error, _scaled_error(answers, got, outputs))
    if not result.agrees:
        finding.worst.append({"kind": kind, **_worst(result, both, answers, source)})


def _worst(result: Comparison, rows: list[Row], answers: Answers, source: Source) -> dict[str, Any]:
    parts = [f"{result.flips} flips"] if result.flips else []
    parts += [f"{result.over} rows off, up to {result.max_abs:.3g}"] if result.over else []
    told: dict[str, Any] = {"fault": ", ".join([*parts, *result.problems]) + f" of {result.rows}"}
    beyond = [w for w in result.worst if w.flip or w.error > 1e-9 + 1e-9 * _size(w.expected)]
    if beyond or result.worst:
        worst = (beyond or result.worst)[0]
        alone = source.answers([rows[worst.row]])
        told |= {
            "row": _shown(rows[worst.row]),
            "output": worst.output,
            "expected": _json(worst.expected),
            "got": _json(worst.value),
            "margin": _json(float(answers.margin[worst.row])),
            "model_alone": _json(_plain(alone.outputs[worst.output][0])),
        }
    return told


def _undecided(rows: list[Row], answers: Answers, got: Mapping[str, Any], source: Source) -> set[int]:
    """Of the rows with a fault, those whose numbers the model does not settle, or that it answers otherwise alone."""
    if any(got[name].shape != value.shape for name, value in answers.outputs.items()):
        return set()  # for `compare` to say
    faulty = _faulty(answers.outputs, got)
    labels = [name for name, value in answers.outputs.items() if value.dtype.kind != "f"]
    flipped = _faulty({name: answers.outputs[name] for name in labels}, got) if labels else np.zeros_like(faulty)
    found = set(np.flatnonzero(faulty & ~flipped & answers.unsettled(TOLERANCE.atol)).tolist())
    places = [i for i in np.flatnonzero(faulty).tolist() if i not in found][:_MOST_ASKED_ALONE]
    for i in places:
        alone = source.answers([rows[i]])
        if _faulty({name: value[[i]] for name, value in answers.outputs.items()}, alone.outputs)[0]:
            found.add(i)
    return found


def _faulty(want: Mapping[str, Any], got: Mapping[str, Any]) -> Any:
    """bool [N]: beyond the tolerance, or another label."""
    found: Any = False
    for name, value in want.items():
        if value.dtype.kind == "f":
            size = np.where(np.isfinite(value), np.abs(value), 0.0)
            other = difference(value, got[name]) > TOLERANCE.atol + TOLERANCE.rtol * size
        else:
            other = value != got[name]
        found = found | np.asarray(other, dtype=bool).reshape(len(value), -1).any(axis=1)
    return found


def _scaled_error(answers: Answers, got: Mapping[str, Any], outputs: Sequence[Output]) -> float:
    """The largest error of rows that the model settles. Labels are none, though a chain's are floats."""
    worst, settled = 0.0, ~answers.unsettled(TOLERANCE.atol)
    for name in [output.name for output in outputs if is_measured(output)]:
        want = answers.outputs[name]
        if want.dtype.kind == "f" and want[settled].size and got[name].shape == want.shape:
            d, want = difference(want[settled], got[name][settled]), want[settled]
            scaled = d / np.maximum(1.0, np.where(np.isfinite(want), np.abs(want), 1.0))
            worst = max(worst, min(float(scaled.max()), 1e308))
    return worst


def answered(rows: list[Row], source: Source) -> list[bool]:
    """For each row, whether the model answers it: asked in batches, which are halved where one is refused."""
    if not rows:
        return []
    try:
        source.answers(rows)
    except InputError:
        if len(rows) == 1:
            return [False]
        half = len(rows) // 2
        return answered(rows[:half], source) + answered(rows[half:], source)
    return [True] * len(rows)


def is_accepted(rows: list[Row], source: Source) -> bool:
    try:
        decode_rows(rows, source.signature)
    except InputError:
        return False
    return True


def _cut_together(row: Row, source: Source) -> bool:
    """Refused for numbers beyond ends that are cut for all columns together, and no more than that cut explains."""
    columns = source.signature.columns
    cuts = [end for column in columns for end in (column.minimum, column.maximum) if end is not None]
    cuts = [abs(end) for end in cuts if abs(end) > 1e100 and math.frexp(end)[0] in (0.5, -0.5)]
    if not cuts:
        return False
    size, most = cuts[0], 4.0 * len(columns)
    within = {name: v if not isinstance(v, float) else max(-size, min(size, v)) for name, v in row.items()}
    return is_accepted([within], source) and all(abs(v) / size <= most for v in row.values() if isinstance(v, float))


def _refusal(row: Row, source: Source) -> str:
    for ask in (lambda: source.answers([row]), lambda: decode_rows([row], source.signature)):
        try:
            ask()
        except InputError as err:
            return _first_line(err)
    return ""


class Runner:
    """A canonical graph in onnxruntime, fed by the contract's own decoder."""

    def __init__(self, graph: Any, level: str = "ORT_ENABLE_BASIC") -> None:
        os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
        import onnxruntime as ort

        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4
        options.graph_optimization_level = getattr(ort.GraphOptimizationLevel, level)
        self.session = ort.InferenceSession(graph.SerializeToString(), options, providers=["CPUExecutionProvider"])

    def __call__(self, rows: list[Row], source: Source) -> dict[str, Any]:
        wanted = [given.name for given in self.session.get_inputs()]
        tensors = decode_rows(rows, source.signature)
        feeds = {name: _array(tensors[name]) for name in wanted}
        names = [output.name for output in self.session.get_outputs()]
        return dict(zip(names, self.session.run(names, feeds), strict=True))


def _level_difference(graph: Any, rows: list[Row], source: Source, at_basic: Mapping[str, Any]) -> float:
    """How far onnxruntime's default optimization moves the numbers."""
    at_all = Runner(graph, "ORT_ENABLE_ALL")(rows, source)
    worst = 0.0
    for name, value in at_basic.items():
        if value.dtype.kind == "f" and value.size:
            d = np.abs(value - at_all[name]) / np.maximum(1.0, np.abs(value))
            worst = max(worst, float(np.nanmax(np.where(np.isfinite(d), d, 0.0))))
    return worst


_NUMPY = {"double": np.float64, "int64": np.int64, "string": object}


def _rows(x: Any, names: list[str]) -> list[Row]:
    """A table, a list of texts or records, or a list of labels, as rows."""
    if isinstance(x, list) and x and isinstance(x[0], dict):
        return [{name: record.get(name) for name in names} for record in x]
    if isinstance(x, list) or (isinstance(x, np.ndarray) and x.ndim == 1):
        return [{names[0]: value} for value in x]
    return rows_from_frame(x, names)


def _array(tensor: Tensor) -> Any:
    if tensor.dtype == "bool":
        return np.frombuffer(tensor.data, dtype=np.bool_).reshape(tensor.shape)
    return np.array(tensor.data, dtype=_NUMPY[tensor.dtype]).reshape(tensor.shape)


def _size(value: Any) -> float:
    flat = np.abs(np.asarray(value, dtype=np.float64).ravel())
    return float(np.max(flat[np.isfinite(flat)], initial=0.0))


def _shown(row: Row) -> dict[str, Any]:
    return {name: encode(value) for name, value in row.items()}


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else value


def _json(value: Any) -> Any:
    if isinstance(value, list) and len(value) > 12:
        value = value[:12]
    return encode(value)


def _first_line(err: BaseException) -> str:
    lines: Sequence[str] = str(err).strip().splitlines()
    return (lines[0] if lines else type(err).__name__)[:300]


def warm_up() -> None:
    """Loads every library, so that the first model's conversion is not charged with it."""
    from sklearn.linear_model import LinearRegression
    from sklearn.tree import DecisionTreeRegressor

    x = np.arange(6.0).reshape(3, 2)
    for model in (LinearRegression(), DecisionTreeRegressor()):
        open_source(model.fit(x, x[:, 0]), sample=x).to_onnx()
