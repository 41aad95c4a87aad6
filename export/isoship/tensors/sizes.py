"""Sizes of dynamic dimensions that a model answers, found by trying."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from isoship.tensors.contract import Arrays
from isoship_edge.tensors.signature import Input

#: Tried for every name, and until something is answered for all of them together.
LADDER = (1, 2, 3, 4, 5, 7, 8, 16, 31, 32, 64, 96, 128, 224, 256, 512, 640, 1024)
#: Elements of a call's inputs beyond which no size is tried.
MOST_ELEMENTS = 2**21
_WANTED = 7

Sizes = dict[str, int]
#: Whether the model answers inputs of these sizes.
Try = Callable[[Sizes], bool]


@dataclass(frozen=True)
class Found:
    """base: sizes that are answered together, the smallest. others: for each name, sizes that differ from base in it,
    or in it and what must move with it."""

    base: Sizes
    others: dict[str, tuple[Sizes, ...]]


def names_in(inputs: Sequence[Input]) -> tuple[str, ...]:
    """The dynamic dimensions, those of first axes in front."""
    firsts = [one.shape[0] for one in inputs if one.shape and isinstance(one.shape[0], str)]
    rest = [size for one in inputs for size in one.shape if isinstance(size, str)]
    return tuple(dict.fromkeys([str(name) for name in firsts] + rest))


def shape_of(one: Input, sizes: Sizes) -> tuple[int, ...]:
    return tuple(sizes[size] if isinstance(size, str) else size for size in one.shape)


def sizes_of(inputs: Sequence[Input], arrays: Arrays) -> Sizes:
    """The sizes that a call has."""
    return {
        name: int(size)
        for one in inputs
        if one.name in arrays
        for name, size in zip(one.shape, arrays[one.name].shape, strict=False)
        if isinstance(name, str)
    }


def elements(inputs: Sequence[Input], sizes: Sizes) -> int:
    return sum(math.prod(shape_of(one, sizes)) for one in inputs)


def find_sizes(
    inputs: Sequence[Input], answered: Try, known: Sequence[Sizes] = (), most: Callable[[Sizes], int] | None = None
) -> Found | None:
    """known: sizes of the user's own calls; the first of them, with a batch of 1, is tried before the ladder.

    most: from what is answered, how many elements a call may have. None: no size of the ladder is answered.
    """
    names = names_in(inputs)
    firsts = {one.shape[0] for one in inputs if one.shape and isinstance(one.shape[0], str)}
    inner = [name for name in names if name not in firsts]

    def tried(sizes: Sizes) -> bool:
        return (elements(inputs, sizes) <= MOST_ELEMENTS or sizes in known or not inner) and answered(sizes)

    batches = (1, 2) if inner else (1, *LADDER)
    guesses = [{name: outer if name in firsts else size for name in names} for size in LADDER for outer in batches]
    guesses += [dict.fromkeys(names, size) for size in LADDER]
    distinct: list[Sizes] = []
    single = [sizes | dict.fromkeys(firsts, 1) for sizes in known[:1]]
    for each in [*single, *known, *guesses]:
        distinct += [each] if each not in distinct else []
    base = next((sizes for sizes in distinct if set(sizes) == set(names) and tried(sizes)), None)
    if base is None:
        return None
    limit = MOST_ELEMENTS if most is None else most(base)
    others = {}
    for name in names:
        found: list[Sizes] = []
        for moved in ((name,), tuple(firsts & set(names)) if name in firsts else tuple(inner)):
            for size in LADDER:
                sizes = base | dict.fromkeys(moved, size)
                if len(found) == _WANTED or sizes == base or elements(inputs, sizes) > limit:
                    continue
                if tried(sizes):
                    found.append(sizes)
            if found:
                break
        others[name] = tuple(found)
    return Found(base, others)
