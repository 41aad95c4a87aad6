"""Files answered piece by piece, in Node: wherever they are cut, and wherever the first refused row is."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from file_bundles import assert_same_cells, csv_text, exported, predicted, table
from node_script import WEB, run_node

HERE = Path(__file__).parent


def score(**job: Any) -> Any:
    return run_node(HERE / "score.mjs", str(WEB / "src"), stdin=job)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return exported(tmp_path_factory.mktemp("score"))


def cells(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def test_a_file_is_the_same_wherever_it_is_cut(bundle: Path, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(csv_text(table(300)), encoding="utf-8", newline="")
    made = score(bundle=str(bundle), path=str(path), pieces=[2**20, 16, 101, 4096])
    assert [one["rows"] for one in made] == [300] * 4
    assert len({one["csv"] for one in made}) == 1
    assert_same_cells(cells(made[0]["csv"]), predicted(bundle, path))


def test_a_refused_row_at_the_end_gives_every_row_before_it_a_column(bundle: Path, tmp_path: Path) -> None:
    """More than one part of the answers is written by then, with quotes and line ends in its cells."""
    path, kept = tmp_path / "rows.csv", tmp_path / "kept.csv"
    given = csv_text(table(60_000))
    kept.write_text(given, encoding="utf-8", newline="")
    path.write_text(given + "x,1,Oslo,many,True\n", encoding="utf-8", newline="")
    [made] = score(bundle=str(bundle), path=str(path), pieces=[2**20])
    assert (made["rows"], made["refused"]) == (60_001, 1)
    assert len(made["csv"]) > 3 * 2**20
    found = cells(made["csv"])
    assert {len(line) for line in found} == {9}
    assert [line[8] for line in found if line[8]] == [
        "_error",
        'visits: expected an integer, got a string "many"',
    ]
    assert made["refusals"][0]["row"] == 60_000
    assert_same_cells([line[:8] for line in found[:-1]], predicted(bundle, kept))


NUMBERS = {
    "normal": np.random.default_rng(0).normal(3, 2, 5000).tolist(),
    "spread over decades": (10 ** np.random.default_rng(1).uniform(-200, 200, 1000)).tolist(),
    "of both signs, with gaps": [-1e300, None, 1e300, 0.0, None, -5.0],
    "one": [0.25] * 50,
    "zero": [0.0] * 3,
    "growing": list(range(2000)),
    "falling": list(range(2000, 0, -1)),
}


def test_a_histogram_counts_every_number_once_between_its_edges() -> None:
    for (name, numbers), chart in zip(NUMBERS.items(), score(numbers=list(NUMBERS.values())), strict=True):
        known = np.array([x for x in numbers if x is not None])
        edges, counts = np.array(chart["edges"]), np.array(chart["counts"])
        assert counts.sum() == len(known), name
        assert chart["none"] == len(numbers) - len(known)
        assert (chart["least"], chart["most"]) == (known.min(), known.max())
        assert 1 <= len(counts) <= 32
        # numbers that an edge is rounded to may count on either side of it
        near = np.isclose(known[:, None], edges, rtol=1e-9, atol=0).any(axis=1).sum()
        assert np.abs(np.histogram(known, edges)[0] - counts).sum() <= 2 * near, name
