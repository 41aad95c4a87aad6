"""LightGBM's trees as `isoship.onnx.trees.Tree`s, over a matrix in which its decisions are plain comparisons.

x [N, F] -> each feature in the forms that its splits ask for -> [N, P]

LightGBM decides in doubles (`Tree::NumericalDecision`, `Tree::CategoricalDecision`, include/LightGBM/tree.h):

| split | a value | NaN |
|---|---|---|
| missing type None | x <= threshold | as 0 |
| missing type NaN | x <= threshold | default side |
| missing type Zero | 0 goes to the default side, else x <= threshold | as 0 |
| categorical | left if in the set, truncated toward zero; negative and 2**31 and more right | right |

and a row's |x| <= 1e-35f is 0 before anything looks at it. So there are three forms of a feature: `plain`, `zero`
(NaN in the place of 0) and `code` (whole and bounded: onnxruntime's sets truncate by themselves only where they are
large). A feature that is asked for in one form alone costs nothing more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from isoship.onnx.graph import GraphBuilder
from isoship.onnx.trees import BRANCH_LEQ, BRANCH_MEMBER, Tree
from isoship.sources.lightgbm.model_text import CATEGORICAL, DEFAULT_LEFT, MISSING_NAN, MISSING_ZERO, TextTree

#: kZeroThreshold, a float in LightGBM.
ZERO = float(np.float32(1e-35))

Form = tuple[str, int]


def write_features(g: GraphBuilder, x: str, width: int, codes: frozenset[int], trees: Sequence[TextTree]) -> Any:
    """Adds the forms; the matrix's name, and trees that compare its columns.

    x: the features, double [N, width]. codes: features that hold codes of a category already, or NaN.
    """
    forms = [_forms(tree, codes) for tree in trees]
    wanted = {form for each in forms for form in each}
    place: dict[Form, int] = {}
    parts: list[str] = []
    for kind, write in (("plain", _plain), ("zero", _zero_is_missing), ("code", _code)):
        columns = sorted(feature for name, feature in wanted if name == kind)
        if not columns:
            continue
        if kind == "plain" and len(place) == 0 and len(wanted) == len(columns):
            columns = list(range(width))  # no other form: nothing to pick
        place |= {(kind, feature): len(place) + i for i, feature in enumerate(columns)}
        picked = x if columns == list(range(width)) else g.op("Gather", x, np.array(columns, np.int64), axis=1)
        parts.append(write(g, picked, trees))
    matrix = parts[0] if len(parts) == 1 else g.op("Concat", *parts, axis=1) if parts else x
    return matrix, [_tree(tree, [place[form] for form in each]) for tree, each in zip(trees, forms, strict=True)]


def without_tiny(g: GraphBuilder, x: str) -> str:
    """Adds what LightGBM does to a row first: |x| <= 1e-35f becomes 0."""
    return g.op("Where", _tiny(g, x), np.float64(0), x)


def _tree(tree: TextTree, columns: list[int]) -> Tree:
    categorical = (tree.decision & CATEGORICAL) != 0
    default_left = (tree.decision & DEFAULT_LEFT) != 0
    nan_as_zero = np.float64(0) <= tree.threshold
    follows_default = (tree.missing == MISSING_NAN) | (tree.missing == MISSING_ZERO)
    return Tree(
        feature=np.array(columns, np.int64),
        threshold=tree.threshold,
        on_true=tree.left,
        on_false=tree.right,
        nan_true=np.where(follows_default, default_left, nan_as_zero) & ~categorical,
        leaves=len(tree.value),
        mode=np.where(categorical, BRANCH_MEMBER, BRANCH_LEQ).astype(np.uint8),
        members=tree.members,
    )


def _forms(tree: TextTree, codes: frozenset[int]) -> list[Form]:
    """The form in which each node asks for its feature."""
    found = []
    for feature, decision, missing in zip(
        tree.feature.tolist(), tree.decision.tolist(), tree.missing.tolist(), strict=True
    ):
        if decision & CATEGORICAL:
            found.append(("plain" if feature in codes else "code", feature))
        else:
            found.append(("zero" if missing == MISSING_ZERO else "plain", feature))
    return found


def _plain(g: GraphBuilder, x: str, trees: Sequence[TextTree]) -> str:
    """Nothing, unless a threshold lies so near 0 that a tiny value and 0 part there."""
    near = any(
        ((tree.decision & CATEGORICAL == 0) & (tree.threshold >= -ZERO) & (tree.threshold < ZERO)).any()
        for tree in trees
    )
    return without_tiny(g, x) if near else x


def _zero_is_missing(g: GraphBuilder, x: str, _trees: Sequence[TextTree]) -> str:
    return g.op("Where", _tiny(g, x), np.float64(np.nan), x)


def _code(g: GraphBuilder, x: str, trees: Sequence[TextTree]) -> str:
    """-1 below and for NaN, whole numbers, and one number for all above every set."""
    above = 1 + max((code for tree in trees for each in tree.members.values() for code in each), default=0)
    whole = g.op("Min", g.op("Floor", g.op("Abs", x)), np.float64(above))
    return g.op("Where", g.op("Greater", x, np.float64(-1)), whole, np.float64(-1))


def _tiny(g: GraphBuilder, x: str) -> str:
    return g.op("LessOrEqual", g.op("Abs", x), np.float64(ZERO))
