"""The page without a network: kept by its service worker, whole, and never before what the network has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from in_chromium import in_chromium
from sklearn.ensemble import RandomForestClassifier

import isoship

KEPT = "#offline[data-kept=true]"
READY = "#main:not([hidden])"
SHOWN = """
const byId = (id) => document.getElementById(id);
const shown = { name: byId("name").textContent, answer: byId("answer").textContent };
byId("verify").click();
const result = byId("verify-result");
while (result.className === "") await new Promise(requestAnimationFrame);
return { ...shown, verified: result.textContent };
"""


def visit(**more: Any) -> dict[str, Any]:
    return {"visit": "/one/index.html", "wait": READY, "run": SHOWN, **more}


def test_a_page_that_was_here_once_answers_and_verifies_without_a_network(rows: Path) -> None:
    first, kept, again, elsewhere = in_chromium(
        {"one": rows},
        visit(wait=KEPT),
        visit(wait=READY),
        visit(offline=True),
        visit(visit="/one/", offline=True),
    )
    assert first["result"]["verified"].startswith("The same: ")
    assert first["result"] == kept["result"] == again["result"] == elsewhere["result"]
    assert again["requests"] == []
    assert not [name for name in first["requests"] if "/tfjs/" in name or "model.json" in name]


def test_a_page_of_tensors_is_kept_with_the_tfjs_that_it_used(web: Path) -> None:
    first, _, again = in_chromium({"one": web}, visit(wait=KEPT), visit(wait=KEPT), visit(offline=True))
    assert first["result"]["verified"].startswith("Same as trained: ")
    assert again["result"] == first["result"]


def test_another_export_takes_the_place_of_the_one_before(rows: Path, tmp_path: Path) -> None:
    """Online the new one is shown at once; offline it is shown whole."""
    other = exported(tmp_path / "other", "4.5.6")
    said = "return document.getElementById('identity').textContent + (await caches.keys()).length;"
    old, new, offline = in_chromium(
        {"one": rows},
        visit(wait=KEPT, run=said),
        visit(wait=KEPT, run=said, folders={"one": str(other)}),
        visit(run=said, offline=True),
    )
    assert "1.2.3" in old["result"]
    assert "4.5.6" in new["result"]
    assert offline["result"] == new["result"]
    assert new["result"].endswith("1"), "what was kept of the one before is gone"


def test_a_page_that_was_never_here_is_not_there(rows: Path) -> None:
    """What stands beside the bundle's folder is not the worker's."""
    kept, beside = in_chromium(
        {"one": rows, "two": rows},
        visit(wait=KEPT),
        {"visit": "/blank.html", "run": "return fetch('/two/index.html').then((found) => found.status);"},
    )
    assert kept["result"]["name"] == "forest"
    assert beside["result"] == 200


def exported(folder: Path, version: str) -> Path:
    """A forest's bundle, whose page needs no TF.js."""
    draw = np.random.default_rng(0)
    frame = pd.DataFrame({"age": draw.uniform(18, 80, 200), "height": draw.normal(170, 10, 200)})
    model = RandomForestClassifier(8, max_depth=3, random_state=0).fit(frame, frame.age > 40)
    made = isoship.export(model, sample=frame, out=folder, name="forest", model_version=version, targets="web")
    return made.path / "web"


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return exported(tmp_path_factory.mktemp("offline") / "bundle", "1.2.3")
