"""The edge target: a folder that runs wherever Python and glibc 2.28 are.

edge/
  run                                 starts it: predict, serve, selftest
  isoship_edge/                       standard library only
  lib/<arch>/libonnxruntime.so.*      one an architecture
  licenses/  manifest.json  model.onnx  golden.json  README.md
  SHA256SUMS                          of all these; `run` compares what it is about to use
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from isoship.bundle.runtime_files import copy_model, copy_packages, folder_bytes
from isoship.bundle.sums import write_folder_sums
from isoship.bundle.target import Target
from isoship.bundle.wheels.fetch import Progress
from isoship.bundle.wheels.native import write_library
from isoship.errors import BundleError
from isoship_edge.manifest import Manifest, read_manifest

#: The oldest Python whose grammar and standard library isoship_edge keeps to (tests/bundle/test_edge.py).
MIN_PYTHON = (3, 10)

# -I: neither the caller's folder, nor PYTHON* variables, nor the user's site-packages decide what is imported.
# It also hides PYTHONDONTWRITEBYTECODE, which a read-only or checked folder needs: passed on as -B.
_RUN = """\
#!/bin/sh
# Runs this bundle with python3, or else another suitable Python. ISOSHIP_PYTHON names the one to use.
set -eu
self=$0
while [ -L "$self" ]; do
  link=$(readlink "$self")
  case $link in
    /*) self=$link ;;
    *) self=$(dirname "$self")/$link ;;
  esac
done
here=$(CDPATH='' cd -- "$(dirname -- "$self")" && pwd -P)
all="python3 python3.14 python3.13 python3.12 python3.11 python3.10"
[ -z "${{ISOSHIP_PYTHON:-}}" ] || all=
for python in ${{ISOSHIP_PYTHON:+"$ISOSHIP_PYTHON"}} $all; do
  "$python" -I -S -c 'import sys; sys.exit(sys.version_info < ({major}, {minor}))' 2>/dev/null || continue
  exec "$python" -I ${{PYTHONDONTWRITEBYTECODE:+-B}} -c '
import runpy, sys
sys.path.insert(0, sys.argv.pop(1))
runpy.run_module("isoship_edge", run_name="__main__", alter_sys=True)' "$here" "$@"
done
echo "$0 needs Python {major}.{minor} or newer; tried: ${{ISOSHIP_PYTHON:-$all}}. ISOSHIP_PYTHON names another one" >&2
exit 2
"""

_NATIVE = ", Linux with glibc 2.28 or newer ({archs})"
_ROWS = """\
Where ONNX Runtime's library does not run, the row program (`rows.json`) answers alone, and `run` says so; a batch takes
longer there. `ISOSHIP_ENGINE` is `rows` or `onnxruntime` to choose one.
"""
_ROWS_ALONE = "The row program (`rows.json`) answers. There is no ONNX Runtime here, and a batch takes longer.\n"
_PREDICT_ROWS = (
    "    ./run predict rows.csv                          # a file of rows, or - for rows that arrive on standard input"
)
_PREDICT_TENSORS = (
    '    ./run predict calls.jsonl                       # lines of {"inputs": {...}}, or - for standard input'
)

_README = """\
# {name} {version}

`{digest}`

Needs Python {major}.{minor} or newer{native}; nothing to install.
{rows}
    ./run selftest                                  # answers the golden rows; exit 0 when all agree
    ./run serve --host 0.0.0.0 --port 8080          # the HTTP API: POST /predict, /docs, /v2
{predict}

{inputs}; their names and types are in `manifest.json`, and typed at `/docs`.
Copy the whole folder; it runs from any place and writes nothing but Python's own bytecode beside its modules
(not with `PYTHONDONTWRITEBYTECODE=1`). ONNX Runtime's telemetry is off, and nothing is fetched.
Before an answer it compares its files with `SHA256SUMS`, as `sha256sum -c SHA256SUMS` does: a damaged one is named,
with exit code 3.
"""


@dataclass(frozen=True)
class EdgeBuild:
    """What was written, in bytes."""

    folder: Path
    archs: tuple[str, ...]
    size: int


def write_edge(
    folder: Path,
    bundle_root: Path,
    *,
    archs: Sequence[str] = ("x86_64", "aarch64"),
    native: bool = True,
    offline: bool = False,
    progress: Progress | None = None,
) -> EdgeBuild:
    """Writes the edge folder of the bundle at `bundle_root`, with a library for each architecture unless not `native`.

    Raises:
        WheelsUnavailable: onnxruntime's wheels are missing and cannot (or, `offline`, may not) be fetched.
        BundleError: a wheel is damaged or an architecture unknown.
    """
    chosen = tuple(dict.fromkeys(Target("3.13", arch).arch for arch in archs))
    if not chosen:
        raise BundleError("an edge bundle needs an architecture: x86_64, aarch64 or both")
    folder.mkdir(parents=True)
    for arch in chosen if native else ():
        write_library(folder, arch, offline=offline, progress=progress)
    copy_packages(folder, ("isoship_edge",))
    copy_model(folder, bundle_root)
    major, minor = MIN_PYTHON
    run = folder / "run"
    run.write_text(_RUN.format(major=major, minor=minor), encoding="utf-8")
    run.chmod(0o755)
    (folder / "README.md").write_text(_readme(read_manifest(bundle_root), chosen if native else ()), encoding="utf-8")
    write_folder_sums(folder)
    size = folder_bytes(folder)
    what = f"for {', '.join(chosen)}" if native else "without ONNX Runtime"
    if progress:
        progress(f"edge/ {what}: {size / 1e6:.1f} MB")
    return EdgeBuild(folder, chosen, size)


def _readme(manifest: Manifest, archs: Sequence[str]) -> str:
    tensors = manifest.signature.layout == "tensors"
    has_rows = manifest.row_program is not None and manifest.row_program.lacks is None
    return _README.format(
        predict=_PREDICT_TENSORS if tensors else _PREDICT_ROWS,
        inputs=_counted(len(manifest.signature.inputs), "input tensor") if tensors else
        f"{len(manifest.signature.columns)} input columns",
        name=manifest.name, version=manifest.version, digest=manifest.digest,
        native=_NATIVE.format(archs=", ".join(archs)) if archs else "",
        rows=_ROWS_ALONE if not archs else _ROWS if has_rows else "",
        major=MIN_PYTHON[0], minor=MIN_PYTHON[1],
    )  # fmt: skip


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
