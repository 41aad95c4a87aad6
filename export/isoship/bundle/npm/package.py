"""The web folder as an npm package: its name, what it exports, where its files lie."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isoship.bundle.npm.types import types_of
from isoship.errors import InputError
from isoship_edge.manifest import Manifest

_SEMVER = re.compile(
    r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)"
    r"(-(0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)(\.(0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*))*)?(\+[0-9A-Za-z.-]+)?"
)
#: What npm takes for a new package (npm docs, package.json, `name`): no capitals, nothing that a URL would escape.
_NPM_NAME = re.compile(r"(@[a-z0-9-][a-z0-9._-]*/)?[a-z0-9-][a-z0-9._-]*")
_LONGEST_NAME = 214
#: Names that npm keeps for itself, and modules of Node's own, which `import` finds first.
_TAKEN = re.compile(
    "node_modules|favicon.ico|assert|buffer|child_process|cluster|console|constants|crypto|dgram|dns|domain|events|fs|http"
    "|http2|https|inspector|module|net|os|path|perf_hooks|process|punycode|querystring|readline|repl|stream|sys|timers|tls"
    "|string_decoder|trace_events|tty|url|util|v8|vm|wasi|worker_threads|zlib"
)
#: Of ./slim. The release that the bundle was proven with, and those that promise the same.
_PEERS = ("core", "converter", "backend-cpu", "backend-wasm", "backend-webgl", "backend-webgpu")
_PEER_VERSION = "^4.22.0"


@dataclass(frozen=True)
class WebPackage:
    """name: what the npm package is called, None for the bundle's name. most_mb: megabytes (10^6 bytes) that the model
    may have in web/, None for any number."""

    name: str | None = None
    most_mb: float | None = None

    def __post_init__(self) -> None:
        """Raises InputError: npm takes no such name, or the limit is no size."""
        if self.name is not None and not is_npm_name(self.name):
            raise InputError(
                f"npm takes no package called {self.name!r}: at most {_LONGEST_NAME} of a-z, 0-9, -, . and _, starting"
                " with a letter, digit or -, and not a module of Node's own; with a scope @org/name. Give --npm-name"
            )
        if self.most_mb is not None and not self.most_mb > 0:
            raise InputError(f"web_max is {self.most_mb}: a number of megabytes above 0")

    def called(self, manifest: Manifest) -> str:
        """The package's name."""
        if self.name is not None:
            return self.name
        return manifest.name if is_npm_name(manifest.name) else f"{manifest.name}-model"


def is_npm_name(name: str) -> bool:
    """Whether npm takes it for a new package."""
    return _NPM_NAME.fullmatch(name) is not None and len(name) <= _LONGEST_NAME and not _TAKEN.fullmatch(name)


def write_package(folder: Path, manifest: Manifest, files: Sequence[str], package: WebPackage) -> None:
    """Writes package.json, types, places.js, and the package's name into README.md. files: what the runtime reads."""
    name = package.called(manifest)
    _write(folder / "package.json", json.dumps(package_json(manifest, name), indent=2, ensure_ascii=False) + "\n")
    _write(folder / "index.d.ts", types_of(manifest))
    _write(folder / "worker.d.ts", "/** Runs inside a worker; `loadInWorker` talks to it. */\nexport {};\n")
    wasm = tuple(f"tfjs/{path.name}" for path in sorted((folder / "tfjs").glob("*.wasm")))
    _write(folder / "places.js", places((*files, *wasm)))
    if (folder / "slim").is_dir():  # whose TF.js brings binaries of its own
        _write(folder / "slim" / "places.js", places(files, "../"))
        _write(folder / "slim" / "index.d.ts", 'export * from "../index.js";\n')
        _write(folder / "slim" / "worker.d.ts", 'export * from "../worker.js";\n')
    readme = folder / "README.md"
    _write(readme, readme.read_text(encoding="utf-8").replace("<name>", name))


def places(names: Sequence[str], up: str = "./") -> str:
    """places.js: where each file lies, in the one form that bundlers know and carry the file along for."""
    lines = [
        f"  get {json.dumps(name)}() {{\n    return new URL({json.dumps(up + name)}, import.meta.url);\n  }},\n"
        for name in names
    ]
    head = "/** Where the files of this bundle lie; bundlers follow each. @type {Record<string, URL>} */"
    folder = 'export const folder = () => new URL(".", PLACES["manifest.json"]);\n'
    return f"{head}\nexport const PLACES = {{\n{''.join(lines)}}};\n{folder}"


def package_json(manifest: Manifest, name: str) -> dict[str, Any]:
    """What npm wants to know. Everything in the folder belongs to the package."""
    peers = [f"@tensorflow/tfjs-{part}" for part in _PEERS]
    worker = {"types": "./worker.d.ts", "default": "./worker.js"}
    return {
        "name": name,
        "version": npm_version(manifest.version),
        "description": f"{manifest.name} {manifest.version}: a trained model that runs in browsers, workers and Node",
        "private": True,  # a trained model is published by somebody who means it
        "license": "SEE LICENSE IN NOTICE",
        "type": "module",
        "main": "./index.js",
        "types": "./index.d.ts",
        "exports": {
            ".": {"types": "./index.d.ts", "default": "./index.js"},
            "./slim": {"types": "./slim/index.d.ts", "default": "./slim/index.js"},
            "./slim/worker": {"types": "./slim/worker.d.ts", "default": "./slim/worker.js"},
            "./worker": worker,
            "./worker.js": worker,
            "./model.json": "./model.json",
            "./manifest.json": "./manifest.json",
            "./package.json": "./package.json",
            "./*": "./*",
        },
        "files": ["**/*"],
        "engines": {"node": ">=20"},
        "peerDependencies": dict.fromkeys(peers, _PEER_VERSION),
        "peerDependenciesMeta": {peer: {"optional": True} for peer in peers},
    }


def npm_version(version: str) -> str:
    """The version where it is semantic (npm takes no other), else 0.0.0 with it as a pre-release."""
    if _SEMVER.fullmatch(version):
        return version
    return f"0.0.0-v{re.sub(r'[^0-9A-Za-z]+', '-', version).strip('-')}"


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
