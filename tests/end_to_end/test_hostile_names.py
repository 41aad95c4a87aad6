"""Column and class names that try to run: on the page, in the report and in what either lets a person download, and in
a notebook."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from visiting import static, visit

import isoship

COLUMN = "<img src=x onerror=hacked=1>"
CITY = "city\"'><script>hacked=2</script>"
CLASSES = ["<svg onload=hacked=3>", '=HYPERLINK("http://127.0.0.1:1")']


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    random = np.random.default_rng(3)
    sample = pd.DataFrame({COLUMN: random.normal(0, 1, 120), CITY: random.choice(["<b>x</b>", "=1+1", "ok"], 120)})
    model = make_pipeline(
        make_column_transformer((StandardScaler(), [COLUMN]), (OneHotEncoder(handle_unknown="ignore"), [CITY])),
        LogisticRegression(),
    ).fit(sample, np.where(sample[COLUMN] > 0, *CLASSES))
    out = tmp_path_factory.mktemp("hostile") / "bundle"
    isoship.export(model, sample=sample, out=out, name="hostile", targets=("web",), offline=True)
    report = isoship.check(out, model=model, runtimes=("onnxruntime", "web-node-cpu"))
    shown = isoship.Bundle.open(out)._repr_html_() + report._repr_html_()
    out.with_name("notebook.html").write_text(f"<!doctype html><main>{shown}</main>", encoding="utf-8")
    return out


def test_names_do_nothing_on_the_page_and_in_the_report(bundle: Path) -> None:
    with static(bundle / "web") as url:
        page, report, notebook = visit(
            {
                "url": f"{url}/",
                "wait": "#main:visible",
                "click": ["#form button"],
                "then": "document.querySelector('#answer .label')?.textContent",
                "read": {"fields": "#fields label", "classes": "#answer .class"},
            },
            {"url": (bundle / "parity.html").as_uri(), "read": {"all": "body"}},
            {"url": bundle.with_name("notebook.html").as_uri(), "read": {"all": "body"}},
        )
    assert any(COLUMN in field for field in page["read"]["fields"]), "names are shown as they are"
    assert sorted(page["read"]["classes"]) == sorted(CLASSES)
    assert COLUMN in notebook["read"]["all"][0]
    for seen in (page, report, notebook):
        assert seen["hacked"] is None
        assert seen["dialogs"] == 0
        assert seen["console"] == []


def test_the_reports_csv_holds_no_formula(bundle: Path) -> None:
    (seen,) = visit(
        {
            "url": (bundle / "parity.html").as_uri(),
            "click": ["details:has(a[download]) summary"],
            "download": "a[download]",
        }
    )
    cells = [cell for line in csv.reader(io.StringIO(seen["downloads"][0])) for cell in line]
    assert len(cells) > 5
    assert not [cell for cell in cells if cell.startswith(("=", "+", "@", "\t", "\r"))]
