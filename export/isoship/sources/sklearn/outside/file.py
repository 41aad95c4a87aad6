"""A Python file with converters: `--converters FILE.py`. Loading it runs its code, as loading a pickle does.

It is loaded before the model, so that what a pickle names is found in it: under the file's own name, and under
`__main__`, where the notebook or script that trained the model had the class.
"""

from __future__ import annotations

import importlib.util
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

from isoship.errors import InputError

_FORM = "it is a Python file with the class, its converter, and the line: converters = {MyTransformer: convert}"


def converters_in(path: Path) -> tuple[ModuleType, Any]:
    """The file as a module, and what it calls `converters`.

    Raises:
        InputError: missing, no Python, with a name that another module has, ends in an error, or without `converters`.
    """
    if not path.is_file():
        raise InputError(f"there is no file of converters {path}; {_FORM}")
    if path.suffix != ".py":
        raise InputError(f"{path} is no file of converters: {_FORM}")
    module = _module(path)
    if not hasattr(module, "converters"):
        raise InputError(f"{path} says nothing of `converters`; {_FORM}")
    return module, module.converters


def _module(path: Path) -> ModuleType:
    name = path.stem
    known = sys.modules.get(name)
    if known is not None and _is(path, getattr(known, "__file__", None)):
        return known
    if known is not None or name in sys.stdlib_module_names or _is_another(path, name):
        raise InputError(f"{path}: there is a module {name!r} already, which a model may mean. Rename the file")
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise InputError(f"{path} is no file of converters: {_FORM}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    sys.path.insert(0, str(path.resolve().parent))  # as `python FILE.py` has it: modules beside it can be imported
    try:
        spec.loader.exec_module(module)
    except Exception as err:
        del sys.modules[name]
        lines = [each.lineno for each in traceback.extract_tb(err.__traceback__) if _is(path, each.filename)]
        line = getattr(err, "lineno", None) if isinstance(err, SyntaxError) else lines[-1] if lines else None
        where = f" (line {line})" if line else ""
        raise InputError(f"{path} does not load{where}: {type(err).__name__}: {err}") from err
    finally:
        sys.path.remove(str(path.resolve().parent))
    return module


def _is(path: Path, other: str | None) -> bool:
    return other is not None and Path(other).resolve() == path.resolve()


def _is_another(path: Path, name: str) -> bool:
    """An installed module has the name."""
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return False
    return spec is not None and not _is(path, spec.origin)
