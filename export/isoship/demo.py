"""The demo: a real model on real data travels the whole road.

Palmer penguins (Horst, Hill and Gorman 2020, CC0): 344 birds of three species, with missing values and string columns.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isoship.errors import MissingExtraError

if TYPE_CHECKING:
    import pandas as pd

    from isoship.exporting import Exported
    from isoship.parity.verdict.report import ParityReport

NUMBERS = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]
STRINGS = ["island", "sex"]


def penguins() -> tuple[pd.DataFrame, pd.Series[Any]]:
    """The six columns the model sees, [344, 6] with missing values, and the species.

    Raises:
        MissingExtraError: palmerpenguins is not installed.
    """
    try:
        from palmerpenguins import load_penguins
    except ImportError as err:
        raise MissingExtraError("palmerpenguins", "demo", "the demo's data") from err
    frame = load_penguins()
    return frame[NUMBERS + STRINGS], frame["species"]


def train(columns: pd.DataFrame, species: pd.Series[Any]) -> Any:
    """Imputing, scaling, one-hot encoding, and a random forest of 100 trees."""
    from sklearn.compose import make_column_transformer
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    prepare = make_column_transformer(
        (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), NUMBERS),
        (make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore")), STRINGS),
    )
    model = make_pipeline(prepare, RandomForestClassifier(n_estimators=100, max_depth=8, random_state=0))
    return model.fit(columns, species)


def run(out: Path, *, say: Callable[[str], None]) -> tuple[Exported, ParityReport, Path]:
    """Trains, exports to `out/bundle` and checks; leaves model and sample beside the bundle to play with.

    Returns the bundle, the report of the full check and the path of the saved model.
    """
    import joblib

    from isoship.exporting import export
    from isoship.parity.check import check

    out.mkdir(parents=True, exist_ok=True)
    say("training a random forest on 344 penguins")
    columns, species = penguins()
    model_path, rows_path = out / "penguins.joblib", out / "penguins.csv"
    joblib.dump(train(columns, species), model_path)
    columns.to_csv(rows_path, index=False)
    bundle = export(model_path, sample=columns, out=out / "bundle", name="penguins", progress=say)
    say("checking every shipped form in every runtime found here")
    report = check(bundle.path, model=model_path, sample=columns, progress=say)
    return bundle, report, model_path
