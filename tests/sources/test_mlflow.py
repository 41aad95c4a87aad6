"""MLflow model folders as MLflow wrote them (tests/mlflow_folders), read without MLflow."""

from __future__ import annotations

import json
import shutil
import zipfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from comparison import compare

import isoship
from isoship.errors import ModelFileError, SampleError
from isoship.sources import open_source, read_files
from isoship.sources.contract import Source
from isoship.sources.load import load_model
from isoship.sources.mlflow.folder import folder_of
from isoship.sources.tensor_models import open_tensor_source

FOLDERS = Path(__file__).resolve().parent.parent / "mlflow_folders"
RECORDED = json.loads((FOLDERS / "answers.json").read_text(encoding="utf-8"))
OF_COLUMNS = [name for name in RECORDED if name != "onnx"]
SIGNED = {"age": "int64", "income": "double", "city": "string", "member": "bool"}


def first_output(source: Source, rows: list[dict[str, Any]]) -> np.ndarray[Any, Any]:
    return source.answers(rows).outputs[source.outputs[0].name]


@pytest.mark.parametrize("name", OF_COLUMNS)
def test_a_folder_answers_as_mlflow_does(name: str) -> None:
    """And its graph as the source: MLflow's own answers to the same rows were recorded with the folder."""
    assert find_spec("mlflow") is None
    source = open_source(FOLDERS / name)
    rows, answers = RECORDED[name]["rows"], RECORDED[name]["answers"]
    mine = first_output(source, rows)
    if mine.dtype.kind == "f":
        np.testing.assert_allclose(mine, answers, atol=1e-12, rtol=1e-12)
    else:
        assert mine.tolist() == answers
    compare(source, rows)


