"""What the documents and examples install, installed as a user would: in empty environments, from the package index.

Outside `make test`, since it takes the index and minutes: `make test-all GROUP=examples`. README's own lines are run by
scripts/wheel_smoke.sh. Accounts are what is missing: nothing here is deployed.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from pages import ROOT, pages, parted
from prepared import Prepared, prepare

from isoship.bundle.interpreters import find_interpreter

EXAMPLES = ROOT / "examples"
INSTALLS = sorted(
    {
        command
        for page in pages().values()
        for command in (*(line for b in page.blocks for line in b.lines), *(command for _, command in page.inline))
        if command.startswith("pip install ") and page.name != "README.md"
    }
)
#: The handler's own way through Azure's adapter: one call, as the host makes it.
AZURE = """
import asyncio, azure.functions as func, function_app
(function,) = function_app.app.get_functions()
request = func.HttpRequest(
    method="POST", url="https://churn.azurewebsites.net/predict", headers={"content-type": "application/json"},
    body=b'{"rows": [{"age": 39, "city": null}]}',
)
answer = asyncio.run(function.get_user_function()(request, None))
print(answer.status_code, answer.get_body().decode())
"""
ROW = '{"rows": [{"age": 39, "city": null}]}'


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """The documents' folder, with a bundle for Lambda's Python 3.13; the index is there."""
    made = prepare(tmp_path_factory.mktemp("user"))
    wheels = made.folder.parent / "wheels"
    built = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(wheels), str(ROOT)]
    subprocess.run(built, check=True, capture_output=True, timeout=300)
    environment = {k: v for k, v in made.environment.items() if k != "PIP_NO_INDEX"}
    environment |= {k: v for k, v in os.environ.items() if k.startswith(("PIP_", "SSL_", "http", "https", "no_proxy"))}
    environment |= {"PIP_FIND_LINKS": str(wheels), "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_QUIET": "1"}
    user = Prepared(made.folder, environment)
    user.run("isoship export model.joblib --sample rows.parquet --name churn --lambda-python 3.13")
    return user


@pytest.fixture(scope="module")
def answer(prepared: Prepared) -> str:
    """What the model answers to ROW."""
    given = prepared.folder / "row.json"
    given.write_text(json.dumps(json.loads(ROW)["rows"]), encoding="utf-8")
    printed = prepared.run("isoship predict bundle row.json -o answer.jsonl && cat answer.jsonl").stdout
    return str(json.loads(printed)["label"])


def environment(prepared: Prepared, folder: Path, python: str = "") -> Prepared:
    """An empty environment, first in the PATH."""
    interpreter = find_interpreter(python) if python else sys.executable
    assert interpreter is not None, f"Python {python} is not here"
    subprocess.run([str(interpreter), "-m", "venv", str(folder / "env")], check=True, timeout=120)
    path = f"{folder / 'env' / 'bin'}:{prepared.environment['PATH']}"
    return Prepared(prepared.folder, {**prepared.environment, "PATH": path})


@pytest.mark.parametrize("line", INSTALLS)
def test_what_a_document_installs_goes_together(line: str, prepared: Prepared, tmp_path: Path) -> None:
    user = environment(prepared, tmp_path)
    user.run(line, seconds=900)
    user.run("pip check")
    for package, program in {"aws-sam-cli": "sam", "isoship": "isoship", "awscurl": "awscurl"}.items():
        if package in line.split():
            user.run(f"{program} --help")


def test_a_signed_call_by_awscurl(prepared: Prepared, answer: str, tmp_path: Path) -> None:
    """docs/lambda.md's call as written, to a server that asks for no signature."""
    (line,) = [line for b in pages()["docs/lambda.md"].blocks for line in b.lines if line.startswith("awscurl ")]
    user = environment(prepared, tmp_path)
    user.run("pip install awscurl", seconds=900)
    with prepared.serving("isoship serve bundle") as address:
        keys = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "none"}
        told = Prepared(user.folder, {**user.environment, **keys, "API_URL": f"http://{address}"})
        assert "predictions" in json.loads(told.run(line).stdout)


