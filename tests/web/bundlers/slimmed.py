"""./slim in every bundler: without any TF.js in the application, and on the one that it has.

Outside `make test`, since it installs them from npm's registry: `make test-all GROUP=bundlers`.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from applications import HERE, NAME, TFJS, Packed, assert_answers, assert_no_path_of, project, run, static, visited
from copied import BUILDS

_ROLLUP, _PARCEL = BUILDS["rollup"], BUILDS["parcel"]
SLIM: dict[str, tuple[Sequence[str], Sequence[str]]] = {
    "esbuild": BUILDS["esbuild"],
    # TF.js's own dependencies are CommonJS.
    "rollup": ([*_ROLLUP[0], "@rollup/plugin-commonjs@29.0.3"], [*_ROLLUP[1], "-p", "commonjs"]),
    # What Parcel would install by itself in the middle of a build, and then look for TF.js's sources.
    "parcel": ([*_PARCEL[0], "process@0.11.10", "buffer@6.0.3"], [*_PARCEL[1], "--no-autoinstall"]),
    "vite": (["vite@8.4.0"], ["vite", "build"]),
    "webpack": (["webpack@5.113.0", "webpack-cli@7.3.1"], ["webpack", "--mode", "production", "--entry", "./main.js"]),
}
FOLLOWING = ("vite", "webpack")
#: gzip, bytes, of all that a page loads which answers by the row program: page, modules, manifest, programs. rollup
#: does not minify.
BUDGET = 36_000


@pytest.mark.parametrize("tfjs", [False, True], ids=["without", "with"])
@pytest.mark.parametrize("bundler", SLIM)
def test_slim(bundler: str, tfjs: bool, packed: Packed, tmp_path: Path) -> None:
    packages, build = SLIM[bundler]
    folder = project(tmp_path / "app", packed, *packages, *(TFJS if tfjs else ()))
    shutil.copy(HERE / "slim.js", folder / "main.js")
    if bundler not in FOLLOWING:
        page = folder / "index.html"
        where = '<script>window.where = { baseUrl: "/model/" };</script><script type="module"'
        page.write_text(page.read_text().replace('<script type="module"', where))
    if bundler == "parcel" and not tfjs:
        parcel_without(folder)
    run(["npx", *build], folder)
    dist = folder / "dist"
    assert_no_path_of(folder, dist)
    built = "".join(path.read_text(encoding="utf-8") for path in dist.rglob("*.js"))
    assert ("not found in registry" in built) == tfjs, "the bundle's own TF.js stays behind"
    assert not list(dist.rglob("*.wasm"))
    if not (dist / "index.html").exists():
        shutil.copy(folder / "index.html", dist)
    if bundler not in FOLLOWING:
        shutil.copytree(folder / "node_modules" / NAME, dist / "model", ignore=shutil.ignore_patterns("tfjs"))
    with static(dist) as url:
        said = visited(url)
    assert said["problems"] == []
    assert_answers(said["answers"], packed)
    if tfjs:
        assert said["tfjs"] == "cpu"
    else:
        assert said["tfjs"][0] == "BackendError"
        assert re.search(
            "the application's own TF.js does not start: .*npm install @tensorflow/tfjs-core", said["tfjs"][1]
        )
        loaded = {path: said["loaded"][path] for path in said["first"] if path in said["loaded"]}
        print(f"{bundler}: {sum(loaded.values()):,} bytes, gzip, in {len(loaded)} files")
        assert sum(loaded.values()) < BUDGET, loaded


def parcel_without(folder: Path) -> None:
    """Parcel alone wants to be told that an application does without."""
    path = folder / "package.json"
    document = json.loads(path.read_bytes())
    document["alias"] = {name.rpartition("@")[0]: False for name in TFJS}
    path.write_text(json.dumps(document), encoding="utf-8")
