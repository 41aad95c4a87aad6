"""A bundle in MLflow's terms: signature, example, requirements, and the files that go into the model."""

from __future__ import annotations

import json
import shutil
from importlib.metadata import version
from pathlib import Path
from typing import Any

from isoship.as_mlflow.isoship_pyfunc import RUNTIME, runtime_digest
from isoship.bundle.bundle import Bundle
from isoship.errors import UnsupportedModelError
from isoship_edge.encoding import golden
from isoship_edge.encoding.batch import flat_names
from isoship_edge.manifest import Column, Manifest

#: Of a bundle: what answers, and what it proves itself with.
_FILES = ("manifest.json", "model.onnx", "model.onnx.data", "golden.json", "golden.bin")
#: An output's dtype in MLflow's words. Of columns texts alone have a type: of numbers and booleans MLflow's server
#: makes what the type says before anybody else sees them, true of the text "false" (docs/upstream.md).
_TYPES = {"double": "double", "float": "float", "int64": "long", "bool": "boolean", "string": "string"}
_LOADER = Path(__file__).parent / "isoship_pyfunc.py"
_EXAMPLES = 5


def arguments(bundle: Bundle, place: Path) -> dict[str, Any]:
    """What `mlflow.pyfunc.save_model` and `log_model` are given. place: an empty folder, which they copy from.

    Raises:
        UnsupportedModelError: a network that takes texts.
    """
    import isoship_edge

    data, code = place / "bundle", place / "code"
    data.mkdir()
    for name in _FILES:
        if (bundle.path / name).is_file():
            shutil.copyfile(bundle.path / name, data / name)
    package = Path(isoship_edge.__file__).parent
    shutil.copytree(package, code / "isoship_edge", ignore=shutil.ignore_patterns("__pycache__", "_docs", "http"))
    shutil.copyfile(_LOADER, code / _LOADER.name)
    (data / RUNTIME).write_text(runtime_digest(code / "isoship_edge"), encoding="utf-8")
    manifest = bundle.manifest
    return {
        "loader_module": _LOADER.stem,
        "data_path": str(data),
        "code_paths": [str(code / "isoship_edge"), str(code / _LOADER.name)],
        "signature": _tensors(manifest) if manifest.signature.layout == "tensors" else _columns(manifest),
        "input_example": None if manifest.signature.layout == "tensors" else _example(bundle),
        "pip_requirements": [f"onnxruntime=={version('onnxruntime')}", "numpy>=2", "pandas>=2.2"],
        "metadata": {
            "isoship": {
                "name": manifest.name,
                "version": manifest.version,
                "digest": manifest.digest,
                "columns": {column.name: column.dtype for column in manifest.signature.columns},
            }
        },
    }


def _columns(manifest: Manifest) -> Any:
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema
    from mlflow.types.schema import AnyType

    inputs = [
        ColSpec("string" if column.dtype == "string" else AnyType(), column.name)
        for column in manifest.signature.columns
    ]
    outputs = [ColSpec(_TYPES[one.dtype], name) for one in manifest.outputs for name in flat_names((one,))]
    return ModelSignature(Schema(inputs), Schema(outputs))


def _tensors(manifest: Manifest) -> Any:
    import numpy as np
    from mlflow.models import ModelSignature
    from mlflow.types import Schema, TensorSpec

    texts = [one.name for one in manifest.signature.inputs if one.dtype == "string"]
    if texts:
        raise UnsupportedModelError(
            f"the input {texts[0]!r} as an MLflow model", "it takes texts, and MLflow's tensors hold none",
            "Serve the bundle itself",
        )  # fmt: skip
    names = {"double": "float64", "float": "float32"}

    def specs(each: Any) -> Schema:
        shapes = [tuple(size if isinstance(size, int) else -1 for size in one.shape) for one in each]
        kinds = [np.dtype(names.get(one.dtype, one.dtype)) for one in each]
        return Schema([TensorSpec(k, s, one.name) for one, k, s in zip(each, kinds, shapes, strict=True)])

    return ModelSignature(specs(manifest.signature.inputs), specs(manifest.outputs))


def _example(bundle: Bundle) -> Any:
    """The first golden rows, made of what the model knows and of nobody's data."""
    import pandas as pd

    rows = json.loads((bundle.path / "golden.json").read_bytes())["rows"][:_EXAMPLES]
    columns = bundle.manifest.signature.columns
    held = {c.name: [golden.decode(row[c.name]) for row in rows] for c in columns}
    return pd.DataFrame({c.name: pd.Series(held[c.name], dtype=_pandas(c)) for c in columns})


def _pandas(column: Column) -> str:
    return {"double": "float64", "int64": "int64", "bool": "bool", "string": "object"}[column.dtype]
