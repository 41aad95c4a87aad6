"""rows.json and rows.bin as data that anybody may have written, and the evaluator in a Python without packages."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from isoship_edge.errors import BundleError, DamagedFile, InferenceError
from isoship_edge.manifest import ROW_FILES, RowProgramFacts, digest_of, manifest_from_json
from isoship_edge.rows import RowProgram, load

EDGE = Path(__file__).resolve().parents[3] / "edge"


def document(**parts: Any) -> dict[str, Any]:
    """x -> 2 x + 0.5, [1, 2]."""
    whole = {
        "format": 1,
        "constants": {
            "two": {"dtype": "double", "shape": [], "data": [2.0]},
            "half": {"dtype": "double", "shape": [1, 2], "offset": 8, "length": 16},
        },
        "inputs": {"x": {"dtype": "double", "shape": ["N", 2]}},
        "steps": [
            {"op": "Mul", "inputs": ["x", "two"], "outputs": ["t1"], "attrs": {}},
            {"op": "Add", "inputs": ["t1", "half"], "outputs": ["t2"], "attrs": {}},
        ],
        "outputs": {"value": "t2"},
    }
    return {**whole, **parts}


BINARY = bytes(8) + bytes.fromhex("000000000000e03f") * 2


def written(folder: Path, **parts: Any) -> dict[str, str]:
    """The files in a folder, and their digests."""
    (folder / "rows.json").write_text(json.dumps(document(**parts)))
    (folder / "rows.bin").write_bytes(BINARY)
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in ("rows.json", "rows.bin")}


def test_a_program_answers_one_row(tmp_path: Path) -> None:
    listed = written(tmp_path)
    made = load(tmp_path, listed)({"x": [1.0, -2.0]})["value"]
    assert (made.dtype, made.shape, list(made.data)) == ("double", (1, 2), [2.5, -3.5])


@pytest.mark.parametrize("name", ["rows.json", "rows.bin"])
def test_another_file_than_was_exported_is_named(tmp_path: Path, name: str) -> None:
    listed = written(tmp_path)
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(DamagedFile, match=f"{name} is damaged"):
        load(tmp_path, listed)
    (tmp_path / name).unlink()
    with pytest.raises(DamagedFile, match=f"{name} cannot be read"):
        load(tmp_path, listed)


def test_a_file_that_the_manifest_does_not_list_is_not_used(tmp_path: Path) -> None:
    listed = written(tmp_path)
    del listed["rows.bin"]
    with pytest.raises(DamagedFile, match=r"rows\.bin is damaged"):
        load(tmp_path, listed)


def test_a_bundle_without_a_row_program_says_so(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="no row program"):
        load(tmp_path)


def test_a_newer_format_is_refused_by_name() -> None:
    with pytest.raises(BundleError, match="row program format 2"):
        RowProgram(document(format=2), BINARY)


STEP = {"op": "Mul", "inputs": ["x", "two"], "outputs": ["t1"], "attrs": {}}
DAMAGED = {
    "no format": {"format": None},
    "a value before it is made": {"steps": [{**STEP, "inputs": ["t9", "two"]}]},
    "an output that nothing makes": {"outputs": {"value": "t9"}},
    "an absent output": {"outputs": {"value": ""}},
    "constants beyond rows.bin": {
        "constants": {"half": {"dtype": "double", "shape": [1, 2], "offset": 80, "length": 16}}
    },
    "a constant before rows.bin": {
        "constants": {"half": {"dtype": "double", "shape": [1, 2], "offset": -16, "length": 16}}
    },
    "a constant of another length": {
        "constants": {"half": {"dtype": "double", "shape": [3], "offset": 8, "length": 16}}
    },
    "an unknown dtype": {"constants": {"two": {"dtype": "complex", "shape": [], "data": [2.0]}}},
    "no steps": {"steps": None},
    "shapes that do not broadcast": {"inputs": {"x": {"dtype": "double", "shape": ["N", 3]}}},
    "an attribute that is missing": {"steps": [{"op": "Cast", "inputs": ["x"], "outputs": ["t2"], "attrs": {}}]},
    "an operand too few": {"steps": [{**STEP, "inputs": ["x"]}]},
}


@pytest.mark.parametrize("parts", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_program_is_refused_when_it_is_loaded(parts: dict[str, Any]) -> None:
    with pytest.raises(BundleError):
        RowProgram(document(**parts), BINARY)


def test_a_step_that_fails_on_a_row_is_named() -> None:
    steps = [
        {"op": "Cast", "inputs": ["x"], "outputs": ["t1"], "attrs": {"to": "int64"}},
        {"op": "Div", "inputs": ["t1", "t1"], "outputs": ["t2"], "attrs": {}},
    ]
    program = RowProgram(document(steps=steps), BINARY)
    assert list(program({"x": [3.0, -4.0]})["value"].data) == [1, 1]
    with pytest.raises(InferenceError, match="Div -> t2: ZeroDivisionError"):
        program({"x": [3.0, 0.0]})


def test_several_threads_ask_one_program() -> None:
    program = RowProgram(document(), BINARY)
    wrong: list[Any] = []

    def ask(start: int) -> None:
        for i in range(start, start + 2000):
            made = list(program({"x": [float(i), 0.0]})["value"].data)
            if made != [2.0 * i + 0.5, 0.5]:
                wrong.append((i, made))

    threads = [threading.Thread(target=ask, args=(start,)) for start in range(0, 8000, 2000)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not wrong


def test_the_first_answer_imports_only_what_its_steps_need(tmp_path: Path) -> None:
    written(tmp_path)
    script = (
        f"import sys; sys.path.insert(0, {str(EDGE)!r})\n"
        "from isoship_edge.rows import load\n"
        f"load({str(tmp_path)!r})({{'x': [1.0, 2.0]}})\n"
        "print(*sys.modules)"
    )
    command = [sys.executable, "-S", "-E", "-B", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env={"PATH": os.environ["PATH"]})
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.split())
    heavy = {"ctypes", "typing", "pathlib", "dataclasses", "inspect", "hashlib", "struct", "numpy", "onnxruntime"}
    assert not loaded & heavy
    ours = {name.removeprefix("isoship_edge.rows.") for name in loaded if name.startswith("isoship_edge.rows.")}
    assert ours == {"arithmetic", "constants", "elementwise", "operators", "program", "values", "widths"}


@pytest.mark.parametrize("found", [[], "none", {}, {"libm": None}, {"libm": [1]}, {"lacks": 3}], ids=str)
def test_a_manifest_that_says_nothing_of_it_that_can_be_read_is_damaged(found: Any) -> None:
    vectors = Path(__file__).resolve().parents[2] / "vectors" / "manifests.json"
    (whole,) = [c for c in json.loads(vectors.read_text(encoding="utf-8"))["accepted"] if c["name"] == "a row program"]
    assert manifest_from_json(whole["manifest"]).row_program == RowProgramFacts(("probabilities",))
    with pytest.raises(DamagedFile, match=r"row_program|libm"):
        manifest_from_json({**whole["manifest"], "row_program": found})


def test_the_digest_is_of_the_row_program_too() -> None:
    """Bundles without one, those of older releases among them, keep theirs."""
    identity: dict[str, Any] = dict.fromkeys(("signature", "encoder", "outputs", "tolerances"))
    old = digest_of("a" * 64, identity)
    assert digest_of("a" * 64, {**identity, "files": {"model.onnx": "b" * 64}}) == old
    with_rows = {name: digest_of("a" * 64, {**identity, "files": {name: "b" * 64}}) for name in ROW_FILES}
    assert len({old, *with_rows.values()}) == 3
