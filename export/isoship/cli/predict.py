"""`isoship predict`."""

from __future__ import annotations

from pathlib import Path

import click

from isoship.cli.shared import FILE, talk


@click.command()
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
        talk(ctx)(f"{written} rows -> {out}")
