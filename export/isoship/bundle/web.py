"""The browser target: an npm-ready folder that any static server serves.

web/
  index.html  page/                          the page
  index.js  index.d.ts  worker.js  tfjs/     the runtime, as built from web/ (package data of isoship)
  model.json  group1-shard*.bin              the TF.js graph
  program.json  program.bin                  the double-precision steps around it
  rows.json  rows.bin                        the row program, which answers in its stead, as beside model.onnx
  manifest.json  golden.json                 the same bytes in every target
  package.json  README.md  NOTICE
"""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isoship.errors import BundleError
from isoship.tfjs import WebForm, to_tfjs
from isoship_edge.manifest import ROW_FILES, Manifest, read_manifest

if TYPE_CHECKING:
    import onnx

#: The built browser runtime (web/build.mjs), in the wheel and in an editable checkout.
RUNTIME = Path(__file__).parent.parent / "_web"

#: Files of the built runtime that only bundles of tensors have, as index.html and README.md.
PAGE_OF_TENSORS, README_OF_TENSORS = "tensors.html", "README.tensors.md"
_FOR_TENSORS = frozenset({PAGE_OF_TENSORS, README_OF_TENSORS, "tensors/page"})

_SEMVER = re.compile(
    r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)"
    r"(-(0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)(\.(0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*))*)?(\+[0-9A-Za-z.-]+)?"
)


def write_web(
    folder: Path,
    bundle: Path,
    model: onnx.ModelProto,
    *,
    form: Sequence[Mapping[str, Any]] = (),
    in_doubles: bool = False,
    runtime: Path | None = None,
) -> WebForm:
    """Writes the folder from the canonical model and the bundle's manifest.json, golden.json and row program.

    form: the fields of the page, into program.json. in_doubles: as of `to_tfjs`.
    runtime: a built browser runtime other than the package's own.

    Raises:
        UnsupportedModelError: the model cannot be carried to the browser. Nothing is written then.
        BundleError: the browser runtime is not built, or the bundle has no manifest.
    """
    manifest = read_manifest(bundle)
    runtime = built_runtime(runtime)
    written = to_tfjs(model, folder, name=manifest.name, form=form, in_doubles=in_doubles)
    shutil.copytree(
        runtime, folder, dirs_exist_ok=True, copy_function=shutil.copyfile,
        ignore=lambda place, names: {
            name for name in names if (Path(place) / name).relative_to(runtime).as_posix() in _FOR_TENSORS
        },
    )  # fmt: skip
    rows = tuple(name for name in ROW_FILES if (bundle / name).is_file())
    for name in ("manifest.json", "golden.json", *rows):
        shutil.copyfile(bundle / name, folder / name)
    written = dataclasses.replace(written, files=(*written.files, *rows))
    write_places(folder, ("manifest.json", "golden.json", *written.files, *wasm_of(folder)))
    document = folder / "README.md"
    document.write_text(with_a_row(document.read_text(encoding="utf-8"), form), encoding="utf-8")
    write_package(folder, manifest)
    return written


def built_runtime(given: Path | None = None) -> Path:
    """The built browser runtime: the one given, or the package's own.

    Raises:
        BundleError: it is not built.
    """
    runtime = given or RUNTIME
    if not (runtime / "index.js").is_file():
        raise BundleError(
            f"the browser runtime is not at {runtime}: it is built with Node from a checkout"
            f" (npm ci --prefix web && node web/build.mjs {runtime}) and comes with the wheel"
        )
    return runtime


def with_a_row(document: str, form: Sequence[Mapping[str, Any]]) -> str:
    """README.md with a row of this model in its program: what the page's form shows at first."""
    fields = [
        f"{json.dumps(f['column'], ensure_ascii=False)}: {json.dumps(f['value'], ensure_ascii=False)}" for f in form
    ]
    row, broken = f"{{ {', '.join(fields)} }}", "{\n  " + ",\n  ".join(fields) + ",\n}"
    return document.replace("[ROW]", f"[{row if len(row) <= 80 else broken}]")


def wasm_of(folder: Path) -> tuple[str, ...]:
    """TF.js's binaries in a web folder."""
    return tuple(f"tfjs/{path.name}" for path in sorted((folder / "tfjs").glob("*.wasm")))


def write_places(folder: Path, names: Sequence[str]) -> None:
    """Writes places.js."""
    (folder / "places.js").write_text(places(names), encoding="utf-8")


def write_package(folder: Path, manifest: Manifest) -> None:
    """Writes package.json."""
    package = json.dumps(package_json(manifest), indent=2, ensure_ascii=False)
    (folder / "package.json").write_text(package + "\n", encoding="utf-8")


def places(names: Sequence[str]) -> str:
    """places.js: where each file lies, in the one form that bundlers know and carry the file along for."""
    lines = [f"  {json.dumps(name)}: new URL({json.dumps(f'./{name}')}, import.meta.url),\n" for name in names]
    head = "/** Where the files of this bundle lie; bundlers follow each. @type {Record<string, URL>} */"
    return f"{head}\nexport const PLACES = {{\n{''.join(lines)}}};\n"


def package_json(manifest: Manifest) -> dict[str, Any]:
    """What npm wants to know. Everything in the folder belongs to the package."""
    return {
        "name": manifest.name,
        "version": npm_version(manifest.version),
        "description": f"{manifest.name} {manifest.version}: a trained model that runs in browsers, workers and Node",
        "private": True,  # a trained model is published by somebody who means it
        "license": "SEE LICENSE IN NOTICE",
        "type": "module",
        "main": "./index.js",
        "types": "./index.d.ts",
        "exports": {
            ".": {"types": "./index.d.ts", "default": "./index.js"},
            "./worker.js": "./worker.js",
            "./*": "./*",
        },
        "files": ["**/*"],
        "engines": {"node": ">=20"},
    }


def npm_version(version: str) -> str:
    """The version where it is semantic (npm takes no other), else 0.0.0 with it as a pre-release."""
    if _SEMVER.fullmatch(version):
        return version
    return f"0.0.0-v{re.sub(r'[^0-9A-Za-z]+', '-', version).strip('-')}"
