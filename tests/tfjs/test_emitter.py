"""The bytes of a graph model: the same every time, control constants never shared, weights read back bit by bit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier

import isoship
from isoship.errors import ConversionError
from isoship.tfjs import emitter
from isoship.tfjs.emitter import GraphDef, write_model
from isoship.tfjs.readback import read_back, read_weights, verify_written


@pytest.fixture(scope="module")
def forest() -> Any:
    x, y = load_iris(return_X_y=True)
    return isoship.to_onnx(RandomForestClassifier(12, random_state=0).fit(x, y), sample=x)


def test_the_same_model_gives_the_same_bytes(forest: Any, tmp_path: Path) -> None:
    written = [isoship.to_tfjs(forest, tmp_path / name) for name in ("a", "b")]
    assert written[0].files == written[1].files
    for name in written[0].files:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_every_name_of_the_signature_is_a_node(forest: Any, tmp_path: Path) -> None:
    isoship.to_tfjs(forest, tmp_path)
    document = json.loads((tmp_path / "model.json").read_bytes())
    nodes = {node["name"] for node in document["modelTopology"]["node"]}
    ends = [*document["signature"]["inputs"].values(), *document["signature"]["outputs"].values()]
    assert {end["name"].removesuffix(":0") for end in ends} <= nodes
    assert set(document["signature"]["outputs"]) == {"label", "probabilities"}


def test_a_constant_that_steers_an_operator_is_used_once_and_never_as_data(forest: Any, tmp_path: Path) -> None:
    isoship.to_tfjs(forest, tmp_path)
    nodes = json.loads((tmp_path / "model.json").read_bytes())["modelTopology"]["node"]
    steering = {"GatherV2": [2], "Sum": [1], "Reshape": [1], "ArgMax": [1], "StridedSlice": [1, 2, 3], "Range": [0, 2]}
    constants = {node["name"] for node in nodes if node["op"] == "Const"}
    uses = [name for node in nodes for name in node["input"] if name in constants]
    steered = [
        node["input"][i] for node in nodes for i in steering.get(node["op"], []) if node["input"][i] in constants
    ]
    assert len(steered) > 10
    assert all(uses.count(name) == 1 for name in steered)


def test_batch_dims_and_casts_to_bool_are_never_emitted(forest: Any, tmp_path: Path) -> None:
    isoship.to_tfjs(forest, tmp_path)
    for node in json.loads((tmp_path / "model.json").read_bytes())["modelTopology"]["node"]:
        assert node["attr"].get("batch_dims", {"i": "0"}) == {"i": "0"}
        assert node["op"] != "Cast" or node["attr"]["DstT"] != {"type": "DT_BOOL"}
        assert node["op"] != "OneHot"


def odd_weights() -> GraphDef:
    g = GraphDef()
    bits = np.array([0x7FC00001, 0xFF800000, 0x80000000, 1, 0x3F800000], np.uint32).view(np.float32)
    g.const(bits)
    g.const(np.array(7, np.int32))
    g.const(np.array([[True, False, True]]))
    g.const(np.arange(1000, dtype=np.int32))
    return g


def test_weights_read_back_bit_by_bit_across_shards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emitter, "SHARD_BYTES", 512)
    g = odd_weights()
    files = write_model(tmp_path, g, [], [], {})
    assert files[1] == "group1-shard1of8.bin"
    assert len(files) == 9
    verify_written(tmp_path, g.weights)
    official = read_back(tmp_path)
    if official is not None:
        assert {name: array.tobytes() for name, array in official.items()} == {
            name: array.tobytes() for name, array in read_weights(tmp_path).items()
        }


@pytest.mark.parametrize("damage", ["a flipped bit", "a lost byte", "a byte too many", "a wrong dtype"])
def test_damage_does_not_read_back(damage: str, tmp_path: Path) -> None:
    g = odd_weights()
    _, shard = write_model(tmp_path, g, [], [], {})
    data = bytearray((tmp_path / shard).read_bytes())
    if damage == "a flipped bit":
        data[9] ^= 1
    elif damage == "a lost byte":
        data.pop()
    elif damage == "a byte too many":
        data.append(0)
    else:
        text = (tmp_path / "model.json").read_text()
        (tmp_path / "model.json").write_text(text.replace('"dtype":"float32"', '"dtype":"int32"', 1))
    (tmp_path / shard).write_bytes(bytes(data))
    with pytest.raises(ConversionError):
        verify_written(tmp_path, g.weights)
