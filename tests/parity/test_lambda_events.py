from __future__ import annotations

import json

import pytest

from isoship.errors import InputError
from isoship.parity.runners import lambda_events
from isoship.parity.runners.contract import RunnerCrashed
from isoship.parity.runners.lambda_events import answered, prediction_bytes, request_bodies, response_of
from isoship_edge.manifest import Output

VALUE = (Output("value", "value", "double", ("N",)),)
WIDE = (Output("transformed", "transformed", "double", ("N", 1000)),)


def test_bodies_hold_every_row_once_in_order_within_the_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lambda_events, "MAX_BODY", 400)
    rows = [{"text": "ø" * (37 * i % 150)} for i in range(60)]
    made = list(request_bodies(rows, VALUE))
    assert len(made) > 3
    assert [row for _, body in made for row in json.loads(body)["rows"]] == rows
    assert [first for first, _ in made] == [rows.index(json.loads(body)["rows"][0]) for _, body in made]
    assert all(len(body.encode()) <= 400 or len(json.loads(body)["rows"]) == 1 for _, body in made)


def test_wide_answers_make_smaller_requests() -> None:
    rows = [{"x": 0.5}] * 1000
    assert len(list(request_bodies(rows, VALUE))) == 1
    assert len(list(request_bodies(rows, WIDE))) > 5


def test_the_estimate_of_an_answers_length_is_above_the_longest() -> None:
    outputs = (
        Output("label", "label", "string", ("N",), ("a", 'quoted "b"')),
        Output("probabilities", "probabilities", "double", ("N", 2), ("a", 'quoted "b"')),
    )
    longest = {"label": 'quoted "b"', "probabilities": {"a": -2.2250738585072014e-308, 'quoted "b"': -1.7e308 / 3}}
    assert len(json.dumps(longest, separators=(",", ":"))) <= prediction_bytes(outputs)


def test_an_answer_is_taken_apart_or_named() -> None:
    assert response_of({"statusCode": 200, "body": "eA==", "isBase64Encoded": True}) == (200, b"x")
    assert answered(200, b'{"predictions": [1]}', 0) == [1]
    for status, body in ((200, b"{}"), (200, b"[]"), (200, b"<html>"), (500, b'{"detail": "x"}'), (413, b"{}")):
        with pytest.raises(RunnerCrashed, match=f"answered {status}"):
            answered(status, body, 0)
    with pytest.raises(RunnerCrashed, match="no proxy response"):
        response_of({"errorMessage": "x"})


def test_a_refusal_counts_rows_from_the_whole_batch() -> None:
    body = json.dumps({"status": 422, "detail": "row 2: no", "errors": [{"row": 2, "column": "x"}]}).encode()
    with pytest.raises(InputError) as refused:
        answered(422, body, 500)
    assert (refused.value.row, refused.value.column) == (502, "x")
