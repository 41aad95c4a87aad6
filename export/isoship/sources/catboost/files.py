"""Reads CatBoost's own files, `.cbm`: as a classifier, regressor or ranker, by the loss function they were trained for.

The library says where a file is cut short. A damaged file can end the process that reads it, so another one reads it
first (`separate_process`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from isoship.errors import MissingExtraError, ModelFileError
from isoship.sources.catboost.document import document_of, loss_of, reads_more_than_columns
from isoship.sources.catboost.separate_process import refuse_unless_read

_CLASSIFIERS = frozenset(
    {"CrossEntropy", "Focal", "Logloss", "MultiClass", "MultiClassOneVsAll", "MultiCrossEntropy", "MultiLogloss"}
)
_RANKERS = frozenset(
    {
        "LambdaMart",
        "PairLogit",
        "PairLogitPairwise",
        "QueryCrossEntropy",
        "QueryRMSE",
        "QuerySoftMax",
        "StochasticFilter",
        "StochasticRank",
        "YetiRank",
        "YetiRankPairwise",
    }
)
_REGRESSORS = frozenset(
    {
        "Cox",
        "Expectile",
        "Huber",
        "LogCosh",
        "LogLinQuantile",
        "Lq",
        "MAE",
        "MAPE",
        "MultiQuantile",
        "MultiRMSE",
        "MultiRMSEWithMissingValues",
        "Poisson",
        "Quantile",
        "RMSE",
        "RMSEWithUncertainty",
        "SurvivalAft",
        "Tweedie",
    }
)


def read_file(path: Path, notes: list[str]) -> Any:
    """The model in a `.cbm` file.

    notes: gets a line where the loss function does not say which kind of model it is.

    Raises:
        ModelFileError: the file is no CatBoost model, is cut short, or ends the process that reads it.
        MissingExtraError: CatBoost is not installed.
    """
    try:
        import catboost
    except ImportError as err:
        raise MissingExtraError("catboost", "boosters", f"reading {path.name}") from err
    refuse_unless_read(path)
    try:
        model = catboost.CatBoost().load_model(str(path), format="cbm")
        loss = loss_of(document_of(model)) if not reads_more_than_columns(model) else ""
        known = ((_CLASSIFIERS, "CatBoostClassifier"), (_REGRESSORS, "CatBoostRegressor"), (_RANKERS, "CatBoostRanker"))
        for losses, kind in known:
            if loss in losses:
                return getattr(catboost, kind)().load_model(str(path), format="cbm")
    except catboost.CatBoostError as err:
        raise ModelFileError(
            f"{path} is no CatBoost model, or it is cut short: {_reason(err)}. Write it with model.save_model(path)"
        ) from err
    notes.append(
        f"{path.name}: its loss function ({loss or 'not named'}) is none of CatBoost's own; raw values are shipped"
    )
    return model


def _reason(err: Exception) -> str:
    """CatBoost's first line without the source file it names."""
    line = (str(err).strip().splitlines() or [type(err).__name__])[0]
    return line.partition(": ")[2] or line
