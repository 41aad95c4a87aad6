"""The web bundle as an npm package in bundlers that follow `new URL`: Vite (developing, building, previewing), webpack.

Outside `make test`, since it installs them from npm's registry: `make test-all GROUP=bundlers`.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from applications import (
    HERE,
    Packed,
    assert_answers,
    assert_no_path_of,
    assert_said,
    program,
    project,
    run,
    started,
    static,
    visited,
)

VITES = ["vite@7.3.8", "vite@8.4.0"]
FILES = ("said.js", "model-worker.js")
ROWS = (HERE / "rows.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module", params=VITES)
def vite(request: pytest.FixtureRequest, packed: Packed, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = project(tmp_path_factory.mktemp("vite") / "app", packed, request.param, files=(*FILES, "vite.config.js"))
    shutil.copy(HERE / "follow.js", folder / "main.js")
    return folder


def test_vite_develops(vite: Path, packed: Packed) -> None:
    with started(vite, "npx", "vite") as url:
        assert_said(visited(url), packed)


def test_vite_builds_and_previews(vite: Path, packed: Packed) -> None:
    run(["npx", "vite", "build"], vite)
    assert_no_path_of(vite, vite / "dist")
    with started(vite, "npx", "vite", "preview") as url:
        assert_said(visited(url), packed)


def test_without_a_word_of_configuration_vite_builds_too(vite: Path, packed: Packed) -> None:
    """The page's own thread needs none; a worker does."""
    (vite / "vite.config.js").unlink()
    program(vite, ROWS)
    run(["npx", "vite", "build", "--emptyOutDir"], vite)
    with static(vite / "dist") as url:
        said = visited(url)
    assert said["problems"] == []
    assert_answers({"rows": said["rows"]}, packed)
    assert not [path for path in said["loaded"] if "core" in path or path.endswith(".wasm")], "no TF.js for rows"
    print(f"vite, the whole package: {sum(said['loaded'].values()):,} bytes, gzip")
    assert sum(said["loaded"].values()) < 33_000, said["loaded"]  # 32,039 measured


@pytest.fixture(scope="module")
def webpack(packed: Packed, tmp_path_factory: pytest.TempPathFactory) -> Path:
    packages = ("webpack@5.113.0", "webpack-cli@7.3.1")
    folder = project(tmp_path_factory.mktemp("webpack") / "app", packed, *packages, files=FILES)
    shutil.copy(HERE / "follow.js", folder / "main.js")
    return folder


def test_webpack_builds(webpack: Path, packed: Packed) -> None:
    run(["npx", "webpack", "--mode", "production", "--entry", "./main.js"], webpack)
    assert_no_path_of(webpack, webpack / "dist")
    shutil.copy(webpack / "index.html", webpack / "dist")
    with static(webpack / "dist") as url:
        assert_said(visited(url), packed)
