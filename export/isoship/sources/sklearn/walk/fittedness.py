"""Whether every step of a model is one whose class is known, and fitted: asked before anything else.

A fitted estimator is recognised by what it says itself (`__sklearn_is_fitted__`, the tag `requires_fit`), else by
attributes that end in an underscore. scikit-learn's own classes keep to that rule. Other classes need not: NGBoost has
no such attribute, and neither has a step that learns nothing. They are refused for what they are and never as "not
fitted"; one that can be carried says itself that it is not when it is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from isoship.errors import ModelFileError, UnsupportedModelError
from isoship.sources.sklearn.tracing import may_be_traced
from isoship.sources.sklearn.walk.another_class import another_class
from isoship.sources.sklearn.walk.carrier import brief
from isoship.sources.sklearn.walk.inside import is_pipeline, members
from isoship.sources.sklearn.walk.registry import key_of


def is_known(step: Any) -> bool:
    """Whether the estimator's class is one that isoship carries, or may trace."""
    return key_of(step) is not None or may_be_traced(step)


def check_fitted(model: Any, known: Callable[[Any], bool] = is_known) -> None:
    """known: whether the class of an estimator is one that is taken as it is.

    Raises:
    ModelFileError: it, or a step of it, is not fitted, or is no estimator.
    UnsupportedModelError: it, or an estimator inside it, is of a class that is not.
    """
    if isinstance(model, type):
        name = f"{model.__module__}.{model.__qualname__}"
        raise ModelFileError(
            f"this is no model but the class {name}, not a fitted object. Make one, call fit on it, and give that"
        )
    _check_answers(model)
    steps = list(steps_of(model))
    for path, step in steps:
        if not known(step):
            why, instead = another_class(path, step)
            raise UnsupportedModelError(f"{path} -> {brief(step)}" if path else brief(step), why, instead)
    for path, step in steps:
        if all(key_of(inner) is not None for _, inner in steps_of(step)):
            _check_one(path, step)


def steps_of(model: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """(path, estimator) for the model and every estimator inside it that is asked for answers."""
    yield path, model
    front = f"{path} -> " if path else ""
    if is_pipeline(model):
        inner = [(f"pipeline.steps[{i}]", step) for i, (_, step) in enumerate(model.steps)]
    else:
        inner = [(f"{type(model).__name__.lower()}.{member.path}", member.estimator) for member in members(model)]
    for name, step in inner:
        if step is not None and not isinstance(step, str):
            yield from steps_of(step, front + name)


def _check_answers(model: Any) -> None:
    methods = ("predict", "transform", "predict_proba", "score_samples")
    if not any(hasattr(model, method) for method in methods) and hasattr(model, "fit_predict"):
        raise ModelFileError(
            f"{type(model).__name__} labels its training rows only; it has no predict for new rows. Train a"
            " classifier on its labels and export that"
        )
    if not hasattr(model, "fit"):
        raise _no_estimator(model)


def _check_one(path: str, step: Any) -> None:
    from sklearn.base import BaseEstimator
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    if is_pipeline(step):
        return  # each of its steps is asked
    if type(step).__module__.startswith("sklearn.") and not isinstance(step, BaseEstimator):
        raise _no_estimator(step)
    try:
        check_is_fitted(step)
    except NotFittedError as err:
        where = f" ({path})" if path else ""
        raise ModelFileError(
            f"this {type(step).__name__} is not fitted{where}. Call fit on the model with the training data, then"
            " export it"
        ) from err
    except (TypeError, AttributeError) as err:
        raise _no_estimator(step) from err


def _no_estimator(thing: Any) -> ModelFileError:
    name = f"{type(thing).__module__}.{type(thing).__qualname__}"
    return ModelFileError(f"this is no model but a {name}, which is no estimator. Give a fitted estimator or pipeline")
