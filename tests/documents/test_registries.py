"""Lists in documents and help texts that repeat a registry name what it names, each of it and nothing else."""

from __future__ import annotations

import argparse
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from packaging.version import Version
from pages import ROOT, pages

from isoship import cli, doctor, errors
from isoship.benching.forms import FORMS
from isoship.bundle.aws_lambda.pythons import LAMBDA_PYTHONS
from isoship.bundle.bundle import TARGETS
from isoship.cli.shared import CALLS, ROWS
from isoship.data.files import FORMATS
from isoship.exporting_tensors import TENSOR_TARGETS
from isoship.parity import runners
from isoship.rows.for_check import KINDS
from isoship.sources.load import _READERS
from isoship.sources.sklearn.truth.outputs import METHODS
from isoship.sources.tensor_models import endings as tensor_endings
from isoship.tensors.samples import FORMATS as CALL_FORMATS
from isoship_edge import errors as edge_errors
from isoship_edge.__main__ import _parser
from isoship_edge.manifest import DTYPES

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def help_of(command: str) -> str:
    """The help of a command of isoship's, on one line."""
    context = click.Context(cli.main.commands[command], info_name=command)
    return " ".join(context.get_help().split())


def cells(page: str, head: str) -> list[str]:
    """The first column of the table that begins so."""
    rows = text(page).split(f"\n| {head} |", 1)[1].split("\n\n", 1)[0].splitlines()[2:]
    return [row.split("|")[1].strip() for row in rows]


def endings(words: str) -> set[str]:
    return set(re.findall(r"(?<![\w*])\.[a-z0-9]+\b", words))


def option(command: str, name: str) -> click.Option:
    (found,) = [p for p in cli.main.commands[command].params if p.name == name and isinstance(p, click.Option)]
    return found


def test_files_of_models() -> None:
    (said,) = re.findall(r"MODEL is (.*?) Loading", help_of("export"))
    assert endings(said) == {*_READERS, *tensor_endings()}


def test_files_of_rows() -> None:
    assert endings(ROWS) == set(FORMATS)
    assert endings(CALLS) == set(CALL_FORMATS)
    (said,) = re.findall(r"ROWS is ([^O]*)", help_of("predict"))
    assert endings(said) == set(FORMATS)
    first, second = text("docs/files.md").split("\n\n")[1].split("`edge/run predict`")
    assert endings(first) == set(FORMATS)
    assert endings(second) == {".csv", ".jsonl", ".ndjson"}


def test_choices_of_an_export() -> None:
    assert tuple(option("export", "lambda_python").type.choices) == LAMBDA_PYTHONS
    columns, tensors = re.findall(r"([\w,]+)(?:;|\.)", str(option("export", "targets").help).split("Default: ")[1])
    assert columns.split(",") == list(TARGETS)
    assert tensors.split(",") == list(TENSOR_TARGETS)
    assert set(re.findall(r"\w+", str(option("export", "outputs").help))) == set(METHODS)
    assert set(re.findall(r"\w+", str(option("export", "dtype").help).split(",  ")[0])) >= set(DTYPES)
    assert all(f"python{version}" in [one.name for one in doctor.examine()] for version in LAMBDA_PYTHONS)
    assert all(f"python{version}" in str(template()["Runtime"]["AllowedValues"]) for version in LAMBDA_PYTHONS)


def runtimes_in(words: str) -> set[str]:
    """`a-cpu, -wasm` is two."""
    found, stem = set(), ""
    for name in re.findall(r"(?<![\w/])-?[a-z][a-z-]*[a-z](?![\w/])", words):
        stem = stem if name.startswith("-") else name.rpartition("-")[0]
        found.add(stem + name if name.startswith("-") else name)
    return found


def test_runtimes() -> None:
    named = runtimes_in(str(cli.main.commands["check"].help).split("Runtimes:")[1])
    assert set(runners.available()) <= named
    rows = [row.split("|") for row in str(runners.__doc__).splitlines() if row.startswith("|")][2:]
    assert {one for row in rows for one in runtimes_in(row[1])} == set(runners.available())
    for row in rows:
        assert {runners.target_of(one) for one in runtimes_in(row[1])} == {row[3].strip()}
    table = next(b.text for b in pages()["README.md"].blocks if b.text.startswith("runtime "))
    assert [line.split()[0] for line in table.splitlines()[3:-2]] == list(runners.available())


def test_forms_of_the_bench() -> None:
    choices = option("bench", "form").type.choices
    assert list(choices) == list(FORMS) == [cell.strip("`") for cell in cells("docs/bench.md", "form | what is asked")]
    said = str(cli.main.commands["bench"].help).split("Forms:")[1].split("\n\n")[0]
    assert [line.split()[0] for line in said.strip().splitlines()] == list(FORMS)


