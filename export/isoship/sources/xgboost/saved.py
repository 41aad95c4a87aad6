"""What `save_model` of scikit-learn's interface kept of an estimator, in the Booster's attribute `scikit_learn`.

| written by | the attribute holds |
|---|---|
| 2.0 and later | `_estimator_type`, nothing else |
| 1.4 to 1.7 | every parameter, `missing` among them, and `_estimator_type` |
| 1.0 to 1.3 | every parameter, `type` (the class), `best_iteration`, `best_ntree_limit` |
| 1.0 to 1.5 | the classes by their names, too |

Today's XGBoost reads `_estimator_type` alone.
"""

from __future__ import annotations

import json
import math
from typing import Any

#: Where an estimator holds the names of its classes that its file keeps.
NAMES = "names_in_file"
_CLASSES = {"classifier": "XGBClassifier", "regressor": "XGBRegressor", "ranker": "XGBRanker"}
_BY_TYPE = {
    "XGBClassifier": "classifier",
    "XGBRFClassifier": "classifier",
    "XGBRegressor": "regressor",
    "XGBRFRegressor": "regressor",
    "XGBRanker": "ranker",
}


def as_saved(booster: Any, data: bytes, name: str, notes: list[str]) -> Any:
    """The estimator whose save_model wrote the file; the Booster itself where none did. name: of the file."""
    import xgboost

    try:
        kept = json.loads(booster.attr("scikit_learn") or "{}")
    except ValueError:
        kept = {}
    kept = kept if isinstance(kept, dict) else {}
    kind = kept.get("_estimator_type") or _BY_TYPE.get(str(kept.get("type")))
    if kind not in _CLASSES:
        return booster
    estimator = getattr(xgboost, _CLASSES[kind])()
    estimator.load_model(bytearray(data))
    _keep_missing(estimator, kept, name, notes)
    _keep_best_round(estimator, kept)
    names = _class_names(kept)
    if names is not None:
        listed = ", ".join(f"{i} is {value!r}" for i, value in enumerate(names[:20]))
        notes.append(f"{name} keeps the names of its classes, which XGBoost no longer reads: {listed}")
        setattr(estimator, NAMES, tuple(names))
    return estimator


def _keep_missing(estimator: Any, kept: dict[str, Any], name: str, notes: list[str]) -> None:
    value = kept.get("missing")
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        estimator.missing = value
        if not math.isnan(value):
            notes.append(f"{name} was trained with missing={value}: that number counts as missing, as NaN does")
    elif "missing" not in kept:
        notes.append(
            f"{name} does not keep the parameter `missing`: NaN alone counts as missing. Where another number did in"
            f" training, load it yourself ({type(estimator).__name__}(missing=0), then load_model) and export that"
        )


def _keep_best_round(estimator: Any, kept: dict[str, Any]) -> None:
    """Early stopping, where the file says it of the estimator and not of its Booster."""
    booster = estimator.get_booster()
    if booster.attr("best_iteration") is not None:
        return
    best = kept.get("best_iteration")
    if best is None and isinstance(kept.get("best_ntree_limit"), int):
        best = kept["best_ntree_limit"] // max(int(kept.get("num_parallel_tree") or 1), 1) - 1
    if isinstance(best, int) and 0 <= best < booster.num_boosted_rounds():
        booster.set_attr(best_iteration=str(best))


def _class_names(kept: dict[str, Any]) -> list[Any] | None:
    """The classes where they are no numbers 0, 1, ...; None where they are, or the file does not say."""
    encoder = kept.get("_le")
    names = encoder.get("classes_") if isinstance(encoder, dict) else kept.get("classes_")
    if not isinstance(names, list) or names == list(range(len(names))):
        return None
    return names
