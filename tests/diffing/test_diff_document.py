"""The report in docs/diff.md is what a diff prints."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from compared import COUNT, Export, forest
from sklearn.ensemble import RandomForestClassifier

import isoship

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def printed(export: Export, tmp_path_factory: pytest.TempPathFactory) -> str:
    draw = np.random.default_rng(5)
    count = 5 * COUNT
    rows = pd.DataFrame(
        {"age": draw.integers(18, 90, count).astype(float), "city": draw.choice(["Lima", "Oslo", "Rome"], count)}
    )
    rows.loc[::17, "age"] = np.nan
    noise = draw.normal(0, 8, count)
    truth = pd.Series(np.where(rows["age"].fillna(40) + 10 * (rows["city"] == "Oslo") + noise > 55, "yes", "no"))
    first, second = rows[: count // 2], rows[count // 2 :].query("city != 'Rome'")
    made = [
        export(forest(RandomForestClassifier(30, max_depth=6, random_state=1), part, truth[part.index]), part)
        for part in (first, second)
    ]
    file = tmp_path_factory.mktemp("rows") / "rows.csv"
    rows.to_csv(file, index=False)
    return isoship.diff(*made, file).text()


def words(text: str) -> list[list[str]]:
    """The lines, each number and digest as #."""
    return [re.sub(r"sha256:\w+|[+-]?\d[\d.,e-]*", "#", line).split() for line in text.splitlines()]


def test_the_report_in_the_document_is_what_a_diff_prints(printed: str) -> None:
    document = (ROOT / "docs" / "diff.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```text\n(old  .*?)\n```", document, re.DOTALL)
    # which rows and slices lead may turn on last digits; what a line is made of does not
    kinds = [{tuple(line[:2]) for line in words(text) if line} for text in (shown, printed)]
    assert kinds[0] == kinds[1]
    assert "your rows: rows.csv" in printed
