"""Check: every shipped form, in every runtime found here, against the best evidence at hand."""

from __future__ import annotations

import dataclasses
import datetime
import importlib.metadata
import os
import platform
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from isoship.bundle.sums import sha256
from isoship.errors import InputError
from isoship.parity.runners.contract import Shipped
from isoship.parity.trial import Case, try_runner
from isoship.parity.verdict.compare import Verdict
from isoship.parity.verdict.evidence import Golden, find_source, graph_answers, proven_graph, read_golden
from isoship.parity.verdict.integrity import changed_files, integrity
from isoship.parity.verdict.report import Evidence, ParityReport
from isoship.rows.for_check import RowSet, nodes_for, rows_for_check
from isoship.rows.reference import Answer, ask
from isoship.sources.contract import Answers, Row, Source

Progress = Callable[[str], None]

#: Rows and runtimes of the check that every export passes before it is moved into place.
_VERIFY_ROWS = 400
_VERIFY_WITH = ("onnxruntime", "edge", "lambda", "web-node-wasm")
_MOST_REFUSED = 60
_SIDE_BY_SIDE = 4
_NOT_RUN = "not run: files of this bundle are not those that were exported (`files` names them)"


def check(
    bundle: str | Path,
    model: Any = None,
    *,
    runtimes: Sequence[str] | None = None,
    rows: int | str | None = None,
    seed: int = 0,
    sample: Any = None,
    atol: float | None = None,
    rtol: float | None = None,
    progress: Progress | None = None,
) -> ParityReport:
    """Compares every shipped form with the model, in every runtime found here; writes parity.json and parity.html.

    model: a fitted estimator or a model file; else the one that this user exported, while its sha256 is unchanged.
    runtimes: only these (`isoship.parity.runners.available()`); the verdict is then partial.
    rows: how many (default 1500), or "max". sample: rows of the user, asked and never stored.
    atol, rtol: instead of the manifest's tolerances.

    Raises:
        BundleError: no bundle, or a damaged one.
        InputError: an unknown runtime. ModelFileError, SampleError: the model or sample does not fit the bundle.
    """
    from isoship.bundle.bundle import Bundle
    from isoship.parity.runners import available, open_runner, target_of
    from isoship.parity.runners.chromium import browsers_kept
    from isoship.sources.polars_frames import frame_from_polars

    say, sample = progress or (lambda _message: None), frame_from_polars(sample)
    for option, value in (("atol", atol), ("rtol", rtol)):
        if value is not None and not 0 <= value < float("inf"):
            raise InputError(f"{option} is {value}: a tolerance is a number from 0 up")
    if seed < 0:
        raise InputError(f"seed is {seed}: a seed is 0 or more")
    if rows is not None and rows != "max" and not (isinstance(rows, int) and rows > 0):
        raise InputError(f"rows is {rows!r}: rows are a positive number or 'max'")
    if isinstance(runtimes, str):
        runtimes = tuple(part.strip() for part in runtimes.split(","))
    opened = Bundle.open(bundle)
    shipped = Shipped(opened.path, opened.manifest, opened.targets)
    for name in runtimes or ():
        target_of(name)
    golden = read_golden(shipped)
    proven = {"model", *shipped.targets}
    names = tuple(runtimes) if runtimes else tuple(n for n in available() if target_of(n) in proven)
    outside = any(open_runner(name).precision == "double" for name in names)
    required = tuple({target_of(n): None for n in names}) if runtimes else ("model", *shipped.targets)
    # reading the model and making rows keep one processor busy, and a browser takes seconds to start
    with browsers_kept(min(_workers(), sum("chromium" in name for name in names))):
        source, why_not = find_source(shipped, golden, model, sample, say)
        own = _sample_rows(sample, shipped)
        evidence, case, notes = _case(
            shipped, golden, source, why_not, own, rows, seed, atol, rtol, say, outside=outside
        )
        case = dataclasses.replace(case, large_batch=True)
        forms = () if runtimes else shipped.targets
        partial = bool(runtimes)
        return _run(
            shipped, evidence, case, notes, names, required, forms, source=source, partial=partial, seed=seed, say=say
        )


def verify_before_move(
    folder: Path, source: Source, *, targets: Sequence[str] = (), progress: Progress | None = None
) -> ParityReport:
    """The check that every export passes: fewer rows, and a fast runtime a target.

    A runtime that is missing here (Node, for one) is in the report and does not fail it; model.onnx always runs.
    """
    from isoship.bundle.bundle import Bundle
    from isoship.parity.runners import target_of

    say = progress or (lambda _message: None)
    opened = Bundle.open(folder)
    shipped = Shipped(opened.path, opened.manifest, tuple(targets) or opened.targets)
    golden = read_golden(shipped)
    evidence, case, notes = _case(shipped, golden, source, "", [], _VERIFY_ROWS, 0, None, None, say)
    names = tuple(n for n in _VERIFY_WITH if target_of(n) in ("model", *shipped.targets))
    forms = shipped.targets
    return _run(shipped, evidence, case, notes, names, ("model",), forms, source=source, partial=True, seed=0, say=say)


