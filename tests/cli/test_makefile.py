"""What make hands on to everything that it starts."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


def test_make_switches_telemetry_off() -> None:
    """onnxruntime asks the network at import unless this is exactly 1."""
    without = {k: v for k, v in os.environ.items() if k not in ("ORT_DISABLE_TELEMETRY", "MAKEFLAGS", "MAKELEVEL")}
    command = ["make", "--silent", "--eval", "show:\n\t@env", "show"]
    ran = subprocess.run(
        command, cwd=Path(__file__).parents[2], env=without, capture_output=True, text=True, timeout=60, check=True
    )
    assert "ORT_DISABLE_TELEMETRY=1" in ran.stdout.splitlines()
