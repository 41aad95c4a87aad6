"""The command line: parses, calls one function, prints, and maps errors to exit codes. One command a file.

Data goes to stdout (with --json nothing else does), progress and messages to stderr.
"""

from __future__ import annotations

import click

from isoship import __version__
from isoship.cli import bench, check, demo, diff, doctor, export, inspect, predict, serve, setup
from isoship.cli.commands import Commands


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="isoship")
@click.option("-v", "--verbose", is_flag=True, help="With an error, where it came from.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors and results.")
def main(verbose: bool, quiet: bool) -> None:
    """Train once, ship the same answers to AWS Lambda, edge devices and the browser.

    \b
    Two commands carry a model:
      isoship export model.joblib --sample rows.parquet
      isoship check bundle/ --model model.joblib
    """


for _module in (bench, check, demo, diff, doctor, export, inspect, predict, serve, setup):
    main.add_command(getattr(_module, _module.__name__.rpartition(".")[2]))
