"""docs/engines.md: its blocks run as they stand, one after the other."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "engines.md"
#: What stands in the blocks, in their order; the page's notes name it.
SAID = ('isoship.spark.predict(df, "bundle")', 'isoship.ray.predict(ds, "bundle")', "seen.get", "ignore_nulls=True")


def test_the_blocks_run(
    spark: Any, ray: Any, exported: dict[str, Path], rows: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(exported["logistic"], "bundle")
    pq.write_table(pq.read_table(rows).slice(0, 200), "rows.parquet")
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == len(SAID)
    here = {"spark": spark}
    for block, said in zip(blocks, SAID, strict=True):
        assert said in block
        # Spark's Java half has a working directory of its own.
        exec(re.sub(r'"((?:rows\.|answered|with_refusals)[\w.]*)"', rf'"{tmp_path}/\1"', block), here)
        last, _, told = block.strip().splitlines()[-1].partition("  # ")
        if told:
            assert eval(last, here) == eval(re.match(r"\{.*?\}", told)[0])  # type: ignore[index]
    assert pq.read_table("answered.parquet").num_rows == 200
    assert pq.read_table("answered").num_rows == 200
