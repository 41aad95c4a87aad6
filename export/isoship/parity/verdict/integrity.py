"""Whether every file of a bundle is the one that was exported, and the manifest the model's own."""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from isoship.bundle import sums
from isoship.bundle.aws_lambda.image import image_faults, package_of
from isoship.bundle.sums import sha256
from isoship.parity.runners.contract import Shipped
from isoship.parity.verdict.compare import Verdict
from isoship.parity.verdict.manifest_check import manifest_differences
from isoship.sources.contract import Source
from isoship_edge.encoding.documents import parsed
from isoship_edge.encoding.golden import decode
from isoship_edge.manifest import ROW_FILES, digest_of

#: What every target carries unchanged.
_CARRIED = ("manifest.json", "model.onnx", "golden.json", "golden.bin", *ROW_FILES)
#: Those that not every bundle has: its manifest lists them where it does.
_LISTED = ("golden.bin", *ROW_FILES)
#: What the browser's folder never holds: it runs model.json.
_NOT_FOR_WEB = ("model.onnx", *ROW_FILES)


def integrity(
    shipped: Shipped,
    source: Source | None = None,
    changed: list[str] | None = None,
    besides: Sequence[str] = (),
) -> Verdict:
    """A verdict named `files`: digests of the bundle itself, and of each target's copies against it.

    source: the model, where it is at hand, to be held against what the manifest says of it.
    changed: `changed_files`, where they are known. besides: what else was found wrong with the files.
    """
    wrong = [*(changed_files(shipped) if changed is None else changed), *besides]
    if source is not None:
        import onnx

        golden, graph = _golden_answers(shipped.folder / "golden.json"), onnx.load(shipped.folder / "model.onnx")
        wrong += manifest_differences(shipped.manifest, source, golden, graph)
    return Verdict("files", "bundle", "double", "disagree" if wrong else "agree", message="\n".join(wrong))


def changed_files(shipped: Shipped) -> list[str]:
    """A line for each file that is not the one that was exported. A bundle of which there is any runs no program."""
    folder = shipped.folder
    wrong: list[str] = []
    spoken_of: set[str] = set()
    model = sha256(folder / "model.onnx")
    digest = digest_of(model, json.loads((folder / "manifest.json").read_bytes()))
    if digest != shipped.manifest.digest:
        wrong.append("model.onnx is not the one that manifest.json speaks of (the digests differ)")
    for name, expected in shipped.manifest.files.items():
        path = folder / name
        if path.is_file() and sha256(path) == expected:
            continue
        spoken_of.add(name)
        wrong.append(f"{name} was changed after the export" if path.is_file() else f"{name} is missing")
    golden = folder / "golden.json"
    if golden.is_file() and parsed(golden.read_bytes()).get("digest") != shipped.manifest.digest:
        wrong.append("golden.json belongs to another model (the digests differ)")
    recorded = "targets" in shipped.manifest.provenance
    if recorded and "lambda" in shipped.targets:
        if package_of(folder) == "image":
            wrong += image_faults(folder)
        elif not (folder / "lambda.zip").is_file():
            wrong.append("lambda.zip is missing")
    carried = [name for name in _CARRIED if name not in _LISTED or name in shipped.manifest.files]
    for target in shipped.targets:
        for name in carried:
            copy = folder / target / name
            if not copy.is_file():
                due = recorded and not (target == "web" and name in _NOT_FOR_WEB)
                wrong += [f"{target}/{name} is missing"] if due else []
            elif (folder / name).is_file() and copy.read_bytes() != (folder / name).read_bytes():
                wrong.append(f"{target}/{name} differs from the bundle's own")
            else:
                continue
            spoken_of.add(f"{target}/{name}")
    wrong += _stale_zip(folder)
    if recorded:
        wrong += sums.differences(folder, spoken_of)
    return wrong


def _golden_answers(path: Path) -> dict[str, Any]:
    expected = parsed(path.read_bytes()).get("expected", {}) if path.is_file() else {}
    return {name: decode(values) for name, values in expected.items()}


def _stale_zip(folder: Path) -> list[str]:
    path = folder / "lambda.zip"
    if not path.is_file():
        return []
    if not zipfile.is_zipfile(path):
        return ["lambda.zip is no zip file"]
    target = folder / "lambda"
    with zipfile.ZipFile(path) as archive:
        held = {member.filename: member.CRC for member in archive.infolist() if not member.is_dir()}
        wrong = [
            f"lambda.zip holds another {name} than the bundle"
            for name in _CARRIED
            if name in held and (folder / name).is_file() and archive.read(name) != (folder / name).read_bytes()
        ]
    if wrong or not target.is_dir():
        return wrong
    # the check runs lambda/, and what is deployed may be the zip
    there = {p.relative_to(target).as_posix(): p for p in target.rglob("*") if p.is_file()}
    other = sorted(held.keys() ^ there.keys())
    other += [name for name in held.keys() & there.keys() if zlib.crc32(there[name].read_bytes()) != held[name]]
    return [f"lambda.zip is not what lambda/ holds: {', '.join(sorted(other)[:5])}"] if other else []
