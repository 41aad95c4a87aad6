"""Builds what the wheel carries and git does not: the browser runtime and Swagger UI, from web/.

Hatchling runs it before it packs (`[tool.hatch.build.hooks.custom]` in pyproject.toml); by hand:
`python hatch_build.py [--force]`. What is there and newer than web/ stays as it is, so building from an sdist that
already holds both folders needs no Node.
"""

from __future__ import annotations

import gzip
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent
WEB = ROOT / "web"
RUNTIME = ROOT / "export" / "isoship" / "_web"
DOCS = ROOT / "edge" / "isoship_edge" / "_docs"

#: Whose newest change makes a build stale. node_modules/ is what package-lock.json says.
INPUTS = ("package.json", "package-lock.json", "build.mjs", "slim.mjs", "bundle-readme.md", "tensors-readme.md", "src")

#: Of swagger-ui-dist: name there -> is it precompressed (served with Content-Encoding: gzip).
SWAGGER = {
    "swagger-ui-bundle.js": True,
    "swagger-ui.css": True,
    "LICENSE": False,
    "NOTICE": False,
    "swagger-ui-bundle.js.LICENSE.txt": False,
}

NODE_LINE = "Install Node 18 or newer with npm (https://nodejs.org, or your system's packages), then run this again"


class WebBuildError(Exception):
    """The browser runtime could not be built. The message says what to do."""


def build(*, force: bool = False) -> list[Path]:
    """Builds the folders that are missing or older than web/, and returns them.

    Raises:
        WebBuildError: Node is missing, or npm or the build script failed.
    """
    if not WEB.is_dir():  # an sdist without the sources
        if (RUNTIME / "index.js").is_file() and (DOCS / "swagger-ui-bundle.js.gz").is_file():
            return []
        raise WebBuildError(f"{WEB} is missing: build from a checkout or a complete sdist")
    changed = _newest(INPUTS)
    stale_runtime = force or _built(RUNTIME / "index.js") < changed
    stale_docs = force or _built(DOCS / "swagger-ui-bundle.js.gz") < _newest(("package-lock.json",))
    if stale_runtime or stale_docs:
        _install()
    done = []
    if stale_runtime:
        _run(["node", "build.mjs", str(RUNTIME)])
        (RUNTIME / "index.js").touch()
        done.append(RUNTIME)
    if stale_docs:
        _write_docs()
        done.append(DOCS)
    return done


def _newest(names: tuple[str, ...]) -> float:
    paths = [path for name in names for path in (WEB / name, *(WEB / name).rglob("*"))]
    return max(path.stat().st_mtime for path in paths if path.exists())


def _built(mark: Path) -> float:
    return mark.stat().st_mtime if mark.is_file() else 0.0


def _install() -> None:
    """`npm ci` where node_modules is not what the lock file says; no package may run a script."""
    installed = WEB / "node_modules" / ".package-lock.json"
    if _built(installed) < (WEB / "package-lock.json").stat().st_mtime:
        _run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"])


def _run(command: list[str]) -> None:
    program = shutil.which(command[0])
    if program is None:
        raise WebBuildError(f"`{command[0]}` is not on PATH, and the browser runtime is built with it. {NODE_LINE}")
    result = subprocess.run([program, *command[1:]], cwd=WEB, capture_output=True, text=True)
    if result.returncode != 0:
        shown = (result.stdout + result.stderr).strip()[-2000:]
        raise WebBuildError(f"`{' '.join(command)}` in {WEB} ended with {result.returncode}:\n{shown}")


def _write_docs() -> None:
    source = WEB / "node_modules" / "swagger-ui-dist"
    shutil.rmtree(DOCS, ignore_errors=True)
    DOCS.mkdir(parents=True)
    for name, compressed in SWAGGER.items():
        data = (source / name).read_bytes()
        if compressed:
            # A fixed time in the header: the same lock file gives the same bytes.
            (DOCS / f"{name}.gz").write_bytes(gzip.compress(data, compresslevel=9, mtime=0))
        else:
            (DOCS / name).write_bytes(data)


try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # run by hand
    pass
else:

    class WebBuildHook(BuildHookInterface[Any]):
        """Runs `build` before a wheel (editable ones included) or an sdist is packed."""

        PLUGIN_NAME = "custom"

        def initialize(self, version: str, build_data: dict[str, Any]) -> None:
            build()


if __name__ == "__main__":
    try:
        for folder in build(force="--force" in sys.argv[1:]):
            print(f"built {folder.relative_to(ROOT)}", file=sys.stderr)  # noqa: T201
    except WebBuildError as err:
        sys.exit(str(err))
