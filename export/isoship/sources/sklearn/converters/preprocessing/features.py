"""Element-wise and per-row preprocessing: Normalizer, Binarizer, KBinsDiscretizer, powers, target means."""

from __future__ import annotations

from itertools import combinations, combinations_with_replacement
from typing import Any

import numpy as np

from isoship.sources.sklearn.converters.arithmetic.categories import Lookup, write_codes
from isoship.sources.sklearn.converters.arithmetic.one_number import write_expm1, write_log1p
from isoship.sources.sklearn.converters.preprocessing.encoders import plain_categories
from isoship.sources.sklearn.truth.last_bits import rounded_by
from isoship.sources.sklearn.walk.carrier import Carrier, Parts
from isoship.sources.sklearn.walk.frame import Block, Frame, cast, row
from isoship.sources.sklearn.walk.raw_columns import Places, columnwise
from isoship.sources.sklearn.walk.registry import Record, carries
from isoship.sources.sklearn.walk.sparsity import sees_sparse, still_stored

#: How large the last bit of a logarithm may become in an answer.
_LAST_BIT = 5e-10


def _output_places(binner: Any, places: Places) -> Places | None:
    return columnwise(binner, places) if binner.encode == "ordinal" else None


@carries("Normalizer", record=Record(same_bits=False, jumps=False))
def normalizer(c: Carrier, transformer: Any, frame: Frame) -> Parts:
    """Rows divided by their norm; a norm below 10 eps counts as 1, as in scikit-learn.

    Rows of a sparse matrix are summed from the first column to the last, and left as they are where their norm is 0.
    """
    x = c.doubles(frame, transformer)
    sparse = sees_sparse(c)
    axes, last = np.array([1]), np.array([-1])

    def summed(terms: str) -> str:
        if sparse:
            return c.g.op("Gather", c.g.op("CumSum", terms, np.int64(1)), last, axis=1)
        return c.g.op("ReduceSum", terms, axes, keepdims=1)

    if transformer.norm == "l2":
        norm = c.g.op("Sqrt", summed(c.g.op("Mul", x.name, x.name)))
    elif transformer.norm == "l1":
        norm = summed(c.g.op("Abs", x.name))
    else:
        norm = c.g.op("ReduceMax", c.g.op("Abs", x.name), axes, keepdims=1)
    least = np.float64(10 * np.finfo(np.float64).eps)
    tiny = c.g.op("Equal", norm, np.float64(0)) if sparse else c.g.op("Less", norm, least)
    norm = c.g.op("Where", tiny, np.float64(1), norm)
    y = c.g.op("Div", x.name, norm)
    return {"transform": (Block(still_stored(c, x.name, y) if sparse else y, "double", x.width),)}


@carries("Binarizer", record=Record(same_bits=True, jumps=True, settles=True, output_places=columnwise))
def binarizer(c: Carrier, transformer: Any, frame: Frame) -> Parts:
    """1 above the threshold, else 0."""
    x = c.doubles(frame, transformer)
    above = c.g.op("Greater", x.name, np.float64(transformer.threshold))
    return {"transform": (Block(c.g.cast(above, np.float64), "double", x.width),)}


@carries(
    "KBinsDiscretizer",
    record=Record(
        same_bits=True,
        jumps=True,
        settles=True,
        output_places=_output_places,
        dense=lambda step: step.encode != "onehot",
    ),
)
def k_bins(c: Carrier, transformer: Any, frame: Frame) -> Parts:
    """How many inner edges are <= x, as a number or one-hot. dtype=float32 rounds x first, and answers in float32."""
    if transformer.strategy == "quantile" and (before := rounded_by(c)):
        raise c.unsupported(
            transformer,
            f"its edges are values of training rows, and {before} before it gives those values with other last bits",
            "Set strategy='uniform' or 'kmeans', or put it before that step, and train again",
        )
    x, kind = c.doubles(frame, transformer), "float64"
    if transformer.dtype is not None and np.dtype(transformer.dtype) == np.float32:
        kind = "float32"
        x = Block(c.g.cast(c.g.cast(x.name, np.float32), np.float64), "double", x.width)
    form = "float" if kind == "float32" else "double"
    edges = [edge[1:-1] for edge in transformer.bin_edges_]
    table = np.full((1, len(edges), max(1, *(len(edge) for edge in edges))), np.nan)
    for i, edge in enumerate(edges):
        table[0, i, : len(edge)] = edge
    passed = c.g.op("GreaterOrEqual", c.g.op("Unsqueeze", x.name, np.array([2])), table)
    number = c.g.op("ReduceSum", c.g.cast(passed, np.float64), np.array([2]), keepdims=0)
    if transformer.encode == "ordinal":
        return {"transform": (cast(c.g, Block(number, "double", x.width), form),)}
    columns = [i for i, edge in enumerate(edges) for _ in range(len(edge) + 1)]
    bins = [float(k) for edge in edges for k in range(len(edge) + 1)]
    hot = c.g.op("Equal", c.g.op("Gather", number, np.array(columns, np.int64), axis=1), row(bins))
    return {"transform": (Block(c.g.cast(hot, kind), form, len(bins)),)}


