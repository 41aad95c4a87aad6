"""`isoship diff`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from isoship.cli.shared import FILE, PLACE, ROWS, drawn_progress, emit


@click.command()
@click.argument("old", type=PLACE)
@click.argument("new", type=PLACE)
@click.option("--rows", type=FILE, metavar="FILE", help=f"Rows of your own ({ROWS}): the limits go by them.")
@click.option(
    "--max-changed",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    metavar="SHARE",
    help="Of the rows, how many may get another label, or be refused by one model alone: 0.02 is 2 %.",
)
@click.option(
    "--max-shift",
    type=click.FloatRange(0),
    default=0.0,
    show_default=True,
    metavar="VALUE",
    help="How far any number (probability, score, value) may move. The manifests' tolerances are free.",
)
@click.option("--allow-schema", is_flag=True, help="A breaking change of schema, contract or outputs is meant.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the rows made from both models.")
@click.option("--html", type=FILE, metavar="FILE", help="Write the report as one page, too.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON on stdout.")
@click.pass_context
def diff(
    ctx: click.Context, /, old: Path | str, new: Path | str, html: Path | None, as_json: bool, **options: Any
) -> None:
    """What the bundle NEW changes for those who use the bundle OLD, before it ships.

    Compared are schema, contract, outputs, sizes and versions; then both models are asked for rows: yours (--rows), and
    rows made from their thresholds, categories and margins, which are kept apart. The limits go by your rows, and
    without --rows by the made ones. The report holds values of the rows that change most.

    "equal" is one digest, or every answer the same to the last bit; "within tolerance" is no answer further off than
    the manifests allow.

    Exit code 0: equal or within limits. 1: beyond a limit, or (without --allow-schema) a breaking change: a column
    added, removed or retyped, values no longer accepted, an output gone or of another form, other classes. 2: could not
    compare (rows against tensors, no output in common, no row that either answers).

    \b
    Examples:
      isoship diff live bundle --rows rows.csv
      isoship diff live bundle --rows rows.csv --max-changed 0.02 --max-shift 0.2
      isoship diff live bundle --html diff.html
      isoship diff live bundle --json | jq .status
    """
    from isoship.diffing.diff import diff as run
    from isoship.remote.bundles import bundle_folder

    with drawn_progress(ctx) as progress, bundle_folder(old) as old_folder, bundle_folder(new) as new_folder:
        report = run(old_folder, new_folder, progress=progress, **options)
    if html is not None:
        html.write_text(report.to_html(), encoding="utf-8", errors="backslashreplace")
    if as_json:
        emit(report.to_json())
    else:
        click.echo(report.text())
    ctx.exit(report.exit_code)