@pytest.mark.parametrize("name", ["sklearn-skops", "lightgbm-skops"])
def test_a_folder_becomes_a_bundle_and_check_finds_it_again(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "logged"
    shutil.copytree(FOLDERS / name, folder)
    bundle = isoship.export(folder, out=tmp_path / "bundle", name="m", targets=("edge",), edge_arch=("x86_64",))
    rows, answers = RECORDED[name]["rows"], RECORDED[name]["answers"]
    assert [row["label"] for row in isoship.load(bundle.path).predict_rows(rows)] == answers
    report = isoship.check(bundle.path, runtimes=("onnxruntime",), rows=50)
    assert report.evidence == "source"
    assert report.ok
    (folder / "MLmodel").write_text((folder / "MLmodel").read_text() + "\n", encoding="utf-8")
    assert isoship.check(bundle.path, runtimes=("onnxruntime",), rows=50).evidence != "source"


def test_a_folder_of_an_onnx_file_takes_tensors(tmp_path: Path) -> None:
    """And its input example is a call that is asked."""
    rows, answers = RECORDED["onnx"]["rows"], RECORDED["onnx"]["answers"]
    call = {"X": np.array([list(row.values()) for row in rows], np.float32)}
    source = open_tensor_source(FOLDERS / "onnx")
    assert [sample["X"].shape for sample in source.samples] == [(3, 4)]
    assert any("input_example.json" in note for note in source.notes)
    bundle = isoship.export(FOLDERS / "onnx", out=tmp_path / "bundle", name="m", targets=())
    made = isoship.load(bundle.path).predict(call)
    np.testing.assert_array_equal(made["label"], answers["label"])
    np.testing.assert_allclose(made["probabilities"], answers["probabilities"], rtol=1e-6)


def test_the_example_is_the_sample_unless_one_is_given() -> None:
    _, sample, notes = read_files(FOLDERS / "sklearn-skops", None, {})
    assert {name: str(dtype) for name, dtype in sample.dtypes.items()} == {
        "age": "int64", "income": "float64", "city": "str", "member": "bool"
    }  # fmt: skip
    assert any("input_example.json" in note for note in notes)
    own = pd.DataFrame({"age": [30], "income": [1.5], "city": ["Oslo"], "member": [True]})
    _, sample, notes = read_files(FOLDERS / "sklearn-skops", own, {})
    assert sample is own
    assert not any("input_example.json" in note for note in notes)


def test_a_signature_alone_types_the_columns() -> None:
    source = open_source(FOLDERS / "sklearn-signature")
    assert {column.name: column.dtype for column in source.signature.columns} == SIGNED
    assert not any("guess" in note for note in source.notes)
    other = open_source(FOLDERS / "sklearn-signature", dtypes={"age": "double"})
    assert other.signature.columns[0].dtype == "double"


@pytest.mark.parametrize("name", ["sklearn-cloudpickle", "sklearn-signature"])
def test_a_pickle_inside_is_called_one(name: str) -> None:
    said: list[str] = []
    load_model(FOLDERS / name, said.append)
    assert said == ["model.pkl is a pickle: loading it runs code from the file. Prefer .skops for files from others"]


def test_the_folder_of_a_run_is_searched(tmp_path: Path) -> None:
    shutil.copytree(FOLDERS / "xgboost-ubj", tmp_path / "artifacts" / "model")
    assert open_source(tmp_path).estimator == "XGBClassifier"
    shutil.copytree(FOLDERS / "catboost", tmp_path / "artifacts" / "other")
    with pytest.raises(ModelFileError, match=r"holds 2 MLflow model folders\. Give one of them: .*artifacts/model, "):
        load_model(tmp_path)


def written(folder: Path, flavors: Any, **more: Any) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "MLmodel").write_text(yaml.safe_dump({"flavors": flavors, **more}), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("flavors", "says"),
    [
        ({"spark": {}, "python_function": {}}, "has the flavour spark.*cluster"),
        ({"transformers": {}}, "has the flavour transformers.*onnx"),
        ({"statsmodels": {}}, "has the flavour statsmodels.*reads the flavours xgboost,"),
        ({"python_function": {"loader_module": "mlflow.pyfunc.model"}}, "a Python function of your own"),
        ({"catboost": {"data": "model.json", "save_format": "json"}}, "in the form 'json'.*cbm"),
        ({"sklearn": {"pickled_model": "model.onnxx"}}, "in the file 'model.onnxx'"),
        ({"lightgbm": {}}, "does not say which of its files"),
        ({"pytorch": {"model_data": "data"}}, "a pickled PyTorch module.*serialization_format='pt2'"),
    ],
)
def test_other_flavours_are_refused_by_name(tmp_path: Path, flavors: Any, says: str) -> None:
    with pytest.raises(ModelFileError, match=says) as caught:
        load_model(written(tmp_path, flavors))
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    ("flavors", "file", "ending"),
    [
        ({"keras": {"data": "data"}}, "data/model.keras", ".keras"),
        ({"tensorflow": {"data": "data", "model_type": "keras", "save_format": "tf"}}, "data/model.keras", ".keras"),
        ({"tensorflow": {"model_type": "tf2-module", "saved_model_dir": "tf2model"}}, "tf2model/saved_model.pb", ""),
        ({"pytorch": {"model_data": "data", "serialization_format": "pt2"}}, "data/model.pt2", ".pt2"),
        ({"onnx": {"data": "model.onnx"}}, "model.onnx", ".onnx"),
    ],
)
def test_networks_are_found_in_their_folders(tmp_path: Path, flavors: Any, file: str, ending: str) -> None:
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_bytes(b"")
    found = folder_of(written(tmp_path, flavors))
    assert found is not None
    assert found.file == (tmp_path / file if ending else (tmp_path / file).parent)
    assert found.ending == ending


@pytest.mark.parametrize(
    "name", ["../secret.pkl", "/etc/model.pkl", "data/../../secret.pkl", "link.pkl", "a\0.pkl", ""]
)
def test_no_path_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.pkl").write_bytes(b"cos\nabort\n(tR.")
    folder = written(tmp_path / "model", {"sklearn": {"pickled_model": name}})
    (folder / "data").mkdir()
    (folder / "link.pkl").symlink_to(tmp_path / "secret.pkl")
    with pytest.raises(ModelFileError, match=r"is not inside the folder|in the file"):
        load_model(folder)


def test_no_example_is_read_outside_the_folder(tmp_path: Path) -> None:
    shutil.copytree(FOLDERS / "catboost", tmp_path / "model")
    document = (tmp_path / "model" / "MLmodel").read_text(encoding="utf-8")
    shutil.copy(FOLDERS / "catboost" / "input_example.json", tmp_path / "other.json")
    changed = document.replace("artifact_path: input_example.json", "artifact_path: ../other.json")
    (tmp_path / "model" / "MLmodel").write_text(changed, encoding="utf-8")
    with pytest.raises(ModelFileError, match="is not inside the folder"):
        open_source(tmp_path / "model")


@pytest.mark.parametrize(
    "text",
    [
        "!!python/object/apply:os.system ['exit 3']",
        "[" * 20000,
        "a: &a [1]\nflavors: *b",
        "flavors: []",
        "- 1",
        "",
        "flavors: {sklearn: {}}\nsignature: {inputs: '['}",
        "flavors: {sklearn: {}}\nsignature: {inputs: '[1]'}",
        "x: " + "y" * 2**20,
    ],
)
def test_a_damaged_document_is_an_error_of_ours(tmp_path: Path, text: str) -> None:
    (tmp_path / "MLmodel").write_text(text, encoding="utf-8")
    with pytest.raises(ModelFileError, match="MLmodel") as caught:
        load_model(tmp_path)
    assert len(str(caught.value)) < 500


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"'model\.pkl', which is not there"):
        load_model(written(tmp_path, {"sklearn": {"pickled_model": "model.pkl"}}))


