"""The registry: for each class that is carried, its converter and the record of what is known of it.

    @carries("StandardScaler", record=Record(same_bits=True, jumps=False, keeps_order=True))
    def standard_scaler(c: Carrier, scaler: Any, frame: Frame) -> Parts: ...

A record stands beside its converter and nowhere else. What works on fitted models (the walk, the contract, the truth)
asks `record_of` and keeps no list of classes of its own.
Keys are class names, so that looking one up imports nothing; a subclass of a known estimator is not carried, because
it may compute something else.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from isoship.sources.libraries import LIBRARIES

Array = np.ndarray[Any, Any]
#: A fact: the same for every estimator of the class, or a function of the fitted one.
Fact = bool | Callable[[Any], bool]
Converter = Callable[..., Any]


@dataclass(frozen=True, kw_only=True)
class Record:
    """What is known of a class of estimators. `same_bits` and `jumps` have no default: they decide verdicts.

    same_bits: its graph gives the library's own bits. Otherwise its last bits may differ: sums of another order,
        logarithms and square roots do that.
    jumps: it has thresholds of its own, so a last bit of what it is given may change its answer.
    settles: nothing of its input's last bits is left in its answer, which its jumps made.
    training_rows: the attributes in which it keeps training rows, or text of them.

    What stands inside it, and what becomes of columns:
    members: the estimators inside it, each with the columns that it is given (`inside.Member`).
    looks_itself: it refuses rows for a column that none of its members reads.
    output_places: of what its k-th output column is made, where that is one input column (`raw_columns.Places`).
    keeps_order: every column is kept to itself, and its values in order.
    passes_columns: what is inside it is given its own columns as they are.
    fills_missing: it changes missing values and no others.
    dense: its output is dense whatever it is given; None where the output is as the input is.
    absent_is_missing: what a sparse matrix does not store is missing to it, and not 0.
    column_names, column_count: of what it was trained on, where `feature_names_in_` and `n_features_in_` do not say.
    keeps_categories: it remembers the categories of pandas category columns.
    hashes_integers: it takes integers for categories and refuses them as floats.

    How far rows are from another answer:
    margin: (estimator, x) -> float64 [N], where labels are no argmax of an output, or numbers jump.
    margin_of_sparse: its margin is asked in the sparse form of the rows, where they have it.
    numbers_jump: its numbers jump where its margin vanishes, and not its labels alone.
    label: what decides its label: "scores", "votes" (its own margin alone), or "lookup" (no rounding can turn it).
    label_gap: (last step, model, frame) -> float64 [N], where the label has a threshold of its own.
    lost: (estimator, x, outputs or None) -> bool [N]: rows whose numbers are rounding error (`truth.rounding`).

    What rounding does to its numbers:
    sums: its columns are sums, or cosines of sums: a row whose terms cancel has the error of the other rows.
    offset: the size of what its numbers were computed from, beside themselves, in their own units.
    enlarges: behind it, ordinary numbers may be large.
    float32: (estimator) -> what its answers need instead of 1e-9, where the library itself answers in float32; None
        where the estimator is not fitted.

    What asking it takes:
    tidy: (method, answer, rows) -> its answer in the shape that all others have.
    kinds: the outputs that it ships, where what it says of itself does not tell.
    faster_model: (estimator) -> one that refuses the same rows and answers faster.
    """

    same_bits: Fact
    jumps: Fact
    settles: bool = False
    training_rows: Sequence[str] = ()

    members: Callable[[Any], Iterable[Any]] | None = None
    looks_itself: Fact = False
    output_places: Callable[[Any, Any], Any] | None = None
    keeps_order: bool = False
    passes_columns: bool = False
    fills_missing: bool = False
    dense: Fact | None = None
    absent_is_missing: bool = False
    column_names: Callable[[Any], list[str] | None] | None = None
    column_count: Callable[[Any], int] | None = None
    keeps_categories: bool = False
    hashes_integers: Fact = False

    margin: Callable[[Any, Any], Any] | None = None
    margin_of_sparse: bool = False
    numbers_jump: bool = False
    label: str = "scores"
    label_gap: Callable[[Any, Any, Any], Any] | None = None
    lost: Callable[[Any, Array, frozenset[str] | None], Array | None] | None = None

    sums: bool = False
    offset: float = 0.0
    enlarges: bool = False
    float32: Callable[[Any], Sequence[Any] | None] | None = None

    tidy: Callable[[str, Array, int], Array] | None = None
    kinds: Sequence[str] = ()
    faster_model: Callable[[Any], Any] | None = None


#: Of a class that is not in the registry: nothing is known, so its last bits may differ.
UNKNOWN = Record(same_bits=False, jumps=False)
#: Of a class that no library here defines: a last bit may change its answer as well, and it may compute anything.
OUTSIDE = Record(same_bits=False, jumps=True, enlarges=True)

_CONVERTERS: dict[str, Converter] = {}
_RECORDS: dict[str, Record] = {}
#: Of classes that come from outside, by the class itself: two may have one name.
_FROM_OUTSIDE: WeakKeyDictionary[type, Record] = WeakKeyDictionary()
_TRACED: WeakKeyDictionary[type, Record] = WeakKeyDictionary()

#: Modules of `converters` that fill the registry when they are imported. None imports its library.
_HOMES = (
    "calibration",
    "cluster.centres",
    "cluster.k_means",
    "compose",
    "covariance",
    "cross_decomposition",
    "decomposition.factors",
    "decomposition.projections",
    "discriminant_analysis",
    "dummy",
    "ensemble.ada_boost",
    "ensemble.bagging",
    "ensemble.forest",
    "ensemble.gradient_boosting",
    "ensemble.hist_gradient_boosting",
    "ensemble.isolation_forest",
    "ensemble.random_trees_embedding",
    "ensemble.votes_and_stacks",
    "feature_extraction",
    "feature_selection",
    "gaussian_process.classifier",
    "gaussian_process.regressor",
    "impute.knn",
    "impute.simple",
    "isotonic",
    "kernel_approximation",
    "kernel_models",
    "linear_model",
    "mixture",
    "model_selection",
    "multiclass",
    "multioutput",
    "naive_bayes",
    "neighbors.models",
    "neural_network",
    "preprocessing.encoders",
    "preprocessing.features",
    "preprocessing.functions",
    "preprocessing.labels",
    "preprocessing.quantile",
    "preprocessing.scalers",
    "preprocessing.spline",
    "semi_supervised",
    "svm.machines",
    "tree",
)
#: Packages whose classes have a key in the registry; isoship's own stand for what a booster's file holds.
_PACKAGES = {"sklearn", *(library.package for library in LIBRARIES), "isoship"}


def carries(*estimators: str, record: Record, package: str | None = None) -> Callable[[Converter], Converter]:
    """Registers a converter for classes of these names, and what is known of them.

    package: the top of the classes' modules, where that is none of the libraries that isoship knows.

    Raises:
        ValueError: a name is registered twice.
    """

    def register(converter: Converter) -> Converter:
        for name in estimators:
            if name in _CONVERTERS:
                raise ValueError(f"two converters for {name}")
            _CONVERTERS[name] = converter
            _RECORDS[name] = record
        if package is not None:
            _PACKAGES.add(package)
        return converter

    return register


def carried() -> Mapping[str, Converter]:
    """Every converter, by class name."""
    _filled()
    return _CONVERTERS


def record_of(estimator: Any) -> Record:
    """What is known of the estimator's class; `UNKNOWN` or `OUTSIDE` where it is none that is carried."""
    told = _FROM_OUTSIDE.get(type(estimator))
    if told is not None:
        return told
    _filled()
    key = key_of(estimator)
    return _RECORDS.get(key, UNKNOWN) if key else _TRACED.get(type(estimator), OUTSIDE)


def tell(cls: type, record: Record, *, traced: bool = False) -> None:
    """What is known of a class from outside from now on, in place of what was told before.

    traced: only while no converter and no package of its own says more.
    """
    (_TRACED if traced else _FROM_OUTSIDE)[cls] = record


def fact(known: Fact, estimator: Any) -> bool:
    """A fact of a record, asked of the estimator where it is a function."""
    return bool(known(estimator)) if callable(known) else known


def key_of(estimator: Any) -> str | None:
    """The registry's key of an estimator: its class name when a library that isoship knows defines the class."""
    return key_of_class(type(estimator))


def key_of_class(cls: type) -> str | None:
    """The registry's key of a class; None where no library that isoship knows defines it."""
    return cls.__name__ if cls.__module__.split(".")[0] in _PACKAGES else None


@cache
def _filled() -> None:
    """Every converter is registered. They import what asks the registry, which therefore imports them by name."""
    for home in _HOMES:
        importlib.import_module(f"isoship.sources.sklearn.converters.{home}")
    for library in LIBRARIES:
        importlib.import_module(library.converters)
