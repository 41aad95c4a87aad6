"""axe-core finds nothing wrong with what people look at: a bundle's page in its states, reports, model card."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from visiting import ISOSHIP, serving, static, visit

import isoship
from isoship.bundle.bundle import Bundle
from isoship.parity.verdict.compare import Verdict

FORM_IS_READ = (
    "() => document.querySelector('#answer').children.length || !document.querySelector('#form-problem').hidden"
)
PAGES: dict[str, dict[str, Any]] = {
    "as it opens": {"then": FORM_IS_READ},
    "a refused row": {
        "type": {"amount": "41,5"}, "click": ["#form button"],
        "then": "() => !document.querySelector('#form-problem').hidden",
    },
    "a file": {
        "upload": {"#batch-file": "amount,city,member\n1,Oslo,true\n2,Rome,false\n"},
        "then": "() => !document.querySelector('#batch-table').hidden",
    },
    "a file that is refused": {
        "upload": {"#batch-file": "x\n1\n"}, "then": "() => !document.querySelector('#batch-problem').hidden",
    },
    "a value that training never saw": {
        "fill": {"city": "other…"}, "type": {"city, another value": "Lima"},
        "then": "document.querySelector('#answer .label') !== null",
    },
    "what if, as a curve": {"click": ["#whatif-table summary"], "then": "document.querySelector('#whatif-cells td')"},
    "what if, as bars": {
        "fill": {"Vary": "member"}, "then": "document.querySelectorAll('#whatif-chart .bars li').length === 2",
    },
    "the proof": {"click": ["#verify"], "then": "() => document.querySelector('#verify-result').className !== ''"},
}  # fmt: skip


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    random = np.random.default_rng(3)
    sample = pd.DataFrame(
        {
            "amount": random.normal(100, 30, 150),
            "city": random.choice(["Oslo", "Rome"], 150),
            "member": random.random(150) > 0.5,
        }
    )
    columns = make_column_transformer(
        (StandardScaler(), ["amount"]), (OneHotEncoder(handle_unknown="ignore"), ["city"]), remainder="passthrough"
    )
    model = make_pipeline(columns, LogisticRegression()).fit(sample, np.where(sample["amount"] > 100, "yes", "no"))
    out = tmp_path_factory.mktemp("seen") / "bundle"
    isoship.export(model, sample=sample, out=out, name="seen", targets=("web",), offline=True)
    isoship.check(out, model=model, runtimes=("onnxruntime", "web-node-cpu"))
    return out


def assert_clean(results: list[dict[str, Any]], names: list[str]) -> None:
    found = {name: seen["axe"] for name, seen in zip(names, results, strict=True) if seen["axe"]}
    assert not found, json.dumps(found, indent=1)


def test_the_page_in_each_of_its_states(bundle: Path) -> None:
    shown = [("light", name) for name in PAGES] + [("dark", name) for name in PAGES]
    with static(bundle / "web") as url:
        base = {"url": url, "wait": "#main:not([hidden])", "axe": True}
        jobs = [{**base, "scheme": scheme, **PAGES[name]} for scheme, name in shown]
        assert_clean(visit(*jobs), list(map(str, shown)))


def test_a_page_whose_model_does_not_load(bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "web").symlink_to(bundle / "web")
    (tmp_path / "page").mkdir()
    for name in ("index.html", "page/page.js"):
        (tmp_path / name).write_bytes((bundle / "web" / name).read_bytes())
    with static(tmp_path) as url:
        [seen] = visit({"url": url, "wait": "h1", "axe": True})
    assert_clean([seen], ["without a model"])


def test_reports_that_agree_and_that_do_not(bundle: Path, tmp_path: Path) -> None:
    path = bundle / "golden.json"
    whole = path.read_bytes()
    document = json.loads(whole)
    document["expected"]["label"][0] = "no" if document["expected"]["label"][0] == "yes" else "yes"
    try:
        path.write_text(json.dumps(document))
        said = subprocess.run(
            [ISOSHIP, "check", str(bundle), "--runtimes", "onnxruntime,edge", "--html", str(tmp_path / "wrong.html")],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    finally:
        path.write_bytes(whole)
    assert said.returncode == 1, said.stderr
    agreeing = next(p for p in (bundle / "parity.html", bundle / "parity-partial.html") if p.is_file())
    (tmp_path / "right.html").write_bytes(agreeing.read_bytes())
    with static(tmp_path) as url:
        shown = [(name, scheme) for name in ("right", "wrong") for scheme in ("light", "dark")]
        jobs = [{"url": f"{url}/{name}.html", "axe": True, "scheme": scheme} for name, scheme in shown]
        assert_clean(visit(*jobs), list(map(str, shown)))


#: What a notebook puts an output into: its own background and color, light or dark.
NOTEBOOK = """<!doctype html><html lang="en"><title>a notebook</title>
<style>:root {{ color-scheme: light dark }}</style><main><h1>a notebook</h1>{}</main>"""


def test_bundles_and_reports_in_a_notebook(bundle: Path, tmp_path: Path) -> None:
    report = isoship.check(bundle, runtimes=("onnxruntime", "edge"))
    shown = {"right": report, "wrong": replace(report, verdicts=tuple(map(disagreeing, report.verdicts)))}
    for name, each in shown.items():
        held = Bundle.open(bundle)._repr_html_() + each._repr_html_()
        (tmp_path / f"{name}.html").write_text(NOTEBOOK.format(held), encoding="utf-8")
    with static(tmp_path) as url:
        seen = [(name, scheme) for name in shown for scheme in ("light", "dark")]
        jobs = [{"url": f"{url}/{name}.html", "axe": True, "scheme": scheme} for name, scheme in seen]
        assert_clean(visit(*jobs), list(map(str, seen)))


def disagreeing(verdict: Verdict) -> Verdict:
    return replace(verdict, status="disagree", flips=3, message="3 rows have another label: 3 ordinary")


def test_the_model_card(bundle: Path) -> None:
    with serving(ISOSHIP, "serve", str(bundle), "--port", "0") as url:
        assert_clean(visit({"url": url, "axe": True}), ["card"])
