"""Faults at single nodes, leaves and trees of model.onnx."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.mutants.graph import Canonical
from benchmarks.mutants.trees import MEMBER, OTHER_SIDE, Branch, Ensemble, chosen

Rng = np.random.Generator
Plant = Callable[[Path, Rng], str]

#: Features of the penguins' trees that are numbers; what follows are one-hot columns, always 0 or 1.
PENGUIN_NUMBERS = range(4)
DEEP = 3


def _numbers(ensemble: Ensemble) -> list[int]:
    """The features that are numbers of the user's own: not one-hot columns, nor codes of categories."""
    if ensemble.split.dtype == np.float32 and len(ensemble.canonical.graph.input) > 1:
        return list(PENGUIN_NUMBERS)
    coded = set(ensemble.feature[ensemble.mode == MEMBER].tolist())
    return [f for f in np.unique(ensemble.feature).tolist() if f not in coded]


def _at_a_twig(
    edit: Callable[[Ensemble, Branch], None], fits: Callable[[Ensemble, Branch], bool] = lambda _e, _b: True
) -> Plant:
    def plant(folder: Path, rng: Rng) -> str:
        ensemble = Ensemble(Canonical(folder))
        twig = chosen(ensemble.twigs(numbers=_numbers(ensemble)), rng, lambda b: fits(ensemble, b))
        edit(ensemble, twig)
        ensemble.save()
        return f"tree {twig.tree}, node {twig.index}, depth {twig.depth}"

    return plant


def moved_threshold(direction: float, *, least_depth: int = 0) -> Plant:
    """A threshold one ulp up or down, in the width in which the trees compare; inside the twig's own interval."""

    def after(ensemble: Ensemble, twig: Branch) -> Any:
        split = ensemble.split
        return np.nextafter(split[twig.index], split.dtype.type(direction))

    def edit(ensemble: Ensemble, twig: Branch) -> None:
        ensemble.split[twig.index] = after(ensemble, twig)

    def fits(ensemble: Ensemble, twig: Branch) -> bool:
        low, high = ensemble.interval(twig)
        return twig.depth >= least_depth and low < float(after(ensemble, twig)) <= high

    return _at_a_twig(edit, fits)


def rounded_to_float32() -> Plant:
    """One double threshold as the nearest float32, where that is another number."""

    def edit(ensemble: Ensemble, twig: Branch) -> None:
        ensemble.split[twig.index] = np.float64(np.float32(ensemble.split[twig.index]))

    def fits(ensemble: Ensemble, twig: Branch) -> bool:
        split = ensemble.split[twig.index]
        low, high = ensemble.interval(twig)
        return float(np.float32(split)) != split and low < float(np.float32(split)) < high

    return _at_a_twig(edit, fits)


def strict() -> Plant:
    """`<=` becomes `<` at one node: the row on the threshold itself goes astray."""

    def edit(ensemble: Ensemble, twig: Branch) -> None:
        ensemble.mode[twig.index] = OTHER_SIDE[int(ensemble.mode[twig.index])]

    return _at_a_twig(edit, lambda e, b: e.interval(b)[0] < float(e.split[b.index]))


def missing_goes_elsewhere(*, least_depth: int = 0) -> Plant:
    """NaN takes the other branch at one node that rows with a missing value reach."""

    def edit(ensemble: Ensemble, twig: Branch) -> None:
        ensemble.nan_true[twig.index] = 1 - ensemble.nan_true[twig.index]

    return _at_a_twig(edit, lambda e, b: b.depth >= least_depth and e.meets_missing(b))


def children_swapped() -> Plant:
    def edit(ensemble: Ensemble, twig: Branch) -> None:
        for sides in (ensemble.child, ensemble.leaf):
            sides[True][twig.index], sides[False][twig.index] = sides[False][twig.index], sides[True][twig.index]

    return _at_a_twig(edit, lambda _e, b: b.depth >= DEEP)


def other_feature() -> Plant:
    """The feature index is off by one at one node; both columns are free above it, so some row tells them apart."""

    def edit(ensemble: Ensemble, twig: Branch) -> None:
        ensemble.feature[twig.index] += 1

    def fits(ensemble: Ensemble, twig: Branch) -> bool:
        feature = ensemble.feature[twig.index]
        above = {int(ensemble.feature[i]) for i, _ in twig.above}
        return feature + 1 in _numbers(ensemble) and not above & {feature, feature + 1} and twig.depth > 0

    return _at_a_twig(edit, fits)


