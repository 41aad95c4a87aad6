"""Outputs that stand behind a sum of trees: how many trees, and whether a link follows that flattens the sum.

    TreeEnsemble -> leaf values -> sum -> (Sigmoid, Softmax, ...) -> output

TF.js adds the leaves in float32, in an order that its backend chooses; XGBoost adds them in float32 from the first to
the last. How far the two sums differ depends on the number of terms (`isoship.bundle.tolerances`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import onnx

_LINKS = frozenset({"Sigmoid", "Softmax", "Exp", "Tanh", "Erf"})


class TreeSum(NamedTuple):
    """trees: that the output depends on. linked: probabilities are made of scores, and are no means of leaves."""

    trees: int
    linked: bool


def tree_sums(model: onnx.ModelProto) -> dict[str, TreeSum]:
    """Output name -> its trees; outputs without any are left out."""
    found: dict[str, tuple[frozenset[int], bool]] = {}
    counts: list[int] = []
    for node in model.graph.node:  # in the order of computation
        behind = [found[name] for name in node.input if name in found]
        ensembles = frozenset[int]().union(*(each for each, _ in behind))
        linked = any(link for _, link in behind) or (bool(ensembles) and node.op_type in _LINKS)
        if node.op_type == "TreeEnsemble":
            ensembles |= {len(counts)}
            counts.append(next(a.i for a in node.attribute if a.name == "n_targets"))
        if ensembles:
            found.update(dict.fromkeys(node.output, (ensembles, linked)))
    return {
        output.name: TreeSum(sum(counts[i] for i in found[output.name][0]), found[output.name][1])
        for output in model.graph.output
        if output.name in found
    }
