"""What a visitor of the browser target would have to load of the model itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from isoship.errors import InputError

#: Megabytes from which an export says so: half a minute of a slow phone's line.
NOTICED_MB = 20
_SHOWN = 4
_GRAPH = ("model.json", "group1-shard")
_SMALLER = (
    "Fewer or shallower trees, fewer columns or categories, and a smaller training set for models that keep it, make it"
    " smaller; of a network --quantize float16. A server that compresses (gzip, br) halves most of it"
)


def weighed(folder: Path, names: Sequence[str], most_mb: float | None) -> str | None:
    """What is to be said of the model's files in web/, None where they are small.

    Raises:
        InputError: they are larger than `most_mb` megabytes.
    """
    sizes = {name: (folder / name).stat().st_size for name in names}
    total = sum(sizes.values()) / 1e6
    if most_mb is not None and total > most_mb:
        raise InputError(f"{_told(sizes, total)}, above the {most_mb:g} MB of --web-max. {_SMALLER}")
    return f"{_told(sizes, total)}, which a visitor has to load. {_SMALLER}" if total > NOTICED_MB else None


def _told(sizes: dict[str, int], total: float) -> str:
    parts: dict[str, int] = {}
    for name, size in sizes.items():
        part = "the TF.js graph (model.json and its shards)" if name.startswith(_GRAPH) else name
        parts[part] = parts.get(part, 0) + size
    largest = sorted(parts.items(), key=lambda item: -item[1])[:_SHOWN]
    return f"the model has {total:.1f} MB in web/ ({', '.join(f'{name} {size / 1e6:.1f}' for name, size in largest)})"
