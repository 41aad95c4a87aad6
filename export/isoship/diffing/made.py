"""Rows made from both models: their thresholds, categories and margins, and the golden rows that travel with them."""

from __future__ import annotations

from dataclasses import dataclass

from isoship.bundle.bundle import Bundle
from isoship.diffing.changes import Change, gone_and_came, members, name_of
from isoship.diffing.pieces import PIECE, Made, Piece
from isoship.parity.runners.contract import Shipped
from isoship.parity.verdict.evidence import read_golden
from isoship.rows.for_check import nodes_for, rows_for_check
from isoship.rows.labels import labels_by_graph
from isoship.rows.paths import tree_nodes
from isoship.rows.profile import ColumnProfile, widened_to_sample
from isoship.rows.structure import column_profiles
from isoship.sources.contract import Row

#: Rows of each model, its golden ones beside them.
BUDGET = 1500


@dataclass(frozen=True)
class MadeRows:
    """counts: where the rows come from. why_not: why there are none of a model, a sentence each. known: categories
    that the models tell apart, where no contract closes the column."""

    rows: list[Row]
    counts: dict[str, int]
    why_not: tuple[str, ...]
    known: tuple[Change, ...]

    def pieces(self) -> list[Piece]:
        return [Made(start, self.rows[start : start + PIECE]) for start in range(0, len(self.rows), PIECE)]


def made_rows(old: Bundle, new: Bundle, seed: int = 0, near: Piece | None = None) -> MadeRows:
    """Rows that can be asked of both: those of a model that has every column of the other. No value is invented for a
    column that a model does not know.

    near: rows of the user's own, whose ranges the made ones cover: not every model tells where it was fitted.

    Raises:
        BundleError: golden.json is missing or damaged.
    """
    names = [{c.name for c in b.manifest.signature.columns} for b in (old, new)]
    profiles = [_profiles(b) for b in (old, new)]
    rows: list[Row] = []
    counts: dict[str, int] = {}
    why_not: list[str] = []
    for bundle, own, other, known, which, whose in (
        (old, names[0], names[1], profiles[0], "old", "new"),
        (new, names[1], names[0], profiles[1], "new", "old"),
    ):
        absent = sorted(other - own)
        if absent:
            listed = ", ".join(map(name_of, sorted(absent)[:12]))
            why_not.append(
                f"no row is made from the {which} model: it does not know {listed}, which the {whose} one needs"
            )
            continue
        golden = read_golden(Shipped(bundle.path, bundle.manifest, bundle.targets)).rows
        fresh = _fresh(bundle, _widened(bundle, known, near), seed)
        rows += [*golden, *fresh]
        counts |= {f"golden rows of the {which}": len(golden), f"made from the {which}": len(fresh)}
    return MadeRows(rows, counts, tuple(why_not), tuple(_known(*profiles)))


def _profiles(bundle: Bundle) -> dict[str, ColumnProfile]:
    import onnx

    return column_profiles(onnx.load(bundle.path / "model.onnx"), bundle.manifest.signature)


def _widened(bundle: Bundle, profiles: dict[str, ColumnProfile], near: Piece | None) -> dict[str, ColumnProfile]:
    if near is None:
        return profiles
    columns, faults = near.by(bundle.manifest.signature)
    own = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    return widened_to_sample(profiles, [row for i, row in enumerate(own) if i not in faults])


def _fresh(bundle: Bundle, profiles: dict[str, ColumnProfile], seed: int) -> list[Row]:
    import onnx

    path, signature = bundle.path / "model.onnx", bundle.manifest.signature
    return rows_for_check(
        profiles,
        seed=seed,
        budget=BUDGET,
        predict=labels_by_graph(str(path), signature, bundle.manifest.outputs),
        nodes=tree_nodes(onnx.load(path), signature, profiles, most=nodes_for(BUDGET), seed=seed),
    ).rows


def _known(old: dict[str, ColumnProfile], new: dict[str, ColumnProfile]) -> list[Change]:
    found = []
    for name, profile in old.items():
        other = new.get(name)
        if other is None or profile.closed or other.closed or profile.dtype != other.dtype:
            continue
        gone, came = gone_and_came(profile.categories, other.categories)
        if gone or came:
            text = f"column {name_of(name)}: of the categories that the model tells apart {members(gone, came)}"
            found.append(Change("known", name, text, gone=gone, came=came))
    return found
