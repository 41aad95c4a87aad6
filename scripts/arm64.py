"""Builds lambda/ for arm64 and edge/ for aarch64 and executes both under emulation, beside this machine's own answers.

`python scripts/arm64.py PYTHON`, one that scripts/emulated.sh prepared. Golden rows pass, and every row of the data
gets the very bytes that it gets here. Exit 1 when not. The guest's Python is Debian's 3.11; it loads the sources, not
the bytecode for Lambda's Python.
"""

# ruff: noqa: T201 - a command line prints

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

_IN_LAMBDA = """
import json, platform, sys
sys.path.insert(0, ".")
from isoship_lambda.handler import handler, model
verdict = model.selftest()
print(json.dumps({"machine": platform.machine(), "backend": model.session.backend, "selftest": verdict._asdict(),
                  "answers": handler(json.load(sys.stdin), None)}))
"""
_WAIT = 600.0


def main() -> int:
    guest = [sys.argv[1], "-S"]
    ok = True
    with tempfile.TemporaryDirectory(prefix="isoship-arm64-") as name:
        bundle = Path(name) / "bundle"
        rows = exported(bundle)
        there = asked([*guest, "-c", _IN_LAMBDA], bundle / "lambda", {"rows": rows})
        here = answered_here(bundle, rows)
        same = there["answers"]["predictions"] == here
        ok &= there["machine"] == "aarch64" and there["selftest"]["ok"] and same
        print(f"lambda/ on {there['machine']} through {there['backend']}: golden rows {told(there['selftest'])}")
        print(
            f"lambda/ on {there['machine']}: {len(rows)} rows {'as' if same else 'NOT as'} on this machine, to the bit"
        )
        edge = asked([*guest, "-m", "isoship_edge", "selftest", "--json"], bundle / "edge", None)
        ok &= edge["ok"]
        print(f"edge/ on aarch64 through {edge['backend']}: golden rows {told(edge)}")
    return 0 if ok else 1


def exported(bundle: Path) -> list[dict[str, Any]]:
    """A forest over numbers, words and missing values, as a bundle for arm64; all rows of its data."""
    from palmerpenguins import load_penguins
    from sklearn.compose import make_column_selector, make_column_transformer
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    from isoship.exporting import export
    from isoship.sources.frames import rows_from_frame

    table = load_penguins().drop(columns="year")
    x, y = table.drop(columns="species"), table["species"]
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    words = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore"))
    columns = make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")), (words, make_column_selector(dtype_exclude="number"))
    )
    model = make_pipeline(columns, RandomForestClassifier(100, random_state=0)).fit(x, y)
    export(
        model, sample=x, out=bundle, name="penguins", targets=("lambda", "edge"), lambda_arch="arm64",
        edge_arch=("aarch64",),
    )  # fmt: skip
    return rows_from_frame(x, list(x.columns))


def answered_here(bundle: Path, rows: list[dict[str, Any]]) -> list[Any]:
    """The same rows on this machine's processor, from the same model.onnx."""
    from isoship_edge.encoding.encode import json_bytes
    from isoship_edge.inference.model import load

    return list(json.loads(json_bytes(load(bundle).predict_rows(rows))))


def asked(command: list[str], folder: Path, event: Any) -> dict[str, Any]:
    ran = subprocess.run(
        command, cwd=folder, input=json.dumps(event), capture_output=True, text=True, timeout=_WAIT, check=False,
        env={"ORT_DISABLE_TELEMETRY": "1", "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    if ran.returncode not in (0, 1) or not ran.stdout:
        raise SystemExit(f"the emulated process ended with {ran.returncode}: {ran.stderr[-2000:]}")
    document: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return document


def told(verdict: dict[str, Any]) -> str:
    if not verdict["ok"]:
        return f"FAILED: {verdict['first_difference']}"
    return f"agree, {verdict['rows']} rows, largest difference {verdict['worst']:.2g}"


if __name__ == "__main__":
    sys.exit(main())
