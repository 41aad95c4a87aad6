"""`isoship check`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from isoship.cli.shared import FILE, PLACE, ROWS, drawn_progress, emit, split

if TYPE_CHECKING:
    from isoship.parity.verdict.report import ParityReport


@click.command()
@click.argument("bundle", type=PLACE)
@click.option("--model", type=FILE, help="The trained model: fresh rows are compared with its own answers.")
@click.option(
    "--runtimes", callback=split, metavar="a,b", help="Only these; the verdict then says `partial`. Names: above."
)
@click.option("--rows", metavar="N|max", help="How many rows; max: all, everywhere. Default: enough for CI.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the fresh rows: another seed makes others.")
@click.option("--sample", type=PLACE, metavar="FILE", help=f"Rows of your own to add ({ROWS}).")
@click.option("--atol", type=float, help="Instead of the manifest's tolerance.")
@click.option("--rtol", type=float, help="Instead of the manifest's tolerance.")
@click.option(
    "--converters", type=FILE, metavar="FILE.py", help="Where a saved model's own classes are. Runs the file."
)
@click.option("--html", type=FILE, metavar="FILE", help="Write the report here too (always in BUNDLE/parity.html).")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON on stdout.")
@click.pass_context
def check(
    ctx: click.Context, /, bundle: Path | str, html: Path | None, as_json: bool, rows: str | None, **options: Any
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

    with drawn_progress(ctx) as progress:
        report = run(bundle, rows=_row_count(rows), progress=progress, **options)
    _print_report(report, as_json)
    if html is not None:
        html.write_text(report.to_html(), encoding="utf-8")
    ctx.exit(report.exit_code)


def _row_count(text: str | None) -> int | str | None:
    if text is None or text == "max":
        return text
    if not text.isdigit() or int(text) == 0:
        raise click.BadParameter("a positive number, or max", param_hint="--rows")
    return int(text)


def _print_report(report: ParityReport, as_json: bool) -> None:
    if as_json:
        emit(report.to_json())
    else:
        click.echo(report.table())
