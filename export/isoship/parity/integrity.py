"""Are the files of a bundle those that its manifest speaks of, in every target?"""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path

from isoship.parity.compare import Verdict
from isoship.parity.contract import Shipped
from isoship_edge.manifest import digest_of

#: What every target carries unchanged.
_CARRIED = ("manifest.json", "model.onnx", "golden.json")


def integrity(shipped: Shipped) -> Verdict:
    """A verdict named `files`: digests of the bundle itself, and of each target's copies against it."""
    folder, wrong = shipped.folder, []
    model = sha256(folder / "model.onnx")
    digest = digest_of(model, json.loads((folder / "manifest.json").read_bytes()))
    if digest != shipped.manifest.digest:
        wrong.append("model.onnx is not the one that manifest.json speaks of (the digests differ)")
    for name, expected in shipped.manifest.files.items():
        path = folder / name
        if not path.is_file():
            wrong.append(f"{name} is missing")
        elif sha256(path) != expected:
            wrong.append(f"{name} was changed after the export")
    golden = folder / "golden.json"
    if golden.is_file() and json.loads(golden.read_bytes()).get("digest") != shipped.manifest.digest:
        wrong.append("golden.json belongs to another model (the digests differ)")
    recorded = "targets" in shipped.manifest.provenance
    if recorded and "lambda" in shipped.targets and not (folder / "lambda.zip").is_file():
        wrong.append("lambda.zip is missing")
    for target in shipped.targets:
        for name in _CARRIED:
            copy = folder / target / name
            if not copy.is_file():
                # the browser runs model.json, and its folder never holds model.onnx
                due = recorded and (target, name) != ("web", "model.onnx")
                wrong += [f"{target}/{name} is missing"] if due else []
            elif (folder / name).is_file() and copy.read_bytes() != (folder / name).read_bytes():
                wrong.append(f"{target}/{name} differs from the bundle's own")
    wrong += _stale_zip(folder)
    return Verdict("files", "bundle", "double", "disagree" if wrong else "agree", message="\n".join(wrong))


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _stale_zip(folder: Path) -> list[str]:
    path = folder / "lambda.zip"
    if not path.is_file():
        return []
    if not zipfile.is_zipfile(path):
        return ["lambda.zip is no zip file"]
    with zipfile.ZipFile(path) as archive:
        held = set(archive.namelist())
        return [
            f"lambda.zip holds another {name} than the bundle"
            for name in _CARRIED
            if name in held and archive.read(name) != (folder / name).read_bytes()
        ]
