"""Class names on an output's last axis."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from isoship.errors import InputError
from isoship.tensors.class_names import classes_from, named_classes
from isoship_edge.manifest import Output

LOGITS = Output("logits", "tensor", "float", ("N", 3))
FEATURES = Output("features", "tensor", "float", ("N", 64))
NAMES = ("cat", "dog", "eel")


def test_the_output_of_that_size_is_named() -> None:
    first, second = named_classes([FEATURES, LOGITS], classes_from("cat, dog,eel"))
    assert (first, second) == (FEATURES, LOGITS._replace(classes=NAMES))
    assert named_classes([LOGITS], classes_from(None)) == (LOGITS,)


def test_files_lists_and_dicts_say_the_same(tmp_path: Path) -> None:
    lines, listed = tmp_path / "names.txt", tmp_path / "names.json"
    lines.write_text("cat\ndog\neel\n")
    listed.write_text(json.dumps(NAMES))
    for option in (lines, str(listed), NAMES, list(NAMES), "cat,dog,eel"):
        assert classes_from(option) == {None: NAMES}
    for option in (f"logits={lines}", {"logits": NAMES}, "logits=cat,dog,eel"):
        assert classes_from(option) == {"logits": NAMES}


def test_of_two_outputs_of_one_size_one_is_said() -> None:
    both = [LOGITS, LOGITS._replace(name="probabilities")]
    with pytest.raises(InputError, match=r"say which, logits=... or probabilities=..."):
        named_classes(both, {None: NAMES})
    assert [o.classes for o in named_classes(both, {"probabilities": NAMES})] == [None, NAMES]
    dynamic = [LOGITS._replace(shape=("N", "C"))]
    assert named_classes(dynamic, {"logits": NAMES})[0].classes == NAMES


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("cat,dog", "2 names fit the last axis of no output: logits"),
        ("logits=cat,dog", "2 names fit the last axis of no output"),
        ("scores=cat,dog,eel", "no output 'scores': choose from logits"),
        ("cat,dog,dog", "'dog' stands twice"),
        ([1, "1", 2], "'1' stands twice"),
        ("cat,,eel", "none empty"),
        ([], "at least one"),
        ([0.5, 1.5, 2.5], "texts or integers"),
        ("names.txt", "no file at names.txt"),
        (7, "a list of names is needed, not int"),
    ],
)
def test_names_that_fit_nothing_are_refused(option: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        named_classes([LOGITS], classes_from(option))
