"""What a stack meets when its bundle changes from a zip to a container image, or back."""

from __future__ import annotations

from pathlib import Path

from isoship.errors import BundleError
from isoship_edge.encoding.documents import parsed
from isoship_lambda.callers import breaks_callers, card_of


def said_of_switch(kept: Path | None, bundle: Path, *, image: bool) -> str | None:
    """What to know before the next `sam deploy`, where the bundle being replaced had the other package; else None.

    CloudFormation makes the function anew then, under another hook, which has no right to ask the old one. So the two
    models are held against each other here.
    """
    if kept is None or not (kept / ("lambda.zip" if image else "Dockerfile")).is_file():
        return None
    now, before = ("a container image", "a zip") if image else ("a zip", "a container image")
    said = f"lambda/ is {now} now and was {before}: CloudFormation makes the function anew, and traffic moves at once"
    try:
        old, new = (card_of(parsed((place / "manifest.json").read_bytes())) for place in (kept, bundle))
        lost = breaks_callers(old, new)
    except (OSError, ValueError, KeyError, TypeError, BundleError):
        return f"{said}. The model before could not be read, so look to its callers yourself"
    return f"{said}, to a model whose callers would be refused or misread: {'; '.join(lost)}" if lost else said
