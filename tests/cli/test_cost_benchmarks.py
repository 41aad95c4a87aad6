"""`make bench-size` and `make bench-check`: what they count, that rows hang together, and that a missed bar is told."""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))  # benchmarks/ is no part of the distribution

from benchmarks.check_time import _made, agrees, checked, ratio
from benchmarks.size.__main__ import _bar
from benchmarks.size.measure import Figure, measured
from benchmarks.size.models import MODELS
from benchmarks.size.release import ROOT
from benchmarks.size.table import NEW, PEER, RELEASE, TABLE, Limit, Row


def test_every_limit_has_both_of_its_figures():
    for row in TABLE:
        assert row.name in MODELS
        steps = {step.name: step for step in row.steps}
        for limit in row.limits:
            assert NEW in steps[limit.step].sides
            assert not limit.less or NEW in steps[limit.less].sides
            if limit.of:
                assert (steps[limit.step] if limit.of == RELEASE else steps[limit.of]).sides[0] in (RELEASE, PEER)


def test_cpu_and_memory_are_those_of_the_command_and_not_of_who_asks(tmp_path):
    held = bytearray(300_000_000)
    held[::4096] = b"x" * len(held[::4096])
    fill = "import time; a = bytearray(100_000_000); a[::4096] = b'x' * len(a[::4096]); "
    spend = "\nwhile time.process_time() < 1: pass"
    found = measured([sys.executable, "-S", "-c", fill + spend], os.environ, tmp_path, 60)
    assert found.code == 0
    assert 0.9 < found.cpu < 2
    assert 95 < found.megabytes < 200
    assert found.seconds >= 0.9
    assert measured([sys.executable, "-S", "-c", fill + "raise SystemExit(3)"], os.environ, tmp_path, 60).code == 3


def test_a_ratio_above_its_limit_is_missed_and_the_start_is_taken_off():
    row = Row("forest-500", (), ())
    found = {
        "export": {RELEASE: Figure(0, 10.0, 100.0), NEW: Figure(0, 4.0, 50.0)},
        "start": {NEW: Figure(0, 3.0, 40.0)},
    }
    (bar,) = _bar(row, Limit("export", "cpu", 0.3), found)
    assert (bar.value, bar.ok) == (0.4, False)
    (bar,) = _bar(row, Limit("export", "cpu", 0.3, less="start"), found)
    assert (bar.value, bar.ok) == (0.1, True)
    (bar,) = _bar(row, Limit("export", "megabytes", 49, of=""), found)
    assert (bar.value, bar.ok) == (50.0, False)
    assert _bar(row, Limit("check", "cpu", 0.3), found) == []


def test_what_the_command_leaves_to_others_is_counted(tmp_path):
    """A browser does not wait for its renderers when it is ended."""
    left = "[sys.executable, '-S', '-c', 'import time\\nwhile time.process_time() < 1: pass']"
    command = f"import subprocess, sys; subprocess.Popen({left}, start_new_session=True)"
    found = measured([sys.executable, "-S", "-c", command], os.environ, tmp_path, 60)
    assert found.code == 0
    assert 0.9 < found.cpu < 2


def _check(cpu, status="agree", code=0):
    said = {"status": status, "rows": 10, "milliseconds": 1}
    return {"code": code, "seconds": 1.0, "cpu_seconds": cpu, "rows": 10, "runtimes": {"onnxruntime": said}}


def test_a_check_is_held_against_the_releases_by_the_medians_of_the_same_run():
    turns = {NEW: [_check(c) for c in (20, 28, 90)], RELEASE: [_check(c) for c in (40, 41, 39)]}
    assert (ratio(turns).value, ratio(turns).ok) == (0.7, True)
    turns[NEW][0] = _check(29)
    assert not ratio(turns).ok


def test_a_check_that_did_not_agree_everywhere_is_no_figure():
    assert agrees(_check(20))
    assert not agrees(_check(20, "unavailable"))
    assert not agrees(_check(20, code=1))


def test_a_check_is_measured_with_all_that_it_started_and_its_rows_are_told(tmp_path):
    """The bundle of today's exporter, as the release's is made with the release's."""
    _made(ROOT, tmp_path / "forest")
    found = checked(ROOT, tmp_path / "forest", ["--runtimes", "onnxruntime,edge", "--rows", "60"])
    assert agrees(found)
    assert found["cpu_seconds"] > 0.5
    assert {name: said["rows"] for name, said in found["runtimes"].items()} == {
        "onnxruntime": found["rows"],
        "edge": found["rows"],
    }
