"""MLflow's flavours: where each keeps its model, and as which file isoship reads it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Any, NamedTuple


class Place(NamedTuple):
    """file: the model in the folder, as MLmodel names it. ending: that of the files which are read so; "" where the
    model is a folder."""

    file: str
    ending: str


class Refusal(NamedTuple):
    """why: what the folder holds. way: what to log or export instead."""

    why: str
    way: str


Said = Mapping[str, Any]


def place_of(flavors: Mapping[str, Said]) -> Place | Refusal:
    """The model of a folder, by the first of its flavours that is read."""
    for name, read in _READ.items():
        if name in flavors:
            return read(flavors[name])
    named = [name for name in flavors if name != "python_function"]
    if not named:
        return Refusal(
            "holds a Python function of your own (the flavour python_function alone), whose code would have to travel",
            "Log the fitted estimator or network inside it under its library's own flavour, or give it to"
            " isoship.export",
        )
    return Refusal(
        f"has the flavour {_listed(named)}",
        _WAYS.get(named[0], f"isoship reads the flavours {_listed(list(_READ))}. Export the model that is inside"),
    )


_WAYS = {
    "spark": "Spark's pipelines run on a cluster. Train the last step with scikit-learn, XGBoost or LightGBM on what"
    " the others give, and export that",
    "transformers": "Export the network with torch.onnx.export or optimum, and give that .onnx file",
    "sentence_transformers": "Export the network with torch.onnx.export or optimum, and give that .onnx file",
}


def _sklearn(said: Said) -> Place | Refusal:
    return _as_named(said.get("pickled_model", "model.pkl"), {".pkl": ".pkl", ".skops": ".skops"})


def _xgboost(said: Said) -> Place | Refusal:
    return _as_named(said.get("data"), {".ubj": ".ubj", ".json": ".json", ".xgb": ".json", ".skops": ".skops"})


def _lightgbm(said: Said) -> Place | Refusal:
    return _as_named(said.get("data"), {".lgb": ".txt", ".txt": ".txt", ".pkl": ".pkl", ".skops": ".skops"})


def _catboost(said: Said) -> Place | Refusal:
    form = said.get("save_format", "cbm")
    if form != "cbm":
        return Refusal(
            f"holds a CatBoost model in the form {form!r}", "Log it in CatBoost's own form, cbm, which is the default"
        )
    return Place(str(said.get("data", "model.cb")), ".cbm")


def _onnx(said: Said) -> Place | Refusal:
    return _as_named(said.get("data"), {".onnx": ".onnx"})


def _pytorch(said: Said) -> Place | Refusal:
    data = said.get("model_data", "data")
    if said.get("serialization_format") == "pt2" or "exported_program" in said:
        return Place(f"{data}/model.pt2", ".pt2")
    return Refusal(
        "holds a pickled PyTorch module, which is the names of its classes and not the classes",
        "Log it as an exported program (serialization_format='pt2'), or load it with mlflow.pytorch.load_model where"
        " its classes are and call isoship.export(module, sample=x)",
    )


def _keras(said: Said) -> Place | Refusal:
    if said.get("save_exported_model"):
        return Place(f"{said.get('data', 'data')}/model", "")
    return Place(f"{said.get('data', 'data')}/model.keras", ".keras")


def _tensorflow(said: Said) -> Place | Refusal:
    if said.get("model_type", "keras") == "keras":
        ending = ".h5" if said.get("save_format") == "h5" else ".keras"
        return Place(f"{said.get('data', 'data')}/model{ending}", ending)
    return Place(str(said.get("saved_model_dir", "tf2model")), "")


#: Flavour -> how its model is found, the most telling first: a LightGBM model may be logged as scikit-learn's, too.
_READ: dict[str, Callable[[Said], Place | Refusal]] = {
    "xgboost": _xgboost,
    "lightgbm": _lightgbm,
    "catboost": _catboost,
    "sklearn": _sklearn,
    "onnx": _onnx,
    "pytorch": _pytorch,
    "keras": _keras,
    "tensorflow": _tensorflow,
}


def _as_named(file: Any, endings: Mapping[str, str]) -> Place | Refusal:
    """A place whose file's own ending says as what it is read."""
    if not isinstance(file, str):
        return Refusal("does not say which of its files the model is", "Log the model again with a newer MLflow")
    ending = PurePosixPath(file).suffix.lower()
    if ending not in endings:
        return Refusal(f"holds a model in the file {file!r}", f"isoship reads {_listed(list(endings))} in its place")
    return Place(file, endings[ending])


def _listed(names: list[str]) -> str:
    return ", ".join(names)
