"""A bundle in words: for `isoship inspect` and for notebooks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def facts_of_column(c: Mapping[str, Any]) -> list[str]:
    """c: a column of the signature as the manifest writes it."""
    facts = [c["dtype"], "missing allowed" if c["missing"] else "no missing values"]
    if "categories" in c:
        facts.append("only " + ", ".join(map(str, c["categories"])))
    return facts


def facts_of_tensor(t: Mapping[str, Any]) -> list[str]:
    """t: an input of the signature as the manifest writes it."""
    facts = [f"{t['dtype']} [{', '.join(map(str, t['shape']))}]"]
    if "image" in t:
        facts.append(f"pictures ({t['image']['color']})")
    if "minimum" in t or "maximum" in t:
        facts.append(f"from {t.get('minimum', 'the least')} to {t.get('maximum', 'the most')}")
    if "nan" in t:
        facts.append("NaN allowed" if t["nan"] else "no NaN")
    return facts


def in_short(verdict: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What is told of parity.json, which a person may have edited; None where there is none."""
    if verdict is None:
        return None
    ran = verdict.get("verdicts")
    said = [v.get("rows") for v in ran if isinstance(v, dict)] if isinstance(ran, list) else []
    rows = [n for n in said if isinstance(n, int) and n > 0]
    known = {k: verdict.get(k) for k in ("ok", "exit_code", "evidence", "checked", "partial")}
    unproven = [name for name in verdict.get("unproven") or [] if isinstance(name, str)]
    return {**known, "unproven": unproven, "rows": max(rows, default=0), "fewest_rows": min(rows, default=0)}


def verdict_lines(verdict: Mapping[str, Any] | None) -> list[str]:
    """verdict: the last check in short, as `Bundle.describe` has it."""
    if verdict is None:
        return ["never checked"]
    partial = ", partial" if verdict["partial"] else ""
    word = "DISAGREES" if disagrees(verdict) else "agrees" if verdict["rows"] else "ran nowhere"
    fewest = f"{verdict['fewest_rows']:,} to " if verdict["fewest_rows"] < verdict["rows"] else ""
    lines = [f"{word} on {fewest}{verdict['rows']:,} rows (evidence: {verdict['evidence']}{partial})"]
    if verdict["unproven"]:
        lines.append(f"{', '.join(verdict['unproven'])} ran in no runtime there")
    return lines


def disagrees(verdict: Mapping[str, Any]) -> bool:
    return verdict["exit_code"] == 1 or (verdict["exit_code"] is None and not verdict["ok"])
