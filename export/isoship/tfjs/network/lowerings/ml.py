"""ai.onnx.ml on numbers: what other converters write of scikit-learn's models. Strings stay out."""

from __future__ import annotations

import numpy as np

from isoship.tfjs.emitter import Tensor
from isoship.tfjs.network.emission import STANDS_FOR, Emission
from isoship.tfjs.network.lowerings.places import in_front
from isoship.tfjs.network.reading import Node
from isoship.tfjs.network.registry import ROUNDED, CannotLower, lowering

ML = "ai.onnx.ml"


def real(e: Emission, name: str) -> Tensor:
    """As float32."""
    return e.cast(e.data(name), "float32")


def row(values: object) -> np.ndarray:
    return np.asarray(values, np.float32).reshape(1, -1)


@lowering("Scaler", domain=ML, emits=["Sub", "Mul"], exactness=ROUNDED)
def scaler(e: Emission, node: Node) -> Tensor:
    shifted = e.op("Sub", real(e, node.inputs[0]), e.const(row(node.attrs.get("offset", [0.0]))))
    return e.op("Mul", shifted, e.const(row(node.attrs.get("scale", [1.0]))))


@lowering("Binarizer", domain=ML, emits=["Greater"])
def binarizer(e: Emission, node: Node) -> Tensor:
    x = e.data(node.inputs[0])
    over = e.op("Greater", x, e.like(x, float(node.attrs["threshold"])), dtype="bool")
    return e.cast(over, STANDS_FOR[e.dtype(node.outputs[0])])


@lowering(
    "Normalizer",
    domain=ML,
    emits=["Abs", "Mul", "Sum", "Max", "Sqrt", "RealDiv", "SelectV2", "Equal"],
    exactness=ROUNDED,
)
def normalizer(e: Emission, node: Node) -> Tensor:
    """A row of zeros stays as it is."""
    x, rank = real(e, node.inputs[0]), e.rank(node.inputs[0])
    norm = str(node.attrs["norm"])
    size = e.op("Mul", x, x) if norm == "L2" else e.op("Abs", x)
    whole = e.reduce("Max" if norm == "MAX" else "Sum", size, [rank - 1], keep=True)
    whole = e.op("Sqrt", whole) if norm == "L2" else whole
    zero = e.op("Equal", whole, e.like(whole, 0), dtype="bool")
    return e.op("RealDiv", x, e.select(zero, e.like(whole, 1), whole))


@lowering("Imputer", domain=ML, emits=["SelectV2", "IsNan", "Equal"])
def imputer(e: Emission, node: Node) -> Tensor:
    x = e.data(node.inputs[0])
    floats = x.dtype == "float32"
    gap = node.attrs.get("replaced_value_float" if floats else "replaced_value_int64", np.nan if floats else 0)
    fill = row(node.attrs["imputed_value_floats" if floats else "imputed_value_int64s"])
    missing = (
        e.op("IsNan", x, dtype="bool") if floats and np.isnan(gap) else e.op("Equal", x, e.like(x, gap), dtype="bool")
    )
    return e.select(missing, e.const(e.narrow(fill.astype(np.float32 if floats else np.int64))), x)


@lowering("ArrayFeatureExtractor", domain=ML, emits=["GatherV2", "SelectV2", "Less", "AddV2"])
def array_feature_extractor(e: Emission, node: Node) -> Tensor:
    """Columns by their places, which the data may bring."""
    name, places = node.inputs
    shape = e.shape(name)
    flat = e.reshape(in_front(e, places, shape[-1]), [None])
    made = e.gather(e.data(name), flat, len(shape) - 1)
    return e.reshape(made, [1, None]) if len(shape) == 1 else made


@lowering("FeatureVectorizer", domain=ML, emits=["ConcatV2"])
def feature_vectorizer(e: Emission, node: Node) -> Tensor:
    return e.concat([real(e, name) for name in node.inputs], 1)


@lowering("OneHotEncoder", domain=ML, emits=["Equal"])
def one_hot_encoder(e: Emission, node: Node) -> Tensor:
    """A number that is no category has no 1."""
    categories = node.attrs.get("cats_int64s")
    if not categories:
        raise CannotLower("its categories are strings")
    if not node.attrs["zeros"]:
        raise CannotLower("it refuses what is no category, which TF.js cannot")
    x = e.data(node.inputs[0])
    wide = e.reshape(x, [*e.shape(node.inputs[0]), 1])
    table = np.asarray(categories)
    places = e.const(e.narrow(table.astype(np.float32 if x.dtype == "float32" else np.int64)))
    return e.cast(e.op("Equal", wide, places, dtype="bool"), "float32")


