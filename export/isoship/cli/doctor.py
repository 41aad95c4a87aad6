"""`isoship doctor`."""

from __future__ import annotations

import click

from isoship.cli.shared import emit


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def doctor(as_json: bool) -> None:
    """What is here (Node, Chromium, Pythons, sam), what each unlocks, the line that installs it."""
    from isoship.doctor import examine

    found = examine()
    if as_json:
        emit([f._asdict() for f in found])
        return
    for f in found:
        click.echo(f"{'ok     ' if f.found else 'missing'}  {f.name:<22}{f.found or '-'}")
        click.echo(f"         for {f.unlocks}")
        if not f.found:
            click.echo(f"         install: {f.install}")
