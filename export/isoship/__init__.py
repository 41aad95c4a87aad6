"""isoship: train once, ship the same answers to AWS Lambda, edge devices and the browser.

    bundle = isoship.export(model, sample=X, out="bundle")
    report = isoship.check("bundle", model=model)
    predictor = isoship.load("bundle")

Importing this package imports nothing heavy: every name below is found when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from isoship_edge.errors import BundleError, InputError, IsoshipError

__version__ = "0.1.0"

_HOME = {
    "BenchReport": "isoship.benching.report",
    "Bundle": "isoship.bundle.bundle",
    "ConversionError": "isoship.errors",
    "DiffReport": "isoship.diffing.report",
    "MissingExtraError": "isoship.errors",
    "ModelFileError": "isoship.errors",
    "OutputFolderError": "isoship.errors",
    "RunnerUnavailable": "isoship.errors",
    "SampleError": "isoship.errors",
    "ParityError": "isoship.errors",
    "Pixels": "isoship.tensors.images.pixels",
    "ParityReport": "isoship.parity.verdict.report",
    "UnsupportedModelError": "isoship.errors",
    "bench": "isoship.benching.bench",
    "check": "isoship.parity.check",
    "converter": "isoship.sources.sklearn.outside.converters",
    "diff": "isoship.diffing.diff",
    "export": "isoship.exporting",
    "load": "isoship_edge.inference.model",
    "predict": "isoship.batch.scoring",
    "to_onnx": "isoship.sources",
    "to_tfjs": "isoship.tfjs",
}

__all__ = [
    "BenchReport",
    "Bundle",
    "BundleError",
    "ConversionError",
    "DiffReport",
    "InputError",
    "IsoshipError",
    "MissingExtraError",
    "ModelFileError",
    "OutputFolderError",
    "ParityError",
    "ParityReport",
    "Pixels",
    "RunnerUnavailable",
    "SampleError",
    "UnsupportedModelError",
    "__version__",
    "bench",
    "check",
    "converter",
    "diff",
    "export",
    "load",
    "predict",
    "to_onnx",
    "to_tfjs",
]

if TYPE_CHECKING:
    from isoship.batch.scoring import predict
    from isoship.benching.bench import bench
    from isoship.benching.report import BenchReport
    from isoship.bundle.bundle import Bundle
    from isoship.diffing.diff import diff
    from isoship.diffing.report import DiffReport
    from isoship.errors import (
        ConversionError,
        MissingExtraError,
        ModelFileError,
        OutputFolderError,
        ParityError,
        RunnerUnavailable,
        SampleError,
        UnsupportedModelError,
    )
    from isoship.exporting import export
    from isoship.parity.check import check
    from isoship.parity.verdict.report import ParityReport
    from isoship.sources import to_onnx
    from isoship.sources.sklearn.outside.converters import converter
    from isoship.tensors.images.pixels import Pixels
    from isoship.tfjs import to_tfjs
    from isoship_edge.inference.model import load


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'isoship' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
