"""What is inside a fitted CatBoost model: the JSON document that the library itself writes of it.

`save_model(format="json")` keeps every double to the last bit; borders are float32 written as doubles.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

Document = dict[str, Any]


def document_of(model: Any) -> Document:
    """The model as CatBoost's JSON: `features_info`, `oblivious_trees` or `trees`, `ctr_data`, `scale_and_bias`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.json"
        model.save_model(str(path), format="json")
        document: Document = json.loads(path.read_bytes())
    return document


def loss_of(document: Document) -> str:
    """The name of the loss function, such as `MultiClass`; "" where the model does not say (a sum of models)."""
    params = document.get("model_info", {}).get("params", {})
    if isinstance(params, str):
        params = json.loads(params)
    loss = params.get("loss_function", {}) if isinstance(params, dict) else {}
    return str(loss.get("type", "")) if isinstance(loss, dict) else str(loss)


def reads_more_than_columns(model: Any) -> str:
    """What the model reads beside numbers and categories: "text", "embeddings", or "" (CatBoost writes no JSON of
    the first two)."""
    inner = model._object
    if inner._get_text_feature_indices():
        return "text"
    return "embeddings" if inner._get_embedding_feature_indices() else ""


def beyond_columns(what: str) -> tuple[str, str]:
    """Why a model that reads text or embeddings is refused, and what to do instead."""
    return f"it reads {what}, which CatBoost turns into numbers of its own", "Train it on numbers and categories"


def categorical_columns(model: Any) -> list[int]:
    """The positions of the columns that the model takes as categories."""
    return [int(i) for i in model._object._get_cat_feature_indices()]
