"""examples/digits as its reader runs it: trained, exported, checked, and asked for 1,797 PNGs by two runtimes."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import isoship

_EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "digits"
_FLIPS = re.compile(r"^by the (edge server|lambda handler): (\d+) flips of (\d+) pictures$", re.MULTILINE)


def follow(script: str, folder: Path) -> isoship.ParityReport:
    """Runs the script and asks what it wrote; the report of a check without the trained model."""
    work = shutil.copytree(_EXAMPLE, folder / "digits")
    trained = _run([script, "bundle"], work)
    share = re.search(r"([\d.]+)% of the pictures are named rightly", trained)
    assert share is not None, trained
    assert float(share[1]) > 97
    asked = _run(["ask.py", "bundle", "labels.npy"], work)
    assert _FLIPS.findall(asked) == [("edge server", "0", "1797"), ("lambda handler", "0", "1797")], asked
    return isoship.check(work / "bundle")


def _run(words: list[str], folder: Path) -> str:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3", "ORT_DISABLE_TELEMETRY": "1"}
    ran = subprocess.run(
        [sys.executable, *words], cwd=folder, env=environment, capture_output=True, text=True, timeout=600, check=False
    )
    assert ran.returncode == 0, f"{ran.stdout[-3000:]}\n{ran.stderr[-3000:]}"
    return ran.stdout
