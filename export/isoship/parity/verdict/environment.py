"""What a verdict was reached with: versions and processor of this machine; no host name, no path."""

from __future__ import annotations

import importlib.metadata
import platform
from pathlib import Path

from isoship_edge.manifest import Manifest


def environment(manifest: Manifest) -> dict[str, str]:
    """A line each for a reader of the report. manifest: says what the model was trained with."""
    found = {"python": platform.python_version(), "system": f"{platform.system()} {platform.machine()}"}
    found |= {name: importlib.metadata.version(name) for name in ("isoship", "numpy", "onnx", "onnxruntime")}
    made_by = manifest.provenance
    if made_by.get("library"):
        found["trained with"] = f"{made_by['library']} {made_by.get('library_version', '')}"
    cpu = _processor()
    return found | ({"processor": cpu} if cpu else {})


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    facts = {k.strip(): v.strip() for k, _, v in (line.partition(":") for line in lines) if v}
    wide = [flag for flag in ("avx", "avx2", "avx512f", "fma") if flag in facts.get("flags", "").split()]
    return " ".join([facts.get("model name", ""), *wide]).strip()
