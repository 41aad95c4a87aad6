"""The browser target: an npm-ready folder that any static server serves.

web/
  index.html  page/                          the page
  index.js  worker.js  slim/  tfjs/          the runtime, as built from web/ (package data of isoship)
  model.json  group1-shard*.bin              the TF.js graph
  program.json  program.bin                  the double-precision steps around it
  rows.json  rows.bin                        the row program, which answers in its stead, as beside model.onnx
  manifest.json  golden.json                 the same bytes in every target
  package.json  index.d.ts  README.md  NOTICE
"""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isoship.bundle.npm.package import WebPackage, write_package
from isoship.bundle.npm.size import weighed
from isoship.errors import BundleError
from isoship.tfjs import WebForm, to_tfjs
from isoship_edge.manifest import ROW_FILES, read_manifest

if TYPE_CHECKING:
    import onnx

#: The built browser runtime (web/build.mjs), in the wheel and in an editable checkout.
RUNTIME = Path(__file__).parent.parent / "_web"

#: Files of the built runtime that only bundles of tensors have, as index.html and README.md.
PAGE_OF_TENSORS, README_OF_TENSORS = "tensors.html", "README.tensors.md"
_FOR_TENSORS = frozenset({PAGE_OF_TENSORS, README_OF_TENSORS, "tensors/page"})


def write_web(
    folder: Path,
    bundle: Path,
    model: onnx.ModelProto,
    *,
    form: Sequence[Mapping[str, Any]] = (),
    in_doubles: bool = False,
    package: WebPackage | None = None,
    runtime: Path | None = None,
) -> WebForm:
    """Writes the folder from the canonical model and the bundle's manifest.json, golden.json and row program.

    form: the fields of the page, into program.json. in_doubles: as of `to_tfjs`. package: of npm.
    runtime: a built browser runtime other than the package's own.

    Raises:
        UnsupportedModelError: the model cannot be carried to the browser. Nothing is written then.
        BundleError: the browser runtime is not built, or the bundle has no manifest.
        InputError: the model is larger than the package may be.
    """
    manifest, package = read_manifest(bundle), package or WebPackage()
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
    files = (*written.files, *rows)
    large = weighed(folder, files, package.most_mb)
    document = folder / "README.md"
    document.write_text(with_a_row(document.read_text(encoding="utf-8"), form), encoding="utf-8")
    write_package(folder, manifest, ("manifest.json", "golden.json", *files), package)
    return dataclasses.replace(written, files=files, notes=(*written.notes, *filter(None, [large])))


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
