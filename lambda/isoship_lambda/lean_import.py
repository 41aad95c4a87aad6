"""FastAPI without what it makes while it is imported and nothing here uses: more than a tenth of its time.

- The pydantic models of OpenAPI documents (fastapi.openapi.models), which `isoship_edge.http.openapi` writes itself.
  They become plain records; other models are pydantic's as ever.
- `importlib.metadata`, and with it zipfile: pydantic takes functions from it that look for plugins and for a library
  of e-mail addresses. They import it when they are called.
- Packages that are tried and do not travel: each is looked for along the whole path.
- OpenTelemetry, unless something has imported it already: nobody else can have configured what FastAPI would tell.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_OPENAPI = "fastapi.openapi.models"
_METADATA = "importlib.metadata"
_TELEMETRY = "opentelemetry"
_ABSENT = ("email_validator", "multipart", "pydantic_extra_types", "python_multipart")


def import_fastapi() -> dict[str, Any]:
    """Imports fastapi once; pydantic and what Python imports are as they were afterwards.

    Returns: what FastAPI takes as its `telemetry`: nothing of it where OpenTelemetry was not imported.
    """
    silent = {} if _TELEMETRY in sys.modules else {"tracing": False, "metrics": False, "logs": False}
    finder = _StandIns()
    if silent:
        sys.meta_path.insert(0, finder)
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # none travels, and looking reads every distribution
    later = sys.modules.setdefault(_METADATA, _Metadata(_METADATA))
    absent = [name for name in _ABSENT if sys.modules.setdefault(name, None) is None]  # type: ignore[arg-type]
    from pydantic import BaseModel

    meta: Any = type(BaseModel)
    made = meta.__new__

    def recorded(cls: Any, name: str, bases: tuple[type, ...], members: dict[str, Any], **options: Any) -> Any:
        if members.get("__module__") != _OPENAPI:
            return made(cls, name, bases, members, **options)
        return super(meta, cls).__new__(cls, name, bases, {"__init__": _recorded, "model_rebuild": _unbuilt, **members})

    meta.__new__ = recorded
    try:
        import fastapi  # noqa: F401
    finally:
        meta.__new__ = made
        for name in absent:
            del sys.modules[name]
        if isinstance(later, _Metadata):
            later.leave()
        if silent:
            finder.leave()
    return silent


def _recorded(record: Any, **given: Any) -> None:
    record.__dict__.update(given)


@classmethod  # type: ignore[misc]
def _unbuilt(_cls: Any) -> None:
    """Nothing is built of a record."""


class _Metadata(type(sys)):  # type: ignore[misc]
    """`importlib.metadata` whose functions import it when they are called."""

    def leave(self) -> None:
        if sys.modules.get(_METADATA) is self:
            del sys.modules[_METADATA]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # what the import system asks
            raise AttributeError(name)

        def called(*given: Any, **options: Any) -> Any:
            self.leave()
            import importlib.metadata

            return getattr(importlib.metadata, name)(*given, **options)

        return called


class _StandIns:
    """Finds every module of OpenTelemetry, and all that is in it: empty classes, and functions that return None."""

    def find_spec(self, name: str, _path: Any = None, _target: Any = None) -> Any:
        spec: Any = type(sys.__spec__)
        return spec(name, self, is_package=True) if name.split(".")[0] == _TELEMETRY else None

    def create_module(self, spec: Any) -> Any:
        return _StandIn(spec.name)

    def exec_module(self, module: Any) -> None:
        """It has what it is asked for."""

    def leave(self) -> None:
        sys.meta_path.remove(self)
        for name in [name for name, module in sys.modules.items() if isinstance(module, _StandIn)]:
            del sys.modules[name]


class _StandIn(type(sys)):  # type: ignore[misc]
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or self.__name__ == _TELEMETRY:  # which holds modules alone
            raise AttributeError(name)
        if name[0].isupper():
            return type(name, (), {"__class_getitem__": classmethod(lambda cls, _: cls)})
        return lambda *_given, **_options: None
