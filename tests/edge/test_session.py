"""Both backends of the session, and the table of C API indices."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from array import array
from pathlib import Path
from typing import Any

import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper
from side_by_side import side_by_side

import isoship_edge
from bundles import VISITS_ROWS, YIELD_ROWS
from isoship_edge.encoding.decode import decode_rows
from isoship_edge.encoding.frames import decode_python
from isoship_edge.errors import BundleError, InferenceError, InputError, RuntimeMissing
from isoship_edge.inference.c_api import CSession
from isoship_edge.inference.library import find_library
from isoship_edge.inference.model import load
from isoship_edge.inference.session import Tensor, open_session
from isoship_edge.inference.tensor import stacked
from isoship_edge.manifest import MISSING_STRING, read_manifest

BACKENDS = ("c_api", "binding")


def echo_model(path: Path) -> Path:
    """Every dtype through Identity, with an empty-string default nowhere: what goes in must come out."""
    types = {
        "double": TensorProto.DOUBLE,
        "float": TensorProto.FLOAT,
        "int64": TensorProto.INT64,
        "int32": TensorProto.INT32,
        "bool": TensorProto.BOOL,
        "string": TensorProto.STRING,
    }
    graph = helper.make_graph(
        [helper.make_node("Identity", [name], [f"{name}_out"]) for name in types],
        "echo",
        [helper.make_tensor_value_info(name, kind, ["N", 2]) for name, kind in types.items()],
        [helper.make_tensor_value_info(f"{name}_out", kind, ["N", 2]) for name, kind in types.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10), path)
    return path


ECHO = {
    "double": Tensor("double", (2, 2), array("d", [0.1, -0.0, float("inf"), 5e-324])),
    "float": Tensor("float", (2, 2), array("f", [0.1, 1e38, -1.5, 0.0])),
    "int64": Tensor("int64", (2, 2), array("q", [2**63 - 1, -(2**63), 0, -1])),
    "int32": Tensor("int32", (2, 2), array("i", [2**31 - 1, -(2**31), 0, 7])),
    "bool": Tensor("bool", (2, 2), bytearray([1, 0, 0, 1])),
    "string": Tensor("string", (2, 2), ["", "Ærøskøbing 🐧", MISSING_STRING, "x" * 5000]),
}


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_dtype_comes_back_bit_for_bit(backend: str, tmp_path: Path) -> None:
    session = open_session(echo_model(tmp_path / "echo.onnx"), backend=backend)
    assert session.backend == backend
    assert session.runtime == onnxruntime.__version__
    assert session.inputs == tuple(ECHO)
    made = session.run(ECHO, [f"{name}_out" for name in ECHO])
    for name, tensor in ECHO.items():
        back = made[f"{name}_out"]
        assert (back.dtype, back.shape) == (tensor.dtype, tensor.shape)
        assert type(back.data) is type(tensor.data)
        assert bytes(back.data) == bytes(tensor.data) if tensor.dtype != "string" else back.data == tensor.data


@pytest.mark.parametrize("backend", BACKENDS)
def test_empty_batches_pass(backend: str, tmp_path: Path) -> None:
    session = open_session(echo_model(tmp_path / "echo.onnx"), backend=backend)
    empty = {name: t._replace(shape=(0, 2), data=t.data[:0]) for name, t in ECHO.items()}
    for tensor in session.run(empty, session.outputs).values():
        assert tensor.shape == (0, 2)
        assert len(tensor.data) == 0


def test_backends_agree_bit_for_bit_on_a_mixed_model(visits: Path) -> None:
    random.seed(7)
    rows = [
        {
            "age": random.choice([None, random.uniform(0, 99)]),
            "income": random.lognormvariate(9, 2),
            "visits": random.randint(-9, 999),
            "member": random.random() < 0.5,
            "city": random.choice(["Oslo", "Rome", "nowhere", None]),
            "plan": random.choice(["basic", "pro"]),
        }
        for _ in range(500)
    ]
    inputs = decode_rows(rows, read_manifest(visits).signature)
    one, other = (
        open_session(visits / "model.onnx", backend=b).run(inputs, ["probabilities", "label"]) for b in BACKENDS
    )
    assert one["probabilities"].data.tobytes() == other["probabilities"].data.tobytes()
    assert one["label"].data == other["label"].data
    assert list(one) == list(other) == ["probabilities", "label"]


def test_tree_ensembles_of_ai_onnx_ml_5_run_through_the_c_library(yields: Path) -> None:
    inputs, _ = decode_python(YIELD_ROWS, read_manifest(yields).signature)
    one, other = (open_session(yields / "model.onnx", backend=b).run(inputs, ["value"]) for b in BACKENDS)
    assert one["value"] == other["value"] == Tensor("double", (4,), array("d", [1.75, 4.375, 2.375, 1.75]))


def test_the_c_library_is_the_default_and_the_environment_chooses(
    visits: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert open_session(visits / "model.onnx").backend == "c_api"
    monkeypatch.setenv("ISOSHIP_BACKEND", "binding")
    assert open_session(visits / "model.onnx").backend == "binding"
    monkeypatch.setenv("ISOSHIP_BACKEND", "other")
    with pytest.raises(RuntimeMissing, match="other"):
        open_session(visits / "model.onnx")


def test_the_wheel_carries_the_c_library() -> None:
    """It looks incidental there: when it goes, the bundles need another source for it."""
    found = sorted((Path(onnxruntime.__file__).parent / "capi").glob("libonnxruntime.so*"))
    assert len(found) == 1


def test_the_library_of_a_bundle_is_for_the_runtime_that_lies_in_it(
    visits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who reads somebody's bundle loads no native code out of it: this one would end the load."""
    bundle = tmp_path / "bundle"
    shutil.copytree(visits, bundle)
    own = bundle / "lib" / os.uname().machine / "libonnxruntime.so.1.99.0"
    own.parent.mkdir(parents=True)
    own.write_bytes(b"")
    assert load(bundle).predict_rows(VISITS_ROWS[:1])[0]["label"] == "middle"
    shutil.copytree(Path(isoship_edge.__file__).parent, bundle / "isoship_edge")
    monkeypatch.setattr(
        "isoship_edge.inference.library.__file__", str(bundle / "isoship_edge" / "inference" / "library.py")
    )
    assert find_library() == str(own)
    monkeypatch.setenv("ISOSHIP_ORT_LIBRARY", str(tmp_path / "none.so"))
    with pytest.raises(RuntimeMissing, match="no such file"):
        find_library()
    monkeypatch.setenv("ISOSHIP_ORT_LIBRARY", str(own))
    with pytest.raises(RuntimeMissing, match="does not load"):
        CSession(find_library() or own, tmp_path / "model.onnx", 1)


