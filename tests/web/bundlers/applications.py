"""Fresh projects that install the model from npm's registry and its own package, and what they answer in Chromium."""

from __future__ import annotations

import contextlib
import functools
import http.server
import json
import os
import re
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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
NAME = "@acme/model"
#: The peers of ./slim.
TFJS = [f"@tensorflow/tfjs-{part}@4.22.0" for part in ("core", "converter", "backend-cpu")]
DRAW = np.random.default_rng(0)
FRAME = pd.DataFrame({"age": DRAW.uniform(18, 80, 200), "city": DRAW.choice(["Oslo", "Rome"], 200)})


@dataclass(frozen=True)
class Packed:
    """archive: what `npm pack` makes of the bundle's web folder. rows: asked of every application."""

    archive: Path
    web: Path
    rows: list[dict[str, Any]]
    expected: list[dict[str, Any]]


def packed_model(folder: Path) -> Packed:
    encoded = make_column_transformer((OneHotEncoder(), ["city"]), remainder="passthrough")
    model = make_pipeline(encoded, RandomForestClassifier(40, max_depth=6, random_state=0))
    model.fit(FRAME, np.where((FRAME.age > 40) ^ (FRAME.city == "Oslo"), "yes", "no"))
    bundle = folder / "bundle"
    isoship.export(model, sample=FRAME, out=bundle, name="model", targets=("web",), npm_name=NAME)
    name = run(["npm", "pack", "--silent", "--pack-destination", str(folder)], bundle / "web").strip()
    rows = FRAME.head(5).to_dict("records")
    return Packed(folder / name, bundle / "web", rows, isoship.load(bundle).predict_rows(rows))


def project(folder: Path, packed: Packed, *packages: str, files: Sequence[str] = ()) -> Path:
    """A fresh project with the model and these packages installed, and files of this folder in it."""
    folder.mkdir()
    (folder / "package.json").write_text('{"name": "app", "private": true, "type": "module"}')
    quiet = ("--silent", "--no-audit", "--no-fund")
    run(["npm", "install", *quiet, *packages, str(packed.archive)], folder)
    for name in files:
        shutil.copy(HERE / name, folder)
    rows = json.dumps(packed.rows)
    (folder / "rows.json").write_text(rows)
    (folder / "index.html").write_text(
        f'<!doctype html><link rel="icon" href="data:,"><script type="application/json" id="rows">{rows}</script>'
        '<script type="module" src="./main.js"></script>'
    )
    return folder


def program(folder: Path, text: str, name: str = "main.js") -> None:
    """The application's own module."""
    (folder / name).write_text(text, encoding="utf-8")


def run(command: list[str], folder: Path, **environment: str) -> str:
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=300, check=False, env={**os.environ, **environment}
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@contextlib.contextmanager
def started(folder: Path, *command: str) -> Iterator[str]:
    """A server that says where it listens; its address."""
    log = folder / "log"
    with log.open("w") as out:
        process = subprocess.Popen(
            [*command, "--host", "127.0.0.1", "--port", "0"],
            cwd=folder, stdout=out, stderr=out, stdin=subprocess.DEVNULL, start_new_session=True,
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


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextlib.contextmanager
def static(folder: Path) -> Iterator[str]:
    """A plain static server; its address."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=os.fspath(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def visited(url: str) -> Any:
    """What a page says in Chromium, what went wrong there, and what it loaded: path -> bytes, compressed."""
    return json.loads(run(["node", str(HERE / "visit.mjs"), url, str(WEB / "package.json")], HERE))


def assert_answers(answers: dict[str, Any], packed: Packed) -> None:
    """The row program answers in doubles, TF.js in float32."""
    assert answers
    for way, answer in answers.items():
        assert [a["label"] for a in answer] == [e["label"] for e in packed.expected], way
        for got, want in zip(answer, packed.expected, strict=True):
            near = 1e-9 if way in ("rows", "worker") else 1e-6
            assert got["probabilities"] == pytest.approx(want["probabilities"], abs=near), way


def assert_said(said: Any, packed: Packed, tfjs: Sequence[str] = ("cpu", "wasm")) -> None:
    """All that said.js asks."""
    assert said["problems"] == []
    assert said["backends"] == {"rows": "javascript", "worker": "javascript", **{name: name for name in tfjs}}
    assert_answers(said["answers"], packed)
    assert said["refused"] == "InputError", "errors keep their class across the worker, minified"
    assert said["disposed"] == "IsoshipError"
    assert said["missing"] == [True, "BundleError"]


def assert_no_path_of(folder: Path, built: Path) -> None:
    """What was built says nothing of the machine that built it."""
    files = [path for path in built.rglob("*") if path.is_file()]
    assert files
    for path in files:
        assert str(folder).encode() not in path.read_bytes(), path
