"""Every error that isoship raises on purpose, and the exit code each becomes on the command line.

IsoshipError                       2
├── BundleError                    2  a bundle is missing, damaged, of a newer format, or not ours
│   ├── DamagedFile                2  one of its files is not the one that was exported
│   └── WheelsUnavailable          2  wheels for lambda/ or edge/ are not cached and cannot be fetched
├── InputError                     2  rows that the input contract refuses
├── RuntimeMissing                 2  ONNX Runtime does not load
├── InferenceError                 2  ONNX Runtime failed on input that the contract accepts
├── ConversionError                2  the conversion failed
│   └── UnsupportedModelError      2  a step cannot be carried exactly: its path, why, what to do
├── ModelFileError                 2  the model file is missing, no model, or was saved by another version
├── SampleError                    2  the sample cannot be read or does not fit the model
│   └── RemoteError                2  what a URL names cannot be read or written
├── OutputFolderError              2  the output folder is not ours, or cannot be written
├── MissingExtraError              2  an optional package is missing: the line that installs it
├── RunnerUnavailable              2  a runtime is missing here: the line that installs it
└── ParityError                    1  shipped forms disagree with the source model
    ├── RunnerCrashed              1  a runtime under check ended or threw: a verdict of its own
    └── RunnerHung                 1  a runtime under check did not answer: a verdict of its own

BundleError, DamagedFile, InputError, RuntimeMissing and InferenceError live in `isoship_edge.errors`: the runtime that
travels raises them too.
"""

from __future__ import annotations

from typing import Any

from isoship_edge.errors import BundleError, DamagedFile, InferenceError, InputError, IsoshipError, RuntimeMissing

__all__ = [
    "BundleError",
    "ConversionError",
    "DamagedFile",
    "InferenceError",
    "InputError",
    "IsoshipError",
    "MissingExtraError",
    "ModelFileError",
    "OutputFolderError",
    "ParityError",
    "RunnerUnavailable",
    "RuntimeMissing",
    "SampleError",
    "UnsupportedModelError",
]


class ConversionError(IsoshipError):
    """The model could not be converted."""


class UnsupportedModelError(ConversionError):
    """A step that cannot be carried exactly.

    step: its path in the model, such as `pipeline.steps[2] -> TfidfVectorizer(analyzer=<function>)`.
    operator, node: of the graph, where an operator is what cannot be carried: its name and that of its node.
    """

    operator = ""
    node = ""

    def __init__(self, step: str, why: str, instead: str) -> None:
        super().__init__(f"{step} cannot be carried exactly: {why}. {instead}")
        self.step = step
        self.why = why
        self.instead = instead


class ModelFileError(IsoshipError):
    """The model file is missing, holds no model, or was saved by a version whose answers could differ."""


class SampleError(IsoshipError):
    """The sample cannot be read, or does not fit the model."""


class OutputFolderError(IsoshipError):
    """The output folder is not one of ours, or cannot be written."""


class MissingExtraError(IsoshipError):
    """An optional package is missing. The message is the line that installs it."""

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        super().__init__(f"{purpose} needs {package}: pip install 'isoship[{extra}]'")
        self.package = package
        self.extra = extra


class RunnerUnavailable(IsoshipError):
    """A runtime that the parity check wants is missing here."""


class ParityError(IsoshipError):
    """A shipped form disagrees with the source model.

    report: the evidence, an `isoship.ParityReport`; None where a single runtime speaks.
    """

    def __init__(self, message: str, report: Any = None) -> None:
        super().__init__(message)
        self.report = report
