"""`isoship bench`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from isoship.cli.shared import PLACE, emit, talk


@click.command()
@click.argument("bundle", type=PLACE)
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
def bench(ctx: click.Context, /, bundle: Path | str, as_json: bool, **options: Any) -> None:
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
    from isoship.remote.bundles import bundle_folder

    with bundle_folder(bundle) as folder:
        report = run(folder, progress=talk(ctx), **options)
    if as_json:
        emit(report.to_json())
    else:
        click.echo(report.table())
    ctx.exit(report.exit_code)
