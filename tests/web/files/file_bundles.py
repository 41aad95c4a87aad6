"""Bundles whose pages are given files, and the files: made here, seeded, answered by `isoship predict` as well."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

import isoship
from isoship.batch.scoring import predict as predict_file

CITIES = ["Oslo", "Ærøskøbing", "東京", "São Paulo", "a;b"]


def table(rows: int, seed: int = 0) -> pd.DataFrame:
    """What the model takes, beside a column of the file's own with all that CSV has to escape."""
    random = np.random.default_rng(seed)
    notes = ['say "hi"', "a,b", "two\nlines", "=1+1", "", "plain", "-7", "x;@y"]
    return pd.DataFrame(
        {
            "note": random.choice(notes, rows),
            "amount": np.round(random.normal(40, 12, rows), 2),
            "city": random.choice(CITIES, rows),
            "visits": random.integers(0, 40, rows),
            "member": random.random(rows) < 0.5,
        }
    )


def exported(folder: Path) -> Path:
    """A forest over numbers, texts and booleans, which answers =vip and plain."""
    rows = table(400, seed=1)
    score = rows["amount"] / 12 + rows["visits"] / 10 + (rows["city"] == "Oslo") + rows["member"]
    encoder = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), ["city"]), ("passthrough", ["amount", "visits", "member"])
    )
    model = make_pipeline(encoder, RandomForestClassifier(30, max_depth=6, random_state=0))
    sample = rows.drop(columns="note")
    model.fit(sample, np.where(score > score.median(), "=vip", "plain"))
    isoship.export(model, sample=sample, out=folder / "bundle", name="visitors", targets=("web",))
    return folder / "bundle"


def csv_text(rows: pd.DataFrame) -> str:
    """As pandas writes it, True as text; empty notes are in quotes."""
    out = io.StringIO(newline="")
    rows.to_csv(out, index=False)
    return out.getvalue()


def lines_of(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as source:
        return list(csv.reader(source, strict=True))


def predicted(bundle: Path, rows: Path) -> list[list[str]]:
    """What the command line writes of a file."""
    out = rows.with_name(f"{rows.name}.predicted.csv")
    predict_file(bundle, rows, out)
    return lines_of(out)


def assert_same_cells(found: list[list[str]], wanted: list[list[str]]) -> None:
    """Cell by cell; numbers by what they are, since 1e-07 and 1e-7 are one."""
    assert found[0] == wanted[0]
    assert len(found) == len(wanted)
    for ours, theirs in zip(found[1:], wanted[1:], strict=True):
        if ours != theirs:
            assert [_value(cell) for cell in ours] == [_value(cell) for cell in theirs]


def _value(cell: str) -> Any:
    try:
        return float(cell)
    except ValueError:
        return cell
