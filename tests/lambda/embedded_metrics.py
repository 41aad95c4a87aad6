"""Whether a log line is what CloudWatch takes metrics from: the schema, and what a schema cannot say."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema

_SCHEMA = jsonschema.Draft202012Validator(
    json.loads(Path(__file__).with_name("emf.schema.json").read_text(encoding="utf-8"))
)
#: A dimension's value is ASCII, with one character at least that is no space (API reference, Dimension).
_VALUE = re.compile(r"(?=.*[!-~])[ -~]{1,1024}")
#: An event of CloudWatch Logs.
_LONGEST = 1024 * 1024


def check_embedded_metrics(line: str) -> dict[str, Any]:
    """The line's document.

    Raises:
        AssertionError, jsonschema.ValidationError: it breaks a rule of the format.
    """
    assert len(line.encode()) <= _LONGEST
    document: dict[str, Any] = json.loads(line, object_pairs_hook=once)
    _SCHEMA.validate(document)
    for directive in document["_aws"]["CloudWatchMetrics"]:
        names = [metric["Name"] for metric in directive["Metrics"]]
        assert len(set(names)) == len(names), names
        for name in names:
            values = document[name] if isinstance(document[name], list) else [document[name]]
            assert 0 < len(values) <= 100
            assert all(type(value) in (int, float) and abs(value) < 2**360 for value in values), (name, values)
        for name in (name for names in directive["Dimensions"] for name in names):
            assert _VALUE.fullmatch(document[name]), (name, document[name])
    return document


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """`object_pairs_hook`: an object whose members have one name each."""
    names = [name for name, _ in pairs]
    assert len(set(names)) == len(names), f"members twice: {names}"
    return dict(pairs)
