"""A network that was trained on handwritten digits, exported, and drawn for by hand on its page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from node_script import WEB, run_node
from onnx import TensorProto, helper, numpy_helper
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier
from web_bundles import arrays_of, asked, call_of

import isoship

NAMES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
#: Strokes as a hand draws them, from left and top, 0 to 1.
DRAWN = {
    "one": [[0.5, 0.12], [0.5, 0.5], [0.5, 0.9]],
    "three": [
        [0.3, 0.15], [0.55, 0.1], [0.68, 0.25], [0.6, 0.42], [0.45, 0.48], [0.62, 0.55], [0.7, 0.72], [0.55, 0.88],
        [0.3, 0.85],
    ],
    "zero": [
        [0.5, 0.1], [0.35, 0.2], [0.28, 0.5], [0.35, 0.8], [0.5, 0.9], [0.65, 0.8], [0.72, 0.5], [0.65, 0.2],
        [0.5, 0.1],
    ],
}  # fmt: skip


def trained(path: Path) -> np.ndarray[Any, Any]:
    """Writes the network as ONNX, uint8 pictures [N, 8, 8, 1] to probabilities; the pictures."""
    data, labels = load_digits(return_X_y=True)
    pixels = np.round(data * 255 / 16).astype("uint8").reshape(-1, 8, 8, 1)
    model = MLPClassifier((64,), max_iter=120, tol=1e-3, n_iter_no_change=5, random_state=0, alpha=1.0).fit(
        data / 16, labels
    )
    weights = {"scale": np.float32(255), **{f"w{i}": w for i, w in enumerate(model.coefs_)}}
    weights |= {f"b{i}": b for i, b in enumerate(model.intercepts_)}
    node = helper.make_node
    nodes = [
        node("Cast", ["image"], ["pixels"], to=TensorProto.FLOAT),
        node("Div", ["pixels", "scale"], ["shares"]),
        node("Flatten", ["shares"], ["flat"]),
        node("Gemm", ["flat", "w0", "b0"], ["hidden"]),
        node("Relu", ["hidden"], ["held"]),
        node("Gemm", ["held", "w1", "b1"], ["scores"]),
        node("Softmax", ["scores"], ["probabilities"], axis=-1),
    ]
    info = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes, "digits",
        [info("image", TensorProto.UINT8, ["N", 8, 8, 1])],
        [info("probabilities", TensorProto.FLOAT, ["N", 10])],
        [numpy_helper.from_array(np.asarray(w, "float32"), name) for name, w in weights.items()],
    )  # fmt: skip
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10), path)
    return pixels


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("digits")
    pixels = trained(folder / "digits.onnx")
    made = isoship.export(
        folder / "digits.onnx", out=folder / "bundle", targets="web", classes=NAMES, image={"color": "gray"},
        sample=pixels[:8],
    )  # fmt: skip
    return made.path, pixels


@pytest.mark.parametrize("name", DRAWN)
def test_a_digit_drawn_by_hand_is_named(written: Any, name: str, tmp_path: Path) -> None:
    script, job = Path(__file__).with_name("page.mjs"), {"strokes": DRAWN[name], "shot": str(tmp_path / "drawn.png")}
    seen = run_node(script, str(written[0] / "web"), str(WEB / "package.json"), stdin=job)
    assert seen["drawn"]["classes"] == NAMES
    assert seen["drawn"]["best"] == [name], seen["drawn"]["figures"]
    assert seen["verified"].startswith("Same as trained: ")


@pytest.mark.parametrize("backend", ["cpu", "wasm"])
def test_no_picture_of_1797_is_named_otherwise(written: Any, backend: str) -> None:
    bundle, pixels = written
    answer = asked(bundle, options={"backend": backend}, tensors=[call_of({"image": pixels})])["made"][0]["ok"]
    want = isoship.load(bundle).predict({"image": pixels})["probabilities"]
    np.testing.assert_array_equal(arrays_of(answer)["probabilities"].argmax(1), want.argmax(1))
