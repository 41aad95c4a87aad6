"""One change between two bundles outside of their answers, and the words for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from isoship_edge.encoding.words import listed, quoted
from isoship_edge.manifest import Scalar

#: columns: of the signature, inputs of tensors, too. contract: what is accepted in them. known: categories that the
#: model tells apart and that no contract closes. engines: what answers how many rows. provenance: library versions.
Part = Literal["columns", "contract", "known", "outputs", "tolerances", "targets", "sizes", "engines", "provenance"]
PARTS: tuple[Part, ...] = (
    "columns", "contract", "known", "outputs", "tolerances", "targets", "sizes", "engines", "provenance",
)  # fmt: skip


@dataclass(frozen=True)
class Change:
    """name: of the column, input, output, target or library. text: a sentence without its full stop.

    breaking: a caller of the old bundle, who changes nothing, is refused or reads something else. old, new: plain JSON
    values, None where there is none. gone, came: members of lists (categories, classes).
    """

    part: Part
    name: str
    text: str
    breaking: bool = False
    old: Any = None
    new: Any = None
    gone: tuple[Scalar, ...] = ()
    came: tuple[Scalar, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "part": self.part,
            "name": self.name,
            "text": self.text,
            "breaking": self.breaking,
            "old": self.old,
            "new": self.new,
            "gone": list(self.gone),
            "came": list(self.came),
        }


def gone_and_came(old: Iterable[Scalar], new: Iterable[Scalar]) -> tuple[tuple[Scalar, ...], tuple[Scalar, ...]]:
    """Members of one list alone, in their order; True, 1 and "1" are three members."""
    before, after = {(type(v), v): v for v in old}, {(type(v), v): v for v in new}
    return (
        tuple(v for key, v in before.items() if key not in after),
        tuple(v for key, v in after.items() if key not in before),
    )


def members(gone: Sequence[Scalar], came: Sequence[Scalar]) -> str:
    """`"Rome" went; "Oslo", "Lima" came`."""
    parts = [f"{listed(values)} {word}" for values, word in ((gone, "went"), (came, "came")) if values]
    return "; ".join(parts)


def name_of(name: str) -> str:
    """A name as JSON, cut where it is long: whatever somebody called a column, it stays one word of a line."""
    return quoted(name)
