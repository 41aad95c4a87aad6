"""Seeded tables as people have them: numbers, words of several scripts, booleans, and every kind of missing value.

Each function gives a DataFrame without its target; `targets` derives one of each kind from any of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from palmerpenguins import load_penguins

ROWS = 160

#: Words that look alike and are not: composed and decomposed accents, blanks around, digits, other scripts, emoji.
CITIES = ("Málaga", "Ma\u0301laga", "Ærøskøbing", "Αθήνα", "القاهرة", "東京", "กรุงเทพฯ", " Oslo", "Oslo", "Oslo ", "")
PLANS = ("basic", "Basic", "gold ⭐", "prémium", "pre\u0301mium", "NA", "0", "1.0")
ZIPS = ("01067", "1067", "0371", "371", "75008", "007")
MOODS = ("🙂", "🙃", "👩\u200d👩\u200d👧", "👩", "no", "None")
LONG = ("x" * 3000, "x" * 2999, "x" * 2999 + "y", "short")


def churn(rng: np.random.Generator, rows: int = ROWS) -> pd.DataFrame:
    """Object strings with None, a NaN column, an integer, a boolean."""
    return pd.DataFrame(
        {
            "tenure": rng.integers(0, 72, rows),
            "monthly charge": gaps(rng, np.round(rng.lognormal(4, 0.4, rows), 2)),
            "plan": words(rng, PLANS, rows, None),
            "city": words(rng, CITIES, rows, None),
            "paperless": rng.random(rows) < 0.6,
        }
    )


def housing(rng: np.random.Generator, rows: int = ROWS) -> pd.DataFrame:
    """Coordinates within metres, zip codes as strings, nullable integers with NA, a category."""
    return pd.DataFrame(
        {
            "latitude": 59.9139 + rng.normal(size=rows) * 2e-5,
            "longitude": 10.7522 + rng.normal(size=rows) * 2e-5,
            "rooms": nullable(rng, rng.integers(1, 9, rows), "Int64"),
            "built": rng.integers(1890, 2024, rows),
            "zip": words(rng, ZIPS, rows),
            "heating": pd.Categorical(words(rng, ("gas", "oil", "heat pump", "φυσικό αέριο"), rows, np.nan)),
        }
    )


def insurance(rng: np.random.Generator, rows: int = ROWS) -> pd.DataFrame:
    """The pandas string dtype with NA, decimals, small integers, a nullable boolean without gaps."""
    return pd.DataFrame(
        {
            "age": rng.integers(18, 90, rows),
            "bmi": gaps(rng, np.round(rng.normal(27, 5, rows), 1)),
            "children": rng.integers(0, 5, rows),
            "smoker": pd.array(rng.random(rows) < 0.2, dtype="boolean"),
            "region": pd.array(words(rng, CITIES[:6], rows, pd.NA), dtype="string"),
            "comment": pd.array(words(rng, LONG, rows, pd.NA), dtype="string"),
        }
    )


def sensors(rng: np.random.Generator, rows: int = ROWS) -> pd.DataFrame:
    """Epoch seconds, readings with gaps, a state word."""
    base = rng.normal(size=(rows, 3))
    return pd.DataFrame(
        {
            "time": 1.7e9 + rng.integers(0, 2_000_000, rows),
            "temperature": gaps(rng, np.round(20 + 4 * base[:, 0], 1)),
            "pressure": gaps(rng, 1013.25 + 9 * base[:, 1]),
            "vibration": np.abs(base[:, 2]) * 1e-4,
            "state": words(rng, ("on", "off", "aus", "an", "вкл"), rows),
        }
    )


def credit(rng: np.random.Generator, rows: int = ROWS) -> pd.DataFrame:
    """Money in cents, a number column that is a code, words with NaN, booleans."""
    return pd.DataFrame(
        {
            "income": np.round(rng.lognormal(10, 0.6, rows), 2),
            "debt": gaps(rng, np.round(rng.lognormal(8, 1.0, rows), 2)),
            "grade": rng.integers(1, 6, rows),
            "branch": gaps(rng, rng.choice([101.0, 102.0, 205.0], rows)),
            "purpose": words(rng, ("car", "café", "cafe\u0301", "住宅", "تعليم", ""), rows, np.nan),
            "homeowner": rng.random(rows) < 0.4,
        }
    )


def passengers(rng: np.random.Generator, rows: int = ROWS) -> pd.DataFrame:
    """Class as an integer category, ages with gaps, ports with gaps, a cabin mostly missing."""
    return pd.DataFrame(
        {
            "pclass": rng.integers(1, 4, rows),
            "sex": words(rng, ("male", "female"), rows),
            "age": gaps(rng, np.round(rng.uniform(0, 80, rows) * 2) / 2, 0.2),
            "sibsp": rng.poisson(0.5, rows),
            "fare": np.round(rng.lognormal(3, 1, rows), 4),
            "embarked": words(rng, ("S", "C", "Q"), rows, np.nan),
            "cabin": words(rng, ("A5", "B28", "C123 C125"), rows, None, share=0.7),
        }
    )


def penguins(_rng: np.random.Generator, rows: int = ROWS) -> pd.DataFrame:
    """The real ones, every other row, with their gaps."""
    frame = load_penguins().iloc[::2].head(rows).reset_index(drop=True).drop(columns="species")
    return frame.assign(heavy=frame["body_mass_g"].fillna(0) > 4000)


def diabetes(rng: np.random.Generator, rows: int = ROWS) -> pd.DataFrame:
    """scikit-learn's own, unscaled, with a tenth of two columns gone."""
    from sklearn.datasets import load_diabetes

    frame = load_diabetes(as_frame=True, scaled=False).data.head(rows)
    return frame.assign(bmi=gaps(rng, frame["bmi"].to_numpy()), s4=gaps(rng, frame["s4"].to_numpy()))


