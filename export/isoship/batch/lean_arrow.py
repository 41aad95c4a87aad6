"""pyarrow as a process of our own wants it: without pandas, and with the system's memory.

pyarrow imports pandas when it makes its first array, to see whether what it is given is pandas': 0.12 s of CPU, a tenth
of what a million rows of a linear model take. A process that looks for it once and does not find it goes without. Its
own allocator keeps what was freed: 60 MB more at the peak.
"""

from __future__ import annotations

import sys


class _Hidden:
    """An importer that says that there is no pandas."""

    @staticmethod
    def find_spec(name: str, _path: object = None, _target: object = None) -> None:
        """Raises: ModuleNotFoundError: for pandas."""
        if name == "pandas":
            raise ModuleNotFoundError("hidden while pyarrow looks for it", name=name)


def lean() -> None:
    """Lets pyarrow look for pandas in vain, unless something has imported it: `import pandas` works afterwards, and
    pyarrow's conversions to pandas do not. Not for a process that is somebody else's."""
    if "pandas" in sys.modules:
        return
    hidden = _Hidden()
    sys.meta_path.insert(0, hidden)
    try:
        import pyarrow as pa

        pa.set_memory_pool(pa.system_memory_pool())
        pa.array([None])
    finally:
        sys.meta_path.remove(hidden)
