"""./slim in every bundler: without any TF.js in the application, and on the one that it has.

Outside `make test`, since it installs them from npm's registry: `make test-all GROUP=bundlers`.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from applications import HERE, NAME, TFJS, Packed, assert_answers, assert_no_path_of, project, run, static, visited
from copied import BUILDS

SLIM: dict[str, tuple[Sequence[str], Sequence[str]]] = {
    **BUILDS,
    "vite": (["vite@8.4.0"], ["vite", "build"]),
    "webpack": (["webpack@5.113.0", "webpack-cli@7.3.1"], ["webpack", "--mode", "production", "--entry", "./main.js"]),
}
FOLLOWING = ("vite", "webpack")
#: gzip, bytes, of all that a page loads which answers by the row program: page, modules, manifest, programs.
BUDGET = 45_000


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
    run(["npx", *build], folder)
    dist = folder / "dist"
    assert_no_path_of(folder, dist)
    built = "".join(path.read_text(encoding="utf-8") for path in dist.rglob("*.js"))
    assert ("GatherV2" in built) == tfjs, "the bundle's own TF.js stays behind"
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
        print(f"{bundler}: {sum(said['loaded'].values()):,} bytes, gzip, {said['loaded']}")
        assert sum(said["loaded"].values()) < BUDGET