def test_code_beside_a_model_is_not_imported(tmp_path: Path) -> None:
    folder = written(tmp_path, {"sklearn": {"pickled_model": "model.pkl", "code": "code"}})
    (folder / "code").mkdir()
    (folder / "code" / "steps_of_mine.py").write_text("raise SystemExit('it was imported')")
    (folder / "model.pkl").write_bytes(b"csteps_of_mine\nStep\n.")
    with pytest.raises(ModelFileError, match=r"'steps_of_mine' is not installed.*PYTHONPATH to .*code$"):
        load_model(folder)


@pytest.mark.parametrize("document", [b"", b"[", b'{"columns": ["a"], "data": [[1, 2]]}', b'{"data": []}', b"[1]"])
def test_a_damaged_example_is_an_error_of_ours(tmp_path: Path, document: bytes) -> None:
    shutil.copytree(FOLDERS / "catboost", tmp_path / "model")
    (tmp_path / "model" / "input_example.json").write_bytes(document)
    with pytest.raises(SampleError, match=r"input_example\.json"):
        open_source(tmp_path / "model")


def test_parameters_and_gaps_of_an_example(tmp_path: Path) -> None:
    """An example with parameters stands in `inputs`; an integer column with a gap is double, as pandas has it."""
    shutil.copytree(FOLDERS / "sklearn-signature", tmp_path / "model")
    path = tmp_path / "model" / "MLmodel"
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    info = {"artifact_path": "input_example.json", "type": "dataframe", "pandas_orient": "split", "params": "true"}
    path.write_text(yaml.safe_dump({**document, "saved_input_example_info": info}), encoding="utf-8")
    rows = [[30, 1.5, "Oslo", True], [None, None, "Bergen", False]]
    example = {"inputs": {"columns": list(SIGNED), "data": rows}, "params": {"x": 1}}
    (tmp_path / "model" / "input_example.json").write_text(json.dumps(example), encoding="utf-8")
    _, sample, _ = read_files(tmp_path / "model", None, {})
    assert list(map(str, sample.dtypes)) == ["float64", "float64", "str", "bool"]
    info["type"] = "sparse_matrix_csr"
    path.write_text(yaml.safe_dump({**document, "saved_input_example_info": info}), encoding="utf-8")
    _, sample, notes = read_files(tmp_path / "model", None, {})
    assert sample is None
    assert "sparse_matrix_csr" in notes[-1]


def changed_schema(folder: Path, change: Any) -> Path:
    """The LightGBM folder with another document in its .skops file."""
    shutil.copytree(FOLDERS / "lightgbm-skops", folder)
    with zipfile.ZipFile(FOLDERS / "lightgbm-skops" / "model.skops") as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    schema = json.loads(held["schema.json"])
    change(schema["content"]["content"]["_Booster"]["content"]["content"], schema)
    with zipfile.ZipFile(folder / "model.skops", "w") as archive:
        for name, data in held.items():
            archive.writestr(name, json.dumps(schema) if name == "schema.json" else data)
    return folder


def damaged(text: str) -> str:
    """Children far outside the tree, which LightGBM would follow."""
    return text.replace("left_child=", "left_child=99999999 ", 1)


def in_place(state: Any, _schema: Any) -> None:
    state["_handle"]["content"] = damaged(state["_handle"]["content"])


def by_reference(state: Any, schema: Any) -> None:
    """The document shows a sound text, and leads to another one that was read before."""
    other = {**state["_handle"], "content": damaged(state["_handle"]["content"]), "__id__": 7}
    schema["content"]["content"] = {"boosting_type": other, **schema["content"]["content"]}
    schema["content"]["content"]["boosting_type"] = other
    state["_handle"]["__id__"] = 7


def a_number(state: Any, _schema: Any) -> None:
    state["_handle"]["content"] = "0"


@pytest.mark.parametrize("change", [in_place, by_reference, a_number])
def test_lightgbm_in_skops_is_checked_before_it_is_read(tmp_path: Path, change: Any) -> None:
    with pytest.raises(ModelFileError, match="skops"):
        load_model(changed_schema(tmp_path / "model", change))
