"""The peer: a file read by pandas, answered by the fitted model, and written by pandas. MODEL ROWS OUT."""

from __future__ import annotations

import sys

import joblib
import pandas as pd


def main(model_path: str, rows: str, out: str) -> None:
    model = joblib.load(model_path)
    table = pd.read_parquet(rows) if rows.endswith(".parquet") else pd.read_csv(rows)
    probabilities = model.predict_proba(table)  # once: `predict` would compute them again
    table["label"] = model.classes_.take(probabilities.argmax(axis=1))
    for j, name in enumerate(model.classes_):
        table[f"probabilities_{name}"] = probabilities[:, j]
    if out.endswith(".parquet"):
        table.to_parquet(out, index=False)
    else:
        table.to_csv(out, index=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
