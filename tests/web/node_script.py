"""Scripts that run in Node, with JSON going in and coming out."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
WEB = HERE.parents[1] / "web"


def run_node(script: Path, *arguments: str, stdin: Any = None) -> Any:
    """A script's JSON answer. It must be silent on stderr: TF.js reports wrong answers as warnings."""
    done = subprocess.run(
        ["node", str(script), *arguments], input=json.dumps(stdin), capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return json.loads(done.stdout)
