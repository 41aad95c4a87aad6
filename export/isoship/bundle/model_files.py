"""Where model files and folders lie that this user exported, so that `check` finds them again.

It is kept in the user's cache folder and not in the bundle, which may be somebody else's: a path of theirs could lead
to any pickle, and loading a pickle runs it. The bundle says which record is its own, by the record's sha256.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from pathlib import Path
from typing import NamedTuple

from isoship.bundle.sums import sha256
from isoship.bundle.wheels.fetch import cache_folder
from isoship_edge.encoding.documents import parsed, texts

_RECORD = re.compile("[0-9a-f]{64}")


class ModelFile(NamedTuple):
    path: Path
    sha256: str


def remember(bundle: Path, digest: str, model: Path | None) -> None:
    """Notes where the model file of a bundle lies; the model itself is not copied. None: it came from no file."""
    record = None
    if model is not None and model.exists():
        known = {"digest": digest, "path": str(model.absolute()), "sha256": fingerprint(model)}
        text = (json.dumps(known, indent=2) + "\n").encode()
        with contextlib.suppress(OSError):  # `check` asks for --model then
            _records().mkdir(parents=True, exist_ok=True)
            name = hashlib.sha256(text).hexdigest()
            (_records() / f"{name}.json").write_bytes(text)
            record = name
    (bundle / ".isoship").mkdir(exist_ok=True)
    (bundle / ".isoship" / "source.json").write_text(json.dumps({"record": record}) + "\n", encoding="utf-8")


def fingerprint(model: Path) -> str:
    """The sha256 of a model file, or of the names and digests of all files of a model folder."""
    if model.is_file():
        return sha256(model)
    files = sorted((each.relative_to(model).as_posix(), each) for each in model.rglob("*") if each.is_file())
    return hashlib.sha256("".join(f"{sha256(each)}  {name}\n" for name, each in files).encode()).hexdigest()


def recall(bundle: Path, digest: str) -> ModelFile | None:
    """The model file that this user exported as this bundle; None where no record says so."""
    try:
        record = parsed((bundle / ".isoship" / "source.json").read_bytes())["record"]
        if not _RECORD.fullmatch(record):
            return None
        text = (_records() / f"{record}.json").read_bytes()
        known = texts(parsed(text), "a record of a model file")
        if known["digest"] != digest or hashlib.sha256(text).hexdigest() != record:
            return None
        return ModelFile(Path(known["path"]), known["sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _records() -> Path:
    return cache_folder() / "models"
