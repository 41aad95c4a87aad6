"""Converters of LightGBM estimators.

frame -> matrix (categories to codes) -> trees -> leaf values [N, T] -> Reshape [N, S, K] -> CumSum, Gather -1
      -> (Div by the number of iterations where boosting is rf) -> link -> label

The model is read from its text (`model_text`), cut to the iterations that `predict` uses.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from isoship.onnx.trees import write_leaf_numbers, write_leaf_values, write_sum
from isoship.sources.lightgbm import linear_trees
from isoship.sources.lightgbm.links import Objective, read_objective, write_link
from isoship.sources.lightgbm.matrix import matrix_of
from isoship.sources.lightgbm.model_text import ModelText, parse
from isoship.sources.lightgbm.trees import without_tiny, write_features
from isoship.sources.sklearn.converters.arithmetic import links
from isoship.sources.sklearn.walk.carrier import Carrier, Parts
from isoship.sources.sklearn.walk.frame import Block, Frame
from isoship.sources.sklearn.walk.members import constant
from isoship.sources.sklearn.walk.registry import Record, carries


@carries(
    "LGBMRegressor",
    "LGBMRanker",
    "LGBMModel",
    "LightGBMBoosterRegressor",
    record=Record(same_bits=False, jumps=True, keeps_categories=True),
)
def regressor(c: Carrier, model: Any, frame: Frame) -> Parts:
    """What the objective makes of the raw scores."""
    _, answers = _scores(c, model, frame)
    return {"predict": (answers,)}


@carries(
    "LGBMClassifier", "LightGBMBoosterClassifier", record=Record(same_bits=False, jumps=True, keeps_categories=True)
)
def classifier(c: Carrier, model: Any, frame: Frame) -> Parts:
    """Probabilities, and the first class with the highest."""
    if callable(getattr(model, "_objective", None)):
        raise c.unsupported(
            model,
            "with an objective of your own it answers raw scores and neither labels nor probabilities",
            "Train an LGBMRegressor with this objective, or use a built-in objective",
        )
    raw, answers = _scores(c, model, frame)
    probabilities = links.two_columns(c.g, answers.name) if answers.width == 1 else answers
    if probabilities.width != len(model.classes_):
        raise c.unsupported(
            model,
            f"it answers {probabilities.width} probabilities for {len(model.classes_)} class(es)",
            "Train it on two classes or more",
        )
    number = links.highest(c.g, probabilities.name)
    return {
        "decision_function": (raw,),
        "predict_proba": (probabilities,),
        "predict": (links.label(c.g, model.classes_, number),),
    }


def _scores(c: Carrier, model: Any, frame: Frame) -> tuple[Block, Block]:
    """Raw scores and what the objective makes of them, double [N, K] both."""
    _check_parameters(c, model)
    booster = model.booster_
    text = parse(booster.model_to_string(num_iteration=-1))
    try:
        objective = read_objective(text.objective)
    except ValueError as err:
        raise c.unsupported(model, str(err), "Use a built-in objective of LightGBM") from err
    total = len(text.trees) // text.per_iteration
    used = min(booster.best_iteration, total) if booster.best_iteration > 0 else total
    if not used and text.average:
        raise c.unsupported(model, "it has no trees to average", "Train it for one iteration or more")
    raw = _raw(c, model, frame, text, used)
    return Block(raw, "double", text.per_iteration), _answers(c, raw, text, used, objective)


def _answers(c: Carrier, raw: str, text: ModelText, used: int, objective: Objective) -> Block:
    if text.average:  # after the raw scores, which rf leaves as sums
        raw = c.g.op("Div", raw, np.full((1, text.per_iteration), float(used)))
    return Block(write_link(c.g, raw, objective), "double", text.per_iteration)


def _raw(c: Carrier, model: Any, frame: Frame, text: ModelText, used: int) -> str:
    """The sums over trees, double [N, K]."""
    g, trees = c.g, text.trees[: used * text.per_iteration]
    if not trees:
        return constant(c, model, frame, np.zeros(text.per_iteration))
    x, codes = matrix_of(c, model, frame)
    features, splits = write_features(g, x, text.features, codes, trees)
    if any(tree.linear for tree in trees):
        numbers = write_leaf_numbers(g, features, splits, "double", given="double")
        clean = without_tiny(g, x)
        values = linear_trees.write_linear_values(g, numbers, clean, text.features, trees)
    else:
        table = np.concatenate([tree.value for tree in trees])
        values = write_leaf_values(g, features, splits, table, "double", given="double")
    shaped = g.op("Reshape", values, np.array([-1, used, text.per_iteration], np.int64), seed="iterations")
    return write_sum(g, shaped, used)


def _check_parameters(c: Carrier, model: Any) -> None:
    """Parameters of the estimator that LightGBM takes as parameters of `predict`."""
    stops = str(model.get_params().get("pred_early_stop", False)).lower()
    if stops not in ("false", "0", "-", "none"):
        raise c.unsupported(
            model,
            f"pred_early_stop={stops} leaves out trees for rows that seem decided",
            "Set pred_early_stop=False; it changes nothing about the trained model",
        )
