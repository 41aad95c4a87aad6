"""`benchmarks.machines` counts bits as it says, and takes no machine for another."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmarks.machines import machines
from benchmarks.machines.__main__ import bars_of, total
from benchmarks.machines.bits import bits_of
from benchmarks.machines.machines import MACHINES, Machine, python_of

from isoship_edge.manifest import Output

VALUE = Output("value", "value", "double", ("N",))
LABEL = Output("label", "label", "string", ("N",), ("a", "b"))


def test_differing_bits_are_counted_and_measured() -> None:
    here = np.array([1.0, 1e-5, 0.0, np.nan, 1000.0])
    there = np.array([1.0, np.nextafter(1e-5, 1), -0.0, np.nan, np.nextafter(np.nextafter(1000.0, 2000), 2000)])
    found = bits_of(VALUE, here, there, libm=True)
    assert (found.values, found.differ, found.ulp, found.libm, found.label) == (5, 3, 2.0, True, False)
    assert found.scaled == 2.0  # of 1000's own ulp; that of 0.00001 is nothing beside 1's
    assert bits_of(VALUE, here, here.copy(), libm=False).differ == 0


def test_a_number_that_is_none_there_is_infinitely_far() -> None:
    found = bits_of(VALUE, np.array([0.5]), np.array([np.nan]), libm=True)
    assert (found.differ, found.ulp, found.scaled) == (1, np.inf, np.inf)


def test_another_shape_is_no_answer() -> None:
    with pytest.raises(ValueError, match="value"):
        bits_of(VALUE, np.zeros(2), np.zeros(3), libm=False)


def test_labels_are_counted_apart() -> None:
    found = bits_of(LABEL, np.array(["a", "b"], object), np.array(["a", "a"], object), libm=False)
    assert (found.label, found.differ) == (True, 1)


def examined(
    differ: int = 0, scaled: float = 0.0, flips: int = 0, agrees: bool = True, **served: Any
) -> dict[str, Any]:
    shared = {"values": 10, "ulp": scaled}
    outputs = [
        {"output": "label", "label": True, "libm": False, "differ": flips, "scaled": 0.0, **shared},
        {"output": "value", "label": False, "libm": False, "differ": differ, "scaled": 0.0, **shared},
        {"output": "probabilities", "label": False, "libm": True, "differ": 1, "scaled": scaled, **shared},
    ]
    there = {"backend": "rows", "golden": True, "ways": True, "status": "agree", "message": "", "rows": 10, **served}
    return {"rows": 10, "outputs": outputs, "agrees": agrees, "flips": flips, "ties": 0, "served": there}


@pytest.mark.parametrize(
    ("one", "missed"),
    [
        ({}, []),
        ({"scaled": 4.0}, []),
        ({"differ": 1}, ["x: numbers of other bits without libm"]),
        ({"scaled": 5.0}, ["x: ulp of max(1, |x|) behind libm"]),
        ({"flips": 1}, ["x: labels that are neither the model's nor ties"]),
        ({"agrees": False}, ["x: models whose answers agree with the model's own"]),
        ({"backend": "c_api"}, ["x: bundles whose edge/ agrees there"]),
        ({"golden": False}, ["x: bundles whose edge/ agrees there"]),
        ({"ways": False}, ["x: bundles whose edge/ agrees there"]),
        ({"status": "disagree"}, ["x: bundles whose edge/ agrees there"]),
    ],
    ids=str,
)
def test_each_bar_can_be_missed(one: dict[str, Any], missed: list[str]) -> None:
    bars = bars_of("x", total({"good": examined(), "one": examined(**one)}))
    assert [bar.name for bar in bars if not bar.ok] == missed


def test_a_machine_is_the_one_that_it_is_said_to_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machines, "_ROOT", tmp_path)
    libc = platform.libc_ver()[0]
    this = Machine("this", "", "scripts/none.sh", (os.uname().machine, libc))
    with pytest.raises(SystemExit, match=r"this is not prepared: scripts/none\.sh"):
        python_of(this)
    this.python.parent.mkdir(parents=True)
    this.python.symlink_to(sys.executable)
    assert python_of(this) == platform.python_version()
    with pytest.raises(SystemExit, match="and not"):
        python_of(Machine("this", "", "scripts/none.sh", ("armv7l", libc)))


def test_every_machine_has_a_script_that_prepares_it() -> None:
    root = Path(__file__).parents[2]
    for machine in MACHINES:
        script, *arguments = machine.made_by.split()
        text = (root / script).read_text()
        assert os.access(root / script, os.X_OK)
        assert all(f"    {name}) " in text for name in arguments)
