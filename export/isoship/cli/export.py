"""`isoship export`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from isoship.cli.shared import CALLS, FILE, PLACE, ROWS, drawn_progress, emit, next_steps, sizes, split

CONVERTERS = "Converters for classes of your own: converters = {Class: convert}. Runs the file (docs/extending.md)."


@click.command()
@click.argument("model", type=FILE)
@click.option(
    "--sample",
    type=PLACE,
    metavar="FILE",
    help=f"Typical rows ({ROWS}): names and types. Of an ONNX file, calls ({CALLS}).",
)
@click.option("-o", "--out", type=PLACE, default=Path("bundle"), show_default=True, metavar="DIR", help="The bundle.")
@click.option("--name", help="Name of the model in URLs, npm and stacks. Default: the file's stem.")
@click.option("--model-version", default="0.0.0", show_default=True, metavar="V", help="Shown with every answer.")
@click.option(
    "--targets",
    callback=split,
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
    callback=split,
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
    "--outputs", callback=split, metavar="a,b", help="label, probabilities, scores, score_samples, value, transformed."
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
    CatBoost's .cbm; an MLflow model folder, whose input example is the sample unless --sample is given, or a name of
    MLflow's (models:/NAME/VERSION, models:/NAME@ALIAS, runs:/RUN/PATH); or a network, whose inputs and outputs are
    tensors and ship under their own names: .onnx, Keras' .keras, PyTorch's .pt2, or a SavedModel folder. Loading a
    pickle or a .pt2 runs code, and so does a FILE.py: use files you trust, and prefer .skops.

    \b
    Examples:
      isoship export churn.joblib --sample rows.parquet
      isoship export churn.skops --sample rows.csv --dtype zip=string -o build/churn
      isoship export digits.onnx
    """
    from isoship.exporting import export as run
    from isoship.sources.mlflow.registry import is_uri

    if not model.exists() and not is_uri(model):
        from isoship.errors import ModelFileError

        raise ModelFileError(
            f"no file at {model}. Give the path of a saved model (.joblib, .skops, .onnx, or a booster's own file)"
        )
    with drawn_progress(ctx) as progress:
        bundle = run(model, progress=progress, **options)
    if as_json:
        emit({**bundle.describe(), "path": str(bundle.path), "notes": list(bundle.notes)})
    else:
        click.echo(bundle.report.table())
        click.echo()
        click.echo(sizes(bundle))
        click.echo(next_steps(bundle, options["out"], model))
    ctx.exit(bundle.report.exit_code)
