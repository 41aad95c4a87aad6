"""How near XGBoost's own answers can be met: it computes links in float32, with the C library's own `expf`."""

from __future__ import annotations

import json
from typing import Any

from isoship.sources.xgboost.links import EXACT
from isoship_edge.manifest import Tolerance

#: A bundle's digest holds these words; XGBoost calls raw scores margins.
_LINK = Tolerance(
    1e-9, 2.0**-22, "XGBoost computes its link in float32: two units in the last place of a float32, margins bit-equal"
)
_PROBABILITY = Tolerance(
    2.0**-23,
    2.0**-22,
    "XGBoost computes probabilities in float32, one minus the other: two units in the last place of a float32 below 1",
)
_SOFTMAX = Tolerance(
    2.0**-22,
    2.0**-20,
    "XGBClassifier(objective='multi:softmax') takes scipy's softmax in float32, with numpy's own exp of up to 3 ulp",
)


def double_tolerances(estimator: Any) -> tuple[Tolerance, ...] | None:
    """What an estimator needs instead of 1e-9, nothing where it answers its raw scores; None where it is not fitted."""
    held = vars(estimator)
    booster = held.get("_Booster", held.get("booster"))
    if type(booster).__name__ != "Booster":
        return None
    objective: str = json.loads(booster.save_config())["learner"]["objective"]["name"]
    if objective == "multi:softmax":
        return (_SOFTMAX,)
    if objective.startswith(("binary:", "multi:")) and objective != "binary:hinge":
        return (_PROBABILITY,)
    return () if objective in EXACT else (_LINK,)
