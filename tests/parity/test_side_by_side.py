"""Which runtimes are asked beside each other, and which in turn."""

from __future__ import annotations

import threading

import pytest

from isoship.parity import runners, side_by_side
from isoship.parity.verdict.compare import Verdict


@pytest.fixture(params=[1, 2, 4])
def processors(request, monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: request.param)
    return request.param


def test_every_runtime_is_asked_once_and_told_in_its_order_and_browsers_do_not_crowd(processors):
    names, lock = runners.available(), threading.Lock()
    now, most, asked = [], [0], []

    def trial(name):
        with lock:
            now.extend([name] if "chromium" in name else [])
            most[0] = max(most[0], len(now))
            asked.append(name)
        with lock:
            now[:] = [n for n in now if n != name]
        return Verdict(name, "web", "double", "agree")

    files = Verdict("files", "files", "", "agree")
    found = side_by_side.verdicts_of(names, trial, lambda: files, lambda _said: None)
    assert [v.name for v in found] == ["files", *names]
    assert sorted(asked) == sorted(names)
    assert most[0] <= side_by_side.browsers(names) == {1: 1, 2: 1, 4: 2}[processors]


def test_a_browser_is_asked_of_one_backend_after_the_other(processors):
    for lane in side_by_side._lanes(runners.available()):
        backends = [name.rpartition("-")[2] for name in lane]
        assert len(lane) == 1 or all("chromium" in name for name in lane)
        assert sorted(backends, reverse=True) == backends
    assert side_by_side.browsers(["onnxruntime", "edge"]) == 0
