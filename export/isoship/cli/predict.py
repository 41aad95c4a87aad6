"""`isoship predict`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from isoship.cli.shared import PLACE, drawn_bar, talk

if TYPE_CHECKING:
    from isoship.batch.model import OnError


@click.command()
@click.argument("bundle", type=PLACE)
@click.argument("rows", type=PLACE)
@click.option(
    "-o",
    "--out",
    type=PLACE,
    metavar="OUT",
    help="A file (.parquet, .csv, .jsonl) for all rows, or a folder for a file each.",
)
@click.option(
    "--on-error",
    type=click.Choice(["fail", "column"]),
    default="fail",
    show_default=True,
    help="A row that the model refuses: end there, or go on and write the reason to a column `_error`.",
)
@click.option("--threads", type=click.IntRange(1), metavar="N", help="Default: all cores.")
@click.pass_context
def predict(
    ctx: click.Context,
    bundle: Path | str,
    rows: Path | str,
    out: Path | str | None,
    on_error: OnError,
    threads: int | None,
) -> None:
    """Answer the ROWS of files; their other columns are carried through.

    ROWS is .parquet, .csv, .jsonl, .ndjson or .json, a folder or a quoted glob of such files; or - for standard input:
    lines of CSV or JSON, each answered in its form as it arrives, or an Arrow stream. Without -o, answers go to
    standard output: CSV, lines in their own form, an Arrow stream as one. A file is there when it is whole. BUNDLE,
    ROWS and OUT may be URLs (s3://..., with isoship[remote]).

    A model of tensors takes calls: lines of {"inputs": {...}} (.jsonl, .ndjson, or -), or an .npz file with an array
    for each input, which is answered into another (-o answers.npz).

    Exit code 0: every row was answered, or has its reason in `_error`; 2: a row was refused, or a file could not be
    read or written.

    \b
    Examples:
      isoship predict bundle night.parquet -o scored.parquet
      isoship predict bundle rows/ -o scored/ --on-error column
      tail -f readings.jsonl | isoship predict bundle -
    """
    from isoship.batch.lean_arrow import lean

    lean()
    from isoship.batch.scoring import predict as run

    with drawn_bar(ctx) as progress:
        done = run(bundle, rows, out, on_error=on_error, threads=threads, progress=progress)
    if out is not None or done.refused:
        refused = f", {done.refused} of them refused" if done.refused else ""
        files = f" in {done.files} files" if done.files > 1 else ""
        talk(ctx)(f"{done.rows} rows{refused} -> {out or 'standard output'}{files}")
