"""The web bundle as an npm package where the bundler does not follow `new URL`, or there is none: the folder is copied.

Outside `make test`, since it installs them from npm's registry: `make test-all GROUP=bundlers`.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from applications import HERE, NAME, Packed, assert_no_path_of, assert_said, program, project, run, static, visited

BUILDS: dict[str, tuple[Sequence[str], Sequence[str]]] = {
    "esbuild": (
        ["esbuild@0.28.2"],
        ["esbuild", "main.js", "--bundle", "--splitting", "--format=esm", "--minify", "--outdir=dist"],
    ),
    "rollup": (
        ["rollup@4.68.8", "@rollup/plugin-node-resolve@16.0.3"],
        ["rollup", "main.js", "-d", "dist", "-p", "node-resolve"],
    ),
    "parcel": (["parcel@2.16.4"], ["parcel", "build", "index.html", "--no-cache"]),
}


@pytest.mark.parametrize("bundler", BUILDS)
def test_a_copy_of_the_folder_serves_any_bundler(bundler: str, packed: Packed, tmp_path: Path) -> None:
    packages, build = BUILDS[bundler]
    folder = project(tmp_path / "app", packed, *packages, files=("said.js",))
    shutil.copy(HERE / "copied.js", folder / "main.js")
    run(["npx", *build], folder)
    assert_no_path_of(folder, folder / "dist")
    if not (folder / "dist" / "index.html").exists():
        shutil.copy(folder / "index.html", folder / "dist")
    shutil.copytree(folder / "node_modules" / NAME, folder / "dist" / "model")
    with static(folder / "dist") as url:
        assert_said(visited(url), packed)


@pytest.mark.parametrize("specifier", ["./model/index.js", NAME])
def test_a_plain_page_takes_it_by_its_path_or_an_import_map(specifier: str, packed: Packed, tmp_path: Path) -> None:
    folder = project(tmp_path / "app", packed, files=("said.js",))
    shutil.copytree(folder / "node_modules" / NAME, folder / "model")
    program(
        folder,
        f'import * as model from "{specifier}";\nimport {{ said }} from "./said.js";\n\n'
        "said(model, { worker: () => undefined });\n",
    )
    page = folder / "index.html"
    mapped = f'<script type="importmap">{{"imports": {{"{NAME}": "./model/index.js"}}}}</script>'
    page.write_text(page.read_text().replace('<script type="module"', f'{mapped}<script type="module"'))
    with static(folder) as url:
        assert_said(visited(url), packed)
