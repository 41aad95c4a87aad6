"""The command line: parses, calls one function, prints, and maps errors to exit codes.

Data goes to stdout (with --json nothing else does), progress and messages to stderr.
"""

from __future__ import annotations

import json
import os
import shlex
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from isoship import __version__, terminal
from isoship.errors import IsoshipError, ParityError

if TYPE_CHECKING:
    from isoship.bundle.bundle import Bundle
    from isoship.parity.verdict.report import ParityReport

FILE = click.Path(path_type=Path)
#: What rows are read from (`isoship.data.files.FORMATS`, whose imports no help waits for).
ROWS = ".parquet, .csv, .jsonl, .ndjson, .json"
CONVERTERS = "Converters for classes of your own: converters = {Class: convert}. Runs the file (docs/extending.md)."
#: What calls of a model of tensors are read from (`isoship.tensors.samples.FORMATS`).
CALLS = ".npz, .npy, .jsonl, .ndjson, .json"


class Commands(click.Group):
    """Prints our errors as one paragraph, with the exit code that DESIGN promises, and no traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        # A cancelled CI job must not leave a folder aside: SIGTERM unwinds like any other end.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        try:
            return super().invoke(ctx)
        except IsoshipError as err:
            if ctx.params.get("verbose"):
                traceback.print_exc()
            click.echo(f"isoship: {err}", err=True)
            ctx.exit(1 if isinstance(err, ParityError) else 2)
        except KeyboardInterrupt:
            click.echo("isoship: interrupted; nothing half-written is left", err=True)
            ctx.exit(130)
        except BrokenPipeError:
            # The reader of our stdout has gone (`isoship ... | head`): stop without a word.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(0)
        except (click.exceptions.Exit, click.ClickException):
            raise
        except OSError as err:
            if ctx.params.get("verbose"):
                traceback.print_exc()
            where = f" ({err.filename})" if err.filename else ""
            click.echo(f"isoship: {err.strerror or err}{where}", err=True)
            ctx.exit(2)
        except Exception:  # noqa: BLE001 - exit code 1 means a disagreement, and a bug of ours is none
            traceback.print_exc()
            click.echo("isoship: this is a bug in isoship; please report it with the lines above", err=True)
            ctx.exit(2)


def _talk(ctx: click.Context) -> Callable[[str], None]:
    """Where progress goes: stderr, unless -q."""
    quiet = ctx.find_root().params["quiet"]
    return (lambda _message: None) if quiet else (lambda message: click.echo(f"  {message}", err=True))


@contextmanager
def _progress(ctx: click.Context) -> Iterator[Callable[[str], None]]:
    """The same for what takes its time: drawn, where stderr is a terminal."""
    if ctx.find_root().params["quiet"] or not terminal.draws():
        yield _talk(ctx)
        return
    with terminal.drawn_progress() as progress:
        yield progress


def _split(_ctx: click.Context, _param: click.Parameter, value: str | None) -> tuple[str, ...] | None:
    """A comma-separated option; `none` is the empty list."""
    if value is None:
        return None
    return () if value in ("", "none") else tuple(part.strip() for part in value.split(","))


def _emit(document: Any) -> None:
    click.echo(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False))


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="isoship")
@click.option("-v", "--verbose", is_flag=True, help="With an error, where it came from.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors and results.")
def main(verbose: bool, quiet: bool) -> None:
    """Train once, ship the same answers to AWS Lambda, edge devices and the browser.

    \b
    Two commands carry a model:
      isoship export model.joblib --sample rows.parquet
      isoship check bundle/ --model model.joblib
    """


@main.command()
@click.argument("model", type=FILE)
@click.option(
    "--sample",
    type=FILE,
    metavar="FILE",
    help=f"Typical rows ({ROWS}): names and types. Of an ONNX file, calls ({CALLS}).",
)
@click.option("-o", "--out", type=FILE, default=Path("bundle"), show_default=True, metavar="DIR", help="The bundle.")
@click.option("--name", help="Name of the model in URLs, npm and stacks. Default: the file's stem.")
@click.option("--model-version", default="0.0.0", show_default=True, metavar="V", help="Shown with every answer.")
@click.option(
    "--targets",
    callback=_split,
    help="Comma-separated; `none` writes model.onnx, manifest and golden rows alone. Default: lambda,edge,web; of an"
    " ONNX file lambda,edge.",
)
@click.option(
    "--lambda-python",
    type=click.Choice(["3.12", "3.13", "3.14"]),
    help="Default: this Python where Lambda has it, else 3.13.",
)
@click.option(
    "--lambda-arch",
    type=click.Choice(["x86_64", "arm64"]),
    default="x86_64",
    show_default=True,
    help="The function's processor.",
)
@click.option(
    "--lambda-package",
    type=click.Choice(["auto", "zip", "image"]),
    default="auto",
    show_default=True,
    help="`auto`: a container image above Lambda's 250 MB, else a zip.",
)
@click.option(
    "--edge-arch",
    default="x86_64,aarch64",
    show_default=True,
    callback=_split,
    help="The processors whose libraries go into edge/.",
)
@click.option(
    "--native",
    type=click.Choice(["always", "never"]),
    default="always",
    show_default=True,
    help="`never` leaves ONNX Runtime out of lambda/ and edge/: the row program answers, batches row by row.",
)
@click.option(
    "--tfjs-route",
    type=click.Choice(["isoship", "tensorflowjs"]),
    help="Whose graph web/ of a Keras model or SavedModel has; both are tried by default, and the better one ships.",
)
@click.option("--npm-name", metavar="N", help="Of web/ as an npm package; @org/name, too. Default: the model's name.")
@click.option("--web-max", type=float, metavar="MB", help="Refuse a model that has more in web/. Default: no limit.")
@click.option(
    "--outputs", callback=_split, metavar="a,b", help="label, probabilities, scores, score_samples, value, transformed."
)
@click.option(
    "--dtype", multiple=True, metavar="COL=TYPE", help="double, int64, bool or string, where a file is unclear."
)
@click.option(
    "--golden",
    type=click.Choice(["synthetic", "sample"]),
    default="synthetic",
    show_default=True,
    help="`sample` copies sample rows into every target.",
)
@click.option(
    "--image",
    multiple=True,
    metavar="KEY=VALUE,...",
    help="Of a network: an input takes pictures. color=rgb,size=224x224,mean=0.5:0.5:0.5,std=... (docs/images.md).",
)
@click.option(
    "--classes",
    metavar="a,b|FILE",
    help="Labels of a booster's own file, in order; of a network, names of an output's last axis (OUTPUT=a,b).",
)
@click.option(
    "--quantize", type=click.Choice(["int8", "float16"]), help="Of a network: smaller, where it agrees on the sample."
)
@click.option(
    "--quantize-agreement", type=float, metavar="SHARE", help="How far it has to agree with the model. Default: 0.99."
)
@click.option("--converters", type=FILE, metavar="FILE.py", help=CONVERTERS)
@click.option("--offline", is_flag=True, help="Use only wheels that are already cached.")
@click.option("--force", is_flag=True, help="Replace another model's bundle in the output folder.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON on stdout.")
@click.pass_context
def export(ctx: click.Context, /, model: Path, as_json: bool, **options: Any) -> None:
    """Turn a trained MODEL file into a bundle, verified before it exists.

    Exit code 0: written, and proven in every runtime asked. 1: a form disagrees with the model, and nothing is
    written. 2: nothing could be written; or none of the forms that were written could run here, which is said.

    MODEL is .joblib, .pkl, .pickle or .skops, a booster's own file: XGBoost's .json and .ubj, LightGBM's .txt,
    CatBoost's .cbm; an MLflow model folder, whose input example is the sample unless --sample is given; or a network,
    whose inputs and outputs are tensors and ship under their own names: .onnx, Keras' .keras, PyTorch's .pt2, or a
    SavedModel folder. Loading a pickle or a .pt2 runs code, and so does a FILE.py: use files you trust, and prefer
    .skops.

    \b
    Examples:
      isoship export churn.joblib --sample rows.parquet
      isoship export churn.skops --sample rows.csv --dtype zip=string -o build/churn
      isoship export digits.onnx
    """
    from isoship.exporting import export as run

    if not model.exists():
        from isoship.errors import ModelFileError

        raise ModelFileError(
            f"no file at {model}. Give the path of a saved model (.joblib, .skops, .onnx, or a booster's own file)"
        )
    with _progress(ctx) as progress:
        bundle = run(model, progress=progress, **options)
    if as_json:
        _emit({**bundle.describe(), "path": str(bundle.path), "notes": list(bundle.notes)})
    else:
        click.echo(bundle.report.table())
        click.echo()
        click.echo(_sizes(bundle))
        click.echo(_next_steps(bundle, options["out"], model))
    ctx.exit(bundle.report.exit_code)


@main.command()
@click.argument("bundle", type=FILE)
@click.option("--model", type=FILE, help="The trained model: fresh rows are compared with its own answers.")
@click.option(
    "--runtimes", callback=_split, metavar="a,b", help="Only these; the verdict then says `partial`. Names: above."
)
@click.option("--rows", metavar="N|max", help="How many rows; max: all, everywhere. Default: enough for CI.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the fresh rows: another seed makes others.")
@click.option("--sample", type=FILE, metavar="FILE", help=f"Rows of your own to add ({ROWS}).")
@click.option("--atol", type=float, help="Instead of the manifest's tolerance.")
@click.option("--rtol", type=float, help="Instead of the manifest's tolerance.")
@click.option(
    "--converters", type=FILE, metavar="FILE.py", help="Where a saved model's own classes are. Runs the file."
)
@click.option("--html", type=FILE, metavar="FILE", help="Write the report here too (always in BUNDLE/parity.html).")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON on stdout.")
@click.pass_context
def check(
    ctx: click.Context, /, bundle: Path, html: Path | None, as_json: bool, rows: str | None, **options: Any
) -> None:
    """Compare every shipped form in BUNDLE with the model, in every runtime found here.

    Exit code 0: every target ran and all agree; 1: a disagreement, crash or hang; 2: could not run.

    \b
    Runtimes:
      onnxruntime, onnxruntime-web, http       model.onnx
      onnxruntime-default, python              model.onnx of networks
      rows-python                              rows.json, without ONNX Runtime
      rows-node, rows-chromium                 web/, by its row program
      edge                                     edge/
      lambda, lambda-fastapi                   lambda/
      tfjs-stock-node-cpu, -wasm               web/, by TF.js alone
      tfjs-stock-chromium-cpu, -wasm, -webgl, -webgpu
      web-node-cpu, -wasm                      web/, as it ships, by TF.js
      web-chromium-cpu, -wasm, -webgl, -webgpu
    """
    from isoship.parity.check import check as run

    with _progress(ctx) as progress:
        report = run(bundle, rows=_row_count(rows), progress=progress, **options)
    _print_report(report, as_json)
    if html is not None:
        html.write_text(report.to_html(), encoding="utf-8")
    ctx.exit(report.exit_code)


@main.command()
@click.argument("bundle", type=FILE)
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def inspect(bundle: Path, as_json: bool) -> None:
    """Signature, digest, sizes, bytecode, what becomes public in web/, last verdict."""
    from isoship.bundle.bundle import Bundle

    opened = Bundle.open(bundle)
    if as_json:
        _emit(opened.describe())
    else:
        click.echo(_described(opened))


@main.command()
@click.argument("bundle", type=FILE)
@click.argument("rows", type=FILE)
@click.option("-o", "--out", type=FILE, help="Write here (.csv, .jsonl, .parquet) instead of CSV on stdout.")
@click.pass_context
def predict(ctx: click.Context, bundle: Path, rows: Path, out: Path | None) -> None:
    """Score the ROWS of a file; other columns are carried through.

    ROWS is .parquet, .csv, .jsonl, .ndjson or .json; or - for lines of CSV or JSON on standard input, each answered in
    its form as it arrives. A model of tensors takes calls: lines of {"inputs": {...}} (.jsonl, .ndjson, or -), or an
    .npz file with an array for each input, which is answered into another (-o answers.npz).
    """
    from isoship.scoring import predict_file

    written = predict_file(bundle, rows, out)
    if out is not None:
        _talk(ctx)(f"{written} rows -> {out}")


@main.command()
@click.argument("bundle", type=FILE)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on; 0.0.0.0 is every one.")
@click.option("--port", default=8080, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.pass_context
def serve(ctx: click.Context, bundle: Path, host: str, port: int) -> None:
    """Serve the same HTTP API as Lambda, and the web bundle at /ui/."""
    from isoship.serving import serve as run

    run(bundle, host, port, say=_talk(ctx))


@main.command()
@click.argument("bundle", type=FILE)
@click.option(
    "--form",
    multiple=True,
    type=click.Choice(["python", "edge", "lambda", "web"]),
    help="This one alone; give it again for more. Default: all that BUNDLE ships.",
)
@click.option(
    "--seconds",
    type=float,
    default=5.0,
    show_default=True,
    metavar="S",
    help="How long each form is started again and again, and how long it is then asked.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON on stdout.")
@click.pass_context
def bench(ctx: click.Context, /, bundle: Path, as_json: bool, **options: Any) -> None:
    """Measure what each form in BUNDLE costs on this machine: cold start, latency, throughput, memory, size.

    Answers are held against the golden ones before any is timed. From Lambda's figures follow a memory size and the
    GB-seconds of a million requests. Nothing is written.

    Exit code 0: every form was measured; 2: one answers otherwise than golden or could not run, which is said.

    \b
    Forms:
      python      isoship.load(BUNDLE).predict, in a process of its own
      edge        edge/run serve, asked over HTTP
      lambda      lambda/ under AWS's runtime client, without FastAPI
      web         web/index.js in Node

    \b
    Examples:
      isoship bench bundle
      isoship bench bundle --form lambda --seconds 20
      isoship bench bundle --json > figures.json
    """
    from isoship.benching.bench import bench as run

    report = run(bundle, progress=_talk(ctx), **options)
    if as_json:
        _emit(report.to_json())
    else:
        click.echo(report.table())
    ctx.exit(report.exit_code)


@main.group()
def setup() -> None:
    """Make what isoship uses beside itself."""


@setup.command("tfjs")
@click.option("--python", metavar="FILE", default=sys.executable, help="The Python that makes it, 3.11 or newer.")
@click.pass_context
def setup_tfjs(ctx: click.Context, python: str) -> None:
    """The official tensorflowjs converter, in an environment of its own.

    Its declared dependencies fit beside nothing, so it is installed without them, beside the TensorFlow that it was
    tried with: 2.1 GB in the user's cache (ISOSHIP_TFJS names another folder). What was there is made anew. Keras
    models and SavedModels that are exported for the browser go through both converters then, and both are checked.
    """
    from isoship.tfjs.official import set_up

    click.echo(str(set_up(python, say=_talk(ctx))))


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def doctor(as_json: bool) -> None:
    """What is here (Node, Chromium, Pythons, sam), what each unlocks, the line that installs it."""
    from isoship.doctor import examine

    found = examine()
    if as_json:
        _emit([f._asdict() for f in found])
        return
    for f in found:
        click.echo(f"{'ok     ' if f.found else 'missing'}  {f.name:<22}{f.found or '-'}")
        click.echo(f"         for {f.unlocks}")
        if not f.found:
            click.echo(f"         install: {f.install}")


@main.command()
@click.option(
    "-o",
    "--out",
    type=FILE,
    default=Path("isoship-demo"),
    show_default=True,
    metavar="DIR",
    help="Its model and bundle.",
)
@click.pass_context
def demo(ctx: click.Context, out: Path) -> None:
    """Train a small real model, export it and check it in every runtime found here."""
    from isoship.demo import run

    with _progress(ctx) as progress:
        bundle, report, model = run(out, say=progress)
    click.echo(report.table())
    click.echo()
    click.echo(_sizes(bundle))
    click.echo(_next_steps(bundle, bundle.path, model))
    ctx.exit(report.exit_code)


def _row_count(text: str | None) -> int | str | None:
    if text is None or text == "max":
        return text
    if not text.isdigit() or int(text) == 0:
        raise click.BadParameter("a positive number, or max", param_hint="--rows")
    return int(text)


def _print_report(report: ParityReport, as_json: bool) -> None:
    if as_json:
        _emit(report.to_json())
    else:
        click.echo(report.table())


def _sizes(bundle: Bundle) -> str:
    lines = [f"  {name:<12}{size / 2**20:8.2f} MiB" for name, size in bundle.sizes().items()]
    return "\n".join(["sizes", *lines])


def _next_steps(bundle: Bundle, out: Path, model: Path) -> str:
    shown = shlex.quote(os.path.relpath(out))
    steps = [f"isoship check {shown} --model {shlex.quote(os.path.relpath(model))}"]
    if "lambda" in bundle.targets:
        build = "sam build && " if bundle.lambda_package() == "image" else ""
        steps.append(f"cd {shown} && {build}sam deploy")
    if "edge" in bundle.targets:
        steps.append(f"{shown}/edge/run serve")
    if "web" in bundle.targets:
        steps.append(f"python -m http.server -d {shown}/web")
    steps.append(f"isoship serve {shown}")
    return "\n".join(["", "next", *(f"  {s}" for s in steps)])


def _described(bundle: Bundle) -> str:
    from isoship.bundle.wording import facts_of_column, facts_of_tensor, verdict_lines

    d = bundle.describe()
    lines = [
        f"{d['name']} {d['version']}",
        f"  {d['digest']}",
        "",
        d["signature"]["layout"].replace("matrix", "columns"),
    ]
    for t in d["signature"].get("inputs", ()):
        lines.append(f"  {t['name']}: {', '.join(facts_of_tensor(t))}")
    for c in d["signature"].get("columns", ()):
        lines.append(f"  {c['name']!r}: {', '.join(facts_of_column(c))}")
    lines += ["", "outputs"]
    for o in d["outputs"]:
        lines.append(f"  {o['name']}: {o['dtype']} [{', '.join(map(str, o['shape']))}]")
    lines += ["", f"encoder   {d['encoder']}"]
    if d["row_program"] is not None:
        lines.append(f"rows      {d['row_program']}")
    if d["bytecode"] is not None:
        lines.append(f"bytecode  {d['bytecode']}")
    if d["lambda_package"] == "image":
        lines.append("lambda    a container image (Dockerfile): sam build, then sam deploy")
    lines += [f"{head:10}{line}" for head, line in zip(("verdict", ""), verdict_lines(d["verdict"]), strict=False)]
    if d["training_rows"]:
        lines.append(f"holds     training rows or their words ({', '.join(d['training_rows'])}), in every target")
    lines += ["", _sizes(bundle)]
    if d["public"]:
        lines += ["", "web/ tells everyone who opens it", *(f"  {p}" for p in d["public"])]
    return "\n".join(lines)
