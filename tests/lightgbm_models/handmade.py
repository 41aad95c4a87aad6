"""Model texts written by hand: trees with the very decisions and leaves that a test is about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import lightgbm

from isoship.sources.lightgbm.model_text import parse


def stump(decision: int, threshold: float, *, feature: int = 0, words: Sequence[int] = ()) -> str:
    """One split, left leaf 0, right leaf 1. words: the bitset of a categorical split."""
    lines = [
        "num_leaves=2",
        f"num_cat={1 if words else 0}",
        f"split_feature={feature}",
        "split_gain=1",
        f"threshold={float(threshold)!r}",
        f"decision_type={decision}",
        "left_child=-1",
        "right_child=-2",
        "leaf_value=1 2",
    ]
    if words:
        lines += [f"cat_boundaries=0 {len(words)}", f"cat_threshold={' '.join(map(str, words))}"]
    return "\n".join([*lines, "is_linear=0", "shrinkage=1"])


def ladder(values: Sequence[float], *, feature: int = 0) -> str:
    """Row x = n reaches the leaf with values[n]."""
    nodes = len(values) - 1
    return "\n".join(
        [
            f"num_leaves={len(values)}",
            "num_cat=0",
            f"split_feature={' '.join([str(feature)] * nodes)}",
            f"split_gain={' '.join(['1'] * nodes)}",
            f"threshold={' '.join(str(n + 0.5) for n in range(nodes))}",
            f"decision_type={' '.join(['2'] * nodes)}",
            f"left_child={' '.join(str(-1 - n) for n in range(nodes))}",
            f"right_child={' '.join(str(n + 1) for n in range(nodes - 1))} {-1 - nodes}",
            f"leaf_value={' '.join(map(repr, values))}",
            "is_linear=0",
            "shrinkage=1",
        ]
    )


def text_of(trees: Sequence[str], *, objective: str = "regression", features: int = 1, classes: int = 1) -> str:
    """A model file's text."""
    blocks = [f"Tree={i}\n{tree}\n\n\n" for i, tree in enumerate(trees)]
    header = [
        "tree",
        "version=v4",
        f"num_class={classes}",
        f"num_tree_per_iteration={classes}",
        "label_index=0",
        f"max_feature_idx={features - 1}",
        f"objective={objective}",
        f"feature_names={' '.join(f'Column_{i}' for i in range(features))}",
        f"feature_infos={' '.join(['[0:1]'] * features)}",
        f"tree_sizes={' '.join(str(len(block.encode())) for block in blocks)}",
    ]
    return "\n".join(header) + "\n\n" + "".join(blocks) + "end of trees\n"


def booster(trees: Sequence[str], **header: Any) -> Any:
    """The Booster that LightGBM makes of it; our own reader takes it too."""
    text = text_of(trees, **header)
    parse(text)
    return lightgbm.Booster(model_str=text)