@lowering("LabelEncoder", domain=ML, emits=["Equal", "SelectV2", "Sum", "Mul", "AddV2", "IsNan"])
def label_encoder(e: Emission, node: Node) -> Tensor:
    """By comparing with each key; the first of equal keys counts."""
    keys, values = _table(node, "keys"), _table(node, "values")
    if keys is None or values is None:
        raise CannotLower("its keys or values are strings")
    if len(keys) > 512:
        raise CannotLower(f"it compares with {len(keys)} keys")
    x, to = e.data(node.inputs[0]), STANDS_FOR[e.dtype(node.outputs[0])]
    default = node.attrs.get("default_tensor")
    otherwise = (
        float(np.ravel(default)[0])
        if default is not None
        else float(node.attrs["default_float" if values.dtype.kind == "f" else "default_int64"])
    )
    made = e.const(e.narrow(np.asarray(otherwise, values.dtype)))
    e.bounds[node.outputs[0]] = min(otherwise, float(values.min())), max(otherwise, float(values.max()))
    for key, value in reversed(list(zip(keys, values, strict=True))):
        nan = keys.dtype.kind == "f" and np.isnan(key)
        hit = e.op("IsNan", x, dtype="bool") if nan else e.op("Equal", x, e.like(x, key), dtype="bool")
        made = e.select(hit, e.const(e.narrow(np.asarray(value))), made)
    if made.dtype != to:
        raise CannotLower(f"its values are {made.dtype}")
    return made


def _table(node: Node, role: str) -> np.ndarray | None:
    if f"{role}_tensor" in node.attrs:
        found = np.ravel(node.attrs[f"{role}_tensor"])
        return None if found.dtype.kind in "OUS" else found
    for suffix, dtype in (("int64s", np.int64), ("floats", np.float32)):
        if node.attrs.get(f"{role}_{suffix}"):
            return np.array(node.attrs[f"{role}_{suffix}"], dtype)
    return None


@lowering("LinearRegressor", domain=ML, emits=["MatMul", "AddV2"], exactness=ROUNDED)
def linear_regressor(e: Emission, node: Node) -> Tensor:
    if str(node.attrs["post_transform"]) != "NONE":
        raise CannotLower(f"its results go through {node.attrs['post_transform']}")
    targets = int(node.attrs["targets"])
    return linear(e, node, targets)


def linear(e: Emission, node: Node, outputs: int) -> Tensor:
    weights = np.asarray(node.attrs["coefficients"], np.float32).reshape(outputs, -1).T
    made = e.op("MatMul", real(e, node.inputs[0]), e.const(np.ascontiguousarray(weights)),
                transpose_a={"b": False}, transpose_b={"b": False})  # fmt: skip
    intercepts = node.attrs.get("intercepts")
    return e.op("AddV2", made, e.const(row(intercepts))) if intercepts else made


@lowering("LinearClassifier", domain=ML, exactness=ROUNDED,
          emits=["MatMul", "AddV2", "Sigmoid", "Softmax", "ArgMax", "GatherV2", "ConcatV2", "Sub", "Neg", "Greater",
                 "SelectV2"])  # fmt: skip
def linear_classifier(e: Emission, node: Node) -> tuple[Tensor, Tensor]:
    classes = node.attrs.get("classlabels_ints")
    if not classes:
        raise CannotLower("its classes are strings")
    count = len(np.ravel(node.attrs["intercepts"])) if node.attrs.get("intercepts") else len(classes)
    scores = linear(e, node, count)
    return classified(e, node, scores, count, classes, str(node.attrs["post_transform"]))


def classified(
    e: Emission, node: Node, scores: Tensor, count: int, classes: list[int], link: str
) -> tuple[Tensor, Tensor]:
    """The label and the scores of every class, one score of two classes being the second's."""
    e.bounds[node.outputs[0]] = float(min(classes)), float(max(classes))
    if count == 1 and len(classes) == 2:
        second = e.op("Sigmoid", scores) if link == "LOGISTIC" else scores
        if link not in ("NONE", "LOGISTIC"):
            raise CannotLower(f"its results go through {link}")
        first = e.op("Sub", e.like(second, 1), second) if link == "LOGISTIC" else e.op("Neg", second)
        at = e.like(second, 0.5 if link == "LOGISTIC" else 0)
        over = e.reshape(e.op("Greater", second, at, dtype="bool"), [None])
        label = e.select(over, e.const(np.int32(classes[1])), e.const(np.int32(classes[0])))
        return label, e.concat([first, second], 1)
    place = e.op(
        "ArgMax", scores, e.control(1), dtype="int32", Tidx={"type": "DT_INT32"}, output_type={"type": "DT_INT32"}
    )
    label = e.gather(e.const(np.asarray(classes, np.int32)), place)
    if link == "NONE":
        return label, scores
    if link not in ("LOGISTIC", "SOFTMAX"):
        raise CannotLower(f"its results go through {link}")
    return label, e.op("Sigmoid" if link == "LOGISTIC" else "Softmax", scores)
