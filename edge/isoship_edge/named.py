"""`typing.NamedTuple` for the modules of a cold start, without `typing`: importing that costs as much as a session.

Type checkers read the branch that does not run. `TYPE_CHECKING` is a name they know, wherever it is set; the standard
library starts its own programs so (`Lib/_colorize.py`).
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple
else:
    from collections import namedtuple

    class _Fields(type):
        """Makes a class that names `NamedTuple` as its base a named tuple of its annotations, defaults and methods."""

        def __new__(cls, name, bases, body):
            if not bases:
                return super().__new__(cls, name, bases, body)
            annotations = body.get("__annotations__", {})
            fields = [field for field in annotations if not field.startswith("__")]
            defaults = [body.pop(field) for field in fields if field in body]
            made = namedtuple(name, fields, defaults=defaults, module=body["__module__"])
            for key, value in body.items():
                if key not in ("__module__", "__qualname__"):
                    setattr(made, key, value)
            return made

    class NamedTuple(metaclass=_Fields):
        """As a base it is never there: the class made is a tuple."""


__all__ = ["NamedTuple"]
