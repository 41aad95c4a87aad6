"""`isoship demo`."""

from __future__ import annotations

from pathlib import Path

import click

from isoship.cli.shared import FILE, drawn_progress, next_steps, sizes


@click.command()
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

    with drawn_progress(ctx) as progress:
        bundle, report, model = run(out, say=progress)
    click.echo(report.table())
    click.echo()
    click.echo(sizes(bundle))
    click.echo(next_steps(bundle, bundle.path, model))
    ctx.exit(report.exit_code)
