"""Faults in the row program: its tables, its steps, and the evaluator that ships."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.mutants.graph import Array, Canonical
from benchmarks.mutants.sealing import put
from benchmarks.mutants.tree_faults import PENGUIN_NUMBERS, Plant
from benchmarks.mutants.trees import GT, GTE, MEMBER, Branch, Ensemble, chosen

Rng = np.random.Generator
#: The inputs of `isoship.Trees` behind the features.
_ROLES = ("feature", "threshold", "child", "missing", "members", "ends")
#: Comparisons whose "true" is the second child.
_TRUE_IS_SECOND = (GT, GTE, MEMBER)


class Program:
    """rows.json and rows.bin of a bundle, open for planting; `save` writes them back."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.document: Any = json.loads((folder / "rows.json").read_bytes())
        binary = folder / "rows.bin"
        self._blob = bytearray(binary.read_bytes() if binary.exists() else b"")

    def save(self) -> None:
        put(self._folder / "rows.json", json.dumps(self.document, ensure_ascii=False).encode())
        if self._blob:
            put(self._folder / "rows.bin", bytes(self._blob))

    def step(self, op: str, which: int = 0) -> Any:
        return [step for step in self.document["steps"] if step["op"] == op][which]

    def constant(self, name: str) -> Array:
        """A constant of numbers."""
        entry = self.document["constants"][name]
        if "data" in entry:
            return np.array([float(x["v"]) if isinstance(x, dict) else x for x in entry["data"]])
        kind = {"double": "<f8", "float": "<f4", "int64": "<i8", "int32": "<i4"}.get(entry["dtype"], entry["dtype"])
        held = self._blob[entry["offset"] : entry["offset"] + entry["length"]]
        return np.frombuffer(held, np.dtype(kind)).copy()

    def set_constant(self, name: str, array: Array) -> None:
        entry = self.document["constants"][name]
        if "data" in entry:
            whole = entry["dtype"] not in ("double", "float")
            entry["data"] = [int(x) if whole else float(x) for x in array.tolist()]
        else:
            self._blob[entry["offset"] : entry["offset"] + entry["length"]] = array.tobytes()


class Tables:
    """The slots of the one ensemble as arrays; `save` writes them back."""

    def __init__(self, folder: Path) -> None:
        self._program = Program(folder)
        _, *names = self._program.step("isoship.Trees")["inputs"]
        self._names = dict(zip(_ROLES, names, strict=True))
        self.of = {role: self._program.constant(name) for role, name in self._names.items() if name}

    def save(self) -> None:
        for role, array in self.of.items():
            self._program.set_constant(self._names[role], array)
        self._program.save()

    def slot(self, ensemble: Ensemble, branch: Branch) -> int:
        """Where a node of the graph stands."""
        slot = branch.tree
        for node, on_true in branch.above:
            slot = int(self.of["child"][slot]) + (on_true == (ensemble.mode[node] in _TRUE_IS_SECOND))
        return slot


def at_a_twig(
    edit: Callable[[Tables, int, Ensemble, Branch], None],
    fits: Callable[[Ensemble, Branch], bool] = lambda _e, _b: True,
    numbers: bool = True,
) -> Plant:
    """numbers: at a node that compares a number of the user's own."""

    def plant(folder: Path, rng: Rng) -> str:
        ensemble, tables = Ensemble(Canonical(folder)), Tables(folder)
        inputs = len(ensemble.canonical.graph.input)
        narrow = PENGUIN_NUMBERS if numbers and ensemble.split.dtype == np.float32 and inputs > 1 else None
        twig = chosen(ensemble.twigs(numbers=narrow), rng, lambda b: fits(ensemble, b))
        slot = tables.slot(ensemble, twig)
        assert tables.of["feature"][slot] == ensemble.feature[twig.index]
        edit(tables, slot, ensemble, twig)
        tables.save()
        return f"slot {slot}, depth {twig.depth}"

    return plant


def _after(ensemble: Ensemble, twig: Branch) -> Any:
    split = ensemble.split
    return np.nextafter(split[twig.index], split.dtype.type(np.inf))


