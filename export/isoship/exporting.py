"""Export: a trained model in, a verified bundle out, or nothing."""

from __future__ import annotations

import re
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isoship.bundle.aws_lambda.image import PACKAGES
from isoship.bundle.aws_lambda.pythons import LAMBDA_PYTHONS, default_lambda_python
from isoship.bundle.bundle import TARGETS, Bundle
from isoship.bundle.core import record_files, write_core
from isoship.bundle.folder import built_aside, refuse_unless_ours
from isoship.bundle.in_notebooks import bundle_html
from isoship.bundle.model_files import remember
from isoship.bundle.npm.package import WebPackage
from isoship.bundle.python_targets import NATIVE, PythonTargets
from isoship.bundle.sums import write_sums
from isoship.bundle.web import write_web
from isoship.data import parse_dtypes
from isoship.errors import InputError, ParityError, SampleError, UnsupportedModelError
from isoship.exporting_tensors import export_tensors
from isoship.parity.check import verify_before_move, verify_own_rows
from isoship.parity.verdict.report import ParityReport
from isoship.parity.web_graph import FORMS
from isoship.remote import bundles
from isoship.remote.staging import staged
from isoship.remote.urls import is_url
from isoship.row_program.program import row_program_of
from isoship.rows.form import form_for
from isoship.rows.structure import column_profiles
from isoship.sources import dtypes_for, open_source, read_files
from isoship.sources.contract import Source
from isoship.sources.mlflow.registry import fetched, is_uri, name_of
from isoship.sources.named_labels import names_from
from isoship.sources.sklearn.outside.blame import differing_converter, named_by_converters
from isoship.sources.sklearn.outside.converters import converters_from
from isoship.sources.tensor_models import takes_tensors
from isoship.tensors.options import options_from
from isoship_edge.manifest import read_manifest

if TYPE_CHECKING:
    import onnx

NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Exported(Bundle):
    """A bundle just written, with the verdict that let it exist."""

    report: ParityReport
    notes: tuple[str, ...]

    def _repr_html_(self) -> str:
        return bundle_html(self, self.notes)


#: Bundles that were sent elsewhere.
_KEPT: list[tempfile.TemporaryDirectory[str]] = []


