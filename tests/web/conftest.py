"""The built browser runtime, bundles around it, and Node to run them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tiny_bundle
from node_script import HERE, WEB, run_node

sys.path.insert(0, str(HERE.parent / "vectors"))  # cases that every runtime of operators passes


@pytest.fixture(scope="session")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """web/ as it builds now."""
    if not (WEB / "node_modules").is_dir():
        pytest.fail("web/node_modules is missing: npm ci --prefix web --ignore-scripts")
    folder = tmp_path_factory.mktemp("runtime") / "web"
    subprocess.run(["node", "build.mjs", str(folder)], cwd=WEB, check=True, timeout=120)
    return folder


@pytest.fixture(scope="session")
def bundle(runtime: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The hand-written model around the runtime; tests that change it make a copy."""
    folder = tmp_path_factory.mktemp("bundle") / "sub folder"
    shutil.copytree(runtime, folder)
    tiny_bundle.write(folder)
    return folder


@pytest.fixture
def ask(bundle: Path) -> Callable[..., Any]:
    """Loads the bundle in Node and predicts: see predict.mjs."""

    def run(folder: Path = bundle, **job: Any) -> Any:
        return run_node(HERE / "predict.mjs", str(folder / "index.js"), stdin=job)

    return run
