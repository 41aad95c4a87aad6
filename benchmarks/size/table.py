"""The rows of the table: which commands each model runs, on which side, and the limits of the figures.

Placeholders of a command: {model}, {least}, {sample}, {rows}, {one} are files of the model, {bundle} and {core} are
folders of the side; `python` is this interpreter.
"""

from __future__ import annotations

from dataclasses import dataclass

RELEASE, NEW, PEER = "release", "new", "peer"


@dataclass(frozen=True)
class Step:
    """One command, run once on each of its sides. codes: the exit codes that count as done on the new side.

    said: the figure is the last line of what the command prints (under this name) and not what was measured.
    """

    name: str
    command: tuple[str, ...]
    sides: tuple[str, ...] = (RELEASE, NEW)
    said: str = ""


@dataclass(frozen=True)
class Limit:
    """A figure of the new tree's step: as a ratio to that of `of` (a side, or another step of side PEER), or in itself.

    less: a step whose figure is taken off first, on either side that has it: what it costs to start.
    """

    step: str
    figure: str
    at_most: float
    of: str = RELEASE
    less: str = ""


@dataclass(frozen=True)
class Row:
    """name: of `benchmarks.size.models`. optional: runs when it is named alone."""

    name: str
    steps: tuple[Step, ...]
    limits: tuple[Limit, ...]
    optional: bool = False


_ISOSHIP = ("python", "-m", "isoship")
_EXPORT = (*_ISOSHIP, "export", "{model}", "--sample", "{sample}", "--name", "m")
_PREDICT = (*_ISOSHIP, "predict", "{bundle}")

EXPORT = Step("export", (*_EXPORT, "-o", "{bundle}"))
CHECK = Step("check", (*_ISOSHIP, "check", "{bundle}", "--model", "{model}"))
CHECK_FEW = Step("check of four runtimes", (*CHECK.command, "--runtimes", "onnxruntime,edge,http,lambda"))
CORE = Step("export without targets", (*_EXPORT, "-o", "{core}", "--targets", "none"), (NEW,))
SKL2ONNX = Step("skl2onnx", ("python", "-m", "benchmarks.size.peers", "skl2onnx", "{model}", "{sample}"), (PEER,))
SKLEARN = Step(
    "scikit-learn", ("python", "-m", "benchmarks.size.peers", "sklearn", "{model}", "{rows}"), (PEER,), said="cpu"
)
FLOOR = Step("floor", ("python", "-m", "benchmarks.size.peers", "floor", "{model}", "{sample}"), (PEER,))
ONE_TREE = Step(
    "export of one tree",
    (*_ISOSHIP, "export", "{least}", "--sample", "{sample}", "--name", "m", "-o", "{core}"),
)
PREDICT = Step("predict", (*_PREDICT, "{rows}", "-o", "{out}"))
PREDICT_ONE = Step("predict one row", (*_PREDICT, "{one}", "-o", "{out}"))
SERVE = Step("serve", ("python", "-m", "benchmarks.size.serving", "{bundle}", "{rows}"), said="megabytes")


def _alone(*steps: Step) -> tuple[Step, ...]:
    """The steps in the new tree alone."""
    return tuple(Step(step.name, step.command, (NEW,), step.said) for step in steps)


TABLE = (
    Row(
        "forest-500",
        (EXPORT, CHECK),
        (Limit("export", "cpu", 0.25), Limit("export", "megabytes", 0.75), Limit("check", "cpu", 0.65)),
    ),
    Row(
        "forest-deep",
        (SKL2ONNX, CORE, *_alone(EXPORT, CHECK)),
        (Limit(CORE.name, "cpu", 1.5, of="skl2onnx"), Limit(CORE.name, "megabytes", 1.0, of="skl2onnx")),
    ),
    # Issue 12 asks for half of the release's export. One tree alone costs more than that in either release (imports,
    # wheels, the runtimes that are started), so the limit is of what the other trees add.
    Row(
        "xgboost-2000",
        (FLOOR, ONE_TREE, EXPORT, CHECK),
        (Limit("export", "cpu", 0.5, less=ONE_TREE.name), Limit("check", "cpu", 0.6)),
    ),
    Row(
        "wide-logistic",
        (EXPORT, CHECK, *_alone(PREDICT, PREDICT_ONE), SKLEARN),
        (
            Limit("export", "cpu", 0.25),
            Limit("check", "cpu", 0.35),
            Limit("predict", "cpu", 3.0, of="scikit-learn", less=PREDICT_ONE.name),
        ),
    ),
    Row("wide-hist", (EXPORT, CHECK), (Limit("export", "cpu", 0.25), Limit("check", "cpu", 0.35))),
    Row(
        "one-hot",
        (EXPORT, PREDICT, SERVE),
        (
            Limit("export", "cpu", 0.3),
            Limit("export", "megabytes", 0.2),
            Limit("predict", "cpu", 0.13),
            Limit("predict", "megabytes", 0.12),
            Limit("serve", "megabytes", 0.1),
        ),
    ),
    Row("svr", (EXPORT,), (Limit("export", "cpu", 0.15), Limit("export", "megabytes", 1000, of=""))),
    Row("forest-10m", _alone(EXPORT, CHECK_FEW), (), optional=True),
)
