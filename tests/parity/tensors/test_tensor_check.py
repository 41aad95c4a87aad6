"""`isoship check` of a tensor bundle: its levels of evidence, its report, and what its files say."""

import json
import shutil
import subprocess
import sys

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

import isoship
from isoship.errors import InputError, ModelFileError
from isoship.parity.check import check
from isoship.parity.tensors.check import verify_tensors
from isoship_edge.manifest import sealed
from small_networks import image_network, write_network_bundle
from tensor_bundles import make_tensor_bundle

QUICK = ["onnxruntime", "python"]


def status(report):
    return {v.name: v.status for v in report.verdicts}


def test_fresh_calls_of_the_source_then_the_proven_graph_then_golden_calls_alone(bundle, source):
    first = check(bundle, source, runtimes=QUICK)
    assert (first.ok, first.evidence, first.unit) == (True, "source", "calls")
    assert {"pair", "ordinary"} <= set(first.kinds)
    second = check(bundle, runtimes=QUICK)
    assert (second.ok, second.evidence) == (True, "graph")
    assert sum(second.kinds.values()) > 20
    shutil.rmtree(bundle / ".isoship", ignore_errors=True)
    (bundle / "parity.json").unlink()
    third = check(bundle, runtimes=QUICK)
    assert (third.ok, third.evidence) == (True, "golden")
    assert third.kinds == {"zeros": 1, "ordinary": 1, "batch-2": 1, "batch-3": 1}
    assert "only the 4 golden calls were asked" in third.notes[0]


