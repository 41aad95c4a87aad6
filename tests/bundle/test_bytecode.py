from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from isoship.bundle import bytecode
from isoship.bundle.bytecode import bytecode_of, compile_bytecode
from isoship.bundle.interpreters import find_interpreter
from isoship.errors import BundleError

RUNNING = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "task" / "package").mkdir(parents=True)
    (tmp_path / "task" / "package" / "__init__.py").write_text("x = 1\n")
    (tmp_path / "task" / "single.py").write_text("def one():\n    return 1\n")
    return tmp_path / "task"


def test_bytecode_is_unchecked_and_names_lambdas_path(folder: Path) -> None:
    assert compile_bytecode(folder, RUNNING) == RUNNING
    assert bytecode_of(folder) == RUNNING
    compiled = folder / "__pycache__" / f"single.cpython-{RUNNING.replace('.', '')}.pyc"
    assert compiled.read_bytes()[4:8] == b"\1\0\0\0", "PEP 552: hash-based, not checked"
    # Python reads it although the source is another by now: nothing about the source was asked.
    (folder / "single.py").write_text("raise SystemExit('compiled again')\n")
    ran = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(folder)!r}); import single; print('read')"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert ran.stdout.strip() == "read"
    assert b"/var/task/single.py" in compiled.read_bytes()
    assert str(folder).encode() not in compiled.read_bytes()


def test_docstrings_stay_in_the_sources_and_all_else_is_compiled(folder: Path) -> None:
    lines = (
        '"""Of the module."""', "from __future__ import annotations",
        "class A:", '    """Alone."""', "",
        "def f(x: Unknown) -> None:", '    """Of f."""', '    "second"', "    if x is None: pass", "    assert x", "",
        "async def g():", '    """Alone."""', "",
    )  # fmt: skip
    (folder / "documented.py").write_text("\n".join(lines))
    compile_bytecode(folder, RUNNING)
    program = (
        "import documented as d, asyncio; assert d.__cached__.endswith('.pyc');"
        "assert not any(o.__doc__ for o in (d, d.A, d.f, d.g)), [o.__doc__ for o in (d, d.A, d.f, d.g)];"
        "asyncio.run(d.g()); assert d.f.__annotations__['x'] == 'Unknown'; d.f(0)"
    )
    ran = subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=False)
    assert "AssertionError" in ran.stderr, ran.stderr
    assert 'documented.py", line 10, in f' in ran.stderr, "assertions run, and lines are the source's"


def test_annotations_that_nothing_reads_are_not_evaluated(folder: Path) -> None:
    """FastAPI's stay text; those of pydantic's core schema are left out; all others are as written."""
    function = "def f(x: len('ab') = 1): return x\n"
    typed = "from typing import TypedDict\nclass T(TypedDict, total=False):\n    x: int\n" + function
    for path, text in (
        ("fastapi/routing.py", function), ("pydantic_core/core_schema.py", typed), ("other/routing.py", typed)
    ):  # fmt: skip
        (folder / path).parent.mkdir()
        (folder / path).with_name("__init__.py").touch()
        (folder / path).write_text(text)
    compile_bytecode(folder, RUNNING)
    program = (
        "from fastapi.routing import f as a; from pydantic_core.core_schema import T as t, f as b;"
        "from other.routing import T, f as c;"
        "print([each.__annotations__ for each in (a, b, c, t, T)], t(x=1), a() + b() + c())"
    )
    ran = subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == ("""[{'x': "len('ab')"}, {'x': 2}, {'x': 2}, {}, {'x': <class 'int'>}] {'x': 1} 3""")


def test_dataclasses_without_a_docstring_do_not_write_their_signature(folder: Path) -> None:
    (folder / "data.py").write_text(
        "import dataclasses\nfrom dataclasses import dataclass\n@dataclass(frozen=True)\nclass A:\n    x: int = 1\n"
        '@dataclasses.dataclass\nclass B:\n    """Of B."""\n    x: int = 1\n'
    )
    compile_bytecode(folder, RUNNING)
    program = "import data; print(data.A(2), data.A.__doc__, data.B(), data.B.__doc__)"
    ran = subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "A(x=2) A B(x=1) Of B."


def test_without_the_interpreter_nothing_is_written(folder: Path) -> None:
    assert find_interpreter("3.99") is None
    assert compile_bytecode(folder, "3.99") == "none"
    assert bytecode_of(folder) == "none"


def test_a_second_export_compiles_only_what_changed(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compile_bytecode(folder, RUNNING, tmp_path / "cache")
    first = (folder / "__pycache__").rglob("*.pyc").__next__().read_bytes()
    for path in folder.rglob("*.pyc"):
        path.unlink()
    (folder / "new.py").write_text("y = 2\n")
    compiled: list[str] = []
    run = bytecode._run
    monkeypatch.setattr(bytecode, "_run", lambda command, text="": (compiled.append(text), run(command, text))[1])
    compile_bytecode(folder, RUNNING, tmp_path / "cache")
    assert [json.loads(line)[0] for text in compiled for line in text.splitlines()] == [str(folder / "new.py")]
    assert (folder / "__pycache__" / f"single.cpython-{RUNNING.replace('.', '')}.pyc").read_bytes() == first
    assert len(list(folder.rglob("*.pyc"))) == 3


def test_a_module_that_does_not_compile_stops_the_export(folder: Path) -> None:
    (folder / "broken.py").write_text("def (:\n")
    with pytest.raises(BundleError, match=r"broken\.py"):
        compile_bytecode(folder, RUNNING)
