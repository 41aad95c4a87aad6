"""Medians, percentiles, what they say of Lambda, and how they are printed: arithmetic, checked by hand."""

from __future__ import annotations

import pytest

from isoship.benching.figures import ColdStart, Figures, Spread, latency, spread
from isoship.benching.lambda_memory import lambda_memory
from isoship.benching.report import BenchReport
from isoship.benching.timing import LEAST, times_of


def function(peak_mib: float, wall: float, cpu: float, cold: float = 200.0) -> Figures:
    """Of a function that takes so many milliseconds for a row."""
    spread_ = Spread(cold, cold, cold)
    return Figures(
        "lambda", "measured", "", 30 * 2**20, 10 * 2**20, ColdStart(3, spread_, spread_),
        latency([wall / 1e3] * 100, 1, cpu / 1e3 * 100), None, int(peak_mib * 2**20), {},
    )  # fmt: skip


def test_percentiles_are_values_that_were_measured() -> None:
    taken = [i / 1e3 for i in range(1, 201)]
    found = latency(taken, 10, 4.0)
    assert (found.asks, found.median_ms, found.p99_ms) == (200, 100.5, 198.0)
    assert found.cpu_ms == pytest.approx(20.0)
    assert found.rows_per_second == pytest.approx(10 / 0.1005)
    assert latency([0.003, 0.001, 0.002], 1, None).p99_ms == 3.0, "of few the slowest"
    assert spread([0.3, 0.1, 0.2]) == Spread(200.0, 100.0, 300.0)


def test_asks_come_in_turn_and_five_of_them_whatever_they_take() -> None:
    asked = list[int]()
    assert len(times_of(asked.append, 3, 0.0)) == LEAST
    assert asked == [0, 1, 2, 0, 1]
    assert len(times_of(lambda _place: None, 1, 0.01)) > LEAST


@pytest.mark.parametrize(
    ("peak", "memory"), [(58, 128), (58.5, 192), (122, 192), (186.5, 320), (288, 384), (288.5, 448), (7680, 10240)]
)
def test_the_smallest_memory_of_which_the_peak_leaves_a_quarter_and_room_for_the_hook(peak: float, memory: int) -> None:
    found = lambda_memory(function(peak, 1.2, 0.1))
    assert found is not None
    assert found.memory_mb == memory


def test_a_share_of_a_processor_makes_computing_longer_and_waiting_not() -> None:
    waits = lambda_memory(function(50, wall=1.2, cpu=0.05))  # 0.05 ms / (128 / 1769) = 0.69 ms
    assert waits is not None
    assert (waits.memory_mb, waits.warm_ms) == (128, 2)
    assert waits.gb_seconds_per_million == pytest.approx(128 / 1024 * 2e-3 * 1e6)
    computes = lambda_memory(function(50, wall=12.0, cpu=12.0))  # 165.8 ms
    assert computes is not None
    assert computes.warm_ms == 166
    assert computes.cold_start_ms == 2765  # 200 ms / (128 / 1769) = 2764.1
    assert computes.gb_seconds_per_cold_start == pytest.approx(128 / 1024 * 2.765)
    large = lambda_memory(function(2000, wall=12.0, cpu=20.0))
    assert large is not None
    assert (large.memory_mb, large.warm_ms) == (2688, 20), "a whole processor, and no more for one thread"


def test_no_function_is_large_enough_and_none_was_measured() -> None:
    assert lambda_memory(function(7681, 1.0, 1.0)) is None
    assert lambda_memory(Figures("lambda", "unavailable", "not here", 1)) is None


def test_a_form_that_was_not_measured_stands_in_the_table_with_its_size_and_reason() -> None:
    web = Figures("web", "wrong", "label of golden row 3 is 1 where the model says 0\nsecond line", 3 * 2**20)
    report = BenchReport("m", "1", "sha256:0", (function(90, 1.2, 0.1), web), "row", 1000, 5.0, note="said beside")
    lines = report.table().splitlines()
    head = "form cold start ms CPU ms 1 row ms p99 1,000 rows ms p99 rows/s peak MiB size MiB"
    assert " ".join(lines[0].split()) == head
    assert " ".join(lines[2].split()) == "lambda 200 (200 to 200) 200 1.2 1.2 - - - 90 30.00"
    assert lines[3].split() == ["web", "3.00"]
    assert lines[4] == "lambda.zip: 10.0 MiB"
    assert lines[5:7] == ["web: wrong: label of golden row 3 is 1 where the model says 0", "    second line"]
    assert "192 MB hold the peak of 90, with room for the hook; an answer takes 2 ms there" in lines[7]
    assert "375 GB-seconds" in lines[8]
    assert lines[9:] == ["said beside", "not measured: web (wrong)"]
    assert report.exit_code == 2
