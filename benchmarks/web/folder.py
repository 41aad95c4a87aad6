"""A folder for each model: our bundle's web/, the graphs, ydf's and m2cgen's forms, and rows with the model's answers.

What a library cannot carry stands in `missing` with its reason. ydf and m2cgen come from a folder of their own, whose
packages are not those of this environment.
"""

from __future__ import annotations

import json
import os
import pickle
import shutil
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.web.models import Subject

_YDF = """
import pickle, shutil, sys
import ydf
model = pickle.load(open(sys.argv[1], "rb"))
ydf.from_sklearn(model).save(sys.argv[2] + ".model")
shutil.make_archive(sys.argv[2], "zip", sys.argv[2] + ".model")
"""
_M2CGEN = """
import pickle, sys
import m2cgen
sys.setrecursionlimit(100_000)
code = m2cgen.export_to_javascript(pickle.load(open(sys.argv[1], "rb")))
open(sys.argv[2], "w").write(code + "\\nexport { score };\\n")
"""
_LIMIT = 300.0


def written(subject: Subject, place: Path, packages: Path | None) -> dict[str, str]:
    """Writes the folder; -> form -> why there is none. packages: where ydf and m2cgen are, if anywhere."""
    from isoship.exporting import export

    place.mkdir(parents=True)
    model, rows = subject.fit()
    bundle = place / "bundle"
    export(model, sample=rows, out=bundle, name="subject", targets=("web",))
    shutil.move(bundle / "web", place / "web")
    shutil.copyfile(bundle / "model.onnx", place / "ours.onnx")
    missing: dict[str, str] = {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            (place / "standard.onnx").write_bytes(standard_graph(model, rows))
    except Exception as err:  # noqa: BLE001 a converter of others: its reason is the result
        missing["standard"] = _said(f"{type(err).__name__}: {err}")
    fitted = place / "model.pickle"
    fitted.write_bytes(pickle.dumps(model))
    for form, script, name in (("ydf", _YDF, "ydf"), ("m2cgen", _M2CGEN, "m2cgen.mjs")):
        why = _made(script, fitted, place / name, packages)
        if why:
            missing[form] = why
    _write_rows(subject, model, rows, place)
    return missing


def _write_rows(subject: Subject, model: Any, rows: Any, place: Path) -> None:
    if isinstance(rows, np.ndarray):
        columns, table = [f"x{i}" for i in range(rows.shape[1])], None
        flat = rows.astype(float).ravel().tolist()
    else:
        columns, flat = list(rows.columns), None
        table = {name: rows[name].tolist() for name in columns}
    document = {"columns": columns, "x": flat, "table": table, "count": len(rows), "output": subject.output}
    document["expected"] = subject.numbers(model, rows).tolist()
    (place / "rows.json").write_text(json.dumps(document), encoding="utf-8")


def standard_graph(model: Any, rows: Any) -> bytes:
    """What skl2onnx and onnxmltools write with their own defaults, and no maps."""
    import onnxmltools
    from onnxmltools.convert.common.data_types import FloatTensorType
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType as Float
    from skl2onnx.common.data_types import StringTensorType
    from sklearn.base import is_classifier

    kind = type(model).__module__.split(".")[0]
    if kind in ("xgboost", "lightgbm"):
        types = [("X", FloatTensorType([None, rows.shape[1]]))]
        if kind == "xgboost":
            made = onnxmltools.convert_xgboost(model, initial_types=types)
        else:
            made = onnxmltools.convert_lightgbm(model, initial_types=types, zipmap=False)
    else:
        if isinstance(rows, np.ndarray):
            types = [("X", Float([None, rows.shape[1]]))]
        else:
            texts = {name for name in rows.columns if rows[name].dtype.kind not in "iuf"}
            types = [(name, StringTensorType([None, 1]) if name in texts else Float([None, 1])) for name in rows]
        options = {id(model): {"zipmap": False}} if is_classifier(model) else None
        made = to_onnx(model, initial_types=types, options=options)
    content: bytes = made.SerializeToString()
    return content


def _made(script: str, fitted: Path, target: Path, packages: Path | None) -> str:
    """Why another library does not make its form; empty where it does."""
    if packages is None or not (packages / "site").is_dir():
        return "its package is not installed here"
    environment = os.environ | {"PYTHONPATH": str(packages / "site")}
    done = subprocess.run(
        [sys.executable, "-c", script, fitted, target], env=environment, capture_output=True, text=True, timeout=_LIMIT
    )
    return "" if done.returncode == 0 else _said(done.stderr.strip().splitlines()[-1])


def _said(text: str) -> str:
    return " ".join(text.split())[:200]
