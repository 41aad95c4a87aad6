"""What a visitor gets: complete, from no other host, licensed, and no larger than it was."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
from pathlib import Path

from node_script import WEB

ROOT = WEB.parent


def zipped(path: Path) -> int:
    return len(gzip.compress(path.read_bytes(), mtime=0))


def test_the_build_is_complete_and_every_import_is_there(runtime: Path) -> None:
    of_page = ("index.html", "page/page.js", "page/page.css")
    for name in (*of_page, "index.js", "index.d.ts", "worker.js", "README.md", "NOTICE"):
        assert (runtime / name).is_file(), name
    for module in runtime.rglob("*.js"):
        text = module.read_text(encoding="utf-8")
        for target in re.findall(r"""(?:from|import)\s*\(?\s*["'](\.[^"']+)["']""", text):
            assert (module.parent / target).is_file(), f"{module.name} imports {target}"


def imported_at_once(runtime: Path, name: str = "page/page.js") -> set[str]:
    """A module and those that it imports, but for those that it asks for later."""
    found, waiting = set[str](), {name}
    while waiting:
        name = waiting.pop()
        found.add(name)
        text = (runtime / name).read_text(encoding="utf-8")
        near = re.findall(r"""^(?:import|export)\b[^;]*?\bfrom\s*["'](\.[^"']+)["']""", text, re.MULTILINE)
        waiting |= {str((runtime / name).parent.joinpath(path).resolve().relative_to(runtime)) for path in near} - found
    return found


def test_the_page_preloads_all_its_modules_and_has_no_inline_script(runtime: Path) -> None:
    html = (runtime / "index.html").read_text(encoding="utf-8")
    linked = [name.removeprefix("./") for name in re.findall(r'modulepreload" href="([^"]+)"', html)]
    assert set(linked) == imported_at_once(runtime.resolve())
    assert "<style" not in html
    assert " style=" not in html
    # The first one is plain: it runs before the page is drawn, and where modules do not, opened from a disk.
    assert re.findall(r"<script[^>]*>", html) == [
        '<script src="./page/early.js">',
        '<script type="module" src="./page/page.js">',
    ]
    assert not re.search(r"""(?:src|href)="(?:https?:)?//""", html)


def test_names_never_become_markup() -> None:
    for module in (WEB / "src").rglob("*.js"):
        text = module.read_text(encoding="utf-8")
        for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"):
            assert way not in text, f"{module.name} uses {way}"


def test_a_visitor_loads_no_more_than_the_budget(runtime: Path) -> None:
    """gzip, bytes. Measured in December 2026: the page 62,348, TF.js on cpu 135,500."""
    page = [
        *imported_at_once(runtime.resolve()),
        "page/page.css",
        "page/files/files.css",
        "page/early.js",
        "index.html",
    ]
    ours = sum(zipped(runtime / name) for name in page)
    shared = list((runtime / "tfjs").glob("chunk-*.js"))
    cpu = sum(map(zipped, [runtime / "tfjs" / "core.js", *shared]))
    wasm = sum(zipped(runtime / "tfjs" / name) for name in ("wasm.js", "tfjs-backend-wasm-simd.wasm"))
    assert ours < 63_000
    assert cpu < 140_000
    assert wasm < 170_000


def test_who_visits_columns_loads_nothing_of_tensors(runtime: Path) -> None:
    """gzip, bytes. Measured in December 2026: the page of tensors 58,517, all modules of tensors 20,404."""
    at_once = imported_at_once(runtime.resolve())
    assert not [name for name in at_once if name.startswith("tensors/")]
    page = imported_at_once(runtime.resolve(), "tensors/page/page.js") | {"page/page.css", "tensors.html"}
    assert "tensors/model.js" not in page, "index.js asks for it when the bundle takes tensors"
    tensors = [path for path in (runtime / "tensors").rglob("*") if path.is_file()]
    assert sum(zipped(runtime / name) for name in page) < 60_000
    assert sum(map(zipped, tensors)) < 22_000


