"""What an XGBoost booster computes, read out of the booster itself: trees, weights, the raw scores at its start."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from isoship.onnx.trees import Tree
from isoship.sources.xgboost.document import booster_of, check_document, learner_of, number_of, numbers, outputs_of
from isoship.sources.xgboost.trees import Leaves, tree_of
from isoship.sources.xgboost.ubjson import read_ubjson

Categories = dict[int, tuple[Any, ...] | None]


@dataclass(frozen=True, eq=False)
class Model:
    """A booster's numbers.

    kind: gbtree, dart or gblinear. base: the raw scores it starts from, float32 [outputs]. trees, values and groups
    (the output that each tree adds to) go together; vector: leaves have a value for each output, and groups mean
    nothing. drop: dart's weight of each tree, float32 [trees]. coefficients: gblinear's, float32 [features + 1,
    outputs], the bias last. categorical: the features that hold category codes. categories: feature -> the values
    whose positions are its codes, for columns that were pandas categories; None where XGBoost mixes them up.
    """

    kind: str
    objective: str
    features: int
    outputs: int
    base: Leaves
    trees: tuple[Tree, ...] = ()
    values: tuple[Leaves, ...] = ()
    groups: tuple[int, ...] = ()
    vector: bool = False
    drop: Leaves | None = None
    coefficients: Leaves | None = None
    categorical: frozenset[int] = frozenset()
    categories: Categories = field(default_factory=dict)


def model_of(booster: Any, rounds: int = 0) -> Model:
    """Reads an `xgboost.Booster`. rounds: how many rounds of boosting count, 0 for all."""
    document = read_ubjson(bytes(booster.save_raw("ubj")))
    check_document(document)
    learner = learner_of(document)
    kind, inside = booster_of(learner)
    features = number_of(learner["learner_model_param"], "num_feature")
    outputs = outputs_of(learner)
    types = [str(one) for one in learner.get("feature_types") or ()]
    common: dict[str, Any] = {
        "kind": kind,
        "objective": str(learner["objective"]["name"]),
        "features": features,
        "outputs": outputs,
        "categorical": frozenset(i for i, one in enumerate(types) if one == "c"),
    }
    if kind == "gblinear":
        weights = numbers(inside, "weights", np.float32).reshape(features + 1, outputs)
        return Model(base=_base_of(booster, outputs), coefficients=weights, **common)
    count = len(inside["trees"])
    if rounds:
        count = int(numbers(inside, "iteration_indptr", np.int64)[: rounds + 1][-1])
    read = [tree_of(tree) for tree in inside["trees"][:count]]
    drop = numbers(learner["gradient_booster"], "weight_drop", np.float32)[:count] if kind == "dart" else None
    return Model(
        base=_base_of(booster[:1], outputs) if count else np.zeros(outputs, np.float32),
        trees=tuple(tree for tree, _ in read),
        values=tuple(values for _, values in read),
        groups=tuple(numbers(inside, "tree_info", np.int64)[:count].tolist()),
        vector=any(values.ndim == 2 for _, values in read),
        drop=drop,
        categories=_categories(inside),
        **common,
    )


def categories_of(booster: Any) -> Categories:
    """Feature -> the categories that the booster remembers of a pandas category column, in the order of their codes."""
    if "c" not in (booster.feature_types or ()):
        return {}
    _, inside = booster_of(learner_of(read_ubjson(bytes(booster.save_raw("ubj")))))
    return _categories(inside)


def category_types(booster: Any) -> dict[int, Any]:
    """Feature -> the numpy type of its categories, for columns that were pandas categories of integers."""
    if "c" not in (booster.feature_types or ()):
        return {}
    _, inside = booster_of(learner_of(read_ubjson(bytes(booster.save_raw("ubj")))))
    encodings = (inside.get("cats") or {}).get("enc") or []
    arrays = {i: np.asarray(one["values"]) for i, one in enumerate(encodings) if "offsets" not in one}
    return {i: values.dtype for i, values in arrays.items() if len(values) and values.dtype.kind in "iu"}


def _categories(inside: dict[str, Any]) -> Categories:
    """Strings lie end to end in a list of bytes, with the offsets where each begins; numbers lie as they are.

    XGBoost before 3.4 counts the offsets in characters and not in bytes (its pull request 12371): where a category is
    not ASCII, it and those after it are cut in other places, and which code a name gets depends on its neighbours.
    """
    found: Categories = {}
    encodings = (inside.get("cats") or {}).get("enc") or []
    for feature, one in enumerate(encodings):
        values = np.asarray(one["values"])
        if "offsets" not in one:
            found[feature] = tuple(values.tolist())
            continue
        text = values.astype(np.int64).astype(np.uint8).tobytes()
        if not text.isascii():
            found[feature] = None
            continue
        offsets = np.asarray(one["offsets"]).astype(np.int64).tolist()
        if len(offsets) > 1:
            found[feature] = tuple(text[a:b].decode() for a, b in itertools.pairwise(offsets))
    return found


def _base_of(booster: Any, outputs: int) -> Leaves:
    """The raw scores before the first tree, as XGBoost itself turns `base_score` into them.

    Asked of a copy whose trees are one leaf of 0, or whose coefficients are 0: `base_score` passes through the
    objective's link in float32, with a logarithm of XGBoost's own. A copy without trees would not apply the link.
    """
    import xgboost

    document = json.loads(booster.save_raw("json"))
    learner = document["learner"]
    learner["feature_names"], learner["feature_types"] = [], []
    kind, inside = booster_of(learner)
    if kind == "gblinear":
        inside["weights"] = [0.0] * len(inside["weights"])
    else:
        inside["trees"] = [_stump(inside["trees"][0])]
        inside["tree_info"], inside["iteration_indptr"] = [0], [0, 1]
        inside["gbtree_model_param"] |= {"num_trees": "1", "num_parallel_tree": "1"}
        inside["cats"] = {"enc": [], "feature_segments": [], "sorted_idx": []}
    if kind == "dart":
        learner["gradient_booster"]["weight_drop"] = [1.0]
    empty = xgboost.Booster()
    empty.load_model(bytearray(json.dumps(document).encode()))
    row = xgboost.DMatrix(np.zeros((1, booster.num_features()), np.float32))
    scores = np.asarray(empty.predict(row, output_margin=True), np.float32).reshape(-1)
    return np.broadcast_to(scores, (outputs,)).copy()


def _stump(tree: dict[str, Any]) -> dict[str, Any]:
    """A tree of one leaf that adds nothing, with the parameters of this one."""
    width = number_of(tree["tree_param"], "size_leaf_vector")
    several = width > 1
    stump: dict[str, Any] = {
        **{key: [] for key in ("categories", "categories_nodes", "categories_segments", "categories_sizes")},
        **{key: [0] for key in ("default_left", "split_indices", "split_type")},
        **{key: [0.0] for key in ("loss_changes", "split_conditions", "sum_hessian")},
        "base_weights": [0.0] * max(width, 1),
        "id": 0,
        "left_children": [-1],
        "right_children": [0 if several else -1],
        "parents": [-1 if several else 2**31 - 1],
        "tree_param": {**tree["tree_param"], "num_nodes": "1", "num_deleted": "0"},
    }
    return stump | {"leaf_weights": [0.0] * width} if several else stump
