"""The model's files, held against the manifest."""
# ruff: noqa: PTH113, PTH118

from __future__ import annotations

import os

from isoship_edge.digests import WAY_OUT, check_file, sha256_of_file
from isoship_edge.errors import DamagedFile
from isoship_edge.manifest import ROW_FILES, Manifest, digest_of

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any


def check_model(folder: str | Path, document: dict[str, Any], manifest: Manifest, *, rows: bool = False) -> None:
    """The model's files against the manifest, before any of them is used. rows: and the row program's.

    Raises:
        DamagedFile: one is another than the manifest speaks of.
    """
    path = os.path.join(folder, "model.onnx")
    if not os.path.isfile(path):
        raise DamagedFile(f"no model at {path}. Give the folder that `isoship export` wrote")
    for name, listed in manifest.files.items():
        if name.startswith("model.onnx") or (rows and name in ROW_FILES):
            check_file(os.path.join(folder, name), listed)
    if "checksum" not in document and digest_of(sha256_of_file(path), document) != manifest.digest:
        raise DamagedFile(
            f"{path} and manifest.json beside it do not belong together: their digest is not {manifest.digest}."
            f" {WAY_OUT}"
        )
