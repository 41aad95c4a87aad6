"""ONNX's backend suite: a twentieth of it anew, and what the last whole run found, as docs/onnx_operators.md says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from benchmarks import results
from benchmarks.onnx_suite import table
from benchmarks.onnx_suite.cases import cases, names
from benchmarks.onnx_suite.running import StockTFJS
from benchmarks.onnx_suite.trial import tried

LAST = json.loads((results.FOLDER / "onnx_suite.json").read_text(encoding="utf-8"))["figures"]["cases"]
IN_CHROMIUM = json.loads((results.FOLDER / "onnx_suite_chromium.json").read_text(encoding="utf-8"))


@pytest.mark.filterwarnings("ignore")
def test_a_twentieth_of_the_suite_is_as_it_was(tfjs: dict[str, StockTFJS], tmp_path: Path) -> None:
    asked = 0
    for i, case in enumerate(cases()):
        if i % 20 == 7:
            found = tried(case, tfjs, tmp_path / "model")
            assert found == LAST[case.name], case.name
            asked += 1
    assert asked > 65


@pytest.mark.filterwarnings("ignore")
def test_the_last_run_asked_every_case_and_found_none_wrong() -> None:
    assert {name.partition(":")[0] for name in LAST} == set(names())
    for name, found in LAST.items():
        assert "refused" in found or (found["cpu"], found["wasm"]) == ("right", "right"), (name, found)
    right = sum("refused" not in found for found in LAST.values())
    assert right >= 0.85 * len(LAST), right
    refused = [found["refused"] for found in LAST.values() if "refused" in found]
    assert all("(node " in why or why.startswith(("the input", "the value")) for why in refused)


def test_no_case_was_wrong_in_chromium() -> None:
    assert [bar["ok"] for bar in IN_CHROMIUM["bars"]] == [True] * 4
    assert IN_CHROMIUM["figures"]["cases"].keys() == LAST.keys()


@pytest.mark.filterwarnings("ignore")
def test_the_page_says_what_was_found() -> None:
    assert table.PAGE.read_text(encoding="utf-8") == table.page()
