"""The file that every benchmark writes: {"environment", "figures", "bars"}."""

from __future__ import annotations

import datetime
import importlib.metadata
import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Bar:
    """One figure held to a limit. sense: ">=" or "<="."""

    name: str
    value: float
    limit: float
    sense: str

    @property
    def ok(self) -> bool:
        return self.value >= self.limit if self.sense == ">=" else self.value <= self.limit


def environment(packages: Sequence[str]) -> dict[str, Any]:
    """What a reader needs to repeat the run: date, versions, machine."""
    return {
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "packages": {name: importlib.metadata.version(name) for name in packages},
    }


def document(where: dict[str, Any], figures: dict[str, Any], bars: Sequence[Bar]) -> dict[str, Any]:
    return {
        "environment": where,
        "figures": figures,
        "bars": [{**asdict(bar), "ok": bar.ok} for bar in bars],
    }


def write(name: str, content: dict[str, Any], *, depth: int | None = None) -> Path:
    """Writes results/<name>.json and returns its path. depth: what lies deeper is one line."""
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{name}.json"
    path.write_text(_text(content, depth) + "\n", encoding="utf-8")
    return path


def _text(value: Any, depth: int | None, level: int = 1) -> str:
    if depth is None or level > depth or not value or not isinstance(value, dict):
        return json.dumps(value, indent=1 if depth is None else None, ensure_ascii=False, allow_nan=False)
    lines = [f"{' ' * level}{json.dumps(key)}: {_text(inner, depth, level + 1)}" for key, inner in value.items()]
    return "{\n" + ",\n".join(lines) + "\n" + " " * (level - 1) + "}"


def read(name: str) -> dict[str, Any]:
    """The last results written under this name; no figures where there are none."""
    path = FOLDER / f"{name}.json"
    if not path.exists():
        return {"environment": {}, "figures": {}, "bars": []}
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content