def _inside(ensemble: Ensemble, twig: Branch) -> bool:
    low, high = ensemble.interval(twig)
    return low < float(_after(ensemble, twig)) <= high


def _up(tables: Tables, slot: int, ensemble: Ensemble, twig: Branch) -> None:
    tables.of["threshold"][slot] = _after(ensemble, twig)


def _children_swapped(tables: Tables, slot: int, _ensemble: Ensemble, _twig: Branch) -> None:
    first = int(tables.of["child"][slot])
    tables.of["threshold"][[first, first + 1]] = tables.of["threshold"][[first + 1, first]]


def _other_feature(tables: Tables, slot: int, _ensemble: Ensemble, _twig: Branch) -> None:
    known = np.unique(tables.of["feature"][tables.of["child"] > 0])
    place = int(np.searchsorted(known, tables.of["feature"][slot]))
    tables.of["feature"][slot] = known[(place + 1) % len(known)]


def _missing_elsewhere(tables: Tables, slot: int, _ensemble: Ensemble, _twig: Branch) -> None:
    tables.of["missing"][slot >> 3] ^= 1 << (slot & 7)


threshold_up = at_a_twig(_up, _inside)
children_swapped = at_a_twig(_children_swapped)
other_feature = at_a_twig(_other_feature)
missing_elsewhere = at_a_twig(_missing_elsewhere, Ensemble.meets_missing)


def member_exchanged(folder: Path, _rng: Rng) -> str:
    """The first category of the first set becomes one that there is not."""
    tables = Tables(folder)
    old = tables.of["members"][0]
    tables.of["members"][0] = -7.0
    tables.save()
    return f"{old:g} of the first set"


def leaf_value_off(folder: Path, _rng: Rng) -> str:
    """Every value of the leaves' table, by 1e-7."""
    program = Program(folder)
    names = program.step("ml.ArrayFeatureExtractor")["inputs"]
    program.set_constant(names[0], program.constant(names[0]) + 1e-7)
    program.save()
    return "1e-7"


def edited(text: str, edit: Callable[[Any], None]) -> Plant:
    """rows.json, edited in place."""

    def plant(folder: Path, _rng: Rng) -> str:
        program = Program(folder)
        edit(program.document)
        program.save()
        return text

    return plant


def operand(op: str, which: int, change: Callable[[list[Any]], None], step: int = 0) -> Callable[[Any], None]:
    """A change of the inline constant that stands at a place of a step."""

    def edit(document: Any) -> None:
        found = [one for one in document["steps"] if one["op"] == op][step]
        change(document["constants"][found["inputs"][which]]["data"])

    return edit


def attribute(op: str, name: str, value: Any, step: int = 0) -> Callable[[Any], None]:
    """Another value of a step's attribute."""

    def edit(document: Any) -> None:
        [one for one in document["steps"] if one["op"] == op][step]["attrs"][name] = value

    return edit


def keys_swapped(document: Any) -> None:
    """Two categories of the first encoder."""
    step = next(one for one in document["steps"] if one["op"] == "ml.LabelEncoder")
    data = document["constants"][step["attrs"]["keys"]]["data"]
    data[0], data[1] = data[1], data[0]


def swapped(data: list[Any]) -> None:
    data[0], data[1] = data[1], data[0]


def step_dropped(op: str, step: int = 0) -> Callable[[Any], None]:
    """A step's input takes the place of its output everywhere."""

    def edit(document: Any) -> None:
        found = [one for one in document["steps"] if one["op"] == op][step]
        document["steps"].remove(found)
        source, gone = found["inputs"][0], found["outputs"][0]
        for one in document["steps"]:
            one["inputs"] = [source if name == gone else name for name in one["inputs"]]
        document["outputs"] = {n: source if name == gone else name for n, name in document["outputs"].items()}

    return edit


def of_another_training(newer: Callable[[], Path]) -> Plant:
    """rows.json and rows.bin of another training of the same model."""

    def plant(folder: Path, _rng: Rng) -> str:
        for name in ("rows.json", "rows.bin"):
            put(folder / name, (newer() / name).read_bytes())
        return "rows.json, rows.bin"

    return plant
