"""`loadInWorker` in Chromium, and `load` in a service worker: what ends is said, and rows are the same everywhere."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import tiny_bundle
from node_script import HERE, run_node

ROWS = tiny_bundle.rows(4, seed=5)
LABELS = tiny_bundle.answers(ROWS)["label"]


@pytest.fixture(scope="module")
def said(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("worker") / "bundle"
    shutil.copytree(bundle, folder)
    tiny_bundle.add_rows(folder)
    return run_node(HERE / "package" / "worker.mjs", str(folder), stdin=ROWS)


def labels(answers: Any) -> list[str]:
    assert isinstance(answers[0], dict), answers
    return [answer["label"] for answer in answers]


def test_after_its_end_every_call_says_so(said: Any) -> None:
    words = "the worker was disposed of: loadInWorker() again"
    assert said["ended"] == {"waiting": ["IsoshipError", words], "after": [True, "IsoshipError", words]}


def test_rows_behind_proxies_are_rows(said: Any) -> None:
    """As Vue and MobX have them; what no thread can be sent is refused by name."""
    found = said["proxies"]
    assert labels(found["plain"]) == labels(found["reactive"]) == found["arrays"] == LABELS
    sent = "rows: expected values that can be sent to a worker, got "
    assert found["function"] == ["InputError", sent + "a value of type function"]
    assert found["round"] == ["InputError", sent + "an array"]
    assert found["wrong"][0] == "InputError"
    assert found["wrong"][1].startswith('row 0, column "bill <b>length</b>": expected a number or null, got nothing')
    assert found["none"][0] == "InputError"


def test_options_reach_the_worker_and_its_state_comes_back(said: Any) -> None:
    found = said["options"]
    assert (found["engine"], found["backend"], found["trust"]) == ("tfjs", "cpu", None)
    assert (found["form"], found["selftest"]) == (4, True)
    assert found["heard"][-1]["loaded"] > 0
    assert {progress["file"] for progress in found["heard"]} >= {"manifest.json", "program.json", "model.json"}
    assert found["aborted"] == ["Error", "enough"]
    assert found["stopped"] == ["Error", "no more"]
    assert found["absent"][0] == "IsoshipError"
    assert "its script did not load" in found["absent"][1]
    assert found["backendError"][0] == "BackendError"
    assert found["nowhere"] == ["BundleError", '"http://[" is no address from here']


def test_from_another_origin_it_starts_where_the_pages_policy_lets_it(said: Any) -> None:
    assert labels(said["foreign"]) == labels(said["allowed"]) == LABELS
    name, message = said["policed"]
    assert name == "IsoshipError"
    assert "worker-src blob:" in message


def test_in_a_service_worker_the_row_program_answers_and_tfjs_is_refused_by_name(said: Any) -> None:
    engine, answers = said["service"]["rows"]
    assert (engine, labels(answers)) == ("rows", LABELS)
    name, message = said["service"]["tfjs"]
    assert name == "BundleError"
    assert "A service worker imports nothing later" in message


def test_in_node_it_says_where_there_are_workers(bundle: Path, tmp_path: Path) -> None:
    script = tmp_path / "node.mjs"
    script.write_text(
        f"import {{ loadInWorker }} from {str(bundle / 'index.js')!r};\n"
        "await loadInWorker().catch((err) => console.log(JSON.stringify([err.name, err.message])));\n"
    )
    name, message = run_node(script)
    assert name == "IsoshipError"
    assert message.startswith("there is no Worker here: ")
