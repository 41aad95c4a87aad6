"""Tables are written as CSV byte for byte as rows are."""

from __future__ import annotations

import io
import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from isoship.batch import csv_text
from isoship.batch.csv_text import header_line, lines
from isoship_edge.encoding.batch import CsvWriter
from isoship_edge.manifest import Output

TEXTS = ["", "a", "=1", "-5", "+x", "a,b", 'q"', "c\rd", "e\n=f", ";@x", "\t=1", " -7 ", "æ", "2024-01-02", "-inf"]
FLOATS = [1.0, -0.0, 1e-5, 0.0001, 1e15, 1e16, 123456.5, 5e-324, 1e22, float("inf"), float("-inf"), 0.1, 1 / 3, 2.0**53]
VALUES: dict[Any, list[Any]] = {
    pa.string(): TEXTS, pa.float64(): FLOATS, pa.int64(): [3, -(2**63), 2**63 - 1], pa.bool_(): [True, False],
    pa.dictionary(pa.int32(), pa.string()): TEXTS, pa.list_(pa.int64()): [[1, 2], []], pa.uint8(): [0, 255],
    pa.decimal128(9, 2): [], pa.date32(): [],
}  # fmt: skip
OUTPUT = Output("label", "label", "int64", ("N",))


def by_rows(columns: list[pa.Array]) -> str:
    target, names = io.StringIO(), [f"c{i}" for i in range(len(columns))]
    writer = CsvWriter(target, (OUTPUT,), names)
    for i, row in enumerate(zip(*(c.to_pylist() for c in columns), strict=True)):
        writer.write(dict(zip(names, row, strict=True)), {"label": i})
    return target.getvalue()


@pytest.mark.parametrize("seed", range(5))
def test_the_bytes_are_those_of_rows(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    random_ = random.Random(seed)
    monkeypatch.setattr(csv_text, "_MOST", random_.choice([1, 100, 2**29]))
    for _ in range(200):
        columns = []
        for _ in range(random_.randint(1, 4)):
            kind = random_.choice(list(VALUES))
            values = [random_.choice([None, *VALUES[kind]]) for _ in range(6)]
            columns.append(pa.array(values, kind).slice(random_.randint(0, 1), 5))
        answers = pa.array(range(5))
        made = header_line([*(f"c{i}" for i in range(len(columns))), "label"]) + lines([*columns, answers])
        assert made.decode() == by_rows(columns)


def test_every_double_is_written_as_python_writes_it() -> None:
    random_ = np.random.default_rng(0)
    drawn = random_.integers(0, 2**64, 20_000, np.uint64).view(np.float64)
    decades = random_.choice([-1, 1], 20_000) * 10 ** random_.uniform(-8, 20, 20_000)
    values = [v for v in [*drawn.tolist(), *decades.tolist(), *random_.random(5_000).tolist(), *FLOATS] if v == v]
    assert lines([pa.array(values)]).decode().split() == list(map(repr, values))


def test_the_vectors_of_all_writers() -> None:
    vectors = json.loads((Path(__file__).parents[1] / "vectors" / "csv.json").read_text(encoding="utf-8"))
    for vector in vectors["written"]:
        assert lines([pa.array([text], pa.string()) for text in vector["cells"]]).decode() == vector["line"] + "\n"