def export(
    model: Any,
    *,
    sample: Any = None,
    out: str | Path = "bundle",
    name: str | None = None,
    model_version: str = "0.0.0",
    targets: Sequence[str] | None = None,
    lambda_python: str | None = None,
    lambda_arch: str = "x86_64",
    lambda_package: str = "auto",
    edge_arch: Sequence[str] = ("x86_64", "aarch64"),
    native: str = "always",
    outputs: Sequence[str] | None = None,
    dtype: Mapping[str, str] | Sequence[str] | None = None,
    golden: str = "synthetic",
    image: Any = None,
    classes: Any = None,
    quantize: str | None = None,
    quantize_agreement: float | None = None,
    dynamic: Mapping[str, Mapping[int, str]] | None = None,
    converters: Any = None,
    tfjs_route: str | None = None,
    npm_name: str | None = None,
    web_max: float | None = None,
    offline: bool = False,
    force: bool = False,
    progress: Progress | None = None,
) -> Exported:
    """Converts a trained model, writes every target, verifies each and moves the bundle into place.

    model: a fitted estimator, an ONNX model, a torch module or exported program, the path of a model file, or a name
    of MLflow's (models:/NAME/VERSION, models:/NAME@ALIAS, runs:/RUN/PATH; docs/mlflow.md).
    sample: DataFrame (pandas, polars), pyarrow Table, 2-D array, list of dicts, or the path of a file with typical
    rows; column names, order and dtypes come from it. No row of it is stored unless `golden="sample"`. It and `out`
    may be URLs (docs/remote.md).
    For a model of tensors (an ONNX file): a dict of arrays, a list of such, one array, or an .npz or .jsonl file; for
    a torch module what its forward takes: a tensor, a tuple, or a dict.
    lambda_package: zip, image (a container image, built by `sam build`), or auto: an image above Lambda's 250 MB.
    native: always, or never for a lambda/ and an edge/ without ONNX Runtime, which then answer by the row program, row
    by row (docs/row_program.md).
    targets: any of lambda, edge, web; all by default, and lambda and edge for a model of tensors, which goes to the
    browser where it is asked for by name (docs/web_networks.md). `()` writes model.onnx, the manifest and golden rows
    alone.
    classes: the labels of a booster's own file, which keeps none, in the order of its classes, all texts or all
    integers; of networks and ONNX files names of an output's last axis, or a dict of them by output.
    image, quantize, quantize_agreement: of networks and ONNX files (docs/images.md). image: a Pixels, a dict or text,
    or several, for inputs that take pictures; the sample then holds pictures. quantize: int8 or float16, kept where
    it agrees with the model on the sample in a share of quantize_agreement (0.99).
    dynamic: of a torch module, input -> {axis: name}, the dimensions that may be of any size; by default the first of
    every input, where the model answers other batches (docs/networks.md).
    converters: {Class: convert} for classes of your own, or the path of a Python file with such, whose code is run
    (docs/extending.md).
    tfjs_route: isoship or tensorflowjs: whose graph web/ of a Keras model or SavedModel has. By default both converters
    are tried where the official one is there (isoship setup tfjs), both graphs are checked and timed, and the better
    one ships (docs/web_networks.md).

    Raises:
        ConversionError: a converter fails, or answers otherwise than its estimator. Nothing is written.
        UnsupportedModelError: a step cannot be carried exactly. Nothing is written.
        ParityError: a shipped form disagreed with the model; `.report` holds the evidence. Nothing is written.
        ModelFileError, SampleError, InputError, OutputFolderError, BundleError: bad input, named.
    """
    given = dict(locals())  # before there is anything else
    say = progress or (lambda _message: None)
    if is_uri(model):
        with fetched(model, say) as folder:
            return export(**{**given, "model": folder, "name": name or slug(name_of(model))})
    if is_url(sample):
        with staged(sample) as path:
            return export(**{**given, "sample": path})
    if is_url(out):
        return _published(str(out), {**given, "name": checked_name(name if name is not None else _stem(model))}, say)
    started = time.perf_counter()
    out = Path(out).resolve()
    outputs = None if outputs is None else _listed(outputs)
    wanted = None if targets is None else _listed(targets)
    targets = TARGETS if wanted is None else wanted
    name = checked_name(name if name is not None else _stem(model))
    _check_choices(targets, lambda_python, lambda_package, native, golden)
    python_targets = PythonTargets(
        lambda_python or default_lambda_python(), lambda_arch, lambda_package, tuple(edge_arch), native, offline
    )
    tensors = takes_tensors(model)
    options = options_from(image, classes if tensors else None, quantize, quantize_agreement, dynamic)
    if converters is not None and tensors:
        raise InputError("converters are for steps of scikit-learn's models, and this is a model of tensors")
    own = converters_from(converters)
    package = WebPackage(npm_name, web_max)
    if tfjs_route is not None and not tensors:
        raise InputError("tfjs_route is of networks: the official converter reads no estimators. Leave it out")
    if tensors:
        if native == "never":
            raise InputError("native is never, and a model of tensors is answered by ONNX Runtime alone")

        def write(aside: Path, chosen: Sequence[str]) -> None:
            python_targets.write(aside, out, chosen, say)

        proven, tensor_notes = export_tensors(
            model,
            out,
            sample=sample,
            name=name,
            model_version=model_version,
            targets=wanted,
            outputs=outputs,
            dtype=dtype,
            golden=golden,
            tfjs_route=tfjs_route,
            package=package,
            options=options,
            force=force,
            write_targets=write,
            say=say,
        )
        bundle = Bundle.open(out)
        return Exported(bundle.path, bundle.manifest, proven, tensor_notes)
    options.refuse_columns(str(model) if isinstance(model, (str, Path)) else type(model).__name__)
    names = names_from(classes)
    refuse_unless_ours(out, name, force=force)

    dtypes = parse_dtypes(dtype)
    if golden == "sample" and sample is None:
        raise SampleError("golden='sample' needs a sample: give --sample FILE")
    say("reading the model" + (f" and {sample}" if isinstance(sample, (str, Path)) else ""))
    warned: list[str] = []

    def warn(message: str) -> None:
        warned.append(message)
        say(message)

    trained, sample, notes = read_files(model, sample, dtypes, warn, own)
    source = open_source(
        trained,
        sample=sample,
        outputs=outputs,
        dtypes=dtypes_for(model, trained, sample, dtypes),
        classes=names,
        converters=own,
    )
    source.notes = (*notes, *source.notes)
    for note in source.notes:
        if note not in warned:
            say(note)
    _check_names(source)
    if "web" in targets:
        _check_doubles(source)
    say(f"converting {source.estimator} ({source.library} {source.library_version})")
    graph = source.to_onnx()
    if source.training_rows and "web" in targets:
        say(f"web/ makes training rows public: {', '.join(source.training_rows)} keeps some, and the graph holds them")

    program = row_program_of(graph)
    if native == "never" and program.lacks:
        raise UnsupportedModelError(
            f"the row program of {source.estimator}", program.lacks, "Export with ONNX Runtime: --native always"
        )

    def built(in_doubles: bool) -> ParityReport:
        with built_aside(out) as aside:
            copied = sample if golden == "sample" else None
            write_core(
                aside, source, graph, program, name=name, version=model_version, targets=targets, sample=copied, say=say
            )
            report = verify_own_rows(aside, source, progress=say)
            if report is not None:
                raise ParityError(
                    "model.onnx answers rows of the sample otherwise than the model, so no bundle was written\n"
                    + _with_cause(report, source),
                    report,
                )
            remember(aside, read_manifest(aside).digest, Path(model) if isinstance(model, (str, Path)) else None)
            if "web" in targets:
                _write_web(aside, graph, source, say, package, in_doubles=in_doubles)
            python_targets.write(aside, out, targets, say)
            write_sums(aside)
            say("verifying every shipped form against the model")
            report = verify_before_move(aside, source, targets=tuple(targets), progress=say)
            if report.exit_code == 1 or report.unproven:
                raise ParityError(
                    "a shipped form disagrees with the model, so no bundle was written\n" + _with_cause(report, source),
                    report,
                )
            return report

    try:
        report = built(in_doubles=False)
    except ParityError as err:
        if not _graph_is_at_fault(err.report):
            raise
        say("TF.js's graph does not answer as the model does: writing web/ again, with every step in doubles")
        report = built(in_doubles=True)
    say(f"wrote {out} in {time.perf_counter() - started:.1f} s")
    bundle = Bundle.open(out)
    return Exported(bundle.path, bundle.manifest, report, source.notes)


