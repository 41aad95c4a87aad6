"""The rows that every release trains on and answers, and the form in which answers are kept. Plain enough for old
releases: seeded, no missing values but where a writer puts them."""

import json
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import sklearn

RNG = np.random.default_rng(12)
X = np.round(RNG.normal(size=(120, 3)), 3)
X[RNG.random(X.shape) < 0.2] = 0
FRAME = pd.DataFrame(X, columns=["age", "net income", "rate"])
FRAME["town"] = RNG.choice(["Aker", "Bodo", "Voss"], 120)
Z = X[:, 0] - X[:, 1] + X[:, 2] * X[:, 0] + FRAME["town"].map({"Aker": 0, "Bodo": 1, "Voss": 2}).to_numpy()
BINARY = (np.median(Z) < Z).astype(int)
NAMES = np.where(BINARY == 1, "yes", "no")
THREE = np.digitize(Z, np.quantile(Z, [0.3, 0.6]))


class Expected:
    """Writes models into a folder, and what they answer for the first rows beside them."""

    def __init__(self, folder, version):
        self.folder = folder
        self.document = {"wrote": [version, sklearn.__version__], "models": {}}

    def add(self, name, rows, answers, write):
        """write: saves the model under a path."""
        write(str(self.folder / name))
        rows = rows.head(12) if hasattr(rows, "head") else pd.DataFrame(rows[:12])
        self.document["models"][name] = {
            "columns": [str(column) for column in rows.columns],
            "rows": json.loads(rows.to_json(orient="values", double_precision=15)),
            "named": not isinstance(rows.columns, pd.RangeIndex),
            "answers": {key: np.asarray(value)[:12].tolist() for key, value in answers.items()},
        }

    def save(self):
        (self.folder / "expected.json").write_text(json.dumps(self.document) + "\n")


def pickled(model):
    """Pickle 4, which every Python of ours reads."""

    def write(path):
        Path(path).write_bytes(pickle.dumps(model, protocol=4))

    return write
