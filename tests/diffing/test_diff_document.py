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


def words(text: str) -> list[str]:
    """Each number and digest as #; without rows, slices and labels, whose order may turn on last digits."""
    text = re.sub(r"(?<=  the rows that change most\n).*?\n\n", "", text, flags=re.DOTALL)
    lines = [line for line in text.splitlines() if not re.match(r' +(age|city|"no"|"yes") ', line)]
    return re.sub(r"sha256:\w+|[+-]?\d[\d.,e-]*", "#", " ".join(lines)).split()


def test_the_report_in_the_document_is_what_a_diff_prints(printed: str) -> None:
    document = (ROOT / "docs" / "diff.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```text\n(old  .*?)\n```", document, re.DOTALL)
    assert words(shown) == words(printed)
    for text in (shown, printed):
        assert re.search(r"  the rows that change most\n    row [\d,]+: age \d+, city \"\w+\"\n      label ", text)
        assert re.search(r"  age \d+ to \d+ +\d+ +[\d.]+ % +[+-]", text)
