"""Which rows a runtime is asked, and in which batches: sizes that have gone wrong where others had not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from isoship.errors import InputError
from isoship.parity.case import Case
from isoship.parity.runners.adapter import software_adapter
from isoship.parity.runners.contract import Runner, Shipped
from isoship.sources.contract import Row
from isoship_edge.inference.model import rows_at_once

_SMALL = (1, 1, 1, 2, 2, 3, 3)
#: Graphics of software compile their shaders anew for each size of batch.
_SMALL_IN_SOFTWARE = (1, 1, 3, 3)
#: The row program of a model that takes milliseconds for a row, and that no target asks, is asked so many.
_OF_SLOW = 120
#: A runtime that has a way of its own for one row is asked so many more of them alone; golden rows come first.
_ALONE = 200
_THOUSAND = 1000
_LARGE = 4099
#: More than two of the chunks in which servers of ours work, by so many rows.
_BEYOND_CHUNKS = 107


@dataclass(frozen=True, eq=False)
class Asking:
    """What one runtime is asked.

    places: of the rows in the case. batches: places in `rows`; where `large`, the last one is filled up with rows that
    stand in others, too. chosen_from, fewer: how many rows the runtime takes, and why it is not asked all of them; 0
    and nothing where it is.
    """

    places: list[int]
    rows: list[Row]
    kinds: list[str]
    batches: list[list[int]]
    large: bool
    chosen_from: int = 0
    fewer: str = ""


def asking(runner: Runner, shipped: Shipped, case: Case) -> Asking:
    """The rows of a case that this runtime can be asked, as it is asked them."""
    through_json = bool(getattr(runner, "through_json", False))
    finite_only = through_json and not getattr(runner, "takes_infinity", False)
    narrow = runner.precision == "float32"  # which has no digits for far rows
    places = [
        i
        for i, row in enumerate(case.rows)
        if not (finite_only and _infinite(row)) and not (narrow and case.kinds[i] == "far")
    ]
    software = "" if case.cover is None else software_adapter(runner.stamp())
    count = len(places)
    places, why = _chosen(places, software, runner, shipped, case)
    # decoders have a way of their own for batches without a missing value: those rows come together
    alone = _ALONE if getattr(runner, "one_row", False) else 0
    border = _at_the_border(runner, shipped)
    small = _SMALL_IN_SOFTWARE if software else _SMALL
    few = alone + sum(small) + sum(border)
    places[few:] = sorted(places[few:], key=lambda i: None in case.rows[i].values())
    rows = [case.rows[i] for i in places]
    if through_json:
        rows = [_as_clients_may_write(row) if i % 2 else row for i, row in enumerate(rows)]
    beyond = 2 * rows_at_once(shipped.manifest) + _BEYOND_CHUNKS
    large = (
        (beyond if alone else min(_LARGE, beyond))
        if case.large_batch and not software and not getattr(runner, "one_at_a_time", False)
        else 0
    )
    batches = _batches(len(rows), large, [*[1] * alone, *small, *border, _THOUSAND])
    kinds = [case.kinds[i] for i in places]
    return Asking(places, rows, kinds, batches, large > 0, chosen_from=count if why else 0, fewer=why)


def _chosen(places: list[int], software: str, runner: Runner, shipped: Shipped, case: Case) -> tuple[list[int], str]:
    """The rows that a runtime is asked of those that it takes, and why not all of them as others are.

    software: the program that computes its graphics.
    """
    if getattr(runner, "one_at_a_time", False) and _is_slow(shipped):
        some = places[: _OF_SLOW // 2] + places[_OF_SLOW // 2 :: max(1, 2 * len(places) // _OF_SLOW)]
        why = "the first and others evenly spread: a row takes it milliseconds, and no target answers by it"
        return some, why if len(some) < len(places) else ""
    if software and case.cover is not None:
        cover = case.cover()
        some = [i for i in places if i in cover]
        how = "chosen as golden rows are, in small batches" if len(some) < len(places) else "in small batches"
        return some, f"{how}: {software} computes graphics in software (--rows max asks all)"
    return places, ""


def infer(runner: Runner, rows: list[Row], batch: list[int]) -> dict[str, Any]:
    """The answers to one batch.

    Raises:
        InputError: the runtime refuses it; `row` is the place among all rows, where it names one.
    """
    try:
        return runner.infer([rows[i] for i in batch])
    except InputError as err:
        err.row = batch[err.row] if err.row is not None and err.row < len(batch) else None
        raise


def joined(parts: list[dict[str, Any]], count: int) -> dict[str, Any]:
    """The answers to so many rows out of those to their batches."""
    names = dict.fromkeys(name for part in parts for name in part)
    return {name: np.concatenate([part[name] for part in parts if name in part])[:count] for name in names}


def _is_slow(shipped: Shipped) -> bool:
    facts = shipped.manifest.row_program
    return facts is not None and bool(facts.most_rows) and not any(facts.most_rows.values())


def _at_the_border(runner: Runner, shipped: Shipped) -> tuple[int, ...]:
    """The largest request that the row program answers for this runtime, and the smallest that ONNX Runtime does."""
    facts = shipped.manifest.row_program
    border = facts.most_rows.get(runner.target, 0) if facts is not None else 0
    return (border, border + 1) if border else ()


def _batches(count: int, large: int, sizes: Sequence[int]) -> list[list[int]]:
    """Which rows are asked together: every row once, in their order, and after them those that fill up the last batch.

    sizes: of the first batches. The rest come `large` at a time, or a thousand where that is 0.
    """
    found: list[list[int]] = []
    start = 0
    while start < count:
        size = sizes[len(found)] if len(found) < len(sizes) else large or _THOUSAND
        found.append(list(range(start, min(start + size, count))))
        start += size
    if large:
        if len(found) <= len(sizes):
            found.append([])
        found[-1] += [i % count for i in range(large - len(found[-1]))]
    return found


def _as_clients_may_write(row: Row) -> Row:
    """The same row in JSON of another hand: keys in another order, whole numbers without a fraction."""
    return {name: int(v) if _whole(v) else v for name, v in reversed(row.items())}


def _whole(value: Any) -> bool:
    plain = type(value) is float and abs(value) <= 2**53 and value.is_integer()
    return plain and (value != 0 or math.copysign(1.0, value) > 0)


def _infinite(row: Row) -> bool:
    return any(isinstance(v, float) and math.isinf(v) for v in row.values())