def verify_own_rows(folder: Path, source: Source, *, progress: Progress | None = None) -> ParityReport | None:
    """Holds every row of the sample against model.onnx and its contract; a report where they disagree, with the cause.

    Raises: as `isoship.parity.verdict.own_rows.differing_rows`.
    """
    from isoship.bundle.bundle import Bundle
    from isoship.parity.verdict.own_rows import differing_rows

    say = progress or (lambda _message: None)
    shipped = Shipped(folder, Bundle.open(folder).manifest, ())
    own = differing_rows(shipped, source, say)
    if not own:
        return None
    golden = read_golden(shipped)
    evidence, case, notes = _case(shipped, golden, source, "", own, "max", 0, None, None, say)
    return _run(
        shipped, evidence, case, notes, ("onnxruntime",), ("model",), (), source=source, partial=True, seed=0, say=say
    )


def _case(
    shipped: Shipped,
    golden: Golden,
    source: Source | None,
    why_not: str,
    own: list[Row],
    budget: int | str | None,
    seed: int,
    atol: float | None,
    rtol: float | None,
    say: Progress,
    *,
    outside: bool = False,
) -> tuple[Evidence, Case, tuple[str, ...]]:
    """Rows with the reference's answers, at the best level of evidence there is."""
    if source is None and not proven_graph(shipped):
        say(f"golden rows only: {why_not}")
        note = f"only the {len(golden.rows)} golden rows were asked: {why_not}"
        return "golden", Case(golden.rows, golden.kinds, golden.answers, golden.refused, atol, rtol), (note,)
    import onnx

    from isoship.rows.golden import spread_refusals
    from isoship.rows.paths import tree_nodes
    from isoship.rows.profile import widened
    from isoship.rows.refusals import refused_rows
    from isoship.rows.structure import column_profiles
    from isoship.rows.values import typical_row

    graph = graph_answers(shipped)
    answer: Answer = source.answers if source is not None else graph
    say("making rows from the model's own thresholds and categories")
    model, signature = onnx.load(shipped.folder / "model.onnx"), shipped.manifest.signature
    profiles = column_profiles(model, signature)
    made = rows_for_check(
        widened(profiles, own) if own else profiles,
        seed=seed,
        budget=budget,
        sample=own,
        predict=_labels_by(graph, shipped),
        nodes=tree_nodes(model, signature, profiles, most=nodes_for(budget), seed=seed),
        outside=outside,
    )
    reference = ask(answer, made.rows)
    notes: tuple[str, ...] = () if source is not None else (f"the source model was not asked: {why_not}",)
    notes += _refused_samples(answer, made, reference.refused)
    say(f"{len(reference.kept)} rows answered by {'the source model' if source is not None else 'model.onnx'}")
    refused = spread_refusals(refused_rows(profiles), _MOST_REFUSED)
    own_refusals = [_as_refused(answer, made.rows[i], made.kinds[i]) for i in reference.refused[:10]]
    rows = golden.rows + [made.rows[i] for i in reference.kept]
    kinds = golden.kinds + [made.kinds[i] for i in reference.kept]
    joined = _joined(golden.answers, reference.answers)
    shown = [*refused, *own_refusals]
    case = Case(rows, kinds, joined, shown, atol, rtol, answer=answer, typical=typical_row(profiles))
    return ("graph" if source is None else "source"), case, notes


