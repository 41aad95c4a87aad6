"""The runs in Node and in Chromium, as processes of their own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from isoship.parity.runners.node import ORT_WEB, STOCK, modules_with

_HERE = Path(__file__).parent
#: Where `make bench-web` installs what only the comparison needs.
PLACE = _HERE.parents[1] / ".tools" / "bench-web"


def run(
    where: str, subjects: str, folder: Path, place: Path, missing: Mapping[str, Mapping[str, str]], rounds: int
) -> Any:
    """What node.mjs or chromium.mjs found. where: node or chromium. subjects: the file of ways to ask. folder: of the
    models. place: what the comparison alone needs. missing: model -> form -> why there is none."""
    modules = modules_with((ORT_WEB[0], "playwright-core", *STOCK), "@".join(ORT_WEB), "playwright-core")
    lacks = json.dumps({name: list(forms) for name, forms in missing.items()})
    command = ["node", _HERE / f"{where}.mjs", folder, modules, place, str(rounds), subjects]
    done = subprocess.run(command, input=lacks, stdout=subprocess.PIPE, text=True, check=True, timeout=3600)
    return json.loads(done.stdout)
