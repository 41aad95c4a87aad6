"""Golden rows: a compact, synthetic set that a bundle carries to prove itself wherever it lands.

Rows are made from thresholds, fitted categories and margins. No row is copied from the sample, unless the user asks for
it. A double that could be taken for a measured value is moved by a random fraction of a thousandth of the range.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from isoship.rows.columns import rows_from_sample
from isoship.rows.cover import covering, labels_of
from isoship.rows.for_check import RowSet, rows_for_check
from isoship.rows.paths import Node
from isoship.rows.probe import FloatArray
from isoship.rows.profile import ColumnProfile
from isoship.rows.reference import Reference, ask, nested
from isoship.rows.refusals import SOURCE_REASONS, Refused, refused_rows
from isoship.rows.values import Rng, around_all, askable_boundaries, extremes
from isoship.sources.contract import Row, Source
from isoship_edge.encoding.golden import encode

FORMAT = 1
_MOST_ROWS, _USUAL_ROWS, _FEWEST_ROWS, _MOST_VALUES = 128, 64, 24, 20_000
POOL = 600
_MOST_REFUSED = 40
#: The width of a jump in float32 (`isoship.parity.verdict.compare`), the widest of all forms.
_UNSETTLED = 1e-6
#: Rows that show how a model is used, rather than how it is built, are left to `check`.
_LEFT_OUT = ("integer", "sample")

Profiles = dict[str, ColumnProfile]
#: The boundaries and the extreme values of each column, which stay as they are.
Kept = dict[str, tuple[FloatArray, set[Any]]]
Labels = Callable[[list[Row]], Sequence[Any]]


def golden_rows(
    source: Source,
    profiles: Profiles,
    seed: int = 0,
    sample: Any = None,
    labels: Labels | None = None,
    nodes: Sequence[Node] = (),
) -> dict[str, Any]:
    """The document of golden.json without its digest (docs/architecture.md), answers by the source in one batch.

    sample: rows to copy into the document, which the user must have asked for.
    labels: says on which side of a decision rows lie; the canonical graph is hundreds of times faster at it than
    most source models, and only the choice of rows depends on it.
    nodes: the splits of the graph's trees, `isoship.rows.paths.tree_nodes`.
    """
    rng = np.random.default_rng(seed)
    pool = _pool(source, profiles, rng, seed, labels, nodes)
    asked = _settled(ask(source.answers, pool.rows))
    pool = RowSet([pool.rows[i] for i in asked.kept], [pool.kinds[i] for i in asked.kept])
    room = max(_FEWEST_ROWS, min(_MOST_ROWS, _MOST_VALUES // max(1, len(profiles))))
    chosen = covering(pool, labels_of(asked.answers.outputs), profiles, most=room, least=_USUAL_ROWS)
    rows, kinds = [pool.rows[i] for i in chosen], [pool.kinds[i] for i in chosen]
    if sample is not None:
        own = rows_from_sample(sample, source.signature)[:room]
        rows, kinds = own + rows, ["sample"] * len(own) + kinds
    final = ask(source.answers, rows)
    rows, kinds = [rows[i] for i in final.kept], [kinds[i] for i in final.kept]
    base = next((row for row, kind in zip(rows, kinds, strict=True) if kind == "ordinary"), None)
    refused = spread_refusals(refused_rows(profiles, base), _MOST_REFUSED)
    by_source = [i for i, r in enumerate(refused) if r.why in SOURCE_REASONS]
    answered = {
        i for i, no in zip(by_source, source.refuses([refused[i].row for i in by_source]), strict=True) if not no
    }
    return {
        "format": FORMAT,
        "rows": [encode_row(row) for row in rows],
        "kinds": kinds,
        "expected": {name: encode(nested(array)) for name, array in final.answers.outputs.items()},
        "margin": encode(final.answers.margin.astype(np.float64).tolist()),
        "refused": [
            {"row": encode_row(r.row), "column": r.column, "why": r.why}
            for i, r in enumerate(refused)
            if i not in answered
        ],
    }


def _settled(asked: Reference) -> Reference:
    """Without the rows whose numbers the source itself does not settle: they would prove nothing on another machine."""
    kept = np.flatnonzero(~asked.answers.unsettled(_UNSETTLED)).tolist()
    if not kept:
        return asked
    return Reference(asked.answers.at(kept), [asked.kept[i] for i in kept], asked.refused)


def encode_row(row: Row) -> dict[str, Any]:
    return {name: encode(value) for name, value in row.items()}


def spread_refusals(refused: Sequence[Refused], most: int) -> list[Refused]:
    """At most so many, every reason first, then every column in turn."""
    seen: dict[str, int] = {}
    ranked = []
    for i, r in enumerate(refused):
        seen[r.why] = seen.get(r.why, -1) + 1
        ranked.append((seen[r.why], i))
    return [refused[i] for _, i in sorted(ranked)[:most]]


def _pool(
    source: Source, profiles: Profiles, rng: Rng, seed: int, labels: Labels | None, nodes: Sequence[Node]
) -> RowSet:
    label = next((o.name for o in source.outputs if o.kind == "label" and len(o.shape) == 1), None)

    def by_source(rows: list[Row]) -> Sequence[Any]:
        found: list[Any] = source.answers(rows).outputs[str(label)].tolist()
        return found

    predict = None if label is None else labels or by_source
    made = rows_for_check(profiles, seed=seed, budget=POOL, predict=predict, nodes=nodes)
    keep = [i for i, kind in enumerate(made.kinds) if kind not in _LEFT_OUT]
    kept = {n: (askable_boundaries(p), set(extremes(p))) for n, p in profiles.items()}
    rows = [made.rows[i] if made.kinds[i] == "boundary" else _moved(made.rows[i], profiles, kept, rng) for i in keep]
    return RowSet(rows, [made.kinds[i] for i in keep])


def _moved(row: Row, profiles: Profiles, kept: Kept, rng: Rng) -> Row:
    """The row with every short double that is no boundary and no extreme value moved a little."""
    moved = dict(row)
    for name, p in profiles.items():
        value = row[name]
        if p.dtype != "double" or value is None or p.closed or value in p.categories:
            continue
        if not np.isfinite(value) or len(repr(value).strip("-0.").replace(".", "")) > 9:
            continue
        boundaries, ends = kept[name]
        if value in ends or (len(boundaries) and _beside(value, boundaries, p)):
            continue
        near = value + float(rng.uniform(0.1, 1.0)) * 1e-3 * (p.high - p.low)
        moved[name] = near if p.lowest <= near <= p.highest else value
    return moved


def _beside(value: float, boundaries: FloatArray, profile: ColumnProfile) -> bool:
    place = int(np.searchsorted(boundaries, value))
    return any(value in values for values in around_all(boundaries[max(0, place - 2) : place + 2], profile))
