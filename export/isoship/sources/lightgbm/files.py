"""Reads LightGBM's own files (`Booster.save_model`).

LightGBM's reader is C++ that trusts what it reads, and a damaged file can end the process. So `model_text.parse` checks
all of the text first. Line ends of Windows are such damage: they end the process, too.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from isoship.errors import MissingExtraError, ModelFileError
from isoship.sources.lightgbm.links import read_objective
from isoship.sources.lightgbm.model_text import ModelTextError, parse
from isoship_edge.encoding.documents import parsed

_CATEGORIES = "\npandas_categorical:"


def read_file(path: Path, notes: list[str]) -> Any:
    """The lightgbm.Booster in a model file.

    Raises:
        ModelFileError: no LightGBM model, cut short, damaged, or of an objective that LightGBM does not have.
        MissingExtraError: lightgbm is not installed.
    """
    how = "Write the file with model.booster_.save_model(path), or Booster.save_model(path)"
    try:
        text = path.read_bytes().decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as err:
        raise ModelFileError(f"{path} is no LightGBM model: it is no UTF-8 text. {how}") from err
    except OSError as err:
        raise ModelFileError(f"cannot read {path}: {err.strerror or err}") from err
    try:
        read_objective(parse(text).objective)
        _check_categories(text)
    except (ModelTextError, ValueError) as err:
        raise ModelFileError(f"{path} is no LightGBM model that can be read: {err}. {how}") from err
    try:
        import lightgbm
    except ImportError as err:
        raise MissingExtraError("lightgbm", "boosters", f"reading {path.name}") from err
    try:
        return lightgbm.Booster(model_str=text)
    except (lightgbm.basic.LightGBMError, ValueError) as err:
        raise ModelFileError(f"{path} is no LightGBM model that can be read: {err}. {how}") from err


def _check_categories(text: str) -> None:
    """What stands behind `pandas_categorical:` is null or a list of lists of strings and numbers."""
    _, found, rest = text.rpartition(_CATEGORIES)
    if not found:
        return
    lists = parsed(rest) or []
    if not isinstance(lists, list) or not all(
        isinstance(each, list) and all(isinstance(value, (str, int, float)) for value in each) for each in lists
    ):
        raise ModelTextError("its pandas_categorical are no lists of categories")
