"""Two bundles, compared: what they promise, and what they answer."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isoship.bundle.bundle import Bundle
from isoship.diffing.around import changes_around
from isoship.diffing.calls import compare_calls
from isoship.diffing.changes import Change
from isoship.diffing.outputs import output_changes
from isoship.diffing.pairs import Pairs, pairs_of
from isoship.diffing.pieces import Piece, check_columns, pieces_given, pieces_of
from isoship.diffing.report import DiffReport, Group, Limits, Side
from isoship.diffing.schema import schema_changes
from isoship.diffing.tally import Tally
from isoship.diffing.tensor_schema import tensor_changes
from isoship.errors import InputError
from isoship_edge.inference.model import load
from isoship_edge.manifest import Manifest

if TYPE_CHECKING:
    from isoship_edge.inference.model import Model
    from isoship_edge.tensors.model import TensorModel


def diff(
    old: str | Path,
    new: str | Path,
    rows: Any = None,
    *,
    max_changed: float = 0.0,
    max_shift: float = 0.0,
    allow_schema: bool = False,
    seed: int = 0,
    progress: Callable[[str], None] | None = None,
) -> DiffReport:
    """What the bundle `new` changes for those who use the bundle `old`. Nothing is written.

    rows: of your own, a file (`isoship.data.FORMATS`, read piece by piece), a pandas DataFrame or a list of dicts; the
    limits go by them. Rows made from both models are asked besides, and decide where there are no others.
    max_changed: the share of rows, 0 to 1, whose label may be another or that one model alone may refuse.
    max_shift: how far any number may move; what is within the manifests' tolerances is no shift.
    allow_schema: a breaking change of schema, contract or outputs alone does not fail. seed: of the made rows.

    Raises:
        BundleError: no bundle, or a damaged one. SampleError: `rows` cannot be read, or lacks columns of both models.
        InputError: the two cannot be compared (rows against tensors, or no output in common), or limits that are none.
    """
    say = progress or _silent
    if not 0 <= max_changed <= 1 or not max_shift >= 0:
        raise InputError(f"max_changed is {max_changed}, from 0 to 1, and max_shift {max_shift}, from 0 up")
    before, after = Bundle.open(old), Bundle.open(new)
    takes = _comparable(before.manifest, after.manifest)
    changes = _changes(before, after)
    models = load(before.path), load(after.path)  # which holds the files against their digests
    groups: list[Group] = []
    apart: tuple[str, ...] = ()
    near: Piece | None = None
    try:
        if before.manifest.digest != after.manifest.digest:
            if models[0].takes == "tensors" and models[1].takes == "tensors":
                groups.append(_calls(before, after, (models[0], models[1]), rows))
            elif models[0].takes == "rows" and models[1].takes == "rows":
                pairs = pairs_of(before.manifest, after.manifest)
                apart = pairs.apart
                if rows is not None:
                    say(f"asking both for {_name(rows)}")
                    own, near = _own(rows, models[0], models[1], pairs)
                    groups.append(own)
                say("asking both for rows made from their thresholds, categories and margins")
                made, known = _made(before, after, (models[0], models[1]), pairs, seed, near)
                groups.append(made)
                changes += known
    finally:
        for model in models:
            model.close()
    limits = Limits(max_changed, max_shift, allow_schema)
    return DiffReport(
        old=_side(before),
        new=_side(after),
        changes=tuple(changes),
        groups=tuple(groups),
        limits=limits,
        unit="calls" if takes == "tensors" else "rows",
        apart=apart,
    )


def _side(bundle: Bundle) -> Side:
    return Side(bundle.manifest.name, bundle.manifest.version, bundle.manifest.digest)


def _comparable(old: Manifest, new: Manifest) -> str:
    """ "rows" or "tensors", what both take.

    Raises:
        InputError: they take different things, or have no output in common.
    """
    takes = ["tensors" if m.signature.layout == "tensors" else "rows" for m in (old, new)]
    if takes[0] != takes[1]:
        raise InputError(f"{old.name} takes {takes[0]} and {new.name} takes {takes[1]}: they cannot be compared")
    if not {(o.name, o.kind) for o in old.outputs} & {(o.name, o.kind) for o in new.outputs}:
        said = [", ".join(f"{o.name} ({o.kind})" for o in m.outputs) for m in (old, new)]
        raise InputError(
            f"{old.name} answers with {said[0]} and {new.name} with {said[1]}: with no output in common they cannot be"
            " compared"
        )
    return takes[0]


def _changes(old: Bundle, new: Bundle) -> list[Change]:
    ours, theirs = old.manifest.signature, new.manifest.signature
    schema = tensor_changes(ours, theirs) if ours.layout == "tensors" else schema_changes(ours, theirs)
    return [*schema, *output_changes(old.manifest, new.manifest), *changes_around(old, new)]


def _own(rows: Any, old: Model, new: Model, pairs: Pairs) -> tuple[Group, Piece | None]:
    """And the first piece of the rows."""
    signatures = old.manifest.signature, new.manifest.signature
    with (
        pieces_of(Path(rows), signatures) if isinstance(rows, (str, Path)) else nullcontext(pieces_given(rows)) as held
    ):
        name, (header, pieces) = _name(rows), held
        why_not = check_columns(name, header, *signatures)
        if why_not:
            return Group("own", name, None, why_not=(why_not,)), None
        first = next(pieces, None)
        return Group("own", name, Tally(old, new, pairs).over(chain([first] if first else [], pieces))), first


def _name(rows: Any) -> str:
    return Path(rows).name if isinstance(rows, (str, Path)) else "the rows given"


def _made(
    before: Bundle, after: Bundle, models: tuple[Model, Model], pairs: Pairs, seed: int, near: Piece | None
) -> tuple[Group, tuple[Change, ...]]:
    from isoship.diffing.made import made_rows

    made = made_rows(before, after, seed, near)
    answered = Tally(*models, pairs).over(made.pieces()) if made.rows else None
    return Group("made", "", answered, made.counts, made.why_not), made.known


def _calls(before: Bundle, after: Bundle, models: tuple[TensorModel, TensorModel], rows: Any) -> Group:
    if rows is not None:
        raise InputError("models of tensors are compared on their golden calls; leave --rows out")
    answered, counts = compare_calls(before, after, models)
    return Group("made", "", answered, counts)


def _silent(_message: str) -> None:
    """Says nothing, where nobody asked to be told of progress."""
