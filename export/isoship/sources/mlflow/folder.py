"""An MLflow model folder: which file in it is the model, and where its input example is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from isoship.errors import ModelFileError
from isoship.sources.mlflow.document import NAME, Document, read_document
from isoship.sources.mlflow.flavors import Refusal, place_of

#: How deep an MLflow folder is looked for: a run's folder holds artifacts/model/MLmodel.
_DEEPEST = 3


@dataclass(frozen=True)
class Folder:
    """file: the model (a folder itself for a SavedModel). ending: that of the files which are read as it is."""

    path: Path
    document: Document
    file: Path
    ending: str

    @property
    def brings_code(self) -> bool:
        """Whether modules of the model's own lie beside it (`code_paths`). They are never imported from there."""
        return any(said.get("code") for said in self.document.flavors.values())


def folder_of(path: Path) -> Folder | None:
    """The model folder that a path is, or that lies in it as the only one; None for everything else.

    Raises:
        ModelFileError: several models lie in it, MLmodel is damaged, the flavour is not read, or the model's file is
            missing or outside.
    """
    if not path.is_dir() or (path / "saved_model.pb").is_file():
        return None
    homes = _homes(path)
    if not homes:
        return None
    if len(homes) > 1:
        few = ", ".join(str(home) for home in homes[:3])
        raise ModelFileError(f"{path} holds {len(homes)} MLflow model folders. Give one of them: {few}")
    home = homes[0]
    document = read_document(home / NAME)
    place = place_of(document.flavors)
    if isinstance(place, Refusal):
        raise ModelFileError(f"{home} is an MLflow model folder that {place.why}. {place.way}")
    return Folder(home, document, inside(home, place.file), place.ending)


def inside(folder: Path, name: str) -> Path:
    """A path in a folder by the name that the folder's own documents have for it.

    Raises:
        ModelFileError: it is not there, or leads out of the folder.
    """
    place = folder / name
    if "\0" in name or not name.strip() or not place.resolve().is_relative_to(folder.resolve()):
        raise ModelFileError(f"{folder / NAME} names the file {name!r}, which is not inside the folder: it is not read")
    if not place.exists():
        raise ModelFileError(f"{folder / NAME} names the file {name!r}, which is not there. Copy the whole folder")
    return place


def _homes(path: Path) -> list[Path]:
    """Folders in which MLflow keeps a model: the path itself, or those nearest below it."""
    for depth in range(_DEEPEST + 1):
        found = sorted(each.parent for each in path.glob("*/" * depth + NAME) if each.is_file())
        if found:
            return found
    return []
