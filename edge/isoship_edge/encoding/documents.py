"""JSON documents of a bundle, read as what they are: data that anybody may have written.

Every member has the type that its reader counts on, or the document is refused by the member's name. Nothing else is
imported: this is on the Lambda's cold path.
"""

from __future__ import annotations

import json

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from typing import Any

_NAMES = {str: "text", bool: "true or false", list: "a list", dict: "an object"}
_SCALARS = (str, int, float, bool)
#: Columns of an output: the widest hashing of words has 2^20.
WIDEST = 2**24


def parsed(data: bytes | str, *, once: bool = False) -> Any:
    """The document. once: no key may stand twice in an object.

    Raises:
        ValueError: it is no JSON, no UTF-8, or nested deeper than Python reads.
    """
    try:
        return json.loads(data, object_pairs_hook=_once if once else None)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the key {shown(next(name for name in names if names.count(name) > 1))} stands twice in it")
    return made


def of_type(kind: type, value: Any, what: str) -> Any:
    """The value, which is of this type and of no subtype: `true` is no number.

    Raises:
        ValueError: it is another.
    """
    if type(value) is not kind:
        raise ValueError(f"{what} is {shown(value)}, not {_NAMES[kind]}")
    return value


def number(value: Any, what: str) -> Any:
    """Raises: ValueError, where the value is no number."""
    if type(value) not in (int, float):
        raise ValueError(f"{what} is {shown(value)}, not a number")
    return value


def scalars(values: Any, what: str) -> tuple[str | int | float | bool, ...] | None:
    """Texts, numbers and booleans; None where there is no list.

    Raises:
        ValueError: another value among them.
    """
    if values is None:
        return None
    for value in of_type(list, values, what):
        if type(value) not in _SCALARS:
            raise ValueError(f"{what} holds {shown(value)}")
    return tuple(values)


def texts(values: Any, what: str) -> dict[str, str]:
    """An object of texts.

    Raises:
        ValueError: it is none.
    """
    for name, value in of_type(dict, values, what).items():
        of_type(str, value, f"{what}[{name!r}]")
    found: dict[str, str] = values
    return found


def digests(values: Any) -> dict[str, str]:
    """Paths below a folder, and the digest of each.

    Raises:
        ValueError: a path that leaves the folder.
    """
    listed = texts(values, "files")
    for name in listed:
        if not name or "\0" in name or "\\" in name or name[0] == "/" or ".." in name.split("/"):
            raise ValueError(f"files lists {shown(name)}, which is no path in the bundle")
    return listed


def shape(values: Any, what: str) -> tuple[str | int, ...]:
    """["N"], or ["N", K].

    Raises:
        ValueError: another one.
    """
    found = of_type(list, values, what)
    wide = len(found) == 2 and type(found[1]) is int and 0 <= found[1] <= WIDEST
    if found[:1] != ["N"] or not (len(found) == 1 or wide):
        raise ValueError(f'{what} is {shown(found)}, not ["N"] or ["N", K]')
    return tuple(found)


def shown(value: Any) -> str:
    """The value as far as a message has room for it."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
