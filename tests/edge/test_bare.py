"""The arrows between the packages: what travels imports nothing of what exports."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import onnxruntime
import pytest

from bundles import VISITS_ROWS

REPO = Path(__file__).resolve().parent.parent.parent
FORBIDDEN = ("numpy", "onnxruntime", "fastapi", "starlette", "pydantic", "mangum", "isoship", "onnx", "pandas")


def bare(script: str, *paths: Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Runs a script without site-packages: nothing but the standard library and `paths`."""
    lines = f"import sys; sys.path[:0] = {[str(p) for p in paths]!r}\n{script}"
    return subprocess.run(
        [sys.executable, "-S", "-B", "-c", lines],
        capture_output=True, text=True, timeout=60, cwd=cwd, env={"PATH": os.environ["PATH"]},
    )  # fmt: skip


def test_every_module_of_the_edge_imports_with_the_standard_library_alone(tmp_path: Path) -> None:
    paths = [path.relative_to(REPO / "edge").with_suffix("") for path in (REPO / "edge").rglob("*.py")]
    names = sorted(".".join(path.parts) for path in paths if path.name != "__main__")
    assert "isoship_edge.inference.c_api" in names
    script = (
        "import importlib, json\n"
        f"for name in {names!r}: importlib.import_module(name)\n"
        "print(json.dumps(sorted({m.partition('.')[0] for m in sys.modules})))"
    )
    done = bare(script, REPO / "edge", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    loaded = set(json.loads(done.stdout))
    assert "isoship_edge" in loaded
    assert loaded.isdisjoint(FORBIDDEN)


def test_the_api_answers_with_a_c_library_and_nothing_else(visits: Path, tmp_path: Path) -> None:
    """The layout that ships: the runtime, model files and lib/<arch>/libonnxruntime.so in one folder."""
    shutil.copytree(
        REPO / "edge" / "isoship_edge", tmp_path / "isoship_edge", ignore=shutil.ignore_patterns("__pycache__")
    )
    for name in ("manifest.json", "model.onnx", "golden.json"):
        shutil.copy(visits / name, tmp_path / name)
    [library] = (Path(onnxruntime.__file__).parent / "capi").glob("libonnxruntime.so*")
    place = tmp_path / "lib" / os.uname().machine
    place.mkdir(parents=True)
    (place / library.name).symlink_to(library)
    script = f"""
import json
from isoship_edge.http.api import handle
from isoship_edge.inference.model import load
model = load({str(tmp_path)!r})
body = json.dumps({{"rows": {VISITS_ROWS!r}}}).encode()
response = handle(model, "POST", "/predict", {{"content-type": "application/json"}}, body)
heavy = {FORBIDDEN!r} + ("dataclasses", "inspect", "logging", "http.server", "argparse")
heavy = [name for name in heavy if name in sys.modules]
print(json.dumps([model.session.backend, response.status, model.selftest().ok, heavy]))
"""
    done = bare(script, tmp_path, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == ["c_api", 200, True, []]


@pytest.mark.parametrize("package", ["edge/isoship_edge", "lambda/isoship_lambda"])
def test_no_file_names_the_export_tool(package: str) -> None:
    for path in (REPO / package).glob("*.py"):
        for line in path.read_text().splitlines():
            words = line.split()
            if words[:1] == ["import"] or words[:1] == ["from"]:
                assert words[1].partition(".")[0] != "isoship", f"{path.name}: {line}"


def test_the_lambda_package_loads_nothing_of_the_export_tool(visits: Path) -> None:
    script = (
        "import os, sys, json\n"
        "from isoship_lambda.handler import handler\n"
        "print(json.dumps([m for m in ('isoship', 'onnx', 'onnxruntime', 'numpy', 'sklearn') if m in sys.modules]))"
    )
    environment = {**os.environ, "ISOSHIP_BUNDLE": str(visits)}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, env=environment)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == []
