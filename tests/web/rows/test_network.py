"""A page served with the network log on: no TF.js for the row program, and the same answer with it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import tiny_bundle
from node_script import WEB, run_node

from isoship.bundle.npm.package import places

HERE = Path(__file__).parent
MODEL = (
    "/model.json",
    "/group1-shard1of1.bin",
    "/program.bin",
    "/graph/graph.js",
    "/graph/backend.js",
    "/graph/webform.js",
)


@pytest.fixture(scope="module")
def seen(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("network") / "web"
    shutil.copytree(bundle, folder)
    tiny_bundle.add_rows(folder)
    names = ("manifest.json", "golden.json", "program.json", "program.bin", "rows.json", "rows.bin", "model.json")
    (folder / "places.js").write_text(places(names), encoding="utf-8")
    return run_node(HERE / "network.mjs", str(folder), str(WEB / "package.json"))


def test_the_first_prediction_fetches_no_tf_js(seen: Any) -> None:
    fetched = seen["asItComes"]["fetched"]
    assert [path for path in fetched if path.startswith("/tfjs/") or path in MODEL] == []
    assert {"/rows.json", "/rows.bin"} < set(fetched)
    assert len(fetched) == len(set(fetched))
    assert "in double precision" in seen["asItComes"]["identity"]
    assert seen["asItComes"]["verify"].startswith("The same: 21 golden rows")


def test_the_switch_pins_tf_js_which_agrees(seen: Any) -> None:
    pinned = seen["pinned"]
    assert {*MODEL, "/tfjs/core.js"} < set(pinned["fetched"])
    assert not {"/rows.json", "/rows.bin"} & set(pinned["fetched"])
    assert "cpu backend" in pinned["identity"]
    assert (seen["asItComes"]["switched"], pinned["switched"]) == (False, True)
    for what in ("label", "figures"):
        assert pinned[what] == seen["asItComes"][what] != []


def test_nothing_is_missing_and_the_console_stays_silent(seen: Any) -> None:
    for page in seen.values():
        assert (page["missed"], page["console"]) == ([], [])
