"""`isoship setup`."""

from __future__ import annotations

import sys

import click

from isoship.cli.shared import talk


@click.group()
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

    click.echo(str(set_up(python, say=talk(ctx))))
