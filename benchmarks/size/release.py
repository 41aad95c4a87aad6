"""The release that the figures are held against, as a source tree of its own with its own browser runtime."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COMMIT = "16e2127"
#: Where a tree's packages lie, and what is built from web/ and not committed.
_PACKAGES = ("export", "edge", "lambda")
_BUILT = ("export/isoship/_web", "edge/isoship_edge/_docs")


def release(folder: Path, commit: str = COMMIT) -> Path:
    """The tree of a commit under `folder`, made when it is not there."""
    tree = folder / f"release-{commit}"
    if (tree / "complete").exists():
        return tree
    shutil.rmtree(tree, ignore_errors=True)
    tree.mkdir(parents=True)
    packed = subprocess.run(["git", "archive", commit], cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout
    subprocess.run(["tar", "-x", "-C", str(tree)], input=packed, check=True)
    same = subprocess.run(["git", "diff", "--quiet", commit, "--", "web", "hatch_build.py"], cwd=ROOT, check=False)
    if same.returncode == 0:
        for name in _BUILT:
            shutil.copytree(ROOT / name, tree / name)
    else:
        subprocess.run([sys.executable, "hatch_build.py"], cwd=tree, check=True)
    (tree / "complete").touch()
    return tree


def environment(tree: Path) -> dict[str, str]:
    """Variables under which this interpreter imports isoship from a tree: PYTHONPATH comes before what is installed."""
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(str(tree / name) for name in _PACKAGES),
        "ORT_DISABLE_TELEMETRY": "1",
    }


def imported_from(tree: Path) -> Path:
    """Where `import isoship` finds its package in that environment."""
    code = "import isoship; print(isoship.__file__)"
    said = subprocess.run(
        [sys.executable, "-c", code], cwd=tree, env=environment(tree), stdout=subprocess.PIPE, text=True, check=True
    )
    return Path(said.stdout.strip())
