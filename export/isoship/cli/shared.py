"""What several commands share: their options' types, progress, and what is printed."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from isoship import terminal
from isoship.remote.urls import is_url

if TYPE_CHECKING:
    from isoship.bundle.bundle import Bundle

FILE = click.Path(path_type=Path)


class _Place(click.Path):
    """A path, or a URL, which stays a text: a path has no two slashes in a row."""

    name = "path"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return value if is_url(value) else super().convert(value, param, ctx)


PLACE = _Place(path_type=Path)
#: What rows are read from (`isoship.data.files.FORMATS`, whose imports no help waits for).
ROWS = ".parquet, .csv, .jsonl, .ndjson, .json"
#: What calls of a model of tensors are read from (`isoship.tensors.samples.FORMATS`).
CALLS = ".npz, .npy, .jsonl, .ndjson, .json"


def talk(ctx: click.Context) -> Callable[[str], None]:
    """Where progress goes: stderr, unless -q."""
    quiet = ctx.find_root().params["quiet"]
    return (lambda _message: None) if quiet else (lambda message: click.echo(f"  {message}", err=True))


@contextmanager
def drawn_progress(ctx: click.Context) -> Iterator[Callable[[str], None]]:
    """The same for what takes its time: drawn, where stderr is a terminal."""
    if ctx.find_root().params["quiet"] or not terminal.draws():
        yield talk(ctx)
        return
    with terminal.drawn_progress() as progress:
        yield progress


@contextmanager
def drawn_bar(ctx: click.Context) -> Iterator[Callable[[int, float | None], None]]:
    """A bar for rows that are answered: their number, rate and the time left, where stderr is a terminal."""
    if ctx.find_root().params["quiet"] or not terminal.draws():
        yield lambda _rows, _share: None
        return
    with terminal.drawn_bar() as progress:
        yield progress


def split(_ctx: click.Context, _param: click.Parameter, value: str | None) -> tuple[str, ...] | None:
    """A comma-separated option; `none` is the empty list."""
    if value is None:
        return None
    return () if value in ("", "none") else tuple(part.strip() for part in value.split(","))


def emit(document: Any) -> None:
    """A document as JSON on stdout."""
    click.echo(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False))


def sizes(bundle: Bundle) -> str:
    """Lines with the size of each target."""
    lines = [f"  {name:<12}{size / 2**20:8.2f} MiB" for name, size in bundle.sizes().items()]
    return "\n".join(["sizes", *lines])


def next_steps(bundle: Bundle, out: Path | str, model: Path) -> str:
    """Lines with the commands that one may go on with."""
    if is_url(out):
        place = shlex.quote(str(out))
        return "\n".join(["", "next", f"  isoship inspect {place}", f"  isoship predict {place} ROWS -o OUT"])
    shown = shlex.quote(os.path.relpath(out))
    steps = [f"isoship check {shown} --model {shlex.quote(os.path.relpath(model))}"]
    if "lambda" in bundle.targets:
        build = "sam build && " if bundle.lambda_package() == "image" else ""
        steps.append(f"cd {shown} && {build}sam deploy")
    if "edge" in bundle.targets:
        steps.append(f"{shown}/edge/run serve")
    if "web" in bundle.targets:
        steps.append(f"python -m http.server -d {shown}/web")
    steps.append(f"isoship serve {shown}")
    return "\n".join(["", "next", *(f"  {s}" for s in steps)])
