"""`isoship inspect`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from isoship.cli.shared import PLACE, emit, sizes

if TYPE_CHECKING:
    from isoship.bundle.bundle import Bundle


@click.command()
@click.argument("bundle", type=PLACE)
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def inspect(bundle: Path | str, as_json: bool) -> None:
    """Signature, digest, sizes, bytecode, what becomes public in web/, last verdict."""
    from isoship.bundle.bundle import Bundle
    from isoship.remote.bundles import bundle_folder

    with bundle_folder(bundle) as folder:
        opened = Bundle.open(folder)
        if as_json:
            emit(opened.describe())
        else:
            click.echo(_described(opened))


def _described(bundle: Bundle) -> str:
    from isoship.bundle.wording import facts_of_column, facts_of_tensor, verdict_lines

    d = bundle.describe()
    lines = [
        f"{d['name']} {d['version']}",
        f"  {d['digest']}",
        "",
        d["signature"]["layout"].replace("matrix", "columns"),
    ]
    for t in d["signature"].get("inputs", ()):
        lines.append(f"  {t['name']}: {', '.join(facts_of_tensor(t))}")
    for c in d["signature"].get("columns", ()):
        lines.append(f"  {c['name']!r}: {', '.join(facts_of_column(c))}")
    lines += ["", "outputs"]
    for o in d["outputs"]:
        lines.append(f"  {o['name']}: {o['dtype']} [{', '.join(map(str, o['shape']))}]")
    lines += ["", f"encoder   {d['encoder']}"]
    if d["row_program"] is not None:
        lines.append(f"rows      {d['row_program']}")
    if d["bytecode"] is not None:
        lines.append(f"bytecode  {d['bytecode']}")
    if d["lambda_package"] == "image":
        lines.append("lambda    a container image (Dockerfile): sam build, then sam deploy")
    lines += [f"{head:10}{line}" for head, line in zip(("verdict", ""), verdict_lines(d["verdict"]), strict=False)]
    if d["training_rows"]:
        lines.append(f"holds     training rows or their words ({', '.join(d['training_rows'])}), in every target")
    lines += ["", sizes(bundle)]
    if d["public"]:
        lines += ["", "web/ tells everyone who opens it", *(f"  {p}" for p in d["public"])]
    return "\n".join(lines)
