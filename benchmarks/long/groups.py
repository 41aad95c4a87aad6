"""The groups of `make test-all`: what each shows, and the commands that show it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Group:
    """Commands that run one after the other; `NAME=VALUE` words in front of one are its environment."""

    shows: str
    commands: tuple[str, ...]


#: No group may take longer on 2 cores; one that does is cut off and has failed.
LIMIT_MINUTES = 60
PYTHON = ".venv/bin/python"
GROUPS: dict[str, Group] = {
    "pipelines": Group(
        "5,000 random pipelines: each answered exactly or refused",
        (f"ISOSHIP_CASES=5000 {PYTHON} -m pytest -q -n 2 tests/pipelines/test_random_pipelines.py",),
    ),
    "sweep": Group(
        "every scikit-learn estimator and 157 booster configurations on rows made to break them",
        (
            f"{PYTHON} -m benchmarks.sweep",
            f"{PYTHON} -m benchmarks.boosters",
            f"ISOSHIP_ESTIMATORS=all {PYTHON} -m pytest -q -n 2 tests/tfjs/test_every_estimator_computes.py",
        ),
    ),
    "shelf": Group("36 real bundles in every runtime", (f"{PYTHON} -m benchmarks.shelf",)),
    "mutants": Group("planted faults, each detected by check", (f"{PYTHON} -m benchmarks.mutants",)),
    "load": Group(
        "drawn requests at length, the whole OpenAPI schema, 5,000 mixed requests whose log holds nothing of them, and "
        "10,000 invocations of one Lambda process",
        (
            f"ISOSHIP_FUZZ=600 {PYTHON} -m pytest -q -n0 tests/http/test_fuzz.py",
            f"ISOSHIP_FUZZ=20 {PYTHON} -m pytest -q -n0 tests/http/test_schemathesis.py",
            f"ISOSHIP_MIXED_LOAD=5000 {PYTHON} -m pytest -q -n0 -s tests/lambda/test_log_privacy.py",
            f"ISOSHIP_INVOCATIONS=10000 {PYTHON} -m pytest -q -n0 -s tests/lambda/test_warm.py -k thousands",
        ),
    ),
    "deploy": Group(
        "sam deploy to a local AWS, every combination of the template's parameters, a container image",
        ("scripts/check_template.sh", "scripts/deploy_local.sh"),
    ),
    "bundlers": Group(
        "the web bundle as an npm package: Vite, webpack, esbuild, rollup, Parcel, pages, servers' bundles, Deno, "
        "Bun, jsdom; publint, are-the-types-wrong",
        (f"{PYTHON} -m pytest -q -n0 -s -o addopts= -o python_files=*.py tests/web/bundlers",),
    ),
    "firefox": Group(
        "bundles in Firefox: cpu, wasm and the row program, the page, and the page offline", ("scripts/firefox.sh",)
    ),
    "files": Group(
        "a CSV file of 200 MB on a bundle's page, which goes on drawing, in bounded memory",
        (f"{PYTHON} -m pytest -q -n0 -o addopts= -s tests/web/files/large_file.py",),
    ),
    "size-forests": Group(
        "forests of a million nodes beside the release before and beside skl2onnx",
        (f"{PYTHON} -m benchmarks.size forest-500 forest-deep",),
    ),
    "size-boosted": Group(
        "2,000 boosted trees beside the release before", (f"{PYTHON} -m benchmarks.size xgboost-2000",)
    ),
    "size-columns": Group(
        "600 columns, linear and boosted, beside the release before",
        (f"{PYTHON} -m benchmarks.size wide-logistic wide-hist",),
    ),
    "size-categories": Group(
        "20,000 categories and 2,400 support vectors beside the release before",
        (f"{PYTHON} -m benchmarks.size one-hot svr",),
    ),
    "clients": Group("the stock clients of KServe and MLServer against every server", ("scripts/v2_clients.sh",)),
    "wheel": Group("README's first commands as written, the wheel, Python alone", ("scripts/wheel_smoke.sh",)),
    "examples": Group(
        "examples/ and every `pip install` of the documents as a user would have them, in empty environments",
        (f"{PYTHON} -m pytest -q -n0 -o addopts= tests/documents/as_a_user.py",),
    ),
    "lowest": Group(
        "the core of the suite with the lowest releases that pyproject.toml declares", ("scripts/lowest.sh",)
    ),
    "torch": Group(
        "isoship[torch] alone in an environment: what torch's exporter gets wrong is caught, networks of every shape",
        ("scripts/extra.sh torch",),
    ),
    "packaged": Group(
        "networks that packages of the Python index ship, to Lambda and devices: agreed on, or refused as is said",
        (f"{PYTHON} -m benchmarks.packaged",),
    ),
    "keras": Group(
        "isoship[keras] in its own environment: networks of Keras's and SavedModels against TensorFlow, and what its "
        "exporter gets wrong",
        ("scripts/extra.sh keras",),
    ),
    "docs": Group(
        "the documentation as a site: built without a warning, silent on the network, its search from a file, and the "
        "newcomer's five pages followed on a bare machine",
        (
            "scripts/docs.sh",
            f"{PYTHON} -m pytest -q -n0 -o addopts= -s tests/documents/built_site.py",
            "scripts/newcomer.sh",
        ),
    ),
    "remote": Group(
        "isoship[remote] in its own environment, an object store on loopback: bundles, rows and answers there, through "
        "connections that drop",
        ("scripts/extra.sh remote",),
    ),
    "mlflow": Group(
        "isoship[mlflow] in its own environment, a server on loopback: bundles logged, loaded, served and in Spark; "
        "models exported by their names",
        ("scripts/extra.sh mlflow",),
    ),
    "engines": Group(
        "isoship[spark,ray] in an environment of their own: the answers, columns and refusals of isoship predict on "
        "local Spark and Ray, every type of column, killed workers",
        ("scripts/extra.sh engines",),
    ),
    "tfjs": Group(
        "Keras models and SavedModels by both converters to the browser: what ships is right, a planted fault does not",
        ("scripts/official_converter.sh",),
    ),
    "arm64": Group("lambda/ and edge/ for arm64, executed under emulation", ("scripts/arm64.sh",)),
    "machines": Group(
        "row programs where ONNX Runtime has no wheel: 32-bit ARM, RISC-V, big-endian, musl; their bits beside ours",
        (
            *(f"scripts/emulated.sh {name}" for name in ("armhf", "arm64", "riscv64", "s390x")),
            "scripts/musl.sh",
            f"{PYTHON} -m pytest -q -n0 -o addopts= -s tests/edge/rows/on_machines.py",
            f"{PYTHON} -m benchmarks.machines",
        ),
    ),
}


def split(command: str) -> tuple[dict[str, str], list[str]]:
    """`"A=1 program argument"` as ({"A": "1"}, ["program", "argument"])."""
    words = command.split()
    own: dict[str, str] = {}
    while words and "=" in words[0]:
        name, _, value = words.pop(0).partition("=")
        own[name] = value
    return own, words


def summary(results: dict[str, dict[str, Any]]) -> list[str]:
    """One line a group: its last result and date, or that it never ran."""
    lines = []
    for name, group in GROUPS.items():
        last = results.get(name)
        if last is None:
            said = "never ran"
        else:
            verdict = "passed" if last["passed"] else "FAILED"
            said = f"{verdict} {last['date']} in {last['minutes']:.1f} min at {last['commit']}"
        lines.append(f"{name:10} {said:52} {group.shows}")
    return lines
