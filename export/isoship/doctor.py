"""What is installed on this machine, what each thing unlocks, and the line that installs it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")


class Finding(NamedTuple):
    """found: version or place; empty when missing."""

    name: str
    found: str
    unlocks: str
    install: str


def examine() -> list[Finding]:
    """Looks for every program that isoship can use. Starts each only to ask for its version."""
    from isoship.bundle.aws_lambda.pythons import LAMBDA_PYTHONS
    from isoship.bundle.interpreters import find_interpreter
    from isoship.parity.runners.node import ORT_WEB, STOCK, TFJS, node_modules

    findings = [
        Finding(
            "node",
            _version("node"),
            "check of the web form in Node (cpu, wasm)",
            "apt-get install nodejs (18 or newer)",
        ),
        Finding(
            "chromium",
            next((v for c in CHROMIUMS if (v := _version(c))), ""),
            "check of the web form in a real browser (cpu, wasm, webgl, webgpu)",
            "apt-get install chromium",
        ),
        Finding(
            "@tensorflow/tfjs",
            str(node_modules() or ""),
            "check with stock TF.js, nothing of ours registered",
            f"npm install --prefix ~/.cache/isoship/node {' '.join(f'{name}@{TFJS}' for name in STOCK)}",
        ),
        Finding(
            ORT_WEB[0],
            str(node_modules(ORT_WEB[:1]) or ""),
            "check of model.onnx in ONNX Runtime's wasm build",
            f"npm install --prefix ~/.cache/isoship/node {'@'.join(ORT_WEB)}",
        ),
    ]
    for version in LAMBDA_PYTHONS:
        findings.append(
            Finding(
                f"python{version}",
                str(find_interpreter(version) or ""),
                f"bytecode for Lambda's python{version}, and its check on that interpreter",
                f"uv python install {version}, or pyenv install {version}",
            )
        )
    findings.append(Finding("sam", _version("sam"), "deploying to AWS Lambda", "pipx install aws-sam-cli"))
    return findings


def _version(program: str) -> str:
    path = shutil.which(program)
    if path is None:
        return ""
    try:
        ran = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    line = (ran.stdout.strip() or Path(path).name).splitlines()[0]
    return line if ran.returncode == 0 else ""
