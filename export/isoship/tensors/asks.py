"""Calls of a model of tensors that exercise its graph: sizes found by trying, values of every kind, seeded.

Asked are calls that the model settles. Where float32 itself gives no answer (a NaN from finite numbers, another integer
than the same graph in doubles gives, an error far beyond that of ordinary calls) there is nothing to hold a shipped
form against, and the call is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from isoship.errors import InputError
from isoship.tensors.calls import copies, drawn, known_of, like, plain
from isoship.tensors.contract import Arrays, Ask
from isoship.tensors.run import Runs
from isoship.tensors.settled import Answered, Settled
from isoship.tensors.sizes import Found, Sizes, find_sizes, sizes_of
from isoship.tensors.values import KINDS
from isoship.tensors.work import AT_LEAST, MOST, Work
from isoship_edge.manifest import Signature
from isoship_edge.tensors.signature import Input

if TYPE_CHECKING:
    import onnx

#: How many calls are made where nobody says.
BUDGET = 32
#: How many of them are of the size and scale of the user's own: some models answer no others, or none that settle.
_LIKE_SAMPLES = 6


def asks_for(
    graph: onnx.ModelProto,
    signature: Signature,
    *,
    samples: Sequence[Arrays] = (),
    found: Found | None = None,
    seed: int = 0,
    budget: int | None = None,
    settled: bool = True,
) -> list[Ask]:
    """The most ordinary first: a few of them are a fair sample. Other seeds give other values of the same kinds.

    graph: the canonical one. samples: calls of the user's; their sizes are asked, others like them come first, and they
    themselves last, as they are. found: sizes that the model answers, where somebody has looked for them.
    budget: how many calls at most, samples apart; fewer where they compute much (`work`). settled: False asks what
    float32 does not settle, too, and takes a fraction of the time.

    Raises:
        InputError: no size of the model's dynamic dimensions is answered.
    """
    run = Runs(graph)
    inputs = signature.inputs
    sized = [sizes_of(inputs, each) for each in samples]
    known = {one.name: known_of(graph, one) for one in inputs}
    found = found or sizes_found(run, graph, inputs, sized)
    if found is None:
        raise InputError(
            "the model answers none of the sizes tried for its dynamic dimensions. Give a call as it is made:"
            " --sample calls.npz, an array for each input"
        )
    rng = np.random.default_rng([seed, 2718])
    accepts = Settled(run, graph, inputs, found.base, known) if settled else Answered(run, known)
    work = Work(graph, inputs, plain(run, inputs, found.base, known) or {})
    made: list[Ask] = []
    spent = 0.0
    for i in range(min(_LIKE_SAMPLES, budget or BUDGET) if samples else 0):
        call = samples[i % len(samples)]
        takes = work.of(sized[i % len(samples)])
        if len(made) >= AT_LEAST and spent + takes > MOST:
            break
        feeds = like(rng, inputs, call, known)
        spent += takes
        if accepts(feeds):
            made.append(
                Ask("sample-like" if copies(inputs, call) else "like-sample", feeds, accepts.exact, accepts.off)
            )
    for kind, label, sizes in _wanted(found, sized):
        if len(made) >= (budget or BUDGET):
            break
        takes = work.of(sizes)
        if len(made) >= AT_LEAST and spent + takes > MOST:
            continue
        feeds = drawn(kind, rng, inputs, sizes, accepts.known)
        spent += takes
        if accepts(feeds):
            made.append(Ask(label, feeds, accepts.exact, accepts.off))
    return made + [Ask("sample", each) for each in samples]


def _wanted(found: Found, sized: Sequence[Sizes]) -> list[tuple[str, str, Sizes]]:
    """(kind of values, the ask's own kind, sizes), in order of importance."""
    batches = [
        (f"batch-{max(sizes[name] for name in sizes if sizes[name] != found.base[name])}", sizes)
        for name, others in list(found.others.items())[:1]
        for sizes in others
    ]
    others = [(f"{name}-{sizes[name]}", sizes) for name, all_of in list(found.others.items())[1:] for sizes in all_of]
    first, rest = KINDS[:4], KINDS[4:]
    wanted = [(kind, kind, found.base) for kind in first]
    wanted += [("normal", label, sizes) for label, sizes in batches[:2]]
    wanted += [(kind, kind, found.base) for kind in rest]
    wanted += [("uniform", label, sizes) for label, sizes in others[:4]]
    wanted += [("normal", "sample-sizes", sizes) for sizes in sized[:2]]
    wanted += [("normal", label, sizes) for label, sizes in batches[2:]]
    wanted += [("normal", label, sizes) for label, sizes in others[4:]]
    larger = [sizes for _label, sizes in batches] or [found.base]
    wanted += [(kind, kind, larger[i % len(larger)]) for i, kind in enumerate(KINDS * 40)]
    return wanted


def plain_call(run: Runs, graph: onnx.ModelProto, inputs: Sequence[Input], found: Found | None) -> Arrays | None:
    """The simplest call of the smallest sizes that are answered; None where none is."""
    known = {one.name: known_of(graph, one) for one in inputs}
    return None if found is None else plain(run, inputs, found.base, known)


def sizes_for(graph: onnx.ModelProto, signature: Signature, samples: Sequence[Arrays] = ()) -> Found | None:
    """`sizes_found` of a signature."""
    sized = [sizes_of(signature.inputs, each) for each in samples]
    return sizes_found(Runs(graph), graph, signature.inputs, sized)


def sizes_found(
    run: Runs, graph: onnx.ModelProto, inputs: Sequence[Input], sized: Sequence[Sizes] = ()
) -> Found | None:
    """Sizes of dynamic dimensions that are answered, those of the user's calls first; None where none is."""
    known = {one.name: known_of(graph, one) for one in inputs}

    def most(base: Sizes) -> int:
        return Work(graph, inputs, plain(run, inputs, base, known) or {}).most

    return find_sizes(inputs, lambda sizes: plain(run, inputs, sizes, known) is not None, sized, most)