def _listed(names: Sequence[str] | str) -> tuple[str, ...]:
    """`"web"` and `"lambda,edge"` as well as sequences of names."""
    return tuple(part.strip() for part in names.split(",")) if isinstance(names, str) else tuple(names)


def checked_name(name: str) -> str:
    """The name when it can be URL, npm name, stack name and metric label at once.

    Raises:
        InputError: it cannot.
    """
    if not NAME.fullmatch(name):
        raise InputError(
            f"the name {name!r} cannot be used: 1 to 40 of a-z, 0-9 and -, starting with a letter. Give --name"
        )
    return name


def slug(text: str) -> str:
    """A file's stem as a name: `Churn Model_v2` -> `churn-model-v2`."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-").lstrip("0123456789-")[:40].rstrip("-") or "model"


def _published(url: str, given: dict[str, Any], say: Progress) -> Exported:
    """The bundle made on this machine, then sent; the one here stays until the process ends."""
    bundles.refuse_unless_ours(url, given["name"], force=given["force"])
    place = tempfile.TemporaryDirectory(prefix="isoship-export-")
    _KEPT.append(place)
    made = export(**{**given, "out": Path(place.name) / "bundle"})
    bundles.publish(made.path, url, say)
    return made


def _stem(model: Any) -> str:
    if isinstance(model, (str, Path)):
        return slug(Path(model).stem)
    return slug(re.sub(r"(?<=[a-z])(?=[A-Z])", "-", type(model).__name__))


def _check_choices(
    targets: Sequence[str], lambda_python: str | None, lambda_package: str, native: str, golden: str
) -> None:
    unknown = [t for t in targets if t not in TARGETS]
    if unknown:
        raise InputError(f"unknown target {unknown[0]!r}: choose from {', '.join(TARGETS)}")
    if lambda_python is not None and lambda_python not in LAMBDA_PYTHONS:
        raise InputError(f"Lambda has no Python {lambda_python} for this: choose from {', '.join(LAMBDA_PYTHONS)}")
    if lambda_package not in PACKAGES:
        raise InputError(f"lambda_package is {lambda_package!r}: choose from {', '.join(PACKAGES)}")
    if native not in NATIVE:
        raise InputError(f"native is {native!r}: choose from {', '.join(NATIVE)}")
    if golden not in ("synthetic", "sample"):
        raise InputError(f"golden is {golden!r}: choose synthetic or sample")


def _check_names(source: Source) -> None:
    """Two classes that JSON cannot tell apart would share one probability."""
    for output in source.outputs:
        keys = [str(c) for c in output.classes or ()]
        twice = sorted({k for k in keys if keys.count(k) > 1})
        if twice:
            raise SampleError(
                f"{output.name}: several classes are written {twice[0]!r} as JSON keys; rename the classes and refit"
            )


def _check_doubles(source: Source) -> None:
    """JavaScript's numbers are doubles, and an integer class between two of them would be answered as a neighbour."""
    for output in source.outputs:
        wide = next((c for c in output.classes or () if isinstance(c, int) and abs(c) > 2**53), None)
        if wide is not None and output.kind == "label":
            raise UnsupportedModelError(
                f"{source.estimator}, output {output.name!r}",
                f"the class {wide} is above 2^53, and numbers in a browser are doubles, which do not hold it",
                "Train on the classes as text: y.astype(str), or leave the browser out: --targets lambda,edge",
            )