def surveys(rng: np.random.Generator, rows: int = ROWS) -> pd.DataFrame:
    """Little but words: emoji of several code points, scripts, ordered answers, a constant column."""
    return pd.DataFrame(
        {
            "mood": words(rng, MOODS, rows, None),
            "answer": pd.Categorical(words(rng, ("low", "mid", "high"), rows), ["low", "mid", "high"], ordered=True),
            "town": words(rng, CITIES, rows, np.nan),
            "same": ["ein Wert"] * rows,
            "hours": nullable(rng, np.round(rng.gamma(2, 3, rows), 2), "Float64"),
        }
    )


TABLES: dict[str, Callable[..., pd.DataFrame]] = {
    f.__name__: f for f in (churn, housing, insurance, sensors, credit, passengers, penguins, diabetes, surveys)
}


def targets(frame: pd.DataFrame, rng: np.random.Generator) -> dict[str, Any]:
    """Targets of each kind that follow from the table: yes-no words, three integers, a positive number, two numbers."""
    score = np.zeros(len(frame))
    for k, name in enumerate(frame.columns):
        column = frame[name]
        if pd.api.types.is_numeric_dtype(column):
            numbers = column.astype("float64").fillna(0.0).to_numpy()
            score += (numbers - numbers.mean()) / (numbers.std() + 1e-9)
        else:
            codes = pd.factorize(column.astype(object))[0]
            score += (codes % (k + 2)) * 0.7
    score += rng.normal(scale=0.3, size=len(frame))
    score -= np.median(score)
    third = np.quantile(score, [1 / 3, 2 / 3])
    return {
        "yes": np.where(score > 0, "ναι", "non ✗").astype(object),
        "flag": score > 0,
        "three": np.digitize(score, third) * 10 - 10,
        "price": np.exp(score / 3) * 1000,
        "two": np.column_stack([score, score**2 - 1]),
        "none": None,
    }


def gaps(rng: np.random.Generator, values: Any, share: float = 0.1) -> Any:
    """The numbers with NaN here and there."""
    return np.where(rng.random(len(values)) < share, np.nan, values)


def words(rng: np.random.Generator, known: tuple[str, ...], rows: int, missing: Any = "", share: float = 0.1) -> Any:
    """Random words, each of them at least once; `missing` in between unless it is the default."""
    chosen = [known[i % len(known)] if i < len(known) else known[rng.integers(len(known))] for i in range(rows)]
    column = np.array(chosen, dtype=object)
    if not (isinstance(missing, str) and missing == ""):
        gone = rng.random(rows) < share
        gone[: len(known)] = False
        column[gone] = missing
    if missing is None:
        return pd.Series(column, dtype=object)  # without the dtype, pandas would turn None into NaN
    return column


def nullable(rng: np.random.Generator, values: Any, dtype: str) -> Any:
    """A pandas nullable column with NA here and there."""
    array = pd.array(values, dtype=dtype)
    array[rng.random(len(values)) < 0.1] = pd.NA
    return array
