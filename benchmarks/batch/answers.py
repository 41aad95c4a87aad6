"""Two files of predictions held against each other."""

from __future__ import annotations

from pathlib import Path


def differing(ours: Path, theirs: Path) -> int:
    """Rows of another label, or of probabilities that are further apart than 1e-9."""
    import numpy as np
    import pandas as pd

    read = pd.read_parquet if ours.suffix == ".parquet" else pd.read_csv
    columns = ["label", "probabilities_leaves", "probabilities_stays"]
    a, b = (read(path)[columns] for path in (ours, theirs))  # type: ignore[operator]
    wrong = (a["label"].astype(str) != b["label"].astype(str)).to_numpy()
    for name in columns[1:]:
        wrong = wrong | ~np.isclose(a[name], b[name], rtol=0, atol=1e-9)
    return int(wrong.sum())
