"""Code that travels whole: a worker without isoship runs it, and says what is missing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def on_workers(module: str, name: str, asked: dict[str, Any], extra: str) -> Callable[[Any], Any]:
    """A function of one argument that an engine's pickle copies whole, since it has a name in no module: it calls
    `module.name(argument, **asked)` on the worker. asked: of types that are there without isoship.
    """
    import isoship

    release = isoship.__version__

    def run(given: Any) -> Any:
        import importlib
        import socket
        import sys

        where = f"the worker {socket.gethostname()} ({sys.executable})"
        way_out = f"There: pip install 'isoship[{extra}]=={release}'"
        try:
            found = getattr(importlib.import_module(module), name)
        except ImportError as err:
            raise ModuleNotFoundError(f"isoship {release} is not installed on {where}: {err}. {way_out}") from err
        there = importlib.import_module("isoship").__version__
        if there != release:
            raise RuntimeError(f"isoship {there} is installed on {where}, and {release} on the driver. {way_out}")
        return found(given, **asked)

    run.__name__ = run.__qualname__ = "isoship_predict"
    return run