@pytest.mark.parametrize("python", ["3.12", "3.13"])
def test_azure_functions(python: str, prepared: Prepared, answer: str, tmp_path: Path) -> None:
    """docs/lambda.md's lines up to the publishing, requirements.txt under each Python, and a call."""
    user = environment(prepared, tmp_path, python)
    export = f"isoship export model.joblib --sample rows.parquet --name churn --lambda-python {python} --targets lambda"
    prepared.run(f"{export} -o {tmp_path}/bundle")
    (tmp_path / "examples").symlink_to(EXAMPLES)
    (block,) = [b for b in pages()["docs/lambda.md"].blocks if "azure" in b.text]
    for line in block.lines[:2]:
        user.run(line, cwd=tmp_path)
    app = tmp_path / "churn-azure"
    user.run("pip install -r requirements.txt", cwd=app, seconds=300)
    user.run("pip check")
    (tmp_path / "call.py").write_text(AZURE, encoding="utf-8")
    told = Prepared(user.folder, {**user.environment, "PYTHONPATH": str(app)})
    status, _, body = told.run(["python", str(tmp_path / "call.py")], cwd=app).stdout.partition(" ")
    assert (status, json.loads(body)["predictions"][0]["label"]) == ("200", answer)


def test_the_container(prepared: Prepared, answer: str, tmp_path: Path) -> None:
    """The Dockerfile's lines without Docker, under the Python that it names."""
    dockerfile = (EXAMPLES / "container" / "Dockerfile").read_text(encoding="utf-8")
    user = environment(prepared, tmp_path, re.findall(r"^FROM python:([\d.]+)-slim", dockerfile, re.MULTILINE)[0])
    user.run(re.findall(r"^RUN (.*)", dockerfile, re.MULTILINE)[0], seconds=300)
    shutil.copytree(prepared.folder / "bundle" / "lambda", tmp_path / "lambda")
    shutil.copyfile(EXAMPLES / "container" / "main.py", tmp_path / "main.py")
    own = {"PYTHONPATH": f"{tmp_path}/lambda", "ISOSHIP_BUNDLE": f"{tmp_path}/lambda", "ORT_DISABLE_TELEMETRY": "1"}
    served = Prepared(user.folder, {**user.environment, **own})
    with served.serving("python -m uvicorn main:app --host 0.0.0.0", cwd=tmp_path) as address:
        call = f"curl -s {address}/predict -H 'content-type: application/json' -d '{ROW}'"
        assert json.loads(user.run(call).stdout)["predictions"][0]["label"] == answer


def test_the_cdk_application_takes_the_same_zip(prepared: Prepared, tmp_path: Path) -> None:
    user = environment(prepared, tmp_path)
    user.run("pip install aws-cdk-lib", seconds=900)
    app = tmp_path / "app"
    shutil.copytree(EXAMPLES / "cdk", app)
    (app / "bundle").symlink_to(prepared.folder / "bundle")
    told = Prepared(user.folder, {**user.environment, "CDK_OUTDIR": str(tmp_path / "out")})
    told.run("python app.py", cwd=app)
    digest = hashlib.sha256((prepared.folder / "bundle" / "lambda.zip").read_bytes()).hexdigest()
    assets = [hashlib.sha256(path.read_bytes()).hexdigest() for path in (tmp_path / "out").glob("asset.*.zip")]
    assert assets == [digest]


def test_the_workflow(prepared: Prepared, tmp_path: Path) -> None:
    """Its `run` steps, one after the other, with the files that it speaks of."""
    from importlib.metadata import version

    (job,) = yaml.safe_load((EXAMPLES / "github-actions.yml").read_text(encoding="utf-8"))["jobs"].values()
    user = environment(prepared, tmp_path)
    (tmp_path / "requirements.txt").write_text(f"scikit-learn=={version('scikit-learn')}\n", encoding="utf-8")
    shutil.copyfile(prepared.folder / "rows.csv", tmp_path / "rows.csv")
    save = "import joblib, skops.io as s; s.dump(joblib.load('model.joblib'), r'{}')"
    prepared.run([sys.executable, "-c", save.format(tmp_path / "model.skops")])
    steps = [step["run"] for step in job["steps"] if "run" in step]
    assert [step.split()[1] for step in steps] == ["install", "export", "check"]
    for step in steps:
        for line in parted(step):
            user.run(line, cwd=tmp_path, seconds=900)
    (kept,) = [step["with"]["path"].split() for step in job["steps"] if "upload" in step.get("uses", "")]
    assert all((tmp_path / path).is_file() for path in kept)
