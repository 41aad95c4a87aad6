"""The folder in which the documents are followed: what their readers have before the first command.

A model of two columns, its rows, a bundle where the page does not make it, and programs: this environment's, the
system's but browsers (tests/end_to_end walks a check of every runtime), and stand-ins for `scp` and `ssh` to a device.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pages import ROOT

from runtime_emulator import free_port

TRAIN = """
import joblib, numpy as np, pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

draw = np.random.default_rng(13)
X = pd.DataFrame({"age": draw.integers(18, 90, 300).astype(float), "city": draw.choice(["Lima", "Oslo", "Rome"], 300)})
X.loc[::17, "age"], X.loc[::23, "city"] = np.nan, None
y = np.where(X["age"].fillna(40) + 10 * (X["city"] == "Oslo") > 55, "yes", "no")
numbers = make_pipeline(SimpleImputer(), StandardScaler())
columns = make_column_transformer((numbers, ["age"]), (OneHotEncoder(handle_unknown="ignore"), ["city"]))
joblib.dump(make_pipeline(columns, LogisticRegression()).fit(X, y), "model.joblib")
X.to_parquet("rows.parquet")
X.to_csv("rows.csv", index=False)
"""
#: What Python blocks leave to their readers.
GIVEN = """\
import joblib as _joblib, pandas as _pandas
model, X = _joblib.load("model.joblib"), _pandas.read_parquet("rows.parquet")
rows = [{"age": 39, "city": None}]
"""
#: A device is a folder here: `scp` copies into it, `ssh` runs there.
DEVICE = {
    "scp": '#!/bin/sh\n[ "$1" = -r ] && [ "$3" = pi: ] && exec cp -r "$2" "$DEVICE/"\n',
    "ssh": '#!/bin/sh\n[ "$1" = pi ] && shift && cd "$DEVICE" && exec sh -c "exec $*"\n',
}
SERVES = re.compile(r"\bserve\b|http\.server")


@dataclass(frozen=True)
class Prepared:
    """A folder to type commands in, and the environment in which they run."""

    folder: Path
    environment: dict[str, str]

    def run(
        self, command: list[str] | str, *, cwd: Path | None = None, seconds: float = 180
    ) -> subprocess.CompletedProcess[str]:
        """A program, or a line of bash, which has to end well."""
        words = ["bash", "-euo", "pipefail", "-c", command] if isinstance(command, str) else command
        ran = subprocess.run(
            words,
            cwd=cwd or self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        assert ran.returncode == 0, f"{command}\n{ran.stdout[-3000:]}\n{ran.stderr[-3000:]}"
        return ran

    @contextmanager
    def serving(self, command: str, *, cwd: Path | None = None, port: int = 0) -> Iterator[str]:
        """A command that serves, on a free port of loopback in place of its own; its address once it answers.

        port: its own, where it is to be typed as it stands.
        """
        typed = command if port else on_port(command, port := free_port())
        process = subprocess.Popen(
            ["bash", "-c", f"exec {typed}"], cwd=cwd or self.folder, env=self.environment,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        try:
            deadline = time.monotonic() + 40
            while True:
                assert process.poll() is None, f"{command}\n{process.stdout.read() if process.stdout else ''}"
                try:
                    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as answer:
                        assert answer.status == 200
                    break
                except OSError:
                    assert time.monotonic() < deadline, command
                    time.sleep(0.05)
            yield f"127.0.0.1:{port}"
        finally:
            process.terminate()
            process.communicate(timeout=20)


def on_port(command: str, port: int) -> str:
    """The same server on another port, for this machine alone."""
    if "http.server" in command:
        return f"{command} {port} --bind 127.0.0.1"
    return f"{re.sub(r' --port [0-9]+', '', command).replace('0.0.0.0', '127.0.0.1')} --port {port}"


def prepare(root: Path) -> Prepared:
    """`root`/work with model.joblib, rows.parquet and rows.csv; no package index, no browser."""
    folder, programs, stand_ins, device = (root / name for name in ("work", "bin", "stand-ins", "pi"))
    for made in (folder, programs, stand_ins, device):
        made.mkdir()
    for path in Path("/usr/bin").iterdir():
        if not re.match(r"chrom|google|python", path.name):
            (programs / path.name).symlink_to(path)
    for name, text in DEVICE.items():
        (stand_ins / name).write_text(text, encoding="utf-8")
        (stand_ins / name).chmod(0o755)
    (folder / "examples").symlink_to(ROOT / "examples")
    kept: dict[str, Any] = {k: v for k, v in os.environ.items() if k in ("HOME", "LANG", "TMPDIR") or "ISOSHIP_" in k}
    path = f"{stand_ins}:{Path(sys.executable).parent}:{programs}"
    prepared = Prepared(folder, {**kept, "PATH": path, "PIP_NO_INDEX": "1", "DEVICE": str(device)})
    prepared.run([sys.executable, "-c", TRAIN])
    return prepared