def test_what_files_need_is_loaded_when_one_arrives(runtime: Path) -> None:
    """gzip, bytes. Measured in December 2026: 18,000 for a CSV file; 90,055 more for Parquet."""
    folder = runtime / "page" / "files"
    at_once = {name for name in imported_at_once(runtime.resolve()) if name.startswith("page/files/")}
    assert at_once == {"page/files/files.js", "page/files/cells.js"}
    of_parquet = {"hyparquet.js", "parquet.js"}
    later = [path for path in folder.glob("*.js") if path.name not in {*of_parquet, "files.js", "cells.js"}]
    assert sum(map(zipped, later)) < 20_000
    assert zipped(folder / "hyparquet.js") < 92_000
    static = imported_at_once(runtime.resolve(), "page/files/worker.js")
    assert not static & {f"page/files/{name}" for name in of_parquet}


def test_every_package_inside_is_in_the_notice(runtime: Path) -> None:
    notice = (runtime / "NOTICE").read_text(encoding="utf-8")
    for name in ("core", "converter", *(f"backend-{each}" for each in ("cpu", "wasm", "webgl", "webgpu"))):
        assert f"@tensorflow/tfjs-{name} 4.22.0 (Apache-2.0)" in notice
    for package in ("hyparquet 1.33.0 (MIT)", "hyparquet-compressors 1.1.2 (MIT)", "fzstd 0.1.1 (MIT)"):
        assert package in notice
    assert "hysnappy" not in notice, "it would compile WebAssembly when it is imported"
    assert "long 4.0.0" in notice
    assert "Permission is hereby granted, free of charge" in notice  # seedrandom's MIT
    assert "TERMS AND CONDITIONS FOR USE, REPRODUCTION, AND DISTRIBUTION" in notice


def test_two_builds_are_the_same_bytes(runtime: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    subprocess.run(["node", "build.mjs", str(again)], cwd=WEB, check=True, timeout=120)
    files = {p.relative_to(runtime): p.read_bytes() for p in runtime.rglob("*") if p.is_file()}
    assert {p.relative_to(again): p.read_bytes() for p in again.rglob("*") if p.is_file()} == files


def test_the_build_replaces_only_what_it_built(tmp_path: Path) -> None:
    (tmp_path / "precious.txt").write_text("mine")
    done = subprocess.run(["node", "build.mjs", str(tmp_path)], cwd=WEB, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "not built by this script" in done.stderr
    assert (tmp_path / "precious.txt").read_text() == "mine"


def test_the_lock_file_names_no_registry_and_no_version_floats() -> None:
    lock = (WEB / "package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in lock
    versions = json.loads((WEB / "package.json").read_text(encoding="utf-8"))["devDependencies"].values()
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in versions)


def test_without_node_the_build_hook_says_what_to_install(tmp_path: Path) -> None:
    """The hook itself, in a copy of the tree that has nothing built."""
    web = tmp_path / "web"
    web.mkdir()
    for name in ("package.json", "package-lock.json"):
        (web / name).write_bytes((WEB / name).read_bytes())
    (tmp_path / "hatch_build.py").write_bytes((ROOT / "hatch_build.py").read_bytes())
    done = subprocess.run(
        [sys.executable, str(tmp_path / "hatch_build.py")], env={"PATH": ""}, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    assert "`npm` is not on PATH" in done.stderr
    assert "Install Node 18 or newer" in done.stderr


def test_types_are_sound() -> None:
    """tsc over the modules' JSDoc; page.js and worker.js see the others through index.d.ts, as users do."""
    tsc = [str(WEB / "node_modules" / ".bin" / "tsc")]
    done = subprocess.run([*tsc, "--project", "tsconfig.json"], cwd=WEB, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout


def test_the_declared_types_name_what_the_module_exports() -> None:
    declared = "".join((WEB / "src" / name).read_text(encoding="utf-8") for name in ("index.d.ts", "types.d.ts"))
    script = "import('./src/index.js').then((m) => console.log(JSON.stringify(Object.keys(m))))"
    done = subprocess.run(["node", "-e", script], cwd=WEB, capture_output=True, text=True, check=True, timeout=60)
    assert sorted(set(re.findall(r"export (?:class|function) (\w+)", declared))) == sorted(json.loads(done.stdout))