def set_member_dropped() -> Plant:
    """One category falls out of the set of one node; nothing above it asks for the category."""

    def plant(folder: Path, rng: Rng) -> str:
        ensemble = Ensemble(Canonical(folder))

        def free(branch: Branch) -> bool:
            place = ensemble.members_of(branch)
            return place.stop - place.start > 1 and all(ensemble.mode[i] != MEMBER for i, _ in branch.above)

        twig = chosen(ensemble.twigs((MEMBER,)), rng, free)
        place = ensemble.members_of(twig)
        assert ensemble.members is not None
        ensemble.members = np.delete(ensemble.members, place.start)
        ensemble.save()
        return f"tree {twig.tree}, node {twig.index}, depth {twig.depth}"

    return plant


def leaves_swapped(folder: Path, rng: Rng) -> str:
    """Two leaves of one tree, of different value and under different nodes, change places."""
    ensemble = Ensemble(Canonical(folder))
    twig = chosen(ensemble.twigs(), rng, lambda b: b.depth >= 1)
    mine = ensemble.child[True][twig.index]
    others = [
        leaf
        for leaf in np.flatnonzero(ensemble.tree_of_leaf == twig.tree).tolist()
        if leaf not in (mine, ensemble.child[False][twig.index])
        and np.max(np.abs(ensemble.value(leaf) - ensemble.value(mine))) > 1e-3
    ]
    other = others[int(rng.integers(len(others)))]
    ensemble.place[[mine, other]] = ensemble.place[[other, mine]]
    ensemble.save()
    return f"tree {twig.tree}, leaves {mine} and {other}"


def tree_missing(folder: Path, rng: Rng) -> str:
    """One tree adds nothing: its leaves are 0."""
    ensemble = Ensemble(Canonical(folder))
    tree = int(rng.integers(1, ensemble.tree_of_leaf.max() + 1))
    for leaf in np.flatnonzero(ensemble.tree_of_leaf == tree).tolist():
        ensemble.set_value(leaf, np.zeros_like(ensemble.value(leaf)))
    ensemble.save()
    return f"tree {tree}"


def leaf_classes_swapped(folder: Path, rng: Rng) -> str:
    """Two classes change places in one leaf of a forest's."""
    ensemble = Ensemble(Canonical(folder))

    def first_two(branch: Branch) -> Any:
        return ensemble.value(ensemble.child[True][branch.index])[:2]

    twig = chosen(ensemble.twigs(), rng, lambda b: abs(np.diff(first_two(b))[0]) > 0.1)
    leaf = ensemble.child[True][twig.index]
    ensemble.set_value(leaf, [*first_two(twig)[::-1], *ensemble.value(leaf)[2:]])
    ensemble.save()
    return f"tree {twig.tree}, one leaf of node {twig.index}"


def base_score_off(folder: Path, _rng: Rng) -> str:
    """What every row starts from (in the first tree's leaves) is 1e-8 too much."""
    ensemble = Ensemble(Canonical(folder))
    for leaf in np.flatnonzero(ensemble.tree_of_leaf == 0).tolist():
        ensemble.set_value(leaf, ensemble.value(leaf) + 1e-8)
    ensemble.save()
    return "+1e-8"


def features_in_float32(folder: Path, _rng: Rng) -> str:
    """Features go through float32 in front of everything that compares or multiplies them in double."""
    canonical = Canonical(folder)
    for tensor in [i.name for i in canonical.graph.input if i.type.tensor_type.elem_type == 11]:
        canonical.before(tensor, ("Cast", {"to": 1}), ("Cast", {"to": 11}))
    canonical.save()
    return "Cast to float and back"


def last_class_wins(folder: Path, _rng: Rng) -> str:
    """ArgMax takes the last of equal scores where the model takes the first."""
    canonical = Canonical(folder)
    canonical.set_attribute(canonical.node("ArgMax"), "select_last_index", 1)
    canonical.save()
    return "select_last_index=1"
