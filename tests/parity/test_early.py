"""Runtimes that start while rows are being made are closed whatever happens, and their faults are kept for later."""

import threading

import pytest

from isoship.errors import RunnerUnavailable
from isoship.parity import runners
from isoship.parity.check import check
from isoship.parity.early import started_early


class Counted:
    """A runtime that notes what is done to it."""

    target, precision, through_json = "web", "float32", True

    def __init__(self, name, fault=None):
        self.name, self.fault, self.done, self.gate = name, fault, [], threading.Event()

    def prepare(self, _shipped):
        self.gate.wait(5)
        self.done.append("prepare")
        if self.fault:
            raise self.fault

    def close(self):
        self.done.append("close")


def test_a_runner_is_prepared_once_and_keeps_its_attributes(shipped, monkeypatch):
    made = {}
    monkeypatch.setattr(runners, "open_runner", lambda name: made.setdefault(name, Counted(name)))
    with started_early(["one", "two"], shipped) as early:
        made["one"].gate.set()
        early["one"].prepare(shipped)
        early["one"].prepare(shipped)
        assert made["one"].done == ["prepare"]
        assert (early["one"].name, early["one"].precision, early["one"].through_json) == ("one", "float32", True)
        assert not getattr(early["one"], "unguarded", False)
        made["two"].gate.set()
    assert made["one"].done == ["prepare", "close"]
    assert made["two"].done[-1] == "close"


def test_a_fault_at_the_start_is_told_to_who_prepares_and_all_are_closed_when_a_check_ends_early(shipped, monkeypatch):
    made = {}
    absent = RunnerUnavailable("apt-get install chromium")
    monkeypatch.setattr(runners, "open_runner", lambda name: made.setdefault(name, Counted(name, absent)))

    def broken_off():
        with started_early(["one", "two"], shipped) as early:
            made["one"].gate.set()
            with pytest.raises(RunnerUnavailable, match="apt-get"):
                early["one"].prepare(shipped)
            made["two"].gate.set()
            raise KeyError

    with pytest.raises(KeyError):
        broken_off()
    assert all(runner.done[-1] == "close" for runner in made.values())


def test_a_check_whose_sample_cannot_be_read_leaves_no_browser(bundle, monkeypatch):
    made = {}
    open_runner = runners.open_runner

    def opened(name):
        made[name] = Counted(name)
        made[name].gate.set()
        return made[name] if "webg" in name else open_runner(name)

    monkeypatch.setattr(runners, "open_runner", opened)
    with pytest.raises(Exception, match=r"nowhere\.csv"):
        check(bundle, sample="nowhere.csv")
    assert {name for name, runner in made.items() if "close" in runner.done} == {
        name for name in runners.available("web") if "webg" in name
    }
