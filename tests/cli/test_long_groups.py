"""`make test-all`: groups that are named when they did not run, and end in time."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from benchmarks.long import __main__ as long
from benchmarks.long.groups import GROUPS, Group, split, summary

ROOT = Path(__file__).parents[2]


def test_every_command_of_a_group_is_here() -> None:
    for name, group in GROUPS.items():
        for command in group.commands:
            _, words = split(command)
            found = (ROOT / words[0]).exists() or shutil.which(words[0])
            assert found, f"{name}: {words[0]}"
            if words[0] == "scripts/extra.sh":
                assert (ROOT / "requirements" / f"{words[1]}.lock").exists(), f"{name}: {words[1]}"
                rooms = (ROOT / "tests" / words[1], ROOT / "tests" / f"{words[1]}_models")
                assert any(room.exists() for room in rooms), f"{name}: {words[1]}"
            for word in words[1:]:
                if word.startswith("tests/"):
                    assert (ROOT / word).exists(), f"{name}: {word}"
                if word.startswith("benchmarks."):
                    assert (ROOT / word.replace(".", "/")).with_suffix(".py").exists() or (
                        ROOT / word.replace(".", "/") / "__main__.py"
                    ).exists(), f"{name}: {word}"


def test_a_group_that_never_ran_is_named() -> None:
    told = summary({"sweep": {"passed": False, "date": "2026-11-29", "minutes": 3.0, "commit": "abc"}})
    assert len(told) == len(GROUPS)
    assert sum("never ran" in line for line in told) == len(GROUPS) - 1
    assert any(line.startswith("sweep") and "FAILED 2026-11-29" in line for line in told)


def test_a_command_that_fails_ends_its_group(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(GROUPS, "own", Group("nothing", ("A=1 sh -c true", "sh -c false", "sh -c true")))
    found = long.run("own")
    assert [one["exit"] for one in found["commands"]] == [0, 1]
    assert not found["passed"]


def test_a_group_ends_when_its_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(long, "LIMIT_MINUTES", 0)
    monkeypatch.setitem(GROUPS, "own", Group("nothing", ("sleep 30",)))
    found = long.run("own")
    assert not found["passed"]
    assert found["minutes"] < 0.2
