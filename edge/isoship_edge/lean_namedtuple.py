"""`typing.NamedTuple` for the modules of a cold start, without `typing`: importing that costs as much as a session.

Neither with `collections.namedtuple`, which compiles a constructor for each class: ten of them are a hundredth of a
start. Type checkers read the branch that does not run. `TYPE_CHECKING` is a name they know, wherever it is set; the
standard library starts its own programs so (`Lib/_colorize.py`).
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple
else:
    from operator import itemgetter

    _new = tuple.__new__

    def _made(cls, *values, **named):
        missing = len(cls._fields) - len(values)
        if named or missing:
            if missing < 0:
                raise TypeError(f"{cls.__name__} takes {len(cls._fields)} values, got {len(values)}")
            rest = cls._fields[len(values) :]
            try:
                values += tuple([named.pop(name) if name in named else cls._field_defaults[name] for name in rest])
            except KeyError as err:
                raise TypeError(f"{cls.__name__} lacks {err}") from None
            if named:
                raise TypeError(f"{cls.__name__} does not take {', '.join(named)}")
        return _new(cls, values)

    def _replaced(self, **named):
        return type(self)(**{**self._asdict(), **named})

    def _as_dict(self):
        return dict(zip(self._fields, self, strict=True))

    def _shown(self):
        fields = ", ".join([f"{name}={value!r}" for name, value in zip(self._fields, self, strict=True)])
        return f"{type(self).__name__}({fields})"

    def _arguments(self):
        return tuple(self)

    class _Fields(type):
        """Makes a class that names `NamedTuple` as its base a named tuple of its annotations, defaults and methods."""

        def __new__(cls, name, bases, body):
            if not bases:
                return super().__new__(cls, name, bases, body)
            annotations = body.get("__annotations__", {})
            fields = tuple([field for field in annotations if not field.startswith("__")])
            body["_field_defaults"] = {field: body.pop(field) for field in fields if field in body}
            body["_fields"] = body["__match_args__"] = fields
            body["__slots__"] = ()
            body |= _METHODS
            for place, field in enumerate(fields):
                body[field] = property(itemgetter(place))
            return type(name, (tuple,), body)

    _METHODS = {
        "__new__": _made, "__repr__": _shown, "__getnewargs__": _arguments, "_replace": _replaced, "_asdict": _as_dict
    }  # fmt: skip

    class NamedTuple(metaclass=_Fields):
        """As a base it is never there: the class made is a tuple."""


__all__ = ["NamedTuple"]
