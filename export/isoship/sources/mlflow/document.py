"""`MLmodel`: YAML with the flavours of a model, its signature and its input example.

flavors:
  sklearn: {pickled_model: model.skops, serialization_format: skops, code: null}
  python_function: {...}
saved_input_example_info: {artifact_path: input_example.json, type: dataframe, pandas_orient: split}
signature: {inputs: '[{"type": "double", "name": "age", "required": true}]', outputs: ...}
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from isoship.errors import ModelFileError

NAME = "MLmodel"
#: MLflow's own are a few kilobytes.
_LARGEST = 2**20


@dataclass(frozen=True)
class Document:
    """flavors: name -> what the flavour says of itself. inputs: the columns or tensors of the signature, as its JSON
    has them; None where there is none. example: what is said of the input example."""

    path: Path
    flavors: Mapping[str, Mapping[str, Any]]
    inputs: tuple[Mapping[str, Any], ...] | None
    example: Mapping[str, Any] | None


def read_document(path: Path) -> Document:
    """Raises:
    ModelFileError: it is no MLmodel file, or a damaged one.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise ModelFileError(f"{path} is larger than a megabyte, and MLflow writes a few kilobytes: it is not read")
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as err:
        raise ModelFileError(f"cannot read {path}: {err.strerror or err}") from err
    except (yaml.YAMLError, ValueError, RecursionError) as err:
        first = (str(err).strip().splitlines() or [type(err).__name__])[0]
        raise ModelFileError(f"{path} is no YAML: {first}. Log the model again with mlflow") from err
    flavors = found.get("flavors") if isinstance(found, dict) else None
    if not isinstance(flavors, dict) or not flavors:
        raise ModelFileError(f"{path} names no flavors, so it is not what MLflow writes. Log the model again")
    flavors = {name: said if isinstance(said, dict) else {} for name, said in flavors.items() if isinstance(name, str)}
    example = found.get("saved_input_example_info")
    return Document(path, flavors, _inputs(path, found), example if isinstance(example, dict) else None)


def _inputs(path: Path, found: dict[str, Any]) -> tuple[Mapping[str, Any], ...] | None:
    """Raises:
    ModelFileError: the signature is damaged.
    """
    signature = found.get("signature")
    text = signature.get("inputs") if isinstance(signature, dict) else None
    if text is None:
        return None
    try:
        inputs = json.loads(text)
    except (TypeError, ValueError, RecursionError) as err:
        raise ModelFileError(f"{path}: signature.inputs is no JSON. Log the model again") from err
    if not isinstance(inputs, list) or not all(isinstance(each, dict) for each in inputs):
        raise ModelFileError(f"{path}: signature.inputs is no list of columns or tensors. Log the model again")
    return tuple(inputs)
