"""Three faults planted, and the report that `isoship check` writes of each, for a reader to judge.

`python -m benchmarks.mutants.reports FOLDER` writes FOLDER/1.html to 3.html, with a screenshot of each beside it where
Chromium is, and prints what each report says of the cause. Exit 1 when a report names none.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.mutants.bases import exported, trained
from benchmarks.mutants.sealing import copied, seal
from benchmarks.mutants.trial import SEED, catalogue

#: A fault in the graph, one in the web form alone, one in the Lambda runtime alone; each with runtimes that are right.
_THREE = {
    "threshold one ulp up, forest": ("onnxruntime",),
    "program.bin: a rank threshold one ulp up": ("onnxruntime", "tfjs-stock-node-wasm", "web-node-wasm"),
    "numbers in float32 in Lambda": ("onnxruntime", "lambda"),
}


def main(arguments: list[str] | None = None) -> int:
    from isoship.parity.check import check

    parser = argparse.ArgumentParser(prog="python -m benchmarks.mutants.reports", description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where the reports come to lie")
    out: Path = parser.parse_args(arguments).folder
    out.mkdir(parents=True, exist_ok=True)
    silent = 0
    with tempfile.TemporaryDirectory(prefix="isoship-reports-") as name:
        place = Path(name)
        chosen = [m for m in catalogue(place) if m.name in _THREE]
        for i, mutant in enumerate(chosen, 1):
            model, _ = trained(mutant.base, place)
            bundle = copied(exported(mutant.base, place), place / f"planted{i}")
            where = mutant.plant(bundle, np.random.default_rng([SEED, zlib.crc32(mutant.name.encode())]))
            seal(bundle)
            report = check(bundle, model=model, runtimes=_THREE[mutant.name])
            print(f"--- {i}. {mutant.name} ({where})\n{report.table()}\n")
            silent += not any(v.cause for v in report.verdicts)
            page = out / f"{i}.html"
            page.write_text(replace(report, name=mutant.name).to_html(), encoding="utf-8", errors="backslashreplace")
            _photographed(page)
    return 1 if silent else 0


def _photographed(page: Path) -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        print("no screenshot: Chromium is not on PATH", file=sys.stderr)
        return
    shot = page.with_suffix(".png")
    flags = ("--headless", "--no-sandbox", "--hide-scrollbars", "--disable-gpu", "--window-size=1100,1500")
    subprocess.run([chromium, *flags, f"--screenshot={shot}", page.resolve().as_uri()], check=True, timeout=120,
                   capture_output=True)  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
