"""The check of a tensor bundle: what `isoship check` does, and what every export passes before its bundle exists."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from isoship.bundle.bundle import Bundle
from isoship.bundle.sums import sha256
from isoship.parity import runners as registry
from isoship.parity.demand import NOT_RUN, Demand, not_asked
from isoship.parity.runners.chromium import browsers_kept
from isoship.parity.runners.contract import Shipped
from isoship.parity.side_by_side import browsers, verdicts_of
from isoship.parity.tensors.case import TensorCase, TensorQuestion, case_for
from isoship.parity.tensors.compare import precision_of
from isoship.parity.tensors.evidence import find_source, read_golden, samples_for
from isoship.parity.tensors.manifest_check import graph_difference, loose_tolerances, manifest_differences, same_makers
from isoship.parity.tensors.shown import shown_inputs
from isoship.parity.tensors.trial import try_runner
from isoship.parity.verdict.compare import Verdict
from isoship.parity.verdict.environment import environment
from isoship.parity.verdict.integrity import changed_files, integrity
from isoship.parity.verdict.report import ParityReport
from isoship.tensors.contract import TensorSource

Progress = Callable[[str], None]

#: Calls and runtimes of the check that every export passes.
_VERIFY_CALLS = 40
_VERIFY_WITH = ("onnxruntime", "onnxruntime-default", "edge", "lambda", "web-node-wasm")


def check_tensors(
    shipped: Shipped,
    demand: Demand,
    model: Any = None,
    *,
    rows: int | str | None = None,
    seed: int = 0,
    sample: Any = None,
    atol: float | None = None,
    rtol: float | None = None,
    progress: Progress,
) -> ParityReport:
    """`isoship.check` of a bundle of tensors; rows are calls. The arguments are checked there.

    Raises:
        BundleError: damaged golden calls. ModelFileError, SampleError: the model or sample does not fit the bundle.
    """
    golden = read_golden(shipped)
    # reading the model and making calls keep one processor busy, and a browser takes seconds to start
    with browsers_kept(browsers(demand.runtimes)):
        source, why_not = find_source(shipped, model, sample)
        try:
            question = TensorQuestion(
                shipped, golden, source, why_not, samples_for(shipped, sample), rows, seed + 1, atol, rtol, deep=True
            )
            case = case_for(question, progress)
            return _run(question, case, demand, progress)
        finally:
            if source is not None and source is not model:
                source.close()


def verify_tensors(
    folder: Path, source: TensorSource, *, targets: Sequence[str] = (), progress: Progress | None = None
) -> ParityReport:
    """The check that every export of a tensor model passes: fewer calls, and a fast runtime a target.

    The caller closes the source. onnxruntime's default level is asked, too, and fails nothing.
    """
    say = progress or _silent
    opened = Bundle.open(folder)
    shipped = Shipped(opened.path, opened.manifest, tuple(targets) or opened.targets)
    question = TensorQuestion(shipped, read_golden(shipped), source, samples=source.samples, budget=_VERIFY_CALLS)
    names = tuple(n for n in _VERIFY_WITH if registry.target_of(n) in ("model", *shipped.targets))
    return _run(question, case_for(question, say), Demand(names, ("model",), shipped.targets), say)


def _run(question: TensorQuestion, case: TensorCase, demand: Demand, say: Progress) -> ParityReport:
    """Asks each runtime, and writes the report into the bundle."""
    shipped, manifest = question.shipped, question.shipped.manifest
    # digests come first: what lies in lambda/ and edge/ is somebody's programs, and runs as it was exported
    changed = changed_files(shipped)

    def trial(name: str) -> Verdict:
        runner = registry.open_runner(name, "tensors")
        if changed and not_asked(runner):
            return Verdict(name, runner.target, precision_of(manifest), "unavailable", message=NOT_RUN)
        return try_runner(runner, shipped, case, say)

    besides = list(_beside_the_model(question, case))
    files = partial(integrity, shipped, None, changed, besides)
    verdicts = verdicts_of(demand.runtimes, trial, files, say, unit="calls")
    named = {w.row for v in verdicts for w in v.worst}
    report = ParityReport(
        name=manifest.name,
        version=manifest.version,
        digest=manifest.digest,
        evidence=case.evidence,
        verdicts=verdicts,
        partial=demand.partial,
        required=demand.required,
        shipped=demand.shipped,
        kinds=case.counts(),
        shown={
            i: None if case.calls[i].kind == "sample" else shown_inputs(case.calls[i].inputs) for i in sorted(named)
        },
        notes=case.notes,
        environment=environment(manifest),
        checked=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        seed=question.seed,
        model_sha256=sha256(shipped.folder / "model.onnx"),
        own_tolerances=case.atol is not None or case.rtol is not None,
        unit="calls",
    )
    report.write(shipped.folder)
    return report


def _beside_the_model(question: TensorQuestion, case: TensorCase) -> list[str]:
    """What the files say otherwise than the model, where it is at hand."""
    source, manifest = question.source, question.shipped.manifest
    if source is None:
        return []
    lines = list(manifest_differences(manifest, source))
    if case.converted is not None and same_makers(manifest, source):
        import onnx

        found = graph_difference(case.converted, onnx.load(question.shipped.folder / "model.onnx"))
        lines += [found] if found else []
        lines += loose_tolerances(manifest, source, case.converted)
    return lines


def _silent(_message: str) -> None:
    """Says nothing, where nobody asked to be told of progress."""
