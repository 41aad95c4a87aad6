"""Reads LightGBM's model text: header, trees with their sets and linear leaves. Every number is a double to 17 digits.

Everything that LightGBM's own parser takes on trust is checked here: lengths, ranges, and that children form a tree.
Format: `GBDT::SaveModelToString` and `Tree::ToString` of LightGBM (src/boosting/gbdt_model_text.cpp, src/io/tree.cpp).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

#: What LightGBM's reader knows, and this one.
VERSIONS = ("v2", "v3", "v4")

_WHOLE = re.compile("-?[0-9]{1,18}")
_PARAMETER = re.compile(r"\[\w+: .*\]", re.ASCII)

#: A tree has at most so many lines after its first.
_LINES = 22

#: Written for people; LightGBM reads them, so their lengths have to be right. By node, and by leaf.
_NODE_NOTES = ("split_gain", "internal_value", "internal_weight", "internal_count")
_LEAF_NOTES = ("leaf_weight", "leaf_count")

#: Bits of decision_type; the missing type stands above them.
CATEGORICAL, DEFAULT_LEFT = 1, 2
MISSING_NONE, MISSING_ZERO, MISSING_NAN = 0, 1, 2


class ModelTextError(ValueError):
    """The text is no LightGBM model. The message says where it stops being one."""


@dataclass(frozen=True, eq=False)
class LinearLeaves:
    """Leaf n answers constant[n] + the sum of coefficients[n] * x[features[n]]."""

    constant: Array
    features: tuple[tuple[int, ...], ...]
    coefficients: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, eq=False)
class TextTree:
    """I nodes and I + 1 leaves; a child >= 0 is a node, -1 - n is leaf n. members: codes that go left, by node."""

    feature: Array
    threshold: Array
    decision: Array
    left: Array
    right: Array
    value: Array
    members: dict[int, tuple[int, ...]] = field(default_factory=dict)
    linear: LinearLeaves | None = None

    @property
    def missing(self) -> Array:
        """The missing type of each node."""
        return self.decision >> 2 & 3


@dataclass(frozen=True, eq=False)
class ModelText:
    """infos: `[least:most]` of numbers, `0:1:2` of codes. trees: iteration after iteration, `per_iteration` in each."""

    features: int
    names: tuple[str, ...]
    infos: tuple[str, ...]
    per_iteration: int
    objective: str
    average: bool
    trees: tuple[TextTree, ...]


def parse(text: str) -> ModelText:
    """The model in a text.

    Raises:
        ModelTextError: it is none, is cut short or contradicts itself.
    """
    if text.split("\n", 1)[0] != "tree":
        raise ModelTextError("its first line is not 'tree'")
    if "\r" in text or "\0" in text:
        raise ModelTextError("it holds carriage returns or zero bytes")
    head, _, _ = text.partition("\nTree=0\n")
    head = head.partition("\nend of trees")[0]
    header = _pairs(head)
    if header.get("version") not in VERSIONS:
        raise ModelTextError(f"its version is {header.get('version')!r}, not one of {', '.join(VERSIONS)}")
    features = _count(header, "max_feature_idx", 0) + 1
    per_iteration = _count(header, "num_tree_per_iteration", 1)
    classes = _count(header, "num_class", 1)
    if classes != per_iteration:
        raise ModelTextError(f"it has {classes} classes and {per_iteration} trees an iteration")
    names = tuple(header.get("feature_names", "").split(" "))
    infos = tuple(header.get("feature_infos", "").split(" "))
    if len(names) != features or len(infos) != features:
        raise ModelTextError(f"it names {len(names)} features and describes {len(infos)}, and has {features}")
    trees = tuple(_tree(block, i, features) for i, block in enumerate(_blocks(text, header)))
    if len(trees) % per_iteration:
        raise ModelTextError(f"it has {len(trees)} trees and {per_iteration} an iteration")
    return ModelText(
        features, names, infos, per_iteration, header.get("objective", ""), "average_output" in header, trees
    )


def _pairs(text: str) -> dict[str, str]:
    return {key: value for key, _, value in (line.partition("=") for line in text.split("\n")) if key}


def _count(header: Mapping[str, str], key: str, least: int) -> int:
    text = header.get(key)
    if text is None or not _WHOLE.fullmatch(text):
        raise ModelTextError(f"its {key} is {text!r}, no whole number")
    found = int(text)
    if found < least:
        raise ModelTextError(f"its {key} is {found}")
    return found


def _blocks(text: str, header: Mapping[str, str]) -> list[str]:
    """The text of each tree, found by the sizes that the header gives, as LightGBM does."""
    sizes = header.get("tree_sizes", "").split(" ") if header.get("tree_sizes") else []
    if not all(_WHOLE.fullmatch(size) and size[0] != "-" for size in sizes):
        raise ModelTextError("its tree_sizes are no whole numbers")
    raw = text.encode()  # sizes count bytes
    end = raw.find(b"\nend of trees")
    if end < 0:
        raise ModelTextError("it has no line 'end of trees': the file is cut short")
    start = raw.find(b"\nTree=0\n") + 1 if sizes else end
    if start == 0 or start > end:
        raise ModelTextError("its header announces trees that do not follow")
    blocks = []
    for i, size in enumerate(sizes):
        block = raw[start : start + int(size)]
        if not block.startswith(b"Tree=%d\n" % i):
            raise ModelTextError(f"tree {i} is not where tree_sizes says")
        blocks.append(block.decode())
        start += int(size)
    if start > end + 1 or raw[start:end].strip():
        raise ModelTextError("its trees end elsewhere than tree_sizes says")
    _check_parameters(raw[end:].decode())
    return blocks


def _check_parameters(text: str) -> None:
    """The settings of the training, which LightGBM cuts at their colons, whether there are any or not."""
    _, found, rest = text.partition("\nparameters:")
    if not found:
        return
    listed, found, _ = rest.partition("\nend of parameters")
    if not found:
        raise ModelTextError("it has no line 'end of parameters': the file is cut short")
    for line in listed.split("\n"):
        if line and not _PARAMETER.fullmatch(line):
            raise ModelTextError("its parameters hold a line that is none")


def _tree(block: str, number: int, features: int) -> TextTree:
    body = block.partition("\n\n")[0]  # LightGBM's reader, too, ends at the first empty line
    found = _pairs(body)
    try:
        if body.count("\n") > _LINES or not body.isascii():
            raise ModelTextError("it has lines that no tree has")
        return _checked(found, features)
    except (ModelTextError, ValueError, OverflowError) as err:
        raise ModelTextError(f"tree {number}: {err}") from err


def _checked(found: Mapping[str, str], features: int) -> TextTree:
    leaves, _ = _count(found, "num_leaves", 1), _count(found, "num_cat", 0)
    if found.get("is_linear", "0") not in ("0", "1"):
        raise ModelTextError(f"its is_linear is {found['is_linear']!r}")
    value = _numbers(found, "leaf_value", leaves)
    linear = _linear(found, leaves, features) if found.get("is_linear") == "1" else None
    for keys, count in ((_NODE_NOTES, leaves - 1), (_LEAF_NOTES, leaves), (("shrinkage",), 1)):
        for key in keys:
            if found.get(key, "").strip():
                _numbers(found, key, count)
    if leaves == 1:
        none = np.zeros(0, np.int64)
        return TextTree(none, np.zeros(0), none, none, none, value, linear=linear)
    nodes = leaves - 1
    feature = _whole(found, "split_feature", nodes)
    if feature.min() < 0 or feature.max() >= features:
        raise ModelTextError("it splits on a feature that the model does not have")
    left, right = _whole(found, "left_child", nodes), _whole(found, "right_child", nodes)
    _check_children(left, right, leaves)
    threshold = _numbers(found, "threshold", nodes)
    decision = _whole(found, "decision_type", nodes)
    if decision.min() < 0 or decision.max() > 11:
        raise ModelTextError("a decision_type is unknown")
    members = _members(found, np.flatnonzero(decision & CATEGORICAL), threshold)
    return TextTree(feature, threshold, decision, left, right, value, members, linear)


def _check_children(left: Array, right: Array, leaves: int) -> None:
    """Every node but the root, and every leaf, is the child of one earlier node."""
    children = np.concatenate([left, right])
    parents = np.tile(np.arange(len(left)), 2)
    inner = children >= 0
    expected = np.concatenate([np.arange(-leaves, 0), np.arange(1, len(left))])
    if not np.array_equal(np.sort(children), expected) or (children[inner] <= parents[inner]).any():
        raise ModelTextError("its children form no tree")


def _members(found: Mapping[str, str], nodes: Array, threshold: Array) -> dict[int, tuple[int, ...]]:
    """The codes in the bitset of each categorical node; its threshold is the number of its set."""
    sets = _count(found, "num_cat", 1 if len(nodes) else 0)
    if not sets:
        return {}
    bounds = _whole(found, "cat_boundaries", sets + 1)
    if bounds[0] != 0 or (np.diff(bounds) < 0).any():
        raise ModelTextError("its cat_boundaries do not ascend")
    words = _whole(found, "cat_threshold", int(bounds[-1]))
    if len(words) and (words.min() < 0 or words.max() >= 2**32):
        raise ModelTextError("its cat_threshold is no bitset")
    members = {}
    for node in nodes.tolist():
        which = threshold[node]
        if which != int(which) or not 0 <= which < sets:
            raise ModelTextError("a categorical split has no set")
        bits = words[bounds[int(which)] : bounds[int(which) + 1]].tolist()
        members[node] = tuple(32 * i + bit for i, word in enumerate(bits) for bit in range(32) if word >> bit & 1)
    return members


def _linear(found: Mapping[str, str], leaves: int, features: int) -> LinearLeaves:
    counts = _whole(found, "num_features", leaves)
    if counts.min() < 0:
        raise ModelTextError("a linear leaf has fewer than no features")
    used = _whole(found, "leaf_features", int(counts.sum()))
    factors = _numbers(found, "leaf_coeff", int(counts.sum()))
    if len(used) and (used.min() < 0 or used.max() >= features):
        raise ModelTextError("a linear leaf uses a feature that the model does not have")
    runs = [*pairwise([0, *np.cumsum(counts).tolist()])]
    return LinearLeaves(
        _numbers(found, "leaf_const", leaves),
        tuple(tuple(used[a:b].tolist()) for a, b in runs),
        tuple(tuple(factors[a:b].tolist()) for a, b in runs),
    )


def _numbers(found: Mapping[str, str], key: str, count: int) -> Array:
    return np.array([float(word) for word in _words(found, key, count)], np.float64)


def _whole(found: Mapping[str, str], key: str, count: int) -> Array:
    return np.array([int(word) for word in _words(found, key, count)], np.int64)


def _words(found: Mapping[str, str], key: str, count: int) -> list[str]:
    text = found.get(key, "")
    if not text.isprintable():  # Python's split takes more characters for gaps than LightGBM's, which sees spaces alone
        raise ModelTextError(f"its {key} holds control characters")
    words = text.split()
    if len(words) != count:
        raise ModelTextError(f"it has {len(words)} values of {key} in the place of {count}")
    if "_" in text:  # Python takes 1_000 for a number
        raise ModelTextError(f"its {key} are no numbers")
    return words
