"""`isoship serve`."""

from __future__ import annotations

from pathlib import Path

import click

from isoship.cli.shared import PLACE, talk


@click.command()
@click.argument("bundle", type=PLACE)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on; 0.0.0.0 is every one.")
@click.option("--port", default=8080, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.pass_context
def serve(ctx: click.Context, bundle: Path | str, host: str, port: int) -> None:
    """Serve the same HTTP API as Lambda, and the web bundle at /ui/."""
    from isoship.remote.bundles import bundle_folder
    from isoship.serving import serve as run

    with bundle_folder(bundle) as folder:
        run(folder, host, port, say=talk(ctx))
