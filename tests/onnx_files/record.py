"""Makes the ONNX files of this folder, small ones by every exporter that is at hand.

    python tests/onnx_files/record.py torch      # torch, onnxscript
    python tests/onnx_files/record.py keras      # keras, tensorflow-cpu, tf2onnx
    python tests/onnx_files/record.py sklearn    # skl2onnx, onnxmltools, lightgbm, xgboost, catboost

Each group runs where its libraries are. tests/tensors/test_recorded_files.py exports and checks what lies here without
them. None of hummingbird's is here: its newest release, hummingbird-ml 0.4.12, asks for onnx 1.16.1 or older and for
onnxruntime before 1.18 to write ONNX. Beside torch 2.13 neither will do: the exporter asks for onnxscript, which brings
onnx 1.23, and beside that hummingbird has no ONNX backend (tried on 2026-11-30).
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parent
GROUPS: dict[str, dict[str, Callable[[Path], None]]] = {"torch": {}, "keras": {}, "sklearn": {}}
RNG = np.random.default_rng(0)


def record(group: str) -> Callable[[Callable[[Path], None]], Callable[[Path], None]]:
    """The decorated function writes the file of its own name."""

    def add(write: Callable[[Path], None]) -> Callable[[Path], None]:
        GROUPS[group][write.__name__] = write
        return write

    return add


def perceptron(hidden: int = 8):
    from torch import nn

    return nn.Sequential(
        nn.Linear(4, hidden), nn.GELU(), nn.LayerNorm(hidden), nn.Linear(hidden, 3), nn.Softmax(-1)
    ).eval()


def convolutions():
    from torch import nn

    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(4, 4, 3, groups=2), nn.SiLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 10),
    ).eval()  # fmt: skip


def by_dynamo(model, args, path: Path, **options) -> None:
    import torch

    torch.onnx.export(model, args, str(path), dynamo=True, verbose=False, **options)
    without_this_machines_paths(path)
    beside = path.with_name(f"{path.name}.data")
    if beside.is_file() and not beside.stat().st_size:
        beside.unlink()


def without_this_machines_paths(path: Path) -> None:
    """Stack traces are most of such a file, and name folders."""
    import onnx

    made = onnx.load(path, load_external_data=False)
    for node in [*made.graph.node, *(node for function in made.functions for node in function.node)]:
        kept = [(one.key, one.value) for one in node.metadata_props if one.key == "pkg.torch.onnx.name_scopes"]
        node.ClearField("metadata_props")
        for key, value in kept:
            node.metadata_props.add(key=key, value=value)
    path.write_bytes(made.SerializeToString())


def by_torchscript(model, args, path: Path, opset: int, names: list[str], **options) -> None:
    import torch

    axes = {name: {0: "batch"} for name in (*names, "y")}
    torch.onnx.export(
        model, args, str(path), dynamo=False, opset_version=opset, input_names=names, output_names=["y"],
        dynamic_axes=axes, **options,
    )  # fmt: skip


@record("torch")
def torch_dynamo_perceptron(path: Path) -> None:
    import torch

    by_dynamo(perceptron(), (torch.zeros(2, 4),), path, dynamic_shapes=({0: torch.export.Dim("batch")},))


@record("torch")
def torch_dynamo_external_weights(path: Path) -> None:
    """Weights in a file of their own, as the exporter writes them by itself."""
    import torch

    by_dynamo(perceptron(32), (torch.zeros(2, 4),), path, external_data=True)


@record("torch")
def torch_dynamo_convolutions(path: Path) -> None:
    import torch

    shapes = ({0: torch.export.Dim("batch"), 2: torch.export.Dim("height"), 3: torch.export.Dim("width")},)
    by_dynamo(convolutions(), (torch.zeros(2, 1, 8, 8),), path, dynamic_shapes=shapes)


@record("torch")
def torch_dynamo_text_encoder(path: Path) -> None:
    import torch
    from torch import nn

    class Encoder(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.words = nn.Embedding(20, 8)
            self.places = nn.Embedding(6, 8)
            self.layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
            self.head = nn.Linear(8, 2)

        def forward(self, ids, mask):
            x = self.words(ids) + self.places(torch.arange(ids.shape[1]))
            x = self.layer(x, src_key_padding_mask=mask == 0)
            weight = mask.unsqueeze(-1).float()
            return self.head((x * weight).sum(1) / weight.sum(1).clamp(min=1))

    args = (torch.zeros(2, 6, dtype=torch.long), torch.ones(2, 6, dtype=torch.long))
    batch = torch.export.Dim("batch")
    by_dynamo(Encoder().eval(), args, path, dynamic_shapes=({0: batch}, {0: batch}))


@record("torch")
def torch_dynamo_float16(path: Path) -> None:
    import torch

    by_dynamo(perceptron().half(), (torch.zeros(2, 4).half(),), path)


@record("torch")
def torch_script_opset7(path: Path) -> None:
    import torch
    from torch import nn

    by_torchscript(
        nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 2)).eval(), (torch.zeros(2, 4),), path, 7, ["x"]
    )


@record("torch")
def torch_script_opset9_upsample(path: Path) -> None:
    import torch
    from torch import nn

    by_torchscript(
        nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Upsample(scale_factor=2)).eval(), (torch.zeros(1, 1, 6, 6),),
        path, 9, ["x"],
    )  # fmt: skip


@record("torch")
def torch_script_opset11_gru(path: Path) -> None:
    import torch
    from torch import nn

    class Last(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.gru = nn.GRU(3, 4, batch_first=True)

        def forward(self, x):
            return self.gru(x)[0][:, -1]

    by_torchscript(Last().eval(), (torch.zeros(2, 5, 3),), path, 11, ["x"])


@record("torch")
def torch_script_opset13_lstm(path: Path) -> None:
    import torch
    from torch import nn

    class Last(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm = nn.LSTM(3, 4, bidirectional=True)

        def forward(self, x):
            return self.lstm(x.transpose(0, 1))[0].mean(0)

    by_torchscript(Last().eval(), (torch.zeros(2, 5, 3),), path, 13, ["x"])


@record("torch")
def torch_script_opset17_control_flow(path: Path) -> None:
    """A scripted branch and a scripted loop."""
    import torch
    from torch import nn

    class Turns(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.step = nn.Linear(3, 3)

        def forward(self, x):
            if x.sum() > 0:
                for _ in range(3):
                    x = torch.tanh(self.step(x))
            else:
                x = -x
            return x

    by_torchscript(torch.jit.script(Turns().eval()), (torch.ones(2, 3),), path, 17, ["x"])


def by_keras(layers, path: Path, example) -> None:
    import keras

    model = keras.Sequential(layers)
    model(example)
    model.export(path, format="onnx", verbose=False)


@record("keras")
def keras_dense(path: Path) -> None:
    import keras

    keras.utils.set_random_seed(0)
    layers = [keras.Input((4,)), keras.layers.Dense(6, "relu"), keras.layers.Dense(3, "softmax")]
    by_keras(layers, path, np.zeros((1, 4), "f4"))


@record("keras")
def keras_convolutions(path: Path) -> None:
    import keras

    keras.utils.set_random_seed(0)
    layers = [
        keras.Input((8, 8, 1)), keras.layers.Rescaling(1 / 255), keras.layers.Conv2D(4, 3, padding="same"),
        keras.layers.BatchNormalization(), keras.layers.ReLU(), keras.layers.MaxPooling2D(), keras.layers.Flatten(),
        keras.layers.Dense(10),
    ]  # fmt: skip
    by_keras(layers, path, np.zeros((1, 8, 8, 1), "f4"))


@record("keras")
def keras_embedding_lstm(path: Path) -> None:
    import keras

    keras.utils.set_random_seed(0)
    layers = [
        keras.Input((5,), dtype="int32"), keras.layers.Embedding(12, 4), keras.layers.LSTM(4),
        keras.layers.Dense(1, "sigmoid"),
    ]  # fmt: skip
    by_keras(layers, path, np.zeros((1, 5), "i4"))


def by_tf2onnx(function, signature, path: Path, opset: int) -> None:
    """A constant made outside of the function becomes one more input of the file."""
    import tensorflow as tf
    import tf2onnx

    tf2onnx.convert.from_function(tf.function(function), input_signature=signature, opset=opset, output_path=str(path))


@record("keras")
def tf2onnx_opset9_two_inputs(path: Path) -> None:
    import tensorflow as tf

    w = RNG.standard_normal((5, 2)).astype("f4")
    signature = [tf.TensorSpec((None, 2), tf.float32, "a"), tf.TensorSpec((None, 3), tf.float32, "b")]
    by_tf2onnx(lambda a, b: tf.nn.sigmoid(tf.concat([a, b], 1) @ tf.constant(w)), signature, path, 9)


@record("keras")
def tf2onnx_opset15_images(path: Path) -> None:
    """uint8 [N, H, W, C] in, scaled and transposed inside."""
    import tensorflow as tf

    w = RNG.standard_normal((3, 3, 3, 4)).astype("f4")

    def answer(image):
        x = tf.nn.conv2d(tf.cast(image, tf.float32) / 255.0, tf.constant(w), 2, "SAME")
        return tf.reduce_mean(tf.nn.relu6(x), [1, 2])

    by_tf2onnx(answer, [tf.TensorSpec((None, 8, 8, 3), tf.uint8, "image")], path, 15)


@record("keras")
def tf2onnx_opset18_labels(path: Path) -> None:
    import tensorflow as tf

    w = RNG.standard_normal((4, 3)).astype("f4")
    by_tf2onnx(lambda x: tf.argmax(x @ tf.constant(w), 1), [tf.TensorSpec((None, 4), tf.float32, "x")], path, 18)


def iris():
    from sklearn.datasets import load_iris

    return load_iris(return_X_y=True)


def by_skl2onnx(model, path: Path, types=None, **options) -> None:
    from skl2onnx import to_onnx

    x, _ = iris()
    made = to_onnx(model, x[:1].astype("f4") if types is None else None, initial_types=types, **options)
    path.write_bytes(made.SerializeToString())


@record("sklearn")
def skl2onnx_logistic_zip_map(path: Path) -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    x, y = iris()
    by_skl2onnx(make_pipeline(StandardScaler(), LogisticRegression()).fit(x, np.array(["a", "b", "c"])[y]), path)


@record("sklearn")
def skl2onnx_forest(path: Path) -> None:
    from sklearn.ensemble import RandomForestClassifier

    by_skl2onnx(RandomForestClassifier(5, max_depth=3, random_state=0).fit(*iris()), path, target_opset=15)


@record("sklearn")
def skl2onnx_opset9_svm(path: Path) -> None:
    from sklearn.svm import SVR

    x, y = iris()
    by_skl2onnx(SVR(C=0.1).fit(x[::6], y[::6]), path, target_opset={"": 9, "ai.onnx.ml": 1})


@record("sklearn")
def skl2onnx_strings_and_numbers(path: Path) -> None:
    import pandas as pd
    from skl2onnx.common.data_types import FloatTensorType, StringTensorType
    from sklearn.compose import make_column_transformer
    from sklearn.linear_model import LinearRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    table = pd.DataFrame({"age": [20.0, 30, 40, 50], "city": ["Oslo", "Rome", "Oslo", "Lima"]})
    columns = make_column_transformer((StandardScaler(), ["age"]), (OneHotEncoder(handle_unknown="ignore"), ["city"]))
    model = make_pipeline(columns, LinearRegression()).fit(table, [1.0, 2.0, 3.0, 5.0])
    by_skl2onnx(model, path, [("age", FloatTensorType([None, 1])), ("city", StringTensorType([None, 1]))])


@record("sklearn")
def onnxmltools_lightgbm(path: Path) -> None:
    import lightgbm
    from onnxmltools import convert_lightgbm
    from onnxmltools.convert.common.data_types import FloatTensorType

    model = lightgbm.LGBMClassifier(n_estimators=3, num_leaves=4, verbose=-1).fit(*iris())
    path.write_bytes(convert_lightgbm(model, "m", [("x", FloatTensorType([None, 4]))]).SerializeToString())


@record("sklearn")
def onnxmltools_xgboost(path: Path) -> None:
    import xgboost
    from onnxmltools import convert_xgboost
    from onnxmltools.convert.common.data_types import FloatTensorType

    model = xgboost.XGBRegressor(n_estimators=4, max_depth=3).fit(*iris())
    path.write_bytes(convert_xgboost(model, "m", [("x", FloatTensorType([None, 4]))]).SerializeToString())


@record("sklearn")
def catboost_own(path: Path) -> None:
    import catboost

    model = catboost.CatBoostClassifier(iterations=4, depth=3, verbose=False, allow_writing_files=False).fit(*iris())
    model.save_model(str(path), format="onnx")


def main() -> int:
    if len(sys.argv) < 2 or sys.argv[1] not in GROUPS:
        print(__doc__)
        return 2
    warnings.simplefilter("ignore")
    if sys.argv[1] == "torch":
        import torch

        torch.manual_seed(0)
    for name, write in GROUPS[sys.argv[1]].items():
        if len(sys.argv) > 2 and name not in sys.argv[2:]:
            continue
        path = FOLDER / sys.argv[1] / f"{name}.onnx"
        path.parent.mkdir(exist_ok=True)
        write(path)
        print(f"{path.name}: {path.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
