"""What is asked there: of the shelf's models one of each kind of arithmetic, and a network of tanh."""

from __future__ import annotations

from benchmarks.shelf.models import Recipe
from benchmarks.shelf.models import recipes as shelf

_OF_THE_SHELF = (
    "logistic regression, penguins",  # words, missing values; a softmax
    "forest of 100 trees, penguins",
    "forest, diabetes",
    "polynomial ridge, diabetes",  # sums and products alone
    "histogram boosting, missing numbers",  # NaN's own way down the trees; a sigmoid
    "gaussian naive bayes, iris",  # exp of sums of squares and logarithms
    "SVM, diabetes",  # exp, then a sum of hundreds
    "XGBoost, iris",  # float32
    "LightGBM, iris",
    "LightGBM, diabetes",
    "CatBoost, diabetes",
)
#: Whose edge/ runs there as well: half a minute each under emulation.
SERVED = (
    "logistic regression, penguins",
    "forest of 100 trees, penguins",
    "histogram boosting, missing numbers",
    "XGBoost, iris",
    "network of tanh, penguins",
)


def recipes() -> dict[str, Recipe]:
    """Name -> recipe."""
    every = shelf()
    return {**{name: every[name] for name in _OF_THE_SHELF}, "network of tanh, penguins": _network()}


def _network() -> Recipe:
    from sklearn.neural_network import MLPClassifier

    from benchmarks.shelf.models import on_penguins

    return on_penguins(MLPClassifier((16, 8), activation="tanh", max_iter=400, random_state=0))
