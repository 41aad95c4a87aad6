"""Six faults planted, and the report that `isoship check` writes of each, for a reader to judge.

`python -m benchmarks.mutants.reports FOLDER` writes FOLDER/1.html to 6.html, with a screenshot of each beside it where
Chromium is, and prints what each report says of the cause. Exit 1 when a report names no cause, or where the fault lies
in a step of the pipeline, another step than that one: in the table, in the document or on the page.
"""

from __future__ import annotations

import argparse
import html
import shutil
import subprocess
import sys
import tempfile
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.mutants.bases import exported, trained
from benchmarks.mutants.sealing import copied, seal
from benchmarks.mutants.trial import SEED, catalogue

_WEB = ("onnxruntime", "tfjs-stock-node-wasm", "web-node-wasm")
#: Runtimes, some of which are right, and the step that is at fault; "" where the fault is in none. Three in the middle
#: of pipelines, the last in the web form alone; then one in a forest, one in the web form's ranks, one in Lambda.
_FAULTS = {
    "scaler's scale, last bit": (("onnxruntime",), "StandardScaler"),
    "imputed value, last bit": (("onnxruntime",), "SimpleImputer"),
    "program.json: categories reordered": (_WEB, "OneHotEncoder"),
    "threshold one ulp up, forest": (("onnxruntime",), "RandomForestClassifier"),
    "program.bin: a rank threshold one ulp up": (_WEB, ""),
    "numbers in float32 in Lambda": (("onnxruntime", "lambda"), ""),
}


def main(arguments: list[str] | None = None) -> int:
    from isoship.parity.check import check

    parser = argparse.ArgumentParser(prog="python -m benchmarks.mutants.reports", description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where the reports come to lie")
    out: Path = parser.parse_args(arguments).folder
    out.mkdir(parents=True, exist_ok=True)
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="isoship-reports-") as aside:
        place = Path(aside)
        planted = {mutant.name: mutant for mutant in catalogue(place)}
        for i, (name, (runtimes, step)) in enumerate(_FAULTS.items(), 1):
            mutant = planted[name]
            model, _ = trained(mutant.base, place)
            bundle = copied(exported(mutant.base, place), place / f"planted{i}")
            where = mutant.plant(bundle, np.random.default_rng([SEED, zlib.crc32(mutant.name.encode())]))
            seal(bundle)
            report = check(bundle, model=model, runtimes=runtimes)
            print(f"--- {i}. {name} ({where})\n{report.table()}\n")
            page = out / f"{i}.html"
            page.write_text(replace(report, name=name).to_html(), encoding="utf-8", errors="backslashreplace")
            if not _named(report, step, page.read_text(encoding="utf-8")):
                print(
                    f"{i}. the report names {'no cause' if not step else f'another step than {step}'}", file=sys.stderr
                )
                wrong += 1
            _photographed(page)
    return 1 if wrong else 0


def _named(report: Any, step: str, page: str) -> bool:
    """Each runtime that is wrong has a cause, and names this step in every form of the report."""
    wrong = [v for v in report.verdicts if v.status == "disagree" and v.name != "files"]
    if not step:
        return bool(wrong) and all(v.cause for v in wrong)
    told = [v["cause"]["step"] for v in report.to_json()["verdicts"] if v["cause"]]
    return len(told) == len(wrong) > 0 and all(
        each is not None
        and each["estimator"].startswith(f"{step}(")
        and each["path"] in report.table()
        and html.escape(each["node"]) in page
        for each in told
    )


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