def test_kinds_of_rows() -> None:
    said = [kind for cell in cells("docs/checking.md", "kind | what") for kind in cell.split(", ")]
    assert said == list(KINDS)


def test_column_types() -> None:
    assert {cell.strip("`") for cell in cells("docs/onnx.md", "`dtype` | element type | a missing value is")} == set(
        DTYPES
    )
    said = ", ".join(cells("docs/files.md", "column | takes")).split(", ")
    assert set(said) == set(DTYPES)


def template() -> dict[str, Any]:
    class Loader(yaml.SafeLoader):
        """CloudFormation's own tags mean nothing here."""

    Loader.add_multi_constructor("!", lambda loader, suffix, node: None)
    parameters: dict[str, Any] = yaml.load(text("template.yaml"), Loader)["Parameters"]
    return parameters


def test_parameters_of_the_template() -> None:
    lines = text("docs/lambda.md").split("\n| parameter | default | |", 1)[1].split("\n\n", 1)[0].splitlines()[2:]
    said: dict[str, str] = {}
    for line in lines:
        names, defaults = (cell.replace("`", "").split(", ") for cell in line.split("|")[1:3])
        defaults = [one.strip() for one in defaults]
        said |= dict(
            zip([n.strip() for n in names], defaults * len(names) if len(defaults) == 1 else defaults, strict=True)
        )
    parameters = template()
    assert set(said) == set(parameters)
    for name, default in said.items():
        if default != "as exported":
            assert default == str(parameters[name].get("Default", "")).replace("False", "no"), name


def test_environment_variables() -> None:
    code = [
        path
        for room in ("export/isoship", "edge/isoship_edge", "lambda/isoship_lambda")
        for path in (ROOT / room).rglob("*.py")
    ]
    code += [ROOT / "template.yaml", *(ROOT / "examples").rglob("*.*")]
    read = {
        name for path in code if path.is_file() for name in re.findall(r"ISOSHIP_[A-Z_]+\b", path.read_text("utf-8"))
    }
    said = {cell.strip("`") for cell in cells("docs/environment.md", "variable | read by | what")}
    assert said == {*read, "ORT_DISABLE_TELEMETRY", "MLFLOW_DISABLE_TELEMETRY", "MLFLOW_TRACKING_URI"}
    for page in pages():
        used = set(re.findall(r"ISOSHIP_[A-Z_]+\b", text(page)))
        assert used - said <= {"ISOSHIP_ORT_INCLUDE"}, page  # a test's own


def test_extras() -> None:
    extras = set(PROJECT["optional-dependencies"])
    asked = re.findall(
        r'MissingExtraError\("[\w-]+", "([\w-]+)"',
        "".join(p.read_text("utf-8") for p in (ROOT / "export").rglob("*.py")),
    )
    assert asked
    assert set(asked) <= extras
    for page in pages():
        for said in re.findall(r"isoship\[([\w,-]+)\]", text(page)):
            assert set(said.split(",")) <= extras, page
    named = set(re.findall(r"isoship\[([\w-]+)\]", text("README.md")))
    assert named == extras - {"parquet"}


def test_the_lowest_releases_are_those_that_are_declared() -> None:
    """`make test-lowest` installs what pyproject.toml says, and each bound can be installed beside the others.

    An extra with an environment of its own is tested in its only release.
    """
    bounds = [("lowest", each) for each in PROJECT["dependencies"]]
    for extra, declared in PROJECT["optional-dependencies"].items():
        own = {"tensorflow": "keras", "spark": "engines", "ray": "engines"}.get(extra, extra)
        lock = own if (ROOT / "requirements" / f"{own}.lock").exists() else "lowest"
        bounds += [(lock, each) for each in declared]
    for lock, declared in bounds:
        locked = dict(re.findall(r"^([\w-]+)==(\S+)", text(f"requirements/{lock}.lock"), re.MULTILINE))
        name, lowest = re.findall(r"^([\w-]+)(?:\[\w+\])?>=([\d.]+)", declared)[0]
        name = {"xgboost": "xgboost-cpu"}.get(name, name)
        assert Version(locked[name]) == Version(lowest), f"{declared} and requirements/{lock}.lock"


