"""Labels are shown as they are and values with the digits that they need: page, report, command line."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyRegressor
from sklearn.tree import DecisionTreeClassifier
from visiting import ISOSHIP, static, visit

import isoship

LABELS = [20240115, 20240116]
VALUE = 12345678.25
REFUSED = ["41,5", "1e", "１２", "9007199254740993"]


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    sample = pd.DataFrame({"x": np.arange(40) / 40})
    folder = tmp_path_factory.mktemp("digits")
    models = {
        "day": DecisionTreeClassifier().fit(sample, np.where(sample["x"] > 0.5, LABELS[1], LABELS[0])),
        "price": DummyRegressor(strategy="constant", constant=VALUE).fit(sample, sample["x"]),
    }
    for name, model in models.items():
        isoship.export(model, sample=sample, out=folder / name, name=name, targets=("web",), offline=True)
    return {name: folder / name for name in models}


def typed(url: str, text: str, then: str) -> dict[str, Any]:
    """A visit: the text by keyboard, key by key, since a control that drops characters drops them here, too."""
    read = {"label": "#answer p.label", "problem": "#form-problem:not([hidden])"}
    return {"url": url, "wait": "#main:not([hidden])", "type": {"x": text}, "click": ["#form button"], "read": read,
            "then": f"() => {then}"}  # fmt: skip


def answered(url: str, text: str, label: Any) -> dict[str, Any]:
    return typed(url, text, f"document.querySelector('#answer p.label')?.textContent === {str(label)!r}")


def test_the_page_shows_labels_as_they_are(bundles: dict[str, Path]) -> None:
    with static(bundles["day"] / "web") as url:
        for seen in visit(answered(url, "0.25", LABELS[0]), answered(url, "+7e-1", LABELS[1])):
            assert seen["read"]["problem"] == []


def test_what_is_no_number_to_us_is_refused_as_it_was_typed(bundles: dict[str, Path]) -> None:
    with static(bundles["day"] / "web") as url:
        refused = "!document.querySelector('#form-problem').hidden"
        for text, seen in zip(REFUSED, visit(*(typed(url, text, refused) for text in REFUSED)), strict=True):
            assert seen["read"]["problem"] == [f'x: expected a number or null, got a string "{text}"']
            assert seen["read"]["label"] == []


def test_values_have_the_digits_that_they_need(bundles: dict[str, Path], tmp_path: Path) -> None:
    with static(bundles["price"] / "web") as url:
        visit(answered(url, "1", VALUE))
    (tmp_path / "rows.csv").write_text("x\n0.25\n")
    for name, shown in (("day", str(LABELS[0])), ("price", str(VALUE))):
        said = subprocess.run(
            [ISOSHIP, "predict", str(bundles[name]), str(tmp_path / "rows.csv")],
            capture_output=True,
            text=True,
            check=True,
        )
        assert said.stdout.splitlines()[1].split(",")[1] == shown


def test_the_report_shows_labels_as_they_are(bundles: dict[str, Path], tmp_path: Path) -> None:
    """Golden answers that are wrong by one: the report shows both numbers, whole."""
    path = bundles["day"] / "golden.json"
    document = json.loads(path.read_bytes())
    expected = document["expected"]["label"]
    expected[0] = {"$": "int64", "v": str(sum(LABELS) - int(expected[0]["v"]))}
    path.write_text(json.dumps(document))
    said = subprocess.run(
        [ISOSHIP, "check", str(bundles["day"]), "--runtimes", "onnxruntime", "--html", str(tmp_path / "parity.html")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert said.returncode == 1, said.stderr
    page = (tmp_path / "parity.html").read_text(encoding="utf-8")
    for text in (page, said.stdout + said.stderr):
        assert all(str(label) in text for label in LABELS), text
        assert "2.024" not in text
