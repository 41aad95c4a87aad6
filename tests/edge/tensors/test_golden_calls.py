"""golden.json and golden.bin of tensors: replayed, and read as data that anybody may have written."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from isoship_edge.errors import BundleError, DamagedFile
from isoship_edge.manifest import sealed
from isoship_edge.tensors.golden import read_golden
from tensor_bundles import loaded

Change = Callable[[dict[str, Any]], Any]


def rewritten(bundle: Path, folder: Path, change: Change, name: str = "golden.json") -> Path:
    """A copy of the bundle, one of whose documents is another, with digests that are right."""
    made = shutil.copytree(bundle, folder)
    document = json.loads((made / name).read_text())
    change(document)
    text = json.dumps(document).encode()
    (made / name).write_bytes(text if name != "manifest.json" else sealed(document))
    if name != "manifest.json":
        manifest = json.loads((made / "manifest.json").read_text())
        manifest["files"][name] = hashlib.sha256(text).hexdigest()
        (made / "manifest.json").write_bytes(sealed(manifest))
    return made


@pytest.mark.parametrize("backend", ["c_api", "binding"])
def test_every_call_agrees_where_nothing_changed(
    digits_bundle: Path, mixed_bundle: Path, numbers_bundle: Path, backend: str
) -> None:
    for folder, calls in ((digits_bundle, 7), (mixed_bundle, 8), (numbers_bundle, 8)):
        verdict = loaded(folder, backend).selftest()
        assert (verdict.ok, verdict.rows, verdict.first_difference) == (True, calls, None)


def test_golden_calls_are_read_bit_by_bit(numbers_bundle: Path) -> None:
    model = loaded(numbers_bundle)
    asks, refused = read_golden(model.folder, model.manifest)
    assert [ask.kind for ask in asks] == ["batch-1", "batch-2", "batch-5"]
    assert [(one.why, one.input) for one in refused][:2] == [("nan", "x_float"), ("infinity", "nan")]
    for ask in asks:
        for name, tensor in ask.inputs.items():
            if name != "ids":
                assert tensor == ask.outputs[f"{name}_out"] or tensor.data != tensor.data


def first_logit(document: dict[str, Any], bundle: Path) -> int:
    start: int = document["asks"][1]["outputs"]["logits"]["at"][0]
    return start


def test_an_answer_beyond_its_tolerance_is_named(digits_bundle: Path, tmp_path: Path) -> None:
    for name, by, ok in (("inside", 5e-5, True), ("beyond", 5e-4, False), ("nan", np.nan, False)):
        folder = shutil.copytree(digits_bundle, tmp_path / name)
        start = first_logit(json.loads((folder / "golden.json").read_text()), folder)
        data = bytearray((folder / "golden.bin").read_bytes())
        value = np.frombuffer(data, "<f4", 1, start)[0]
        data[start : start + 4] = np.float32(value + by).tobytes()
        (folder / "golden.bin").write_bytes(data)
        with pytest.raises(DamagedFile, match=r"golden\.bin is damaged: its sha256"):
            loaded(folder).selftest()
        manifest = json.loads((folder / "manifest.json").read_text())
        manifest["files"]["golden.bin"] = hashlib.sha256(data).hexdigest()
        (folder / "manifest.json").write_bytes(sealed(manifest))
        verdict = loaded(folder).selftest()
        assert verdict.ok == ok
        if name == "beyond":
            assert verdict.worst == pytest.approx(by, rel=0.01)
        if not ok:
            assert "call 1 (batch-1), logits at [0, 0]: expected " in str(verdict.first_difference)


def test_a_contract_that_takes_more_is_found(numbers_bundle: Path, tmp_path: Path) -> None:
    def wider(document: dict[str, Any]) -> None:
        for one in document["signature"]["inputs"]:
            if one["name"] == "x_float":
                one["nan"] = True

    folder = rewritten(numbers_bundle, tmp_path / "b", wider, "manifest.json")
    verdict = loaded(folder).selftest()
    assert verdict.first_difference == "a call is answered that the model refuses: nan in 'x_float'"

    def other(document: dict[str, Any]) -> None:
        document["refused"][0]["input"] = "ids"

    folder = rewritten(numbers_bundle, tmp_path / "c", other)
    assert "is refused for 'x_float' that the model refuses for 'ids'" in str(loaded(folder).selftest())


def at(document: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = document["asks"][0]["inputs"]["image"]
    return made


HOSTILE: dict[str, Change] = {
    "an offset before the file": lambda d: at(d).update(at=[-64, 64]),
    "an end behind the file": lambda d: at(d).update(at=[0, 10**9]),
    "an offset that is a text": lambda d: at(d).update(at=["0", 64]),
    "an offset that is true": lambda d: at(d).update(at=[True, 64]),
    "three numbers for a place": lambda d: at(d).update(at=[0, 64, 1]),
    "fewer bytes than the shape says": lambda d: at(d).update(at=[0, 63]),
    "a shape of another size": lambda d: at(d).update(shape=[1, 8, 8, 2]),
    "a shape with a name": lambda d: at(d).update(shape=["N", 8, 8, 1]),
    "a negative size": lambda d: at(d).update(shape=[-1, 8, 8, 1]),
    "an enormous shape": lambda d: at(d).update(shape=[2**31 - 1] * 40),
    "an unknown dtype": lambda d: at(d).update(dtype="bfloat16"),
    "strings that are no list": lambda d: at(d).update(dtype="string", strings="abc"),
    "strings of another number": lambda d: at(d).update(dtype="string", shape=[2], strings=["a"]),
    "strings that are numbers": lambda d: at(d).update(dtype="string", shape=[1], strings=[1]),
    "a tensor that is a list": lambda d: d["asks"][0]["inputs"].update(image=[1]),
    "inputs that are a list": lambda d: d["asks"][0].update(inputs=[1]),
    "no outputs": lambda d: d["asks"][0].pop("outputs"),
    "another output": lambda d: d["asks"][0].update(outputs={}),
    "no kind": lambda d: d["asks"][0].pop("kind"),
    "asks that are an object": lambda d: d.update(asks={}),
    "a refusal without a reason": lambda d: d["refused"][0].pop("why"),
    "a refusal of a number": lambda d: d["refused"][0].update(input=1),
    "another bundle's": lambda d: d.update(digest="sha256:" + "0" * 64),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_damaged_document_is_named(name: str, digits_bundle: Path, tmp_path: Path) -> None:
    folder = rewritten(digits_bundle, tmp_path / "b", HOSTILE[name])
    with pytest.raises(DamagedFile, match=r"golden\.json is damaged"):
        loaded(folder).selftest()


def test_newer_or_absent_golden_calls_are_named(digits_bundle: Path, tmp_path: Path) -> None:
    folder = rewritten(digits_bundle, tmp_path / "b", lambda d: d.update(format=3))
    with pytest.raises(BundleError, match="format 3; tensors have golden calls of format 2"):
        loaded(folder).selftest()
    (folder / "golden.bin").unlink()
    with pytest.raises(BundleError, match=r"golden\.bin"):
        loaded(folder).selftest()
    folder = rewritten(digits_bundle, tmp_path / "c", lambda d: d["files"].clear(), "manifest.json")
    (folder / "golden.json").unlink()
    with pytest.raises(BundleError, match="no golden calls at"):
        loaded(folder).selftest()
