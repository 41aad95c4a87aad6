"""The exported web bundle and the served pages, opened in a real browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from visiting import ISOSHIP, Road, serving, static, visit

import isoship

BIRD = {
    "bill_length_mm": 46.5, "bill_depth_mm": 17.9, "flipper_length_mm": 192.0, "body_mass_g": 3500.0,
    "island": "Dream", "sex": None,
}  # fmt: skip


def elsewhere(seen: dict[str, Any]) -> list[str]:
    return [u for u in seen["requests"] if not u.startswith(("http://127.0.0.1:", "blob:http://127.0.0.1:", "data:"))]


@pytest.fixture(scope="module")
def page(road: Road, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    shot = tmp_path_factory.mktemp("screenshots") / "penguins.png"
    with static(road.bundle / "web") as url:
        (seen,) = visit(
            {
                "url": f"{url}/",
                "wait": "#main:visible",
                "fill": {name: "" if value is None else str(value) for name, value in BIRD.items()},
                "click": ["#form button"],
                "then": "document.querySelector('#answer .label')?.textContent === 'Chinstrap'",
                "read": {"label": "#answer .label", "classes": "#answer .class", "figures": "#answer .figure"},
                "shot": str(shot),
            }
        )
    assert shot.stat().st_size > 10_000
    return seen


def test_a_person_fills_the_form_and_sees_label_and_probabilities(road: Road, page: dict[str, Any]) -> None:
    (expected,) = isoship.load(road.bundle).predict_rows([BIRD])
    ranked = sorted(expected["probabilities"].items(), key=lambda item: -item[1])
    assert page["read"]["label"] == [expected["label"]]
    assert page["read"]["classes"] == [name for name, _ in ranked]
    assert page["read"]["figures"] == [f"{100 * p:.1f} %" for _, p in ranked]


def test_no_request_leaves_for_another_host_and_the_console_is_silent(page: dict[str, Any]) -> None:
    assert elsewhere(page) == []
    assert page["console"] == []


def test_the_docs_of_isoship_serve_render_without_another_host(road: Road) -> None:
    with serving(ISOSHIP, "serve", str(road.bundle), "--port", "0") as url:
        docs, ui = visit(
            {"url": f"{url}/docs", "wait": ".opblock", "read": {"paths": ".opblock-summary-path"}},
            {"url": f"{url}/ui/", "wait": "#main:visible", "read": {"fields": "#fields label"}},
        )
    assert any("predict" in path for path in docs["read"]["paths"])
    assert len(ui["read"]["fields"]) == len(BIRD)
    for seen in (docs, ui):
        assert elsewhere(seen) == []
        assert seen["console"] == []


def test_the_report_opens_without_a_network(road: Road) -> None:
    (seen,) = visit({"url": (road.bundle / "parity.html").as_uri(), "read": {"all": "body", "plots": "svg"}})
    assert "agree" in seen["read"]["all"][0]
    assert seen["read"]["plots"], "errors are plotted"
    assert all(u.startswith(("file:", "data:")) for u in seen["requests"])
    assert seen["console"] == []


def test_forms_offer_each_column_its_own_categories(road: Road) -> None:
    import json

    form = {f["column"]: f for f in json.loads((Path(road.bundle) / "web" / "program.json").read_bytes())["form"]}
    assert form["island"]["choices"] == ["Biscoe", "Dream", "Torgersen"]
    assert form["sex"]["choices"] == ["female", "male"]
