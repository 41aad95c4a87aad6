"""Export of a model of tensors: as `isoship.exporting`, with tensors in place of columns."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from isoship.bundle.folder import built_aside, refuse_unless_ours
from isoship.bundle.model_files import remember
from isoship.bundle.npm.package import WebPackage
from isoship.bundle.npm.size import weighed
from isoship.bundle.sums import write_sums
from isoship.errors import InputError, ParityError, SampleError
from isoship.parity.tensors.check import verify_tensors
from isoship.parity.verdict.report import ParityReport
from isoship.sources.tensor_models import open_tensor_source
from isoship.tensors.core import write_core
from isoship.tensors.options import TensorOptions, opened
from isoship.web_route import chosen, web_graphs, write_web_of
from isoship_edge.manifest import read_manifest

#: Where a model of tensors goes by default: the browser is asked for by name.
TENSOR_TARGETS = ("lambda", "edge")


def export_tensors(
    model: Any,
    out: Path,
    *,
    sample: Any,
    name: str,
    model_version: str,
    targets: Sequence[str] | None,
    outputs: Sequence[str] | None,
    dtype: Mapping[str, str] | Sequence[str] | None,
    golden: str,
    tfjs_route: str | None,
    package: WebPackage,
    options: TensorOptions,
    force: bool,
    write_targets: Callable[[Path, Sequence[str]], None],
    say: Callable[[str], None],
) -> tuple[ParityReport, tuple[str, ...]]:
    """Writes the bundle at `out`, verified; its report and notes.

    write_targets: writes these targets of the bundle in a folder.

    Raises:
        As `isoship.export`.
    """
    started = time.perf_counter()
    targets = TENSOR_TARGETS if targets is None else targets
    _refuse_options(outputs, dtype)
    if golden == "sample" and sample is None:
        raise SampleError("golden='sample' needs a sample: give --sample calls.npz")
    refuse_unless_ours(out, name, force=force)
    say("reading the model" + (f" and {sample}" if isinstance(sample, (str, Path)) else ""))
    said: list[str] = []

    def early(note: str) -> None:
        said.append(note)
        say(note)

    source = opened(partial(open_tensor_source, model, dynamic=options.dynamic, say=early), sample, options)
    try:
        for note in source.notes:
            if note not in said:
                say(note)
        say(f"converting {source.estimator} ({source.library} {source.library_version})")
        graph = source.to_onnx()
        with ExitStack() as stack:
            webs = stack.enter_context(web_graphs(graph, source, tfjs_route, say)) if "web" in targets else []
            aside = stack.enter_context(built_aside(out))
            write_core(aside, source, graph, name=name, version=model_version, targets=targets, golden=golden, say=say)
            remember(aside, read_manifest(aside).digest, Path(model) if isinstance(model, (str, Path)) else None)
            if webs:
                web = chosen(webs, aside, source, say)
                say("writing web/")
                files = write_web_of(aside, web, package)
                large = weighed(aside / "web", files, package.most_mb)
                for note in (*web.network.notes, *filter(None, [large])):
                    say(f"web: {note}")
            write_targets(aside, targets)
            write_sums(aside)
            say("verifying every shipped form against the model")
            report = verify_tensors(aside, source, targets=tuple(targets), progress=say)
            if report.exit_code == 1 or report.unproven:
                raise ParityError(
                    "a shipped form disagrees with the model, so no bundle was written\n" + report.table(), report
                )
    finally:
        source.close()
    say(f"wrote {out} in {time.perf_counter() - started:.1f} s")
    return report, source.notes


def _refuse_options(outputs: Sequence[str] | None, dtype: Mapping[str, str] | Sequence[str] | None) -> None:
    """Raises InputError for options that a model of tensors has no use for."""
    if dtype:
        raise InputError("--dtype is for columns: the model's own inputs say their dtypes. Leave it out")
    if outputs:
        raise InputError(
            f"--outputs {','.join(outputs)} is for estimators: a model of tensors ships every output of its own, under"
            " its name. Leave it out"
        )
