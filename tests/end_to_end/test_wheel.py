"""The wheel in an empty environment, outside the checkout and without Node: export, predict and serve work.

The environment sees the third-party packages of this one through a plain path entry (no network in tests), and isoship
through the wheel alone. `make wheel-smoke` does the same with everything installed from the index.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import httpx
import pytest

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(CHECKOUT)]
    subprocess.run(build, check=True, capture_output=True, timeout=300)
    return next(out.glob("isoship-*.whl"))


@pytest.fixture(scope="module")
def bare(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of an environment with the wheel, and the system's programs but Node and browsers."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False)
    site = next((folder / "lib").glob("python3*/site-packages"))
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    (site / "third_party.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    command = folder / "bin" / "isoship"
    command.write_text(f"#!{folder}/bin/python\nfrom isoship.cli import main\nmain()\n")
    command.chmod(0o755)
    for program in Path("/usr/bin").iterdir():
        if not re.match(r"node|np[mx]|chrom|google|python", program.name):
            (folder / "bin" / program.name).symlink_to(program)
    return folder / "bin"


def run(bare: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": str(bare), "HOME": os.environ["HOME"], **{k: v for k, v in os.environ.items() if "ISOSHIP" in k}}
    return subprocess.run(
        [str(bare / "isoship"), *arguments],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


TRAIN = """
import joblib
from isoship.demo import penguins, train
columns, species = penguins()
joblib.dump(train(columns, species), "penguins.joblib")
columns.to_csv("rows.csv", index=False)
import isoship, pathlib
print(pathlib.Path(isoship.__file__).parent)
"""


@pytest.fixture(scope="module")
def work(bare: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("work")
    ran = subprocess.run([str(bare / "python"), "-c", TRAIN], cwd=folder, capture_output=True, text=True, check=True)
    assert Path(ran.stdout.strip()).is_relative_to(bare.parent), "the wheel is used, not the checkout"
    return folder


def test_help(bare: Path, work: Path) -> None:
    ran = run(bare, work, "--help")
    assert ran.returncode == 0, ran.stderr
    assert "export" in ran.stdout


def test_export_of_all_targets_predict_and_serve_without_node(bare: Path, work: Path) -> None:
    ran = run(bare, work, "export", "penguins.joblib", "--sample", "rows.csv", "--offline")
    assert ran.returncode == 0, ran.stderr
    assert {"lambda", "edge", "web"} <= {p.name for p in (work / "bundle").iterdir()}
    assert re.search(r"web-node-wasm +unavailable", ran.stdout), "a form that could not be run here is said to be so"

    ran = run(bare, work, "predict", "bundle", "rows.csv")
    assert ran.returncode == 0, ran.stderr
    lines = ran.stdout.splitlines()
    assert len(lines) == 345
    assert lines[0].split(",")[6:8] == ["label", "probabilities_Adelie"]

    env = {"PATH": str(bare), "HOME": os.environ["HOME"]}
    server = subprocess.Popen(
        [str(bare / "isoship"), "serve", "bundle", "--port", "0"], cwd=work, env=env, stderr=subprocess.PIPE, text=True
    )
    try:
        assert server.stderr is not None
        line = next(line for line in server.stderr if "http://" in line)
        found = re.search(r"http://[\d.]+:\d+", line)
        assert found is not None
        url = found[0]
        columns = httpx.get(f"{url}/v2/models/penguins", timeout=20).json()["inputs"]
        row = {c["name"]: None for c in columns}
        answer = httpx.post(f"{url}/predict", json={"rows": [row]}, timeout=20)
        assert answer.status_code == 200, answer.text
        assert set(answer.json()["predictions"][0]) == {"label", "probabilities"}
        assert httpx.get(f"{url}/ui/", timeout=20).status_code == 200
        assert httpx.get(f"{url}/docs", timeout=20).status_code == 200
    finally:
        server.terminate()
        server.wait(timeout=20)


def test_what_the_wheel_holds(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    expected = {
        "isoship/cli/__init__.py",
        "isoship/py.typed",
        "isoship/bundle/aws_lambda/template.yaml",
        "isoship/bundle/notebook.html.j2",
        "isoship/bundle/wheels/pins.txt",
        "isoship/diffing/diff.html.j2",
        "isoship/parity/verdict/notebook.html.j2",
        "isoship/parity/verdict/parity.html.j2",
        "isoship/_web/index.js",
        "isoship_edge/http/api.py",
        "isoship_edge/manifest.schema.json",
        "isoship_edge/_docs/swagger-ui-bundle.js.gz",
        "isoship_lambda/handler.py",
    }
    assert expected <= names
    assert not [n for n in names if n.startswith(("tests/", "web/", "benchmarks/")) or "node_modules" in n]
