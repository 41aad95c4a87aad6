"""The edge folder as a device gets it: started through `run`, in a clean environment."""

from __future__ import annotations

import ast
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from bundles import make_bundle
from isoship.bundle.edge import MIN_PYTHON, EdgeBuild, write_edge
from isoship.bundle.interpreters import find_interpreter
from isoship.bundle.sums import write_folder_sums
from isoship.bundle.target import elf_machine
from isoship.errors import BundleError


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> EdgeBuild:
    root = make_bundle(tmp_path_factory.mktemp("edge with space"), "visits")
    return write_edge(root / "edge", root, offline=True)


def run(program: Path, *words: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {"PATH": os.environ["PATH"], "HOME": str(cwd), "PYTHONDONTWRITEBYTECODE": "1", **environment}
    return subprocess.run(
        [program, *words], cwd=cwd, env=clean, capture_output=True, text=True, timeout=60, check=False
    )


def test_it_holds_a_library_for_each_architecture_and_only_what_is_used(built: EdgeBuild) -> None:
    assert built.archs == ("x86_64", "aarch64")
    for arch in built.archs:
        (library,) = (built.folder / "lib" / arch).iterdir()
        assert library.name.startswith("libonnxruntime.so")
        assert elf_machine(library) == arch
    assert sorted(p.name for p in built.folder.iterdir()) == [
        "README.md", "SHA256SUMS", "golden.json", "isoship_edge", "lib", "licenses", "manifest.json", "model.onnx",
        "run",
    ]  # fmt: skip
    assert sorted(p.name for p in (built.folder / "licenses" / "onnxruntime").iterdir()) == [
        "LICENSE",
        "ThirdPartyNotices.txt",
    ]
    unused = [p for p in built.folder.rglob("*") if p.suffix in (".pyc", ".pyi") or p.name == "py.typed"]
    assert unused == []
    assert built.size == sum(p.stat().st_size for p in built.folder.rglob("*") if p.is_file())


def test_the_model_is_the_bundles_byte_for_byte(built: EdgeBuild) -> None:
    for name in ("manifest.json", "model.onnx", "golden.json"):
        assert (built.folder / name).read_bytes() == (built.folder.parent / name).read_bytes()


def test_it_proves_itself_from_any_folder_and_through_links(built: EdgeBuild, tmp_path: Path) -> None:
    # A module of the same name in the caller's folder, and one on PYTHONPATH, must not be taken.
    (tmp_path / "json.py").write_text("raise SystemExit('the wrong json')\n")
    (tmp_path / "isoship_edge.py").write_text("raise SystemExit('the wrong isoship_edge')\n")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "model").symlink_to("../link")
    (tmp_path / "link").symlink_to(built.folder / "run")
    for program in (built.folder / "run", tmp_path / "bin" / "model"):
        ran = run(program, "selftest", cwd=tmp_path, PYTHONPATH=str(tmp_path))
        assert ran.returncode == 0, ran.stdout + ran.stderr
    assert not list(built.folder.rglob("*.pyc")), "PYTHONDONTWRITEBYTECODE is kept"


def test_a_changed_model_fails_its_own_test(built: EdgeBuild, tmp_path: Path) -> None:
    root = make_bundle(tmp_path / "other", "yield")
    copy = write_edge(root / "edge", root, archs=(platform.machine(),), offline=True)
    golden = (root / "golden.json").read_text()
    assert golden.count("1.75") >= 1
    (copy.folder / "golden.json").write_text(golden.replace("1.75", "1.5"))
    write_folder_sums(copy.folder)
    assert run(copy.folder / "run", "selftest", cwd=tmp_path).returncode == 1


@pytest.mark.parametrize(
    "name",
    ["manifest.json", "model.onnx", "golden.json", "isoship_edge/encoding/decode.py", "isoship_edge/encoding/words.py",
     "library", "sums", "foreign library"],
)  # fmt: skip
def test_what_it_is_about_to_use_is_compared_first(name: str, tmp_path: Path) -> None:
    root = make_bundle(tmp_path / "other", "yield")
    edge = write_edge(root / "edge", root, archs=(platform.machine(),), offline=True).folder
    (tmp_path / "rows.jsonl").write_text('{"x0": 1.0, "x1": 0.5, "x2": 0.0}\n')
    (edge / "licenses" / "onnxruntime" / "LICENSE").write_text("nothing that runs")
    assert run(edge / "run", "predict", "rows.jsonl", cwd=tmp_path).returncode == 0
    (library,) = (edge / "lib").rglob("libonnxruntime.so*")
    path = {"library": library, "sums": edge / "SHA256SUMS", "foreign library": library.with_name("libonnxruntime.so")}
    changed = path.get(name, edge / name)
    if changed.exists():
        with changed.open("r+b") as file:
            file.seek(-2, os.SEEK_END)
            [last, end] = file.read()
            file.seek(-2, os.SEEK_END)
            file.write(bytes([last ^ 1, end]))
    else:
        changed.write_bytes(b"")
    done = run(edge / "run", "predict", "rows.jsonl", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (3, ""), done.stderr
    assert changed.name in done.stderr


def test_the_chosen_python_is_used_or_refused(built: EdgeBuild, tmp_path: Path) -> None:
    named = run(built.folder / "run", "selftest", cwd=tmp_path, PATH="/usr/bin:/bin", ISOSHIP_PYTHON=sys.executable)
    assert named.returncode == 0, named.stderr
    old = tmp_path / "old python"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    refused = run(built.folder / "run", "selftest", cwd=tmp_path, ISOSHIP_PYTHON=str(old))
    assert refused.returncode == 2
    assert "needs Python 3.10 or newer" in refused.stderr
    assert str(old) in refused.stderr


def test_the_runtime_keeps_to_its_oldest_python(built: EdgeBuild, tmp_path: Path) -> None:
    for module in (built.folder / "isoship_edge").rglob("*.py"):
        ast.parse(module.read_text(encoding="utf-8"), feature_version=MIN_PYTHON)
    oldest = find_interpreter(".".join(map(str, MIN_PYTHON)))
    if oldest is None:
        return  # its grammar is checked above; here its library would be
    ran = run(built.folder / "run", "selftest", cwd=tmp_path, ISOSHIP_PYTHON=str(oldest))
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_an_unknown_architecture_leaves_nothing(bundle_root: Path) -> None:
    with pytest.raises(BundleError, match="choose x86_64"):
        write_edge(bundle_root / "edge", bundle_root, archs=("x86_64", "armv7"), offline=True)
    with pytest.raises(BundleError, match="needs an architecture"):
        write_edge(bundle_root / "edge", bundle_root, archs=(), offline=True)
    assert not (bundle_root / "edge").exists()
