"""Importing isoship is instant, and asking for help too."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

HEAVY = ("numpy", "pandas", "onnx", "onnxruntime", "sklearn", "skl2onnx", "fastapi", "uvicorn", "jinja2")


def imported_by(statement: str) -> list[str]:
    code = f"{statement}\nimport sys, json\nprint(json.dumps(sorted(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    return [m for m in json.loads(ran.stdout.splitlines()[-1]) if m in HEAVY]


def test_importing_isoship_imports_nothing_heavy() -> None:
    assert imported_by("import isoship") == []


def test_help_imports_nothing_heavy() -> None:
    help_ = "import isoship.cli\ntry: isoship.cli.main(['export', '--help'])\nexcept SystemExit: pass"
    assert imported_by(help_) == []


def test_every_public_name_is_found() -> None:
    import isoship

    for name in isoship.__all__:
        assert getattr(isoship, name) is not None


def test_version_is_that_of_the_distribution() -> None:
    import tomllib

    import isoship

    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
    assert isoship.__version__ == project["project"]["version"]
