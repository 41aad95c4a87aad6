"""The variants, each a function directory that awslambdaric is pointed at."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from benchmarks.cold_start import stacks
from benchmarks.cold_start.models import Asked, Trained
from benchmarks.size.release import COMMIT
from isoship.bundle.bytecode import compile_bytecode
from isoship.bundle.deterministic_zip import write_zip
from isoship.bundle.target import Target
from isoship.bundle.wheels.native import write_library
from isoship.parity.runners.lambda_process import HANDLER

FUNCTIONS = Path(__file__).with_name("functions")

ECHO = "Python + awslambdaric"
FLOOR = "C-API floor"
BINDING = "import onnxruntime floor"
OURS = "ours"
FASTAPI = "ours through FastAPI"
NATIVE = "ours, ONNX Runtime alone"
#: The release that came before the row program.
BEFORE = f"release {COMMIT}"
BEFORE_FASTAPI = f"release {COMMIT} through FastAPI"
NAIVE_ORT = "onnxruntime + FastAPI + Mangum"
NAIVE_SKLEARN = "scikit-learn + FastAPI + Mangum"
SOURCES = ", no bytecode"

#: variant -> (function, stack, form of the stack)
_BUILT = {
    ECHO: ("echo", None, ""),
    FLOOR: ("c_api_floor", None, ""),
    BINDING: ("binding_floor", "onnxruntime", "bytecode"),
    NAIVE_ORT: ("naive_onnxruntime", "onnxruntime-web", "bytecode"),
    NAIVE_ORT + SOURCES: ("naive_onnxruntime", "onnxruntime-web", "sources"),
    NAIVE_SKLEARN: ("naive_sklearn", "sklearn-web", "bytecode"),
    NAIVE_SKLEARN + SOURCES: ("naive_sklearn", "sklearn-web", "sources"),
}


FLOORS = tuple(_BUILT)


@dataclass(frozen=True)
class Variant:
    """One thing to start. path: what stands on PYTHONPATH before awslambdaric. size: bytes of its zip."""

    name: str
    folder: Path
    handler: str
    path: tuple[Path, ...]
    size: int
    environment: Mapping[str, str] = field(default_factory=dict)


class Shipped(Protocol):
    """A model of this benchmark; `models.Case` is one."""

    @property
    def slug(self) -> str: ...

    @property
    def facts(self) -> dict[str, Any]:
        """What the floors have as constants: COLUMNS, CLASSES, MATRIX and NETWORK."""
        ...


def build(
    case: Shipped,
    trained: Asked,
    root: Path,
    target: Target,
    interpreter: Path,
    say: stacks.Say,
    floors: Sequence[str] = FLOORS,
) -> list[Variant]:
    """Writes the function directories of one model below `root`, new every time; stacks are kept.

    floors: of `_BUILT`, which of them stand beside ours.
    """
    lambda_folder, archive = trained.bundle / "lambda", trained.bundle / "lambda.zip"
    made = [
        Variant(OURS, lambda_folder, HANDLER, (lambda_folder,), archive.stat().st_size),
        Variant(
            FASTAPI, lambda_folder, HANDLER, (lambda_folder,), archive.stat().st_size, {"ISOSHIP_DIRECT": "0"}
        ),
        *([] if case.facts["NETWORK"] else [_natively(lambda_folder, archive)]),
    ]  # fmt: skip
    for name in floors:
        function, stack, form = _BUILT[name]
        folder = root / case.slug / (function + ("-sources" if form == "sources" else ""))
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        shutil.copyfile(FUNCTIONS / f"{function}.py", folder / "function.py")
        library = write_library(folder, target.arch, python=target.python) if function == "c_api_floor" else None
        _write_facts(case.facts, folder, "" if library is None else library.relative_to(folder).as_posix())
        if function in ("c_api_floor", "binding_floor"):
            shutil.copyfile(trained.bundle / "model.onnx", folder / "model.onnx")
        elif function == "naive_onnxruntime":
            assert isinstance(trained, Trained)
            shutil.copyfile(trained.standard, folder / "standard.onnx")
        elif function == "naive_sklearn":
            assert isinstance(trained, Trained)
            shutil.copyfile(trained.pickled, folder / "model.joblib")
        if form != "sources":
            compile_bytecode(folder, target.python)
        size = write_zip(folder, folder.with_name(f"{folder.name}.zip"), root / "deflated")
        path: tuple[Path, ...] = (folder,)
        if stack is not None:
            packages = stacks.install(root / "stacks", stack, target, interpreter, say)[form]
            path, size = (folder, packages), size + stacks.sizes(packages, say)["zip"]
        made.append(Variant(name, folder, "function.handler", path, size))
    return ordered(made)


def ordered(variants: Iterable[Variant]) -> list[Variant]:
    return sorted(variants, key=lambda variant: ORDER.index(variant.name))


def before(bundle: Path) -> list[Variant]:
    """The functions of a bundle that the release before wrote."""
    folder, size = bundle / "lambda", (bundle / "lambda.zip").stat().st_size
    return [
        Variant(BEFORE, folder, HANDLER, (folder,), size),
        Variant(BEFORE_FASTAPI, folder, HANDLER, (folder,), size, {"ISOSHIP_DIRECT": "0"}),
    ]


def _natively(folder: Path, archive: Path) -> Variant:
    environment = {"ISOSHIP_ENGINE": "onnxruntime"}
    return Variant(NATIVE, folder, HANDLER, (folder,), archive.stat().st_size, environment)


def _write_facts(facts: Mapping[str, Any], folder: Path, library: str) -> None:
    lines = [f"{name} = {value!r}\n" for name, value in {**facts, "LIBRARY": library}.items()]
    (folder / "facts.py").write_text("".join(lines), encoding="utf-8")


ORDER = [
    ECHO, OURS, FLOOR, NATIVE, BEFORE, BINDING, FASTAPI, BEFORE_FASTAPI,
    NAIVE_ORT, NAIVE_ORT + SOURCES, NAIVE_SKLEARN, NAIVE_SKLEARN + SOURCES,
]  # fmt: skip
