"""Whose bits row programs have, and what another C library does to them, of all configurations that agree."""

from __future__ import annotations

from typing import Any

from benchmarks.boosters.examine import LIBRARIES

#: Name and finding (`examine.Finding.document`).
Named = tuple[str, dict[str, Any]]
_FAR = (0, 1, 2, 4, 16, 256)


def bits_of(agreeing: list[Named]) -> dict[str, dict[str, int]]:
    """How many configurations have the model's own bits on every row, and how many others: by what is among their
    steps, sums in an order of their own, functions of the C library, both, or neither."""
    counts = {part: {"same": 0, "other": 0} for part in ("neither", "sums", "libm", "both")}
    for _, one in agreeing:
        found = [key for key in ("sums", "libm") if one.get(key)]
        part = "both" if len(found) == 2 else (found or ["neither"])[0]
        counts[part]["other" if one.get("other_bits") else "same"] += 1
    return counts


def moved_elsewhere(agreeing: list[Named]) -> dict[str, Any]:
    """Outputs of numbers behind a function of the C library by how far another library moves them, in
    2^-52 max(1, |x|); those beyond 4; labels that change with it; outputs that move without being named."""
    counts = dict.fromkeys([*map(str, _FAR), "more"], 0)
    beyond: dict[str, float] = {}
    labels: dict[str, float] = {}
    not_named = []
    for name, one in agreeing:
        moved = one.get("moved", {})
        for output in one.get("libm", []):
            far = moved.get(output, 0.0)
            bin_ = next((str(most) for most in _FAR if far <= most), "more")
            counts[bin_] += 1
            if far > 4:
                beyond[f"{named(name, one)}: {output}"] = far
        for output in moved.keys() - set(one.get("libm", [])):
            if output.startswith("label"):
                labels[f"{named(name, one)}: {output}"] = moved[output]
            else:
                not_named.append(f"{named(name, one)}: {output}")
    return {"outputs": counts, "beyond_4": beyond, "labels": labels, "not_named": not_named}


def named(name: str, one: dict[str, Any]) -> str:
    """A configuration: a booster's own name holds it."""
    return name if ":" in name else f"{name} ({one['label']})"


def is_booster(name: str) -> bool:
    """Whether a name is `library: configuration`."""
    return name.partition(":")[0] in LIBRARIES