def test_errors_and_their_exit_codes() -> None:
    """The trees that both packages draw hold every error; how deep a name stands is what it is made of."""
    import isoship.bundle.wheels.fetch
    import isoship.parity.runners.contract  # noqa: F401 - both have errors of their own

    classes, left = set[type[Exception]](), [errors.IsoshipError]
    while left:
        classes.add(left[-1])
        left += left.pop().__subclasses__()
    ours = {c for c in classes if c.__module__.startswith(("isoship.", "isoship_edge."))}
    for drawn, known in ((errors.__doc__, ours), (edge_errors.__doc__, {c for c in ours if "_edge" in c.__module__})):
        below = str(drawn).partition("\n\n")[2]
        tree = re.findall(r"^((?:│   |    )*(?:[├└]── )?)([A-Z]\w+) *(\d?)", below, re.MULTILINE)
        tree = [(len(indent) // 4, name, code) for indent, name, code in tree if indent or name == "IsoshipError"]
        assert {name for _, name, _ in tree} == {c.__name__ for c in known}
        above: list[str] = []
        for depth, name, code in tree:
            above[depth:] = [name]
            (made,) = [c for c in known if c.__name__ == name]
            assert not depth or above[depth - 1] in [base.__name__ for base in made.__bases__], name
            assert code in ("", "1" if issubclass(made, errors.ParityError) else "2")


def test_commands_of_a_device() -> None:
    (commands,) = [a for a in _parser()._actions if isinstance(a, argparse._SubParsersAction)]
    listed = [action.dest for action in commands._get_subactions()]
    assert commands.metavar == "|".join(listed)
    assert set(commands.choices) - set(listed) == {"update"}, "what is not there yet is in no list"
    (said,) = set(re.findall(r"edge/run (\w+(?:\|\w+)+)", text("README.md")))
    assert said.split("|") == listed


def test_targets_of_make() -> None:
    printed = subprocess.run(
        ["make", "-s", "-C", str(ROOT)], capture_output=True, text=True, check=True, timeout=60
    ).stdout
    listed = [line.split()[0] for line in printed.splitlines() if not line.startswith("make")]
    made = re.findall(r"^([\w.-]+):(?!=)", text("Makefile"), re.MULTILINE)
    assert listed == [name for name in made if not name.startswith(".")]
    (phony,) = re.findall(r"^\.PHONY: (.*)", text("Makefile"), re.MULTILINE)
    assert sorted(phony.split()) == sorted(listed)


def test_what_readme_says_a_bundle_holds(bundle: Path) -> None:
    drawn = next(b.text for b in pages()["README.md"].blocks if b.text.startswith("bundle/"))
    entries = re.findall(r"^  ((?:[\w.]+/? ?)+?)(?: {2,}|$)", drawn, re.MULTILINE)
    entries += re.findall(r"; (parity\.json) is", drawn)
    said = {name.rstrip("/") for entry in entries for name in entry.split()}
    partial = {"parity-partial.html", "parity-partial.json"}  # of a check that another document runs
    assert said == {path.name for path in bundle.iterdir()} - {".isoship"} - partial


def test_readme_names_every_document() -> None:
    linked = set(re.findall(r"\]\(([\w./]+\.md)\)", text("README.md")))
    assert {f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")} <= linked


def test_the_webs_own_document() -> None:
    """Backends, functions and members that web/README.md names are those of its types and of backend.js."""
    page = text("web/bundle-readme.md")
    types = text("web/src/index.d.ts") + text("web/src/types.d.ts")
    (backends,) = re.findall(r"const BACKENDS = \[(.*)\]", text("web/src/graph/backend.js"))
    (said,) = re.findall(r"`backend` is (.*?);", page)
    assert re.findall(r"\w+", said.replace(" or ", " ")) == re.findall(r"\w+", backends)
    for name in re.findall(r"\| `(?:model\.)?(\w+)", page):
        assert re.search(rf"\b{name}\b", types), name
    for member in re.findall(r"`\{ ([\w, ]+) \}`", page):
        assert all(re.search(rf"\b{name}\??:", types) for name in member.split(", ")), member


@pytest.mark.parametrize("page", [name for name in pages() if name.endswith(".md")])
def test_files_tests_and_links_are_there(page: str) -> None:
    written = text(page)
    tests = " ".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("*.py"))
    for name in re.findall(r"::(test_\w+)", written):
        assert f"def {name}(" in tests, name
    for name in re.findall(
        r"`((?:tests|examples|findings|scripts|benchmarks|isoship|isoship_edge|isoship_lambda)/[\w./-]*\w)", written
    ):
        places = [ROOT / room / name for room in ("", "export", "edge", "lambda")]
        assert any(place.exists() for place in places) or name.endswith(("NAME.sh", "modules.cpython-313")), name
    for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", written):
        assert (ROOT / page).parent.joinpath(link).exists(), link
    versions = dict(re.findall(r"^([\w.-]+)==([\w.]+)", text("requirements/dev.lock").lower(), re.MULTILINE))
    for library, version in re.findall(
        r"(\S+) ([\d.]+\d)(?:, |\.\n)", re.findall(r"Seen with (.*\n)|$", written)[0] or ""
    ):
        name = {"xgboost": "xgboost-cpu"}.get(library.lower(), library.lower())
        assert versions.get(name, version) == version, library
