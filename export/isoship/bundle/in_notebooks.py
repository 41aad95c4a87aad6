"""A bundle as a notebook shows it: what it takes and answers, how large it is, and its last verdict.

Notebooks are light or dark and strip style sheets: colors are the notebook's own, and lines are half transparent.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isoship.bundle.templates import rendered
from isoship.bundle.wording import disagrees, facts_of_column, facts_of_tensor, in_short, verdict_lines
from isoship.errors import BundleError
from isoship_edge.manifest import signature_to_json

if TYPE_CHECKING:
    from isoship.bundle.bundle import Bundle

#: Columns and classes that are shown at once, and characters of what is said of one.
_SHOWN, _LONGEST = 12, 300
#: Between black and white, so that each stands out on both.
MOODS = {"good": "#2f9e6c", "bad": "#e0483e", "idle": "#c48a00"}


def bundle_html(bundle: Bundle, notes: Sequence[str] = ()) -> str:
    """notes: what the export guessed of the model's columns."""
    m = bundle.manifest
    signature = signature_to_json(m.signature)
    takes = [(t["name"], _in_one(facts_of_tensor(t))) for t in signature.get("inputs", ())]
    takes += [(c["name"], _in_one(facts_of_column(c))) for c in signature.get("columns", ())]
    try:
        verdict = in_short(bundle.verdict())
    except BundleError as err:
        mood, said = "bad", [str(err)]
    else:
        mood = "idle" if verdict is None or not verdict["rows"] else "bad" if disagrees(verdict) else "good"
        said = verdict_lines(verdict)
    values: dict[str, Any] = {
        "name": m.name,
        "version": m.version,
        "digest": m.digest,
        "source": m.provenance,
        "path": str(bundle.path),
        "verdict": said,
        "color": MOODS[mood],
        "takes": takes,
        "shown": _SHOWN,
        "outputs": [(o.name, o.dtype, ", ".join(map(str, o.shape)), o.classes) for o in m.outputs],
        "sizes": [(name, size / 2**20) for name, size in bundle.sizes().items()],
        "notes": notes,
    }
    return rendered(Path(__file__).with_name("notebook.html.j2"), values)


def _in_one(facts: Sequence[str]) -> str:
    text = ", ".join(facts)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} …"
