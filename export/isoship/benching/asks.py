"""What forms of a model of columns are asked: its golden rows, one at a time and repeated to a batch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from isoship.benching.contract import Answer, Ask, Asks, Form
from isoship.errors import BundleError
from isoship.parity.runners.contract import Shipped
from isoship.parity.runners.http_client import json_of_rows
from isoship.parity.runners.lambda_events import MAX_BODY, prediction_bytes
from isoship.parity.verdict.compare import Comparison, compare
from isoship.parity.verdict.evidence import Golden, read_golden
from isoship.parity.verdict.wording import shown_value
from isoship.sources.contract import Row

#: Rows of a batch, where Lambda takes so many in one request; and of the golden rows so many are asked one at a time.
BATCH, ALONE = 1000, 32


def asks_of_rows(shipped: Shipped) -> Asks:
    """Golden rows that every form takes: none with an infinity, which JSON has not, and none far outside of the range.

    Raises:
        BundleError: there are none, or golden.json is damaged.
    """
    golden = read_golden(shipped)
    places = [
        i for i, row in enumerate(golden.rows) if golden.kinds[i] != "far" and not any(map(_infinite, row.values()))
    ]
    if not places:
        raise BundleError(f"{shipped.folder / 'golden.json'} holds no row that every form takes")
    batch = [places[i % len(places)] for i in range(BATCH)]
    most = MAX_BODY // prediction_bytes(shipped.manifest.outputs)
    while len(batch) > max(1, most) or len(json_of_rows([golden.rows[i] for i in batch])) > MAX_BODY:
        batch = batch[: len(batch) // 2]
    ones = tuple(_ask(shipped, golden, [i]) for i in places[:ALONE])
    if len(batch) < 2:
        return Asks(ones, None, "row", "no batch is asked: a second row does not fit in a request of Lambda's")
    fewer = (
        "" if len(batch) == BATCH else f"a batch is {len(batch)} rows here: more do not fit in a request of Lambda's"
    )
    return Asks(ones, _ask(shipped, golden, batch), "row", fewer)


def _ask(shipped: Shipped, golden: Golden, places: Sequence[int]) -> Ask:
    manifest = shipped.manifest
    reference, kinds = golden.answers.at(places), [golden.kinds[i] for i in places]

    def fault(answer: Answer, form: Form) -> str:
        tolerances = {o.name: manifest.tolerances[o.name][form.precision] for o in manifest.outputs}
        found = compare(
            reference, answer, manifest.outputs, tolerances, kinds=kinds, precision=form.precision,
            through_json=form.through_json,
        )  # fmt: skip
        return "" if found.agrees else said(found, "golden row", places)

    rows: list[Row] = [golden.rows[i] for i in places]
    return Ask(rows, len(rows), fault)


def said(found: Comparison, what: str, places: Sequence[int]) -> str:
    """The first thing that is wrong. places: of what was asked among the golden ones."""
    if found.problems:
        return found.problems[0]
    first = next((worst for worst in found.worst if worst.flip or worst.over), found.worst[0])
    return (
        f"{first.output} of {what} {places[first.row]} is {shown_value(first.value)} where the model says"
        f" {shown_value(first.expected)}"
    )


def _infinite(value: Any) -> bool:
    return isinstance(value, float) and math.isinf(value)
