"""docs/reference/figures.md and manifest.md: `python scripts/reference_tables.py` prints them, `--write` writes them.

Figures are those of benchmarks/results, bars first; the manifest's members those of its JSON Schema.
"""

# ruff: noqa: T201 - a command line prints

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"
SCHEMA = ROOT / "edge" / "isoship_edge" / "manifest.schema.json"
PAGES = {name: ROOT / "docs" / "reference" / f"{name}.md" for name in ("figures", "manifest")}
_HELD = "`scripts/reference_tables.py --write` writes this page, and a test fails where it is not so."


def figures() -> str:
    """The page of measured figures."""
    parts = [
        f"# Measured figures\n\n{_HELD}",
        "Each table is the last good run of a benchmark: what was measured, the limit that it is held to, and where."
        " Times are medians of several rounds in one run, as a ratio to a peer or a floor, since machines differ. All"
        " figures of each run are in `benchmarks/results/`.",
    ]
    for path in sorted(RESULTS.glob("*.json")):
        found = json.loads(path.read_text(encoding="utf-8"))
        if not found["bars"]:
            continue
        where = found["environment"]
        packages = ", ".join(f"{name} {version}" for name, version in where.get("packages", {}).items())
        machine = f"{where['date']}, {where['machine']}, {where.get('cores', '?')} cores, Python {where['python']}"
        lines = [
            f"| {bar['name']} | {_number(bar['value'])} | {_limit(bar)} | {_verdict(bar)} |" for bar in found["bars"]
        ]
        table = "\n".join(["| measured | value | limit | |", "|---|---:|---:|---|", *lines])
        parts.append(f"## {_title(path.stem)}\n\n{machine}{f'; {packages}' if packages else ''}.\n\n{table}")
        for plot in (path.with_suffix(".svg"), path.with_suffix(".png")):
            if plot.is_file():
                parts.append(f"![{_title(path.stem)}](../../benchmarks/results/{plot.name})")
    return "\n\n".join(parts) + "\n"


def manifest() -> str:
    """The page of manifest.json."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    parts = [
        f"# manifest.json\n\n{_HELD}",
        "What a bundle says of itself, the same file in every target. The schema is"
        " `isoship_edge/manifest.schema.json` in every bundle; the vectors that all parsers pass are under"
        " `tests/vectors/`.",
        f"{schema['description']}",
        _members(schema),
    ]
    for name, part in schema["$defs"].items():
        said = part.get("description", "")
        parts.append(f"## {name}\n\n{said + chr(10) * 2 if said else ''}{_members(part)}".rstrip())
    return "\n\n".join(parts) + "\n"


def _members(part: dict[str, Any]) -> str:
    if "properties" not in part:
        return f"{_type(part)}."
    required = part.get("required", ())
    rows = [
        f"| `{name}` | {_type(one)} | {'yes' if name in required else ''} | {_cell(one.get('description', ''))} |"
        for name, one in part["properties"].items()
    ]
    return "\n".join(["| member | is | always there | |", "|---|---|---|---|", *rows])


def _type(part: Any) -> str:
    if not isinstance(part, dict):
        return "anything" if part else "nothing"
    if "$ref" in part:
        name = part["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "const" in part:
        return f"`{json.dumps(part['const'])}`"
    if "enum" in part:
        return ", ".join(f"`{json.dumps(one)}`" for one in part["enum"]).replace("|", "\\|")
    for kind in ("oneOf", "anyOf"):
        if kind in part:
            return " or ".join(dict.fromkeys(map(_type, part[kind])))
    kinds = part.get("type", "anything")
    said = " or ".join(kinds) if isinstance(kinds, list) else str(kinds)
    if said == "array" and "items" in part:
        return f"array of {_type(part['items'])}"
    if said == "object" and isinstance(part.get("additionalProperties"), dict):
        return f"object of {_type(part['additionalProperties'])}"
    if "pattern" in part:
        said += f" `{part['pattern']}`".replace("|", "\\|")
    return said


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("{", "\\{").replace("<", "&lt;").replace(">", "&gt;")


def _title(stem: str) -> str:
    return stem.replace("_", " ").capitalize()


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:.3g}"


def _limit(bar: dict[str, Any]) -> str:
    return f"{'at most' if bar['sense'] == '<=' else 'at least'} {_number(bar['limit'])}"


def _verdict(bar: dict[str, Any]) -> str:
    return "" if bar["ok"] else "**missed**"


def pages() -> Iterator[tuple[Path, str]]:
    """Each page's file and text."""
    yield PAGES["figures"], figures()
    yield PAGES["manifest"], manifest()


def main() -> int:
    for path, text in pages():
        if "--write" in sys.argv[1:]:
            path.write_text(text, encoding="utf-8")
        else:
            print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
