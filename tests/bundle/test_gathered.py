"""The bytecode of a folder in one file: what is imported from it, and what happens where it is not for this Python."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import isoship_lambda
from isoship.bundle.aws_lambda.gathered import gather
from isoship.bundle.bytecode import bytecode_of, compiled_modules

RUNNING = f"{sys.version_info.major}.{sys.version_info.minor}"
FILE = f"isoship_lambda/modules.{sys.implementation.cache_tag}"


def gathered(folder: Path) -> Path | None:
    modules = compiled_modules(folder, RUNNING)
    assert modules is not None
    return gather(folder, RUNNING, modules)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A package with a module, a module that fails, and isoship_lambda's own `__init__`, gathered."""
    task = tmp_path / "task"
    (task / "isoship_lambda").mkdir(parents=True)
    shutil.copy(isoship_lambda.__file__, task / "isoship_lambda" / "__init__.py")
    (task / "package").mkdir()
    (task / "package" / "__init__.py").write_text("from package.inner import two\nx = __path__\n")
    (task / "package" / "inner.py").write_text('"""Inner."""\ntwo = 2\n')
    (task / "failing.py").write_text("def fail():\n    return 1 / 0\n")
    assert gathered(task) == task / FILE
    return task


def run(folder: Path, program: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path.insert(0, {str(folder)!r}); {program}"],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    return ran.stdout.strip() + ran.stderr.strip()


def test_modules_come_from_the_one_file(folder: Path) -> None:
    assert [p.parent.parent.name for p in folder.rglob("*.pyc")] == ["isoship_lambda"]
    assert bytecode_of(folder) == RUNNING
    # The sources are others by now: what is run is what was compiled.
    (folder / "package" / "inner.py").write_text("two = 3\n")
    program = "import isoship_lambda, package, package.inner as i; print(package.two, package.__path__, i.__file__)"
    inner = folder / "package" / "inner.py"
    assert run(folder, program) == f"2 {[str(folder / 'package')]} {inner}"


def test_a_traceback_names_lambdas_path_and_the_source_can_be_read(folder: Path) -> None:
    assert '/var/task/failing.py", line 2, in fail' in run(folder, "import isoship_lambda, failing; failing.fail()")
    program = "import isoship_lambda, failing, inspect; print(inspect.getsource(failing))"
    assert run(folder, program) == (folder / "failing.py").read_text().strip()


def test_what_is_not_in_it_is_found_as_everywhere(folder: Path) -> None:
    (folder / "later.py").write_text("x = 'later'\n")
    assert run(folder, "import isoship_lambda, later, json; print(later.x)") == "later"
    assert "No module named 'never'" in run(folder, "import isoship_lambda, never")


@pytest.mark.parametrize("change", ["absent", "another"])
def test_without_a_file_for_this_python_the_sources_run(folder: Path, change: str) -> None:
    if change == "absent":
        (folder / FILE).unlink()
    else:
        (folder / FILE).write_bytes(b"\0\0\r\n" + (folder / FILE).read_bytes()[4:])
    (folder / "package" / "inner.py").write_text("two = 3\n")
    program = "sys.dont_write_bytecode = True; import isoship_lambda, package; print(package.two)"
    assert run(folder, program) == "3"


def test_its_bytes_are_the_same_every_time(folder: Path) -> None:
    first = (folder / FILE).read_bytes()
    assert str(folder).encode() not in first
    gathered(folder)
    assert (folder / FILE).read_bytes() == first


def test_where_nothing_was_compiled_nothing_is_gathered(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text("x = 1\n")
    assert gather(tmp_path, RUNNING, {}) is None
    assert [path.name for path in tmp_path.iterdir()] == ["one.py"]
