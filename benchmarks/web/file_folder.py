"""A folder for each model whose files are answered: our bundle's web/, the standard graph, rows.csv and its answers."""

from __future__ import annotations

import json
import shutil
import warnings
from pathlib import Path

import numpy as np

from benchmarks.web.file_models import FileSubject
from benchmarks.web.folder import standard_graph

#: Rows that an export looks at.
_SAMPLE = 1000


def written(subject: FileSubject, place: Path, rows: int) -> None:
    """Writes the folder."""
    from isoship.exporting import export

    place.mkdir(parents=True)
    model, trained, asked = subject.fit(rows)
    export(model, sample=trained[:_SAMPLE], out=place / "bundle", name="subject", targets=("web",))
    shutil.move(place / "bundle" / "web", place / "web")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        (place / "standard.onnx").write_bytes(standard_graph(model, trained))
    asked.to_csv(place / "rows.csv", index=False)
    of_arrays = isinstance(trained, np.ndarray)
    texts = None if of_arrays else [name for name in trained if trained[name].dtype.kind not in "iuf"]
    expected = model.predict_proba(asked.to_numpy() if of_arrays else asked)
    document = {"count": 0, "classes": expected.shape[1], "texts": texts, "expected": expected.ravel().tolist()}
    (place / "rows.json").write_text(json.dumps(document), encoding="utf-8")
