"""The bytecode of a Lambda folder in one file, which `isoship_lambda` imports from (its docstring has the format).

Finding and opening 250 `.pyc` files takes a twentieth of a cold start through FastAPI.
"""

from __future__ import annotations

import marshal
from collections.abc import Mapping
from pathlib import Path

from isoship.bundle.bytecode import compiled_path

#: Imported before the file can be.
_FIRST = "isoship_lambda"
#: Marshal's last version without references between objects: the same bytes from every Python.
_VERSION = 2
_PYC_HEAD = 16


def gather(folder: Path, python: str, modules: Mapping[Path, bytes]) -> Path | None:
    """Writes what `compiled_modules` made into `isoship_lambda/modules.cpython-313`; None where it made nothing."""
    found = {}
    magic = b""
    for source in sorted(modules, key=lambda source: compiled_path(source, python)):
        package = source.name == "__init__.py"
        name = ".".join((source.parent if package else source.with_suffix("")).relative_to(folder).parts)
        data = modules[source]
        magic = data[:4]
        if name != _FIRST:
            found[name] = (data[_PYC_HEAD:], package)
        else:
            compiled = compiled_path(source, python)
            compiled.parent.mkdir(exist_ok=True)
            compiled.write_bytes(data)
    if not found:
        return None
    index, offset = {}, 8 + len(_index({name: (0, 0, package) for name, (_, package) in found.items()}))
    for name, (code, package) in found.items():
        index[name] = (offset, len(code), package)
        offset += len(code)
    head = _index(index)
    target = folder / _FIRST / f"modules.cpython-{python.replace('.', '')}"
    target.write_bytes(
        magic + len(head).to_bytes(4, "little") + head + b"".join(code for code, _ in found.values())
    )  # fmt: skip
    target.chmod(0o644)
    return target


def _index(entries: dict[str, tuple[int, int, bool]]) -> bytes:
    """Its size does not depend on the numbers, which marshal writes in four bytes each."""
    return marshal.dumps(entries, _VERSION)
