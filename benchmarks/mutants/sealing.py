"""Copies of a bundle, and a seal as fresh as an export's: digests alone never give a planted fault away."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from pathlib import Path
from typing import Any

from isoship.bundle import sums
from isoship.bundle.deterministic_zip import write_zip
from isoship.bundle.wheels.fetch import cache_folder
from isoship_edge.manifest import ROW_FILES, digest_of, sealed

#: What the targets carry of the bundle's own files.
_CARRIED = {
    "lambda": ("manifest.json", "model.onnx", "golden.json", "golden.bin", *ROW_FILES),
    "edge": ("manifest.json", "model.onnx", "golden.json", "golden.bin", *ROW_FILES),
    "web": ("manifest.json", "golden.json", *ROW_FILES),
}
_VERDICTS = shutil.ignore_patterns("parity.json", "parity.html")


def copied(bundle: Path, folder: Path) -> Path:
    """A copy that shares every file with the bundle until `put` replaces it."""
    shutil.copytree(bundle, folder, copy_function=os.link, ignore=_VERDICTS)
    return folder


def derived(bundle: Path, folder: Path, targets: tuple[str, ...]) -> Path:
    """The bundle as if it had been exported for these targets alone."""
    copied(bundle, folder)
    for target in set(_CARRIED) - set(targets):
        shutil.rmtree(folder / target, ignore_errors=True)
        if target == "lambda":
            (folder / "lambda.zip").unlink(missing_ok=True)
    document = manifest_of(folder)
    document["provenance"]["targets"] = ",".join(targets)
    document["files"] = {n: h for n, h in document["files"].items() if not n.startswith("web/") or "web" in targets}
    put_manifest(folder, document)
    seal(folder)
    return folder


def put(path: Path, data: bytes) -> None:
    """Replaces a file, or writes a new one; other bundles that share it keep theirs."""
    aside = path.with_name(f".{path.name}.aside")
    aside.write_bytes(data)
    if path.exists():
        shutil.copymode(path, aside)
    aside.replace(path)


def replaced(path: Path, old: str, new: str) -> None:
    """Replaces a passage that stands exactly once in a text file.

    Raises:
        LookupError: it stands there never, or more than once: the file has changed, and the mutant must follow.
    """
    text = path.read_text(encoding="utf-8")
    if text.count(old) != 1:
        raise LookupError(f"{path.name} holds {text.count(old)} times {old!r}, expected once")
    put(path, text.replace(old, new).encode())


def manifest_of(folder: Path) -> Any:
    return json.loads((folder / "manifest.json").read_bytes())


def put_manifest(folder: Path, document: Any) -> None:
    put(folder / "manifest.json", sealed(document))


def seal(folder: Path) -> None:
    """Digest, sha256 of files, the targets' copies and lambda.zip, all of what now lies in the folder."""
    document = manifest_of(folder)
    document["files"] |= {name: sums.sha256(folder / name) for name in ROW_FILES if name in document["files"]}
    document["digest"] = digest_of(sums.sha256(folder / "model.onnx"), document)
    golden = json.loads((folder / "golden.json").read_bytes())
    if golden["digest"] != document["digest"]:
        golden["digest"] = document["digest"]
        put(folder / "golden.json", json.dumps(golden, ensure_ascii=False, allow_nan=False).encode())
    _carry(folder)
    document["files"] = {name: sums.sha256(folder / name) for name in document["files"]}
    put_manifest(folder, document)
    _carry(folder)
    if (folder / "lambda").is_dir() and not zip_is(folder / "lambda.zip", folder / "lambda"):
        (folder / "lambda.zip").unlink()
        write_zip(folder / "lambda", folder / "lambda.zip", cache_folder() / "deflated")
    if (folder / "edge" / sums.NAME).is_file():
        (folder / "edge" / sums.NAME).unlink()
        sums.write_folder_sums(folder / "edge")
    (folder / sums.NAME).unlink(missing_ok=True)  # other bundles that share it keep theirs
    sums.write_sums(folder)


def _carry(folder: Path) -> None:
    for target, names in _CARRIED.items():
        for name in names if (folder / target).is_dir() else ():
            if (folder / name).is_file() and (folder / target / name).read_bytes() != (folder / name).read_bytes():
                put(folder / target / name, (folder / name).read_bytes())


def zip_is(archive: Path, folder: Path) -> bool:
    """The zip holds the folder's files and nothing else."""
    files = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file()}
    with zipfile.ZipFile(archive) as held:
        return set(held.namelist()) == set(files) and all(held.read(n) == p.read_bytes() for n, p in files.items())