def test_golden_calls_need_no_onnx(bundle):
    code = (
        "import sys; sys.modules['onnx'] = None\n"
        "from isoship.parity.check import check\n"
        f"report = check({str(bundle)!r}, runtimes=['onnxruntime', 'python'])\n"
        "assert report.evidence == 'golden' and report.ok, report.table()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


def test_the_report_speaks_of_calls(bundle, source):
    report = check(bundle, source, runtimes=QUICK)
    assert "runtime      calls" in report.table()
    assert "on 4" in report.headline
    assert report.headline.endswith(" calls")
    document = json.loads((bundle / "parity.json").read_bytes())
    assert (document["unit"], document["ok"]) == ("calls", True)
    page = (bundle / "parity.html").read_text()
    assert "By kind of call" in page
    assert " row" not in page.split("</style>")[1]


@pytest.mark.parametrize("kind", ["digits", "mixed"])
def test_every_dtype_pictures_and_what_is_refused_of_them(kind, tmp_path):
    """Bundles of another hand, with golden refusals of their own."""
    report = check(make_tensor_bundle(tmp_path / kind, kind))
    assert report.ok, report.table()
    assert {v.name for v in report.verdicts if v.status == "agree"} >= {"onnxruntime-web", "python", "http"}


def test_another_seed_makes_other_calls_and_rows_says_how_many(bundle, source):
    few = check(bundle, source, runtimes=["onnxruntime"], rows=5)
    many = check(bundle, source, runtimes=["onnxruntime"], rows=60)
    assert sum(few.kinds.values()) < sum(many.kinds.values())


def test_calls_of_the_users_own_are_asked_and_never_stored(bundle, source, tmp_path):
    own = own_call(source)
    report = check(bundle, source, runtimes=QUICK, sample=own)
    assert report.kinds["sample"] == 1
    np.savez(tmp_path / "own.npz", **own)
    assert check(bundle, source, runtimes=QUICK, sample=tmp_path / "own.npz").kinds["sample"] == 1
    shown = [w for v in report.verdicts for w in v.worst if w.kind == "sample"]
    assert all(report.shown[w.row] is None for w in shown)


def own_call(source):
    rng = np.random.default_rng(5)
    if source.signature.inputs[0].name == "image":
        return {"image": rng.normal(0, 1, (2, 2, 8, 8)).astype(np.float32)}
    return {"tokens": rng.integers(0, 11, (2, 3)), "scale": np.ones((2, 1, 1), np.float32)}


def edited(tmp_path, edit, *, library="hand", makers="2", **given):
    """A bundle whose model.onnx is the network's with one weight edited."""
    source = image_network()
    source.library, source.library_version = library, makers
    graph = onnx.ModelProto()
    graph.CopyFrom(source.model)
    tensor = next(t for t in graph.graph.initializer if t.name == "w")
    tensor.CopyFrom(numpy_helper.from_array(edit(numpy_helper.to_array(tensor).copy()), "w"))
    return source, write_network_bundle(tmp_path / "edited", source, graph, **given)


def last_bit(array):
    array[0, 0] = np.nextafter(array[0, 0], np.float32(9))
    return array


def test_a_last_bit_that_the_tolerance_allows_counts_where_one_runtime_answers_both(tmp_path):
    source, bundle = edited(tmp_path, last_bit, library="onnx")
    report = check(bundle, source, runtimes=QUICK)
    assert status(report) == {"files": "agree", "onnxruntime": "disagree", "python": "agree"}
    assert "Gemm 'dense', layers.dense in the source" in report.verdicts[1].cause.where
    assert "within the tolerance, and of other bits than the same runtime gives" in report.verdicts[1].message
    source, bundle = edited(tmp_path / "2", last_bit)
    assert check(bundle, source, runtimes=QUICK).ok, "another library's answers: the tolerance is what counts"


def test_a_last_bit_shows_where_the_same_versions_convert_the_model_again(tmp_path):
    source, bundle = edited(tmp_path, last_bit, makers="1")
    document = json.loads((bundle / "manifest.json").read_bytes())
    document["provenance"]["isoship"] = isoship.__version__
    (bundle / "manifest.json").write_bytes(sealed(document))
    report = check(bundle, source, runtimes=QUICK)
    assert status(report)["files"] == "disagree"
    assert "another form of the weight 'w'" in report.verdicts[0].message


def test_a_changed_file_is_told_and_golden_calls_out_of_it_are_not_asked(bundle):
    data = bytearray((bundle / "golden.bin").read_bytes())
    data[-1] ^= 1
    (bundle / "golden.bin").write_bytes(bytes(data))
    report = check(bundle, runtimes=QUICK)
    assert report.exit_code == 1
    assert "golden.bin was changed after the export" in report.verdicts[0].message
    assert "nothing was asked: " in report.notes[0]
    for name in ("golden.bin", "golden.json"):
        (bundle / name).unlink()
        assert check(bundle, runtimes=QUICK).exit_code == 1


@pytest.mark.parametrize("network", ["image"])
def test_what_the_manifest_says_otherwise_than_the_model(bundle, source):
    own = source.signature.inputs[0]
    source.signature = source.signature._replace(inputs=(own._replace(maximum=3.0, nan=True),))
    files = check(bundle, source, runtimes=["onnxruntime"]).verdicts[0]
    assert files.status == "disagree"
    assert "input 'image' has nan False, and the model says True" in files.message
    assert "input 'image' has maximum None, and the model says 3.0" in files.message


def test_another_model_is_refused_by_name(bundle, source):
    source.outputs = source.outputs[:1]
    with pytest.raises(ModelFileError, match="is not the one that was exported: it has the inputs"):
        check(bundle, source, runtimes=QUICK)


def test_runtimes_of_columns_are_refused(bundle, source):
    with pytest.raises(InputError, match="rows-node takes no bundle of tensors: choose from onnxruntime, "):
        check(bundle, source, runtimes=["rows-node"])


def test_a_tolerance_of_the_users_own(bundle, source):
    report = check(bundle, source, runtimes=["onnxruntime-web"], atol=0.0, rtol=0.0)
    assert report.exit_code == 1, "no tolerance at all, and another build of the runtime"
    assert report.verdicts[1].tolerances[source.outputs[0].name].reason == "given with --atol and --rtol"


def test_verification_before_the_move(bundle, source):
    report = verify_tensors(bundle, source)
    assert report.ok
    assert [v.name for v in report.verdicts] == ["files", "onnxruntime", "onnxruntime-default"]
    assert report.exit_code == 0
