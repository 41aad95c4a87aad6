"""The check that every export of a model of tensors passes: model.onnx in onnxruntime, on golden and fresh calls."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from isoship.bundle.bundle import Bundle
from isoship.bundle.sums import sha256
from isoship.errors import InputError
from isoship.parity.verdict.compare import Status, Verdict
from isoship.parity.verdict.environment import environment
from isoship.parity.verdict.report import ParityReport
from isoship.tensors.asks import asks_for
from isoship.tensors.contract import TensorSource
from isoship.tensors.run import Runs
from isoship.tensors.tolerances import only


def verify_tensors(
    folder: Path,
    source: TensorSource,
    *,
    targets: Sequence[str] = (),
    progress: Callable[[str], None] | None = None,
) -> ParityReport:
    """Asks model.onnx and the source the same calls, other ones than the golden ones, and writes the report."""
    manifest = Bundle.open(folder).manifest
    data = (folder / "model.onnx").read_bytes()
    run, held = Runs(data), only(manifest.tolerances)
    import onnx

    asks = asks_for(onnx.load_from_string(data), manifest.signature, samples=source.samples, seed=1)
    count = over = 0
    worst = 0.0
    for ask in asks:
        try:
            want = source.answers(ask.inputs)
        except InputError:
            continue
        count += 1
        got = run(ask.inputs)
        for output in manifest.outputs:
            expected, answer = want[output.name], np.asarray(got[output.name])
            if expected.shape != answer.shape:
                over += 1
            elif expected.dtype.kind != "f":
                over += int((expected != answer).any())
            else:
                error = np.abs(expected.astype(np.float64) - answer.astype(np.float64))
                error = np.where((expected == answer) | (np.isnan(expected) & np.isnan(answer)), 0.0, error)
                allowed = held[output.name].atol + held[output.name].rtol * np.abs(expected.astype(np.float64))
                over += int(not (error <= allowed).all())
                worst = max(worst, float(np.nan_to_num(error, nan=np.inf).max(initial=0.0)))
    status: Status = "disagree" if over or not count else "agree"
    report = ParityReport(
        name=manifest.name,
        version=manifest.version,
        digest=manifest.digest,
        evidence="source",
        verdicts=(
            Verdict("onnxruntime", "model", "double", status, rows=count, flips=over, max_abs=worst,
                    tolerances=held),
        ),
        partial=True,
        required=("model",),
        shipped=tuple(targets),
        environment=environment(manifest),
        checked=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        model_sha256=sha256(folder / "model.onnx"),
    )  # fmt: skip
    report.write(folder)
    return report