def _run(
    shipped: Shipped,
    evidence: Evidence,
    case: Case,
    notes: tuple[str, ...],
    names: Sequence[str],
    required: tuple[str, ...],
    forms: tuple[str, ...],
    *,
    source: Source | None,
    partial: bool,
    seed: int,
    say: Progress,
) -> ParityReport:
    from isoship.parity.runners import open_runner, target_of
    from isoship.parity.runners.process import interruptible

    # digests come first: what lies in lambda/, edge/ and web/ is somebody's programs, and runs as it was exported
    changed = changed_files(shipped)

    def trial(name: str) -> Verdict:
        if changed and target_of(name) != "model":
            runner = open_runner(name)
            return Verdict(name, runner.target, runner.precision, "unavailable", message=_NOT_RUN)
        # the backends cpu and wasm are the same code in Node, which is asked for the largest batch where it runs, too
        twin = name.replace("-chromium-", "-node-")
        large = case.large_batch and (twin == name or twin not in names)
        return try_runner(open_runner(name), shipped, dataclasses.replace(case, large_batch=large), say)

    say(f"asking {', '.join(names)}")
    # each runtime is a process of its own, and starting one leaves a processor idle half of the time; a browser's
    # software graphics take longest, and come before what can fill the gaps at the end
    order = sorted(names, key=lambda name: target_of(name) == "web" and "webg" not in name)
    with interruptible() as kill_all, ThreadPoolExecutor(max_workers=_workers()) as pool:
        try:
            files = pool.submit(integrity, shipped, source, changed)
            tried = dict(zip(order, pool.map(trial, order), strict=True))
        except BaseException:  # interrupted, or told to end: what goes wrong with a runtime is its verdict
            kill_all()
            raise
    verdicts = [files.result(), *(tried[name] for name in names)]
    named = {w.row for v in verdicts for w in v.worst}
    report = ParityReport(
        name=shipped.manifest.name,
        version=shipped.manifest.version,
        digest=shipped.manifest.digest,
        evidence=evidence,
        verdicts=tuple(verdicts),
        partial=partial,
        required=required,
        shipped=forms,
        kinds=RowSet(case.rows, case.kinds).counts(),
        shown={i: None if case.kinds[i] == "sample" else case.rows[i] for i in sorted(named)},
        notes=notes,
        environment=_environment(shipped),
        checked=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        seed=seed,
        model_sha256=sha256(shipped.folder / "model.onnx"),
        own_tolerances=case.atol is not None or case.rtol is not None,
    )
    report.write(shipped.folder)
    return report


def _workers() -> int:
    """Runtimes that run at a time."""
    return max(1, min(_SIDE_BY_SIDE, os.cpu_count() or 1))


def _labels_by(graph: Answer, shipped: Shipped) -> Callable[[list[Row]], Sequence[Any]] | None:
    """model.onnx says on which side of a decision a row lies: hundreds of times faster than most source models."""
    label = next((o.name for o in shipped.manifest.outputs if o.kind == "label" and len(o.shape) == 1), None)
    if label is None:
        return None

    def labels(rows: list[Row]) -> Sequence[Any]:
        found: list[Any] = graph(rows).outputs[label].tolist()
        return found

    return labels


def _refused_samples(answer: Answer, made: RowSet, refused: Sequence[int]) -> tuple[str, ...]:
    """A note on rows of the sample that the model itself refuses."""
    own = [i for i in refused if made.kinds[i] == "sample"]
    if not own:
        return ()
    rows = "1 row of the sample is" if len(own) == 1 else f"{len(own)} rows of the sample are"
    try:
        answer([made.rows[own[0]]])
        where = ""
    except InputError as err:  # its message would show the value
        where = f" for column {err.column!r}" if err.column else ""
    return (f"{rows} refused by the model, and must be by every runtime; the first one{where}",)


def _as_refused(answer: Answer, row: Row, kind: str) -> Any:
    """A row that the model refuses though the contract allows it; why, in the model's words unless they would show a
    value of the sample."""
    from isoship.rows.refusals import Refused

    try:
        answer([row])
    except InputError as err:
        return Refused(row, "", "a row of the sample that the model refuses" if kind == "sample" else str(err))
    return Refused(row, "", "refused in the batch, and answered alone")


def _joined(first: Answers, second: Answers) -> Answers:
    return Answers(
        {name: np.concatenate([array, second.outputs[name]]) for name, array in first.outputs.items()},
        np.concatenate([first.margin, second.margin]),
        np.concatenate([_value_margin(first), _value_margin(second)]),
    )


def _value_margin(answers: Answers) -> Any:
    return np.full(len(answers.margin), np.inf) if answers.value_margin is None else answers.value_margin


def _sample_rows(sample: Any, shipped: Shipped) -> list[Row]:
    if sample is None:
        return []
    from isoship.rows.columns import rows_from_sample

    found = rows_from_sample(sample, shipped.manifest.signature)
    if not found:
        raise InputError("the sample holds no rows")
    return found


def _environment(shipped: Shipped) -> dict[str, str]:
    """Versions and processor of this machine; no host name, no path."""
    found = {"python": platform.python_version(), "system": f"{platform.system()} {platform.machine()}"}
    found |= {name: importlib.metadata.version(name) for name in ("isoship", "numpy", "onnx", "onnxruntime")}
    made_by = shipped.manifest.provenance
    if made_by.get("library"):
        found["trained with"] = f"{made_by['library']} {made_by.get('library_version', '')}"
    cpu = _processor()
    return found | ({"processor": cpu} if cpu else {})


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    facts = {k.strip(): v.strip() for k, _, v in (line.partition(":") for line in lines) if v}
    wide = [flag for flag in ("avx", "avx2", "avx512f", "fma") if flag in facts.get("flags", "").split()]
    return " ".join([facts.get("model name", ""), *wide]).strip()
