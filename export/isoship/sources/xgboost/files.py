"""Reads XGBoost's own files, JSON and UBJSON. They are checked first: XGBoost follows a file's indices blindly.

A model that scikit-learn's interface saved comes back as XGBClassifier, XGBRegressor or XGBRanker, a native one as a
Booster.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from isoship.errors import MissingExtraError, ModelFileError
from isoship.sources.xgboost.document import DamagedModelError, check_document
from isoship.sources.xgboost.saved import as_saved
from isoship.sources.xgboost.ubjson import UbjsonError, is_ubjson, read_ubjson
from isoship.sources.xgboost.versions import refuse_newer


def read_file(path: Path, notes: list[str]) -> Any:
    """An XGBClassifier, XGBRegressor, XGBRanker or Booster.

    Raises:
        ModelFileError: no XGBoost model, a damaged one, or one that the installed XGBoost does not read.
        MissingExtraError: XGBoost is not installed.
    """
    try:
        data = path.read_bytes()
    except OSError as err:
        raise ModelFileError(f"cannot read {path}: {err.strerror or err}") from err
    document = _document(path, data)
    try:
        check_document(document)
    except DamagedModelError as err:
        raise ModelFileError(
            f"{path} is a damaged XGBoost model: {err}. Save it again with save_model from the trained model"
        ) from err
    try:
        import xgboost
    except ImportError as err:
        raise MissingExtraError("xgboost", "boosters", f"reading {path.name}") from err
    _note_version(path, document, xgboost.__version__, notes)
    try:
        booster = xgboost.Booster()
        booster.load_model(bytearray(data))
        return as_saved(booster, data, path.name, notes)
    except (xgboost.core.XGBoostError, ValueError, TypeError, KeyError, OverflowError) as err:
        raise ModelFileError(
            f"{path} is no model that XGBoost {xgboost.__version__} reads: {_plainly(err)}. Save it again with"
            " save_model from the trained model"
        ) from err


def _document(path: Path, data: bytes) -> Any:
    """What the file holds, whichever of the two forms it has, if that may be an XGBoost model."""
    if is_old_form(data):
        raise ModelFileError(
            f"{path} is XGBoost's old binary form, which XGBoost 3.1 and later do not read. Load it with XGBoost 3.0 or"
            " older and save it with save_model('model.json')"
        )
    try:
        document = read_ubjson(data) if is_ubjson(data) else json.loads(data)
    except UbjsonError as err:
        raise ModelFileError(f"{path} is cut short or damaged: {err}. Copy or save it again") from err
    except (ValueError, RecursionError) as err:
        raise ModelFileError(f"{path} holds neither JSON nor XGBoost's UBJSON: {_plainly(err)}. {_WANTED}") from err
    what = _something_else(document)
    if what:
        raise ModelFileError(f"{path} {what}")
    return document


def is_old_form(data: bytes) -> bool:
    """Whether these are parameters as XGBoost 2 and older laid them out in memory, with the booster's name behind."""
    named = any(name in data[:400] for name in (b"gbtree", b"gblinear", b"dart"))
    return data[:4] == b"binf" or (data[:1] != b"{" and b"\0" in data[:16] and named)


_WANTED = "Give a file that save_model of an XGBoost model wrote"


def _something_else(document: Any) -> str | None:
    """What a document without a learner is, and the way out."""
    keys = set(document) if isinstance(document, dict) else set()
    if "learner" in keys:
        return None
    if {"oblivious_trees", "trees"} & keys and {"model_info", "features_info"} & keys:
        return (
            "is CatBoost's JSON form, which leaves out the names of categories. Save the model with"
            " model.save_model('model.cbm')"
        )
    if {"tree_info", "num_class"} <= keys:
        return "is a dump of a LightGBM model. Save the model with booster.save_model('model.txt')"
    if {"modelTopology", "weightsManifest"} & keys:
        return "is a TensorFlow.js model. Export the model that it was made from"
    if (
        isinstance(document, list)
        and document
        and isinstance(document[0], dict)
        and {"nodeid", "leaf"} & set(document[0])
    ):
        return "is a dump (dump_model) of an XGBoost model, which no program reads back. Write it with save_model"
    if "Model" in keys and "Config" in keys:
        return "is a snapshot of a training in XGBoost. Write the model with save_model"
    found = f"an object with the keys {', '.join(map(repr, sorted(keys)[:4]))}" if keys else type(document).__name__
    return f"is JSON, but no XGBoost model (it holds {found}). {_WANTED}"


def _note_version(path: Path, document: Any, installed: str, notes: list[str]) -> None:
    """Raises ModelFileError where a newer XGBoost wrote the file."""
    version = document.get("version")
    if not isinstance(version, list) or not all(isinstance(part, int) for part in version):
        notes.append(f"{path.name} does not say which XGBoost wrote it; this is {installed}")
        return
    refuse_newer(str(path), tuple(version))
    wrote = ".".join(map(str, version))
    if wrote != installed:
        notes.append(f"{path.name} was written by XGBoost {wrote}; this is {installed}, and its answers are the truth")


def _plainly(err: BaseException) -> str:
    """The first line of an error, without XGBoost's time and place in front."""
    text = str(err).strip()
    first = text.splitlines()[0] if text else type(err).__name__
    return first.rpartition("Check failed: ")[2][:200]
