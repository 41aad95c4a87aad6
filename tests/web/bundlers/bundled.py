"""The web bundle as an npm package in a fresh Vite project: development server, build and preview, in Chromium.

Outside `make test`, since it installs Vite from npm's registry: `make test-all GROUP=bundlers`.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

import isoship

HERE = Path(__file__).parent
WEB = HERE.parents[2] / "web"
VITE = "vite@7.3.8"
DRAW = np.random.default_rng(0)
FRAME = pd.DataFrame({"age": DRAW.uniform(18, 80, 200), "city": DRAW.choice(["Oslo", "Rome"], 200)})


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("vite")
    encoded = make_column_transformer((OneHotEncoder(), ["city"]), remainder="passthrough")
    model = make_pipeline(encoded, RandomForestClassifier(40, max_depth=6, random_state=0))
    model.fit(FRAME, np.where((FRAME.age > 40) ^ (FRAME.city == "Oslo"), "yes", "no"))
    isoship.export(model, sample=FRAME, out=folder / "bundle", name="model", targets=("web",))
    packed = run(["npm", "pack", "--silent", "--pack-destination", str(folder)], folder / "bundle" / "web").strip()
    project = folder / "app"
    project.mkdir()
    (project / "package.json").write_text('{"name": "app", "private": true, "type": "module"}')
    run(["npm", "install", "--silent", "--no-audit", "--no-fund", VITE, str(folder / packed)], project)
    for name in ("main.js", "vite.config.js"):
        shutil.copy(HERE / name, project)
    rows = json.dumps(FRAME.head(5).to_dict("records"))
    (project / "index.html").write_text(
        f'<!doctype html><link rel="icon" href="data:,"><script type="application/json" id="rows">{rows}</script>'
        '<script type="module" src="/main.js"></script>'
    )
    (project / "expected.json").write_text(
        json.dumps(isoship.load(folder / "bundle").predict_rows(FRAME.head(5).to_dict("records")))
    )
    return project


def run(command: list[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@contextlib.contextmanager
def serving(project: Path, *command: str) -> Iterator[str]:
    """`vite <command>` on a free port of loopback; its address."""
    log = project / "log"
    with log.open("w") as out:
        process = subprocess.Popen(
            ["npx", "vite", *command, "--host", "127.0.0.1", "--port", "0"],
            cwd=project, stdout=out, stderr=out, stdin=subprocess.DEVNULL, start_new_session=True,
            env={**os.environ, "NO_COLOR": "1"},
        )  # fmt: skip
    try:
        deadline = time.monotonic() + 60
        while not (found := re.search(r"http://127\.0\.0\.1:\d+/", log.read_text())):
            assert process.poll() is None and time.monotonic() < deadline, log.read_text()  # noqa: PT018
            time.sleep(0.1)
        yield found[0]
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(10)


def visited(url: str) -> Any:
    return json.loads(run(["node", str(HERE / "visit.mjs"), url, str(WEB / "package.json")], HERE))


def assert_answers(said: Any, project: Path) -> None:
    expected = json.loads((project / "expected.json").read_text())
    assert said["problems"] == []
    assert said["backends"] == {"cpu": "cpu", "wasm": "wasm", "rows": "javascript"}
    for way, answers in said["answers"].items():
        assert [a["label"] for a in answers] == [e["label"] for e in expected], way
        for got, want in zip(answers, expected, strict=True):
            near = 1e-6 if way in ("cpu", "wasm") else 1e-9  # the row program answers in doubles
            assert got["probabilities"] == pytest.approx(want["probabilities"], abs=near), way
    assert said["refused"] == "InputError", "errors keep their class across the worker, minified"
    assert said["missing"] == [True, "BundleError"]


def test_it_runs_in_the_development_server(project: Path) -> None:
    with serving(project) as url:
        assert_answers(visited(url), project)


def test_it_builds_and_runs_as_built(project: Path) -> None:
    run(["npx", "vite", "build"], project)
    with serving(project, "preview") as url:
        assert_answers(visited(url), project)


def test_without_a_word_of_configuration_it_builds_too(project: Path) -> None:
    """The page's own thread needs none; a worker does."""
    (project / "vite.config.js").unlink()
    main = (project / "main.js").read_text()
    lines = [line for line in main.splitlines() if "Worker" not in line and "worker" not in line]
    (project / "main.js").write_text("\n".join(lines))
    run(["npx", "vite", "build"], project)
