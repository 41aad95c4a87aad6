"""A bundle that becomes an image, or a zip again: what the export says of the stack and of its callers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bundles import make_bundle
from isoship.bundle.aws_lambda.package_switch import said_of_switch


@pytest.fixture
def before(tmp_path: Path) -> Path:
    made = tmp_path / "before"
    make_bundle(made, "visits")
    return made


def after(tmp_path: Path, before: Path, change: Any = lambda columns: None) -> Path:
    document = json.loads((before / "manifest.json").read_bytes())
    change(document["signature"]["columns"])
    made = tmp_path / "after"
    made.mkdir()
    (made / "manifest.json").write_text(json.dumps(document))
    return made


@pytest.mark.parametrize(("package", "image"), [("lambda.zip", True), ("Dockerfile", False)])
def test_a_switch_is_said_and_callers_that_lose_by_it(tmp_path: Path, before: Path, package: str, image: bool) -> None:
    assert said_of_switch(None, before, image=image) is None
    assert said_of_switch(before, before, image=image) is None, "no package there"
    (before / package).touch()
    assert said_of_switch(before, before, image=not image) is None, "the same package"
    plain = said_of_switch(before, after(tmp_path, before), image=image)
    assert plain is not None
    assert plain.endswith("traffic moves at once")


def test_callers_that_the_hook_cannot_ask_for_are_named(tmp_path: Path, before: Path) -> None:
    (before / "lambda.zip").touch()
    lost = after(tmp_path, before, lambda columns: columns[5]["categories"].remove("pro"))
    assert "column 'plan' takes 'pro' no more" in str(said_of_switch(before, lost, image=True))
    for text in ("{}", "[" * 100_000):
        (before / "manifest.json").write_text(text)
        assert "look to its callers yourself" in str(said_of_switch(before, lost, image=True))
