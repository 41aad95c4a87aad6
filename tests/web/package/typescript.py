"""TypeScript programs against the types of a model, as the compiler of web/ reads them."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from node_script import WEB

from isoship.bundle.npm.types import types_of
from isoship_edge.manifest import Column, Manifest, Output, Signature
from isoship_edge.tensors.signature import Input

STRICT = {
    "strict": True, "noEmit": True, "target": "es2022", "module": "nodenext", "moduleResolution": "nodenext",
    "lib": ["es2023", "dom"], "types": [], "exactOptionalPropertyTypes": True, "noUncheckedIndexedAccess": True,
}  # fmt: skip


def manifest_of(
    columns: tuple[Column, ...] = (),
    outputs: tuple[Output, ...] = (),
    inputs: tuple[Input, ...] = (),
    layout: str = "columns",
) -> Manifest:
    """A manifest of which nothing but the signature and the outputs is asked."""
    signature = Signature("tensors" if inputs else layout, columns, inputs)
    return Manifest("model", "1.0.0", "sha256:0", signature, outputs, {}, None, {}, {})


def write_types(folder: Path, manifest: Manifest) -> None:
    """A package `model` that has types and nothing else, as an application would have it."""
    package = folder / "node_modules" / "model"
    package.mkdir(parents=True)
    (package / "index.d.ts").write_text(types_of(manifest), encoding="utf-8")
    shutil.copy(WEB / "src" / "types.d.ts", package)
    (package / "package.json").write_text(
        json.dumps({"name": "model", "version": "1.0.0", "type": "module", "exports": {".": "./index.d.ts"}})
    )


def compiled(folder: Path, manifest: Manifest, program: str) -> list[str]:
    """What tsc --strict says of a program that imports `model`: a line a fault. Libraries' types are checked, too."""
    write_types(folder, manifest)
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "program.ts").write_text(program, encoding="utf-8")
    (folder / "tsconfig.json").write_text(json.dumps({"compilerOptions": STRICT, "files": ["program.ts"]}))
    tsc = [str(WEB / "node_modules" / ".bin" / "tsc"), "--project", "tsconfig.json", "--pretty", "false"]
    done = subprocess.run(tsc, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    return [line for line in done.stdout.splitlines() if not line.startswith(" ")]
