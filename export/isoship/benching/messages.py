"""Asks as requests over HTTP, and answers as arrays: rows in JSON of POST /predict, calls in V2's binary tensors."""

from __future__ import annotations

import json
from collections.abc import Mapping

from isoship.benching.contract import Answer, Ask
from isoship.parity.runners.contract import RunnerCrashed
from isoship.parity.runners.http_client import json_of_rows
from isoship.parity.runners.predictions import arrays_from_predictions
from isoship.parity.runners.tensor_messages import BINARY, answer_of, request_of
from isoship_edge.manifest import Manifest

#: (path, headers, body)
Request = tuple[str, dict[str, str], bytes]


def request_for(ask: Ask, manifest: Manifest) -> Request:
    if isinstance(ask.given, list):
        return "/predict", {"content-type": "application/json"}, json_of_rows(ask.given)
    return request_of(ask.given, BINARY, manifest.name)


def answer_in(manifest: Manifest, ask: Ask, status: int, headers: Mapping[str, str], body: bytes, who: str) -> Answer:
    """headers: names in lower case. who: what is said to have answered.

    Raises:
        RunnerCrashed: no answer to the ask. InputError: a call is refused.
    """
    if not isinstance(ask.given, list):
        return answer_of(BINARY, status, headers, body, manifest.outputs, who)
    if status != 200:
        raise RunnerCrashed(f"{who} answered {status}: {body[:300]!r}")
    try:
        predictions = json.loads(body)["predictions"]
    except (ValueError, KeyError, TypeError) as err:
        raise RunnerCrashed(f"{who} answered {body[:200]!r}, which holds no predictions") from err
    return arrays_from_predictions(predictions, manifest.outputs)