@carries("PolynomialFeatures", record=Record(same_bits=True, jumps=False, enlarges=True))
def polynomial_features(c: Carrier, transformer: Any, frame: Frame) -> Parts:
    """Products of columns, each degree from the one before: (a, b, c) is (b, c) times a, as scikit-learn multiplies."""
    x = c.doubles(frame, transformer)
    features = range(x.width or 0)
    choose = combinations if transformer.interaction_only else combinations_with_replacement
    blocks: list[Block] = []
    if transformer.include_bias:
        ones = c.g.op("Gather", x.name, np.array([0]), axis=1)
        ones = c.g.op("Where", c.g.op("IsNaN", ones), np.float64(1), np.float64(1))
        blocks.append(Block(ones, "double", 1))
    terms: dict[tuple[int, ...], int] = {(i,): i for i in features}
    current = x
    for degree in range(1, transformer._max_degree + 1):
        if degree > 1:
            chosen = list(choose(features, degree))
            if not chosen:
                break
            rest = np.array([terms[term[1:]] for term in chosen], np.int64)
            first = np.array([term[0] for term in chosen], np.int64)
            factors = (c.g.op("Gather", current.name, rest, axis=1), c.g.op("Gather", x.name, first, axis=1))
            current = Block(c.g.op("Mul", *factors), "double", len(chosen))
            terms = {term: i for i, term in enumerate(chosen)}
        if degree >= max(1, transformer._min_degree):
            blocks.append(current)
    return {"transform": tuple(blocks)}


@carries(
    "PowerTransformer", record=Record(same_bits=False, jumps=False, output_places=columnwise, dense=True, enlarges=True)
)
def power_transformer(c: Carrier, transformer: Any, frame: Frame) -> Parts:
    """Box-Cox or Yeo-Johnson with each column's lambda, then the scaler."""
    x = c.doubles(frame, transformer)
    lambdas = np.asarray(transformer.lambdas_, np.float64)
    if transformer.method == "box-cox":
        y = _power(c, c.g.op("Log", x.name), lambdas)
    else:
        positive = _power(c, write_log1p(c.g, x.name), lambdas)
        negative = c.g.op("Neg", _power(c, write_log1p(c.g, c.g.op("Neg", x.name)), 2.0 - lambdas))
        y = c.g.op("Where", c.g.op("Less", x.name, np.float64(0)), negative, positive)
    block = Block(y, "double", x.width)
    if transformer.standardize:
        _refuse_narrow(c, transformer, lambdas)
    return c.carry(transformer._scaler, (block,)) if transformer.standardize else {"transform": (block,)}


def _refuse_narrow(c: Carrier, transformer: Any, lambdas: np.ndarray[Any, Any]) -> None:
    """Refuses columns whose powers differ so little that the last digit of a logarithm shows.

    The power's relative error is that of the logarithm times the exponent, and the scaler divides it by the spread.
    """
    scaler = transformer._scaler
    steepness = np.maximum(np.abs(lambdas), np.abs(2.0 - lambdas))
    exponent = 1.0 + np.log1p(steepness * np.abs(scaler.mean_))
    noise = 2.0 * np.finfo(np.float64).eps * exponent * np.abs(scaler.mean_) / scaler.scale_
    worst = int(np.argmax(noise))
    if noise[worst] > _LAST_BIT:
        raise c.unsupported(
            transformer,
            f"its column {worst} is so narrow and so far from zero that the last digit of a logarithm, which differs"
            f" between processors, grows to {noise[worst]:.0e} in its answers",
            "Put a StandardScaler in front and train again, or set standardize=False",
        )


def _power(c: Carrier, log: str, lambdas: np.ndarray[Any, Any]) -> str:
    """expm1(lambda * log) / lambda, and the log itself where lambda is 0 to within an eps."""
    zero = np.abs(lambdas) < np.spacing(1.0)
    scaled = write_expm1(c.g, c.g.op("Mul", log, row(lambdas)))
    power = c.g.op("Div", scaled, row(np.where(zero, 1.0, lambdas)))
    return c.g.op("Where", c.g.const(zero.reshape(1, -1)), log, power) if zero.any() else power


@carries("TargetEncoder", record=Record(same_bits=True, jumps=False, dense=True))
def target_encoder(c: Carrier, encoder: Any, frame: Frame) -> Parts:
    """The mean target of each category, that of all rows for an unseen one; a column a class for several classes."""
    several = encoder.target_type_ == "multiclass"
    classes = len(encoder.classes_) if several else 1
    means = np.atleast_1d(np.asarray(encoder.target_mean_, np.float64))
    rows: list[np.ndarray[Any, Any]] = []
    lookups = []
    for i, categories in enumerate(encoder.categories_):
        first = len(rows)
        encodings = encoder.encodings_[i * classes : (i + 1) * classes]
        rows += [*np.column_stack(encodings), means]
        lookups.append(Lookup(plain_categories(categories), tuple(range(first, len(rows) - 1)), len(rows) - 1))
    codes = write_codes(c, encoder, frame, lookups)
    width = len(lookups) * classes
    name = c.g.op("Gather", np.array(rows, np.float64), codes.name, axis=0)
    return {"transform": (Block(c.g.op("Reshape", name, np.array([-1, width])), "double", width),)}
