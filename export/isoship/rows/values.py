"""Values for single columns, drawn from what the model knows of the column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from isoship.rows.form import to_three_digits
from isoship.rows.probe import FloatArray
from isoship.rows.profile import ColumnProfile
from isoship.sources.contract import Row

Rng = np.random.Generator

#: Rows that are drawn together.
_BLOCK = 32
_WORDS = ("alpha", "beta", "gamma", "delta", "the quick brown fox", "lorem ipsum dolor")
#: Strings that encoders, tokenizers, JSON and spreadsheets have tripped over.
STRANGE = (
    "",
    " ",
    "NA",
    "N/A",
    "n/a",
    "#N/A",
    "<NA>",
    "NaN",
    "nan",
    "None",
    "NULL",
    "null",
    "-",
    "?",
    "inf",
    "0",
    "1.0",
    "true",
    "Ünïcödé",
    "e\u0301clair",
    "\u00e9clair",
    "İstanbul",
    "ΣΊΣΥΦΟΣ ς",
    "straße",
    "北京",
    "עברית",
    "العربية",
    "हिन्दी",
    "🐧",
    "👩‍👩‍👧‍👦",
    "\ufeffmark",
    "tab\tnew\nline",
    "\u00a0nbsp",
    'quote"\\slash',
    "<img src=x onerror=alert(1)>",
    "=1+1",
    "__proto__",
    "constructor",
    "x" * 1000,
)


def ordinary_value(profile: ColumnProfile, rng: Rng) -> Any:
    """A value that the model may meet any day: inside the fitted range, or one of the categories."""
    if profile.dtype == "bool":
        return bool(rng.integers(2))
    if profile.categories and (profile.dtype == "string" or profile.closed or rng.random() < 0.5):
        return _typed(profile.categories[rng.integers(len(profile.categories))], profile)
    if profile.dtype == "string":
        return _WORDS[int(rng.integers(len(_WORDS)))]
    span = profile.high - profile.low
    kind = rng.integers(4)
    if kind < 2:
        value = float(rng.uniform(profile.low, profile.high))
    elif kind == 2:
        value = float(np.clip(rng.normal(profile.typical, span / 6), profile.low, profile.high))
    else:
        value = to_three_digits(float(rng.uniform(profile.low, profile.high)), span)
    return within(value, profile)


def ordinary_row(profiles: dict[str, ColumnProfile], rng: Rng) -> Row:
    return {name: ordinary_value(profile, rng) for name, profile in profiles.items()}


def ordinary_rows(profiles: Mapping[str, ColumnProfile], rng: Rng) -> Iterator[Row]:
    """Rows of ordinary values without end, drawn a block of each column at a time: a table may have hundreds."""
    names = list(profiles)
    while True:
        columns = [ordinary_values(profile, rng, _BLOCK) for profile in profiles.values()]
        for values in zip(*columns, strict=True) if columns else [()] * _BLOCK:
            yield dict(zip(names, values, strict=True))


def ordinary_values(profile: ColumnProfile, rng: Rng, count: int) -> list[Any]:
    """So many values as `ordinary_value` draws one."""
    if profile.dtype == "bool":
        drawn: list[Any] = rng.integers(2, size=count).astype(bool).tolist()
        return drawn
    known: list[Any] = []
    if profile.categories:
        places = rng.integers(len(profile.categories), size=count).tolist()
        known = [_typed(profile.categories[i], profile) for i in places]
        if profile.dtype == "string" or profile.closed:
            return known
    if profile.dtype == "string":
        return [_WORDS[i] for i in rng.integers(len(_WORDS), size=count).tolist()]
    span = profile.high - profile.low
    kind = rng.integers(4, size=count)
    values = rng.uniform(profile.low, profile.high, count)
    near = np.clip(rng.normal(profile.typical, span / 6, count), profile.low, profile.high)
    values = np.where(kind == 2, near, values)
    for i in np.flatnonzero(kind == 3).tolist():
        values[i] = to_three_digits(float(values[i]), span)
    if profile.dtype == "int64":
        values = np.clip(np.round(values), max(-(2.0**53), profile.lowest), min(2.0**53, profile.highest))
        numbers: list[Any] = values.astype(np.int64).tolist()
    else:
        numbers = np.clip(values, profile.lowest, profile.highest).tolist()
    if known:
        instead = (rng.random(count) < 0.5).tolist()
        numbers = [k if taken else n for k, n, taken in zip(known, numbers, instead, strict=True)]
    return numbers


def typical_row(profiles: dict[str, ColumnProfile]) -> Row:
    """The row in the middle of everything."""
    row: Row = {}
    for name, p in profiles.items():
        if p.dtype == "bool":
            row[name] = False
        elif p.categories and (p.dtype == "string" or p.closed):
            row[name] = _typed(p.categories[0], p)
        elif p.dtype == "string":
            row[name] = "alpha"
        else:
            row[name] = within(p.typical, p)
    return row


def within(value: float, profile: ColumnProfile) -> Any:
    """A number as the column takes it: whole for int64, inside the contract."""
    if profile.dtype == "int64":
        return int(min(max(np.round(value), -(2**53), profile.lowest), 2**53, profile.highest))
    return float(min(max(value, profile.lowest), profile.highest))


def around(boundary: float, profile: ColumnProfile) -> list[Any]:
    """The last value before a boundary and the first after it, in doubles and (for doubles) in float32 steps."""
    return around_all(np.array([boundary]), profile)[0]


def around_all(boundaries: FloatArray, profile: ColumnProfile) -> list[list[Any]]:
    """`around` each of these boundaries."""
    if profile.dtype == "int64":
        return [[within(boundary, profile), within(boundary + 1, profile)] for boundary in boundaries.tolist()]
    with np.errstate(over="ignore"):
        single = boundaries.astype(np.float32)
        # one ulp of float32 either side of its nearest value, and the doubles either side of the boundary itself
        steps = [
            boundaries,
            np.nextafter(boundaries, np.inf),
            np.nextafter(single, np.float32(-np.inf)),
            single,
            np.nextafter(single, np.float32(np.inf)),
            np.nextafter(boundaries, -np.inf),
        ]
    table = np.column_stack([step.astype(np.float64) for step in steps])
    usable = np.isfinite(table) & (profile.lowest <= table) & (table <= profile.highest)
    return [
        list(dict.fromkeys(v for v, fits in zip(values, fitting, strict=True) if fits))
        for values, fitting in zip(table.tolist(), usable.tolist(), strict=True)
    ]


def askable_boundaries(profile: ColumnProfile) -> FloatArray:
    """The boundaries and angles whose neighbourhood can be asked: a closed column takes its categories alone."""
    return np.empty(0) if profile.closed else np.union1d(profile.boundaries, profile.angle_boundaries)


def extremes(profile: ColumnProfile) -> list[Any]:
    """Values at the edge of the contract. Where the model is smooth, float32 has no digits for far ones: one span."""
    if profile.closed or profile.dtype in ("bool", "string"):
        return []
    span = profile.high - profile.low
    values = [0.0, -0.0, 5e-324, -5e-324, 2.2250738585072014e-308, 1e-45, -1e-45, 1.0000000180025095e-35, 1e-20]
    values += [profile.low - span, profile.high + span]
    # an end nearer than that is a fact about the column, not about how far floating point goes
    ends = [profile.lowest, profile.highest]
    values += [end for end in ends if profile.saturates or profile.low - span <= end <= profile.high + span]
    if profile.saturates:
        far = [2.0**24 + 1, 1e9, 2.0**31, 2.0**53, 1e30, 3.4028234663852886e38, 3.4028235677973366e38, 1e300]
        values += [sign * v for v in (*far, np.finfo(np.float64).max) for sign in (1.0, -1.0)]
    if profile.dtype == "int64":
        lowest, highest = max(-(2**53), profile.lowest), min(2**53, profile.highest)
        return list(dict.fromkeys(int(v) for v in values if lowest <= v <= highest and v == int(v)))
    infinite = (np.inf, -np.inf) if profile.infinity else ()
    return [*(float(v) for v in values if np.isfinite(v) and profile.lowest <= v <= profile.highest), *infinite]


def far(profile: ColumnProfile) -> list[Any]:
    """Values ten and a thousand spans outside of the fitted range, where a smooth model still answers."""
    if profile.closed or profile.saturates or profile.dtype not in ("double", "int64"):
        return []
    span = profile.high - profile.low
    values = [end for k in (10, 1000) for end in (profile.low - k * span, profile.high + k * span)]
    return [within(v, profile) for v in values if np.isfinite(v) and profile.lowest <= v <= profile.highest]


def strange_strings(profile: ColumnProfile) -> Iterator[str]:
    """Strings near the categories (case, spaces, normal form) and strange ones far from them."""
    import unicodedata

    yield from STRANGE
    for category in profile.categories[:20]:
        text = str(category)
        near = (text.upper(), text.lower(), f" {text}", f"{text} ", text[:-1], unicodedata.normalize("NFD", text))
        yield from (n for n in near if n != text)


def _typed(value: Any, profile: ColumnProfile) -> Any:
    if profile.dtype == "double":
        return float(value)
    return int(value) if profile.dtype == "int64" else value
