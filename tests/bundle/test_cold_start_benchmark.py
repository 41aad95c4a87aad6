"""`make bench-lambda`: what it counts, that a wrong answer is no time, and that a missed bar is told."""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))  # benchmarks/ is no part of the distribution

from benchmarks.cold_start import docs, plot, summary
from benchmarks.cold_start.measure import Start, WrongAnswer, check
from benchmarks.cold_start.models import Trained
from benchmarks.cold_start.variants import (
    BEFORE_FASTAPI,
    ECHO,
    FASTAPI,
    FLOOR,
    NAIVE_ORT,
    NAIVE_SKLEARN,
    ORDER,
    OURS,
    SOURCES,
    Variant,
)

TRAINED = Trained(Path("b"), Path("s"), Path("p"), '{"rows": [{"x0": 1.0}]}', 1, (0.25, 0.75))


def measured(**cpu_ms: float) -> dict[str, Any]:
    """A model's figures of three rounds; the second ran on a machine twice as slow."""
    times = dict.fromkeys(ORDER, 100.0) | {NAIVE_ORT + SOURCES: 1000.0, NAIVE_SKLEARN + SOURCES: 3000.0} | cpu_ms
    starts = {name: [Start(t, t * slow, 20.0) for slow in (1, 2, 1)] for name, t in times.items()}
    return {
        "variants": summary.figures(starts, dict.fromkeys(ORDER, 15_900_000)),
        "ratios": summary.ratios(starts),
        "zip_mb_beside_model": 15.9,
        "warm": {name: {"median_ms": ms, "cpu_ms": 0.5} for name, ms in ((ECHO, 0.8), (FLOOR, 1.0), (OURS, 1.1))},
    }


def test_ratios_are_those_of_one_round_and_bars_follow_the_issue() -> None:
    met = {ECHO: 40.0, OURS: 48.0, FLOOR: 80.0, FASTAPI: 200.0, BEFORE_FASTAPI: 250.0}
    bars = summary.bars({"logistic pipeline": measured(**met), "forest of 100 trees": measured(**met)})
    assert len(bars) == 2 * 8
    by_name = {bar.name: bar for bar in bars}
    assert by_name["logistic pipeline: ours, times the C-API floor (CPU)"].value == pytest.approx(0.6)
    assert [bar.name for bar in bars if not bar.ok] == [
        "logistic pipeline: warm, one row, times the C-API floor",
        "forest of 100 trees: ours, times the C-API floor (CPU)",
    ], "1.1 of 1.0, and 0.6 of 0.58"
    slower = summary.bars({"logistic pipeline": measured(**met | {OURS: 64.0, FASTAPI: 220.0})})
    assert sum(not bar.ok for bar in slower) == 4, "the empty handler, the floor, FastAPI, the warm row"


def test_a_model_that_the_floors_are_not_asked_has_the_bars_that_it_can_have() -> None:
    whole = measured()
    whole["ratios"] = {"ours, times the empty handler": 1.2}
    del whole["warm"][FLOOR]
    assert [bar.name for bar in summary.bars({"penguins": whole})] == [
        "penguins: ours, times the empty handler (CPU)",
        "penguins: peak memory, MB",
        "penguins: lambda.zip beside the model, MB",
    ]


def test_the_users_model_is_not_counted_against_the_zip(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "lambda.zip", "w") as archive:
        archive.writestr("isoship_edge/http/api.py", bytes(70_000))
        archive.writestr("model.onnx", bytes(500_000))
        archive.writestr("model.onnx.data", bytes(500_000))
        archive.writestr("golden.json", bytes(90_000))
    assert summary.beside_the_model(tmp_path / "lambda.zip") == pytest.approx(0.0705, abs=1e-3)


@pytest.mark.parametrize(
    ("status", "prediction", "right"),
    [
        (200, {"label": 1, "probabilities": {"0": 0.25001, "1": 0.74999}}, True),
        (200, {"label": 0, "probabilities": {"0": 0.25, "1": 0.75}}, False),
        (200, {"label": 1, "probabilities": {"0": 0.26, "1": 0.74}}, False),
        (200, {"label": 1}, False),
        (500, {"label": 1, "probabilities": {"0": 0.25, "1": 0.75}}, False),
    ],
)
def test_a_wrong_answer_is_no_measurement(status: int, prediction: dict[str, Any], right: bool) -> None:
    answer = json.dumps({"statusCode": status, "body": json.dumps({"predictions": [prediction]})}).encode()
    variant = Variant(OURS, Path(), "h", (), 0)
    if right:
        check(variant, answer, TRAINED)
        return
    with pytest.raises(WrongAnswer, match="ours answered"):
        check(variant, answer, TRAINED)


def test_table_plot_and_page_hold_every_variant(tmp_path: Path) -> None:
    models = {"a <forest>": measured()}
    document = {
        "environment": {"date": "today", "handler": "Python 3.13", "awslambdaric": "4", "cores": 2},
        "figures": {"rounds": 3, "models": models},
        "bars": [{"name": "a bar", "value": 1.2, "limit": 1.1, "sense": "<=", "ok": False}],
    }
    drawn, printed = plot.plot(document), summary.table("a <forest>", models["a <forest>"])
    assert "a &lt;forest&gt;" in drawn
    for name in ORDER:
        assert name in drawn
        assert name in printed
    page = tmp_path / "lambda.md"
    page.write_text(f"above {docs.BEGIN}old{docs.END} below")
    for _ in range(2):
        docs.write(document, page)
    text = page.read_text()
    assert text.startswith("above ")
    assert text.endswith(" below")
    assert "old" not in text.replace("threshold", "")
    assert "| a bar | 1.2 | <= 1.1 | missed |" in text
    assert all(name in text for name in ORDER)
    page.write_text("no markers")
    with pytest.raises(ValueError, match="lacks"):
        docs.write(document, page)
