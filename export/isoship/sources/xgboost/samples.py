"""Samples in the types that a booster remembers: CSV files and plain rows do not say which columns are categories."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from isoship.sources.xgboost.model import categories_of

if TYPE_CHECKING:
    import pandas as pd

_MADE_UP = {"int": 0, "i": False}


def typed_sample(estimator: Any, sample: Any) -> tuple[Any, list[str]]:
    """The sample with the booster's categorical columns as pandas categories, and notes.

    Without a sample, and where the booster knows categories, one row made up from the booster's own feature types.
    Anything else comes back as it is.
    """
    booster = _booster_of(estimator)
    names = getattr(booster, "feature_names", None)
    if not names:
        return sample, []
    remembered = categories_of(booster).items()
    known = {names[i]: values for i, values in remembered if values}
    if not known:
        return sample, []
    import pandas as pd

    if sample is None:
        return _made_up(names, booster.feature_types or [], known)
    if isinstance(sample, list) and sample and all(isinstance(row, dict) for row in sample):
        sample = pd.DataFrame(sample)
    if not isinstance(sample, pd.DataFrame):
        return sample, []
    plain = [
        name for name in known if name in sample.columns and not isinstance(sample[name].dtype, pd.CategoricalDtype)
    ]
    typed = {name: _categorical(sample[name], known[name]) for name in plain}
    notes = [f'column "{name}": one of the categories that the booster knows' for name in plain]
    return (sample.assign(**typed) if typed else sample), notes


def _booster_of(estimator: Any) -> Any:
    from sklearn.exceptions import NotFittedError

    try:
        return estimator.get_booster()
    except (AttributeError, NotFittedError):  # not fitted, which the source says better
        return None


def _categorical(values: Any, known: tuple[Any, ...]) -> Any:
    import pandas as pd

    unseen = [value for value in values.dropna().unique() if value not in known]
    return pd.Series(pd.Categorical(values, categories=[*known, *unseen]), index=values.index)


def _made_up(names: list[str], types: list[str], known: dict[str, tuple[Any, ...]]) -> tuple[pd.DataFrame, list[str]]:
    import pandas as pd

    columns = {
        name: pd.Categorical([known[name][0]], categories=list(known[name]))
        if name in known
        else [_MADE_UP.get(one, 0.0)]
        for name, one in zip(names, types, strict=True)
    }
    return pd.DataFrame(columns), ["columns have the types that the booster remembers (a sample says more)"]
