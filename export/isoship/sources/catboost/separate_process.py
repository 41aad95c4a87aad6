"""Reads a `.cbm` file in a process of its own first, because CatBoost follows the places in a file without looking.

The form is a FlatBuffer with compressed parts behind it, so a check of our own would be a second reader of all of it. A
file that ends the other process or keeps it busy is refused. A file that CatBoost refuses is read again here, for the
words of the refusal.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from isoship.errors import ModelFileError

#: Seconds for a file of any size that memory holds.
PATIENCE = 300
#: How a process ends that met an exception of Python's.
_RAISED = 1
_PROGRAM = """
import sys, tempfile
import numpy as np
from catboost import CatBoost
model = CatBoost().load_model(sys.argv[1], format="cbm")
inner = model._object
if not inner._get_text_feature_indices() and not inner._get_embedding_feature_indices():
    with tempfile.TemporaryDirectory() as folder:
        model.save_model(folder + "/m.json", format="json")
    draw, columns = np.random.default_rng(0), len(model.feature_names_)
    rows = draw.normal(size=(256, columns)).astype(object) * 10.0 ** draw.integers(-2, 6, (256, columns))
    rows[:, list(inner._get_cat_feature_indices())] = "a"
    model.predict(rows, thread_count=1)
"""


def refuse_unless_read(path: Path) -> None:
    """Raises:
    ModelFileError: CatBoost ended while it read the file, or did not end.
    """
    try:
        # -P: what lies in the caller's folder is not imported.
        done = subprocess.run(
            [sys.executable, "-P", "-c", _PROGRAM, str(path.absolute())], stdin=subprocess.DEVNULL, capture_output=True,
            timeout=PATIENCE, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        happened = f"did not end within {PATIENCE} s"
    else:
        if done.returncode in (0, _RAISED):
            return
        happened = f"ended with code {done.returncode}"
    raise ModelFileError(
        f"{path} is damaged: CatBoost {happened} in a process of its own that read it. Copy the file again, or write it"
        " again with model.save_model(path)"
    )
