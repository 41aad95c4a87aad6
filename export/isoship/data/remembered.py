"""What reading a file wants to know of a fitted model: its columns, and the values that it has seen in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from isoship.data.files import Raw


@dataclass(frozen=True)
class Remembered:
    """columns: the names that the model takes, None where it knows none. values: column -> the values that it knows,
    missing ones as None. hashed: columns whose values it knows by their texts' hashes alone."""

    columns: tuple[str, ...] | None = None
    values: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    hashed: frozenset[str] = frozenset()

    def dtype_of(self, name: str) -> str | None:
        """double, int64, bool or string, where the values that are known of a column are of one kind."""
        kinds = {_KINDS.get(type(v)) for v in self.values.get(name, ()) if v is not None}
        if kinds == {"int64", "double"}:
            return "double"
        return kinds.pop() if len(kinds) == 1 else None

    def empty_of(self, name: str, raw: Raw) -> str | None:
        """What the empty cell of a CSV column of text means (`Column.empty`)."""
        if name in self.hashed:
            return "value"
        known = self.values.get(name, ())
        if "" not in known:
            return None
        quotes = len(raw.in_quotes.get(name, ()))
        both = 0 < quotes < sum(cell == "" for cell in raw.values(name)) if raw.text else False
        return "quoted" if None in known or both else "value"


_KINDS: dict[type, str] = {bool: "bool", int: "int64", float: "double", str: "string"}
