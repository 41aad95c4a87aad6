"""A model that was trained on a polars frame with null in numbers, text and categories, and NaN beside null; exported
from the frame, and saved with its rows as Parquet for README's first commands (scripts/wheel_smoke.sh)."""

import joblib
import numpy as np
import polars as pl
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

import isoship

draw = np.random.default_rng(13)
gaps = draw.random(300) < 0.2
words, sizes = draw.choice(["Lima", "Oslo", "Rome"], 300).tolist(), draw.normal(size=300)
X = pl.DataFrame(
    {
        "count": pl.Series(draw.integers(0, 90, 300).tolist(), dtype=pl.Int64),
        "size": pl.Series(np.where(draw.random(300) < 0.2, np.nan, sizes).tolist(), dtype=pl.Float64),
        "city": pl.Series(words, dtype=pl.String),
        "kind": pl.Series(words[::-1], dtype=pl.Categorical),
        "member": pl.Series((sizes > 0).tolist()),
    }
)
empty = pl.Series(gaps.tolist())
X = X.with_columns(pl.when(~empty).then(pl.col(name)).alias(name) for name in ("count", "size", "city", "kind"))
columns = make_column_transformer(
    (SimpleImputer(), ["count", "size"]), (OneHotEncoder(), ["city", "kind"]), remainder="passthrough"
)
y = np.where(gaps | (sizes > 0.5), "yes", "no")
model = make_pipeline(columns, LogisticRegression()).fit(X, y)

bundle = isoship.export(model, sample=X, out="from-frame", name="polars", targets=())
assert bundle.report.ok
assert [c.missing for c in bundle.manifest.signature.columns] == [True, True, True, True, False]
for rows in (X, X.to_arrow()):
    answered = isoship.load(bundle.path).predict(rows)["probabilities"]
    assert np.abs(answered - model.predict_proba(X)).max() < 1e-12
joblib.dump(model, "model.joblib")
X.write_parquet("rows.parquet")
