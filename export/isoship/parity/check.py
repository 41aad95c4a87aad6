"""Check: every shipped form, in every runtime found here, against the best evidence at hand."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

from isoship.bundle.bundle import Bundle
from isoship.bundle.sums import sha256
from isoship.errors import InputError
from isoship.parity import runners as registry
from isoship.parity.case import Case, Progress, Question, case_for, sample_rows
from isoship.parity.demand import NOT_RUN, Demand, demand_of, not_asked, rows_of, rows_web_of
from isoship.parity.runners.chromium import browsers_kept
from isoship.parity.runners.contract import Shipped
from isoship.parity.side_by_side import browsers, verdicts_of
from isoship.parity.trial import try_runner
from isoship.parity.verdict.compare import Verdict
from isoship.parity.verdict.environment import environment
from isoship.parity.verdict.evidence import find_source, read_golden
from isoship.parity.verdict.integrity import changed_files, integrity
from isoship.parity.verdict.own_rows import differing_rows
from isoship.parity.verdict.report import ParityReport
from isoship.parity.web_graph import SAID, STOCK, state_of
from isoship.remote.bundles import bundle_folder
from isoship.remote.staging import staged
from isoship.remote.urls import is_url
from isoship.rows.for_check import RowSet
from isoship.sources.arrow_frames import frame_from_arrow
from isoship.sources.contract import Source
from isoship.sources.mlflow.registry import fetched, is_uri

#: Rows and runtimes of the check that every export passes before it is moved into place.
_VERIFY_ROWS = 400
_VERIFY_WITH = ("onnxruntime", "rows-python", "rows-node", "edge", "lambda", "web-node-wasm")


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
    converters: Any = None,
    progress: Progress | None = None,
) -> ParityReport:
    """Compares every shipped form with the model, in every runtime found here; writes parity.json and parity.html.

    model: a fitted estimator, a model file or a name of MLflow's; else the one that this user exported, while its
    sha256 is unchanged.
    runtimes: only these (`isoship.parity.runners.available()`); the verdict is then partial.
    rows: how many (default 1500), or "max": every boundary, and graphics in software are asked all rows, too.
    sample: rows of the user, asked and never stored.
    atol, rtol: instead of the manifest's tolerances.
    converters: as in `isoship.export`: a saved model's own classes are found in a file of them. None is called, because
    the graph is there.

    Raises:
        BundleError: no bundle, or a damaged one.
        InputError: an unknown runtime. ModelFileError, SampleError: the model or sample does not fit the bundle.
    """
    given = dict(locals())  # before there is anything else
    if is_uri(model):
        with fetched(model, progress or _silent) as folder:
            return check(**{**given, "model": folder})
    if is_url(bundle):
        with bundle_folder(bundle) as folder:
            return check(**{**given, "bundle": folder})
    if is_url(sample):
        with staged(sample) as path:
            return check(**{**given, "sample": path})
    say, sample = progress or _silent, frame_from_arrow(sample)
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
    demand = demand_of(shipped, runtimes)
    if shipped.manifest.signature.layout == "tensors":
        from isoship.parity.tensors.check import check_tensors

        return check_tensors(
            shipped, demand, model, rows=rows, seed=seed, sample=sample, atol=atol, rtol=rtol, progress=say
        )
    golden = read_golden(shipped)
    outside = any(registry.open_runner(name).precision == "double" for name in demand.runtimes)
    # reading the model and making rows keep one processor busy, and a browser takes seconds to start
    with browsers_kept(browsers(demand.runtimes)):
        source, why_not = find_source(shipped, golden, model, sample, say, converters)
        own = sample_rows(sample, shipped)
        question = Question(shipped, golden, source, why_not, own, rows, seed, outside, atol, rtol)
        case = dataclasses.replace(case_for(question, say), large_batch=True)
        return _run(question, case, demand, say)


def verify_before_move(
    folder: Path, source: Source, *, targets: Sequence[str] = (), progress: Progress | None = None
) -> ParityReport:
    """The check that every export passes: fewer rows, and a fast runtime a target.

    A runtime that is missing here (Node, for one) is in the report and does not fail it; model.onnx always runs.
    """
    say = progress or _silent
    opened = Bundle.open(folder)
    shipped = Shipped(opened.path, opened.manifest, tuple(targets) or opened.targets)
    question = Question(shipped, read_golden(shipped), source, budget=_VERIFY_ROWS)
    proven = ("model", *rows_of(shipped))
    asked = (*proven, *rows_web_of(shipped), *shipped.targets)
    names = tuple(n for n in _VERIFY_WITH if registry.target_of(n) in asked)
    return _run(question, case_for(question, say), Demand(names, proven, shipped.targets), say)


def verify_own_rows(folder: Path, source: Source, *, progress: Progress | None = None) -> ParityReport | None:
    """Holds every row of the sample against model.onnx and its contract; a report where they disagree, with the cause.

    Raises: as `isoship.parity.verdict.own_rows.differing_rows`.
    """
    say = progress or _silent
    shipped = Shipped(folder, Bundle.open(folder).manifest, ())
    own = differing_rows(shipped, source, say)
    if not own:
        return None
    question = Question(shipped, read_golden(shipped), source, own=own, budget="max")
    return _run(question, case_for(question, say), Demand(("onnxruntime",), ("model",)), say)


def _run(question: Question, case: Case, demand: Demand, say: Progress) -> ParityReport:
    """Asks each runtime, and writes the report into the bundle."""
    shipped, names = question.shipped, demand.runtimes
    # digests come first: what lies in lambda/, edge/ and web/ is somebody's programs, and runs as it was exported
    changed = changed_files(shipped)
    worth = cache(partial(state_of, shipped))

    def trial(name: str) -> Verdict:
        runner = registry.open_runner(name)
        if changed and not_asked(runner):
            return Verdict(name, runner.target, runner.precision, "unavailable", message=NOT_RUN)
        if runner.target == STOCK and worth() != "computes":
            return Verdict(name, runner.target, runner.precision, "idle", message=SAID[worth()])
        # rows, cpu and wasm are the same code in Node, which is asked for the largest batch where it runs, too
        twin = name.replace("chromium", "node")
        large = case.large_batch and (twin == name or twin not in names)
        return try_runner(runner, shipped, dataclasses.replace(case, large_batch=large), say)

    verdicts = verdicts_of(names, trial, lambda: integrity(shipped, question.source, changed), say)
    named = {w.row for v in verdicts for w in v.worst}
    report = ParityReport(
        name=shipped.manifest.name,
        version=shipped.manifest.version,
        digest=shipped.manifest.digest,
        evidence=case.evidence,
        verdicts=verdicts,
        partial=demand.partial,
        required=demand.required,
        shipped=demand.shipped,
        kinds=RowSet(case.rows, case.kinds).counts(),
        shown={i: None if case.kinds[i] == "sample" else case.rows[i] for i in sorted(named)},
        notes=case.notes,
        environment=environment(shipped.manifest),
        checked=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        seed=question.seed,
        model_sha256=sha256(shipped.folder / "model.onnx"),
        own_tolerances=case.atol is not None or case.rtol is not None,
    )
    report.write(shipped.folder)
    return report


def _silent(_message: str) -> None:
    """Says nothing, where nobody asked to be told of progress."""
