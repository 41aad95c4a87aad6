"""CatBoost models as sources: what scikit-learn's contract says of an estimator holds for them too."""

from __future__ import annotations

from typing import Any

from isoship.errors import SampleError, UnsupportedModelError
from isoship.sources.catboost.document import beyond_columns, categorical_columns, reads_more_than_columns
from isoship.sources.sklearn.source import SklearnSource
from isoship.sources.sklearn.walk import fitted


class CatBoostSource(SklearnSource):
    """Implements `isoship.sources.contract.Source` for CatBoost's estimators and native models.

    Raises:
        SampleError: the model has categorical columns and there is no sample. Otherwise as `SklearnSource`.
    """

    library = "CatBoost"

    def __init__(self, estimator: Any, *, sample: Any = None, **options: Any) -> None:
        import catboost

        if not isinstance(estimator, type) and estimator.is_fitted():
            refuse_text(estimator)
            sample = with_plain_categories(estimator, sample)
            if not hasattr(estimator, "_is_fitted_"):  # `sum_models` forgets what scikit-learn looks for
                estimator = estimator.copy()
                estimator._is_fitted_ = True
        super().__init__(estimator, sample=sample, **options)
        self.library_version = catboost.__version__


def refuse_text(model: Any) -> None:
    """Before the sample is read, whose columns of text or vectors would be refused for another reason.

    Raises:
        UnsupportedModelError: the model reads more than numbers and categories.
    """
    what = reads_more_than_columns(model)
    if what:
        raise UnsupportedModelError(type(model).__name__, *beyond_columns(what))


def with_plain_categories(model: Any, sample: Any) -> Any:
    """The sample as a DataFrame in which integer categories are int64, whatever held them; as it came where the model
    has no categorical columns.

    CatBoost hashes the text of an integer, out of an array of objects or a pandas category as out of an int64 column,
    and takes no floating point numbers for categories.

    Raises:
        SampleError: there is none, and the model has categorical columns.
    """
    import pandas as pd

    places = categorical_columns(model)
    if not places:
        return sample
    names = fitted.column_names(model)
    if sample is None:
        listed = ", ".join(f'"{names[place]}"' if names else str(place) for place in places)
        raise SampleError(
            f"the model takes categories in the columns {listed} and keeps no more than hashes of them. Give a sample"
            " that holds every category, such as the training data: --sample FILE"
        )
    if isinstance(sample, pd.DataFrame) or (isinstance(sample, list) and sample and isinstance(sample[0], dict)):
        frame = pd.DataFrame(sample)
    else:
        frame = pd.DataFrame(sample)
        if frame.shape[1] == fitted.column_count(model):
            frame.columns = pd.Index(names or [f"x{i}" for i in range(frame.shape[1])])
    frame = frame.infer_objects()
    for place in places:
        name = names[place] if names else frame.columns[min(place, frame.shape[1] - 1)]
        if name not in frame.columns:
            continue
        column = frame[name]
        if isinstance(column.dtype, pd.CategoricalDtype) and not column.isna().any():
            if pd.api.types.is_bool_dtype(column.cat.categories.dtype):
                frame[name] = column.astype(bool)
            elif pd.api.types.is_integer_dtype(column.cat.categories.dtype):
                frame[name] = column.astype("int64")
    return frame
