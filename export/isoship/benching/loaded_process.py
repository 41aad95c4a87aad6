"""The bench's half in a Python process: one JSON request a line on stdin, one JSON answer a line on stdout.

What it imports before the first answer is what a program of a user's imports, and `json`.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Any

from isoship.benching.timing import times_of


def main(folder: str) -> None:
    """Answers until stdin ends. The first request is read before the bundle is."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints is no answer
    line = sys.stdin.readline()
    from isoship_edge.inference.model import load

    model = load(folder)
    while line:
        try:
            answer = _answered(model.predict, json.loads(line))
        except Exception as err:  # noqa: BLE001 - told to the bench, which says it
            answer = {"failed": f"{type(err).__name__}: {err}"}
        answer["stamp"] = {"python": sys.version.split()[0], "api": str(getattr(model.session, "backend", ""))}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
        line = sys.stdin.readline()


def _answered(predict: Callable[[Any], Any], request: Any) -> dict[str, Any]:
    if "asks" in request:
        given = [_given(one) for one in request["asks"]]
        return {"seconds": times_of(lambda place: predict(given[place]), len(given), request["seconds"])}
    made = predict(_given(request["ask"]))
    from isoship.parity.runners.arrays import sent

    return {"outputs": {name: sent(array) for name, array in made.items()}}


def _given(ask: Any) -> Any:
    if "rows" in ask:
        from isoship_edge.encoding.golden import decode

        return [{name: decode(value) for name, value in row.items()} for row in ask["rows"]]
    from isoship.parity.runners.arrays import received

    return {name: received(array) for name, array in ask["inputs"].items()}