def test_without_a_library_the_binding_runs(visits: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("isoship_edge.inference.session.find_library", lambda: None)
    assert open_session(visits / "model.onnx").backend == "binding"
    with pytest.raises(RuntimeMissing, match="pip install onnxruntime"):
        open_session(visits / "model.onnx", backend="c_api")


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_is_no_model_is_a_bundle_error(backend: str, tmp_path: Path) -> None:
    broken = tmp_path / "model.onnx"
    with pytest.raises(BundleError, match="no model"):
        open_session(broken, backend=backend)
    broken.write_bytes(b"this is no protobuf")
    with pytest.raises(BundleError, match="load"):
        open_session(broken, backend=backend)


@pytest.mark.parametrize("backend", BACKENDS)
def test_onnx_runtime_s_own_refusals_become_inference_errors(backend: str, visits: Path) -> None:
    session = open_session(visits / "model.onnx", backend=backend)
    inputs = decode_rows(VISITS_ROWS, read_manifest(visits).signature)
    with pytest.raises(InferenceError):
        session.run({**inputs, "age": Tensor("int64", (4, 1), array("q", [1, 2, 3, 4]))}, ["label"])
    with pytest.raises(InferenceError):
        session.run(inputs, ["no such output"])
    with pytest.raises(InferenceError):
        session.run({"age": inputs["age"]}, ["label"])
    assert session.run(inputs, ["label"])["label"].shape == (4,)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("text", ["a\0b", "\ud83d"])
def test_strings_that_cannot_be_carried_are_refused(backend: str, text: str, tmp_path: Path) -> None:
    session = open_session(echo_model(tmp_path / "echo.onnx"), backend=backend)
    inputs: dict[str, Any] = {**ECHO, "string": Tensor("string", (1, 2), ["a", text])}
    with pytest.raises(InputError, match="expected"):
        session.run(inputs, ["string_out"])


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_session_runs_in_several_threads_at_once(backend: str, visits: Path) -> None:
    session = open_session(visits / "model.onnx", backend=backend)
    inputs = decode_rows(VISITS_ROWS * 20, read_manifest(visits).signature)
    expected = session.run(inputs, ["probabilities"])["probabilities"].data.tobytes()
    wrong: list[int] = []

    def work(_number: int) -> None:
        for _ in range(25):
            if session.run(inputs, ["probabilities"])["probabilities"].data.tobytes() != expected:
                wrong.append(1)

    side_by_side(work)
    assert wrong == []


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_closed_session_says_so(backend: str, visits: Path) -> None:
    session = open_session(visits / "model.onnx", backend=backend)
    session.close()
    session.close()
    with pytest.raises(InferenceError, match="closed"):
        session.run({}, ["label"])


def test_runs_and_refusals_leave_no_memory_behind(tmp_path: Path) -> None:
    """Half of the batches are refused after their inputs were made. One leaked output would add 19 MB."""
    script = f"""
import resource, sys
from array import array
from pathlib import Path
from isoship_edge.inference.session import Tensor, open_session
session = open_session(Path({str(tmp_path / "echo.onnx")!r}), backend="c_api")
def batch(n):
    return {{"double": Tensor("double", (n, 2), array("d", bytes(16 * n))),
        "float": Tensor("float", (1, 2), array("f", [1, 2])),
        "int64": Tensor("int64", (1, 2), array("q", [1, 2])), "int32": Tensor("int32", (1, 2), array("i", [1, 2])),
        "bool": Tensor("bool", (1, 2), bytearray(2)), "string": Tensor("string", (n // 80, 2), ["x" * 64] * (n // 40))}}
def rounds(count):
    for i in range(count):
        try:
            session.run(batch(40000), ["double_out", "string_out"] + (["none"] if i % 2 else []))
        except Exception as err:
            assert "none" in str(err), err
rounds(20)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
rounds(60)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    echo_model(tmp_path / "echo.onnx")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 8_000, f"{done.stdout} kB more"


def test_telemetry_is_off_before_the_library_is_loaded(visits: Path) -> None:
    script = (
        "import os; from isoship_edge.inference.session import open_session;"
        f"open_session({str(visits / 'model.onnx')!r}); print(os.environ['ORT_DISABLE_TELEMETRY'])"
    )
    environment = {k: v for k, v in os.environ.items() if k != "ORT_DISABLE_TELEMETRY"}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment, timeout=60)
    assert (done.stdout.strip(), done.stderr) == ("1", "")


def test_stacked_joins_along_the_first_axis() -> None:
    for tensor in ECHO.values():
        joined = stacked([tensor, tensor])
        assert joined.shape == (4, 2)
        assert list(joined.data) == list(tensor.data) * 2
        assert len(tensor.data) == 4


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("optimized", [False, True])
def test_a_pad_before_a_max_pool_stays_a_pad_of_zeros(backend: str, optimized: bool, tmp_path: Path) -> None:
    """ONNX Runtime up to 1.31 makes it a padding of -inf (docs/upstream.md), and all answers would be -1."""
    graph = onnx.parser.parse_graph("""
        pooled (float[1, 1, 4, 4] x) => (float[1, 1, 3, 3] y) <int64[8] pads = {0, 0, 1, 1, 0, 0, 1, 1}> {
            padded = Pad (x, pads)
            y = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (padded) }""")
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, tmp_path / "model.onnx")
    session = open_session(tmp_path / "model.onnx", backend=backend, optimized=optimized)
    answered = session.run({"x": Tensor("float", (1, 1, 4, 4), array("f", [-1.0] * 16))}, ["y"])["y"]
    assert list(answered.data) == [0.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 0.0]
