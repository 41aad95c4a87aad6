"""Digests before answers in the browser runtime, and named errors where a part of a bundle is missing."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tiny_bundle
from node_script import HERE, WEB, run_node

from isoship_edge.manifest import sealed

NAMES = ("program.json", "program.bin", "model.json", "group1-shard1of1.bin")


@pytest.fixture
def exported(bundle: Path, tmp_path: Path) -> Path:
    """As an export writes it: every file's digest in the manifest, and the manifest's own."""
    folder = tmp_path / "exported"
    shutil.copytree(bundle, folder)
    document = tiny_bundle.manifest()
    files = {f"web/{name}": folder / name for name in NAMES} | {"golden.json": folder / "golden.json"}
    document["files"] = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()}
    (folder / "manifest.json").write_bytes(sealed(document))
    return folder


def changed(path: Path) -> None:
    """One bit of a digit in the middle: what JSON and TF.js read without a word."""
    data = bytearray(path.read_bytes())
    place = next(i for i in range(len(data) // 2, len(data)) if path.suffix == ".bin" or data[i] in b"123456")
    data[place] ^= 1
    path.write_bytes(bytes(data))


def test_a_sound_bundle_with_digests_answers_and_passes(exported: Path, ask: Callable[..., Any]) -> None:
    made = ask(exported, batches=[tiny_bundle.rows(2)], selftest=True)
    assert made["selftest"]["ok"] is True


@pytest.mark.parametrize("name", [*NAMES, "manifest.json"])
def test_a_changed_file_is_an_error_that_names_it(name: str, exported: Path, ask: Callable[..., Any]) -> None:
    changed(exported / name)
    error = ask(exported, batches=[tiny_bundle.rows(1)])["error"]
    assert error["name"] == "BundleError"
    assert error["message"].startswith(name)


def test_changed_golden_rows_prove_nothing(exported: Path, ask: Callable[..., Any]) -> None:
    changed(exported / "golden.json")
    assert ask(exported)["backend"] == "cpu"
    error = ask(exported, selftest=True)["error"]
    assert (error["name"], error["message"][:22]) == ("BundleError", "golden.json is damaged")


def test_a_file_that_is_missing_is_named(exported: Path, ask: Callable[..., Any]) -> None:
    for name in NAMES:
        (exported / name).rename(exported / "aside")
        error = ask(exported)["error"]
        assert error["name"] == "BundleError"
        assert name in error["message"]
        (exported / "aside").rename(exported / name)


@pytest.mark.parametrize("file", ["manifest.json", "program.json", "model.json", "golden.json"])
def test_a_part_that_is_missing_is_a_named_error(file: str, bundle: Path) -> None:
    """Without digests, as bundles of older exports are: no error of JavaScript's own, no TypeError at a prediction."""
    found = run_node(HERE / "damage.mjs", str(bundle), stdin={"file": file, "rows": tiny_bundle.rows(3)})
    assert len(found) > 20
    assert [case for case in found if case["name"] not in (None, "BundleError", "InputError")] == []
    assert any(case["name"] == "BundleError" for case in found)


def test_sha256_in_javascript_is_sha256() -> None:
    """Pages from http:// on another machine have no crypto.subtle."""
    sizes = (0, 1, 55, 56, 63, 64, 65, 119, 120, 10_000)
    inputs = [bytes((i * 7919) % 251 for i in range(size)) for size in sizes]
    made = run_node(HERE / "sha256.mjs", (WEB / "src" / "sha256.js").as_uri(), stdin=[list(data) for data in inputs])
    assert made == [[hashlib.sha256(data).hexdigest()] * 2 for data in inputs]