def _with_cause(report: ParityReport, source: Source) -> str:
    """The report's table, and a converter of the user's where it is at fault."""
    cause = differing_converter(source, [row for row in report.shown.values() if row is not None])
    return report.table() + (f"\n{cause}" if cause else "")


def _graph_is_at_fault(report: ParityReport) -> bool:
    """Whether all but TF.js's graph answer as the model does, and the graph otherwise or not at all."""
    rest = [v for v in report.verdicts if v.status not in ("agree", "unavailable")]
    return bool(rest) and all(v.target in FORMS and v.status in ("disagree", "crashed") for v in rest)


def _write_web(
    aside: Path, graph: onnx.ModelProto, source: Source, say: Progress, package: WebPackage, *, in_doubles: bool
) -> None:
    say("writing web/")
    signature = read_manifest(aside).signature
    form = form_for(column_profiles(graph, signature), signature)
    with named_by_converters(source, "web"):
        written = write_web(aside / "web", aside, graph, form=form, in_doubles=in_doubles, package=package)
    for note in written.notes:
        say(f"web: {note}")
    # The manifest, which every target carries, comes to speak of these files before anything else copies it.
    record_files(aside, [f"web/{name}" for name in written.files])
    shutil.copyfile(aside / "manifest.json", aside / "web" / "manifest.json")
