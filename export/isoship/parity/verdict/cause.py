"""The cause of a disagreement: the smallest row and batch that show it, which side is wrong, and how to see it."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from isoship.bundle.sums import sha256
from isoship.errors import InputError, IsoshipError, ParityError, RunnerUnavailable
from isoship.onnx.exponentials import exponential_outputs
from isoship.parity.runners import open_runner
from isoship.parity.runners.contract import Runner, Shipped
from isoship.parity.verdict.compare import Comparison, Verdict, Worst, compare
from isoship.parity.verdict.first_difference import FirstDifference, first_difference
from isoship.parity.verdict.step import Step, Steps
from isoship.parity.web_graph import FORMS
from isoship.rows.reference import Answer
from isoship.sources.contract import Row

#: Batches in which a row that is answered rightly alone is asked again.
_BATCHES = (2, 3, 8, 64, 512, 1000, 4099)
_MOST_COLUMNS = 200


@dataclass(frozen=True)
class Cause:
    """What a reader needs to go and look.

    row: the smallest that shows the fault, or None where only rows of the user's sample do. batch: how many rows it
    takes. matters: columns that do; the others stand at typical values. expected and got: of `output`.
    where: sentences on which part is at fault. reproduction: lines to paste. step: of the user's model, where
    the source is at hand and a step of it tells.
    """

    row: Row | None
    batch: int
    matters: tuple[str, ...]
    output: str
    expected: Any
    got: Any
    where: str
    reproduction: str
    step: Step | None = None


def cause_of(
    runner: Runner,
    shipped: Shipped,
    rows: Sequence[Row],
    kinds: Sequence[str],
    answer: Answer,
    typical: Row,
    verdict: Verdict,
    steps: Steps | None = None,
) -> Cause | None:
    """The cause behind the first wrong row of a verdict; None where no number or label of it is wrong.

    runner: prepared. rows, kinds: what it was asked, by the verdict's numbers. answer: the reference, asked again.
    typical: a row in the middle of everything. steps: those of the source.
    """
    wrong = [w for w in verdict.worst if w.over]
    if not wrong:
        return None
    own = [w for w in wrong if w.kind != "sample"]
    if not own:
        w = wrong[0]
        where = "Only rows of the sample show it; their values are not kept. Ask for more rows: --rows max."
        where, step = _with_step(where, steps, lambda known: known.first(rows[w.row], kept=False))
        return Cause(None, 1, (), w.output, w.expected, w.value, where, _again(runner), step)
    first = own[0]

    def shown(asked: list[Row], kinds: list[str]) -> Worst | None:
        """The wrong answer that this batch gets, if it does."""
        try:
            found = _compared(runner, shipped, asked, kinds, answer, verdict)
        except InputError:
            return None
        return found.worst[0] if found.worst and not found.agrees else None

    row = dict(rows[first.row])
    kind = [first.kind]
    alone = shown([row], kind)
    if alone is None:
        places = {n: _around(len(rows), first.row, n) for n in _BATCHES}
        size = next((n for n, at in places.items() if shown([rows[i] for i in at], [kinds[i] for i in at])), 0)
        if size:
            where = (
                f"Alone this row is answered rightly; in a batch of {size} it is not. The fault lies in how this"
                " runtime handles batches, and not in what the model learned."
            )
        else:
            where = (
                "Asked again, this row is answered rightly, alone and in batches: the answers change from one call to"
                " the next, or with what was asked before."
            )
        return Cause(row, max(size, 1), (), first.output, first.expected, first.value, where, _again(runner))
    for name in list(row)[:_MOST_COLUMNS]:
        simpler = {**row, name: typical[name]}
        if simpler != row and (still := shown([simpler], kind)) is not None:
            row, alone = simpler, still
    matters = tuple(name for name in row if row[name] != typical[name])
    where, step = _where(runner, shipped, row, kind, answer, verdict, steps)
    found = sha256(shipped.folder / "model.onnx")
    changed = shipped.manifest.files.get("model.onnx", found) != found  # then only a check opens it
    again = _again(runner) if changed else _reproduction(runner, row) or _again(runner)
    return Cause(row, 1, matters, alone.output, alone.expected, alone.value, where, again, step)


def _compared(
    runner: Runner,
    shipped: Shipped,
    rows: list[Row],
    kinds: list[str],
    answer: Answer,
    verdict: Verdict,
    precision: str = "",
) -> Comparison:
    """The runner's answers to these rows against the reference's, by the verdict's tolerances."""
    return compare(
        answer(rows),
        runner.infer(rows),
        shipped.manifest.outputs,
        verdict.tolerances,
        kinds=kinds,
        precision=precision or runner.precision,
        through_json=bool(getattr(runner, "through_json", False)),
    )


def _where(
    runner: Runner,
    shipped: Shipped,
    row: Row,
    kind: list[str],
    answer: Answer,
    verdict: Verdict,
    steps: Steps | None,
) -> tuple[str, Step | None]:
    """Which side is at fault, the graph, the files of the target, or its runtime; and the step of the model."""
    if runner.name == "onnxruntime":
        where = (
            "model.onnx itself answers this row otherwise than the model. If `files` above disagrees, it was changed"
            " after the export; else the conversion is at fault."
        )
        return _with_step(where, steps, lambda known: known.first(row))
    plain = open_runner("onnxruntime")
    try:
        plain.prepare(shipped)
        graph_is_right = _compared(plain, shipped, [row], kind, answer, verdict, runner.precision).agrees
    except ParityError:
        graph_is_right = False
    finally:
        plain.close()
    if not graph_is_right:
        where = "model.onnx, too, answers this row otherwise than the model: look at the verdict of onnxruntime first."
        return _with_step(where, steps, lambda known: known.first(row))
    if runner.target == "model":
        where = f"ONNX Runtime's Python binding answers this row as the model does. The fault lies in {runner.name}."
        return where, None
    if runner.target == "rows":
        where = (
            "model.onnx answers this row as the model does. The fault lies in rows.json and rows.bin, or in what"
            " evaluates them (isoship_edge/rows)."
        )
        return where, None
    if runner.target not in FORMS:
        where = (
            f"model.onnx answers this row as the model does. The fault lies in {runner.target}/: its copies of the"
            " files, or the code that reads rows and writes answers there."
        )
        return where, None
    on_the_web, parted = _where_on_the_web(runner, shipped, row)
    where = f"model.onnx answers this row as the model does. {on_the_web} {_exponent(shipped)}".strip()
    return _with_step(where, steps, lambda known: None if parted is None else known.of(parted))


def _with_step(where: str, steps: Steps | None, find: Callable[[Steps], Step | None]) -> tuple[str, Step | None]:
    """The step; where it cannot be told, why not, behind the rest."""
    try:
        return where, None if steps is None else find(steps)
    except IsoshipError as err:
        return f"{where} Which step of the model that is could not be told: {err}", None


def _exponent(shipped: Shipped) -> str:
    """What float32 may be too narrow for, and the way out."""
    import onnx

    names = exponential_outputs(onnx.load(shipped.folder / "model.onnx"))
    if not names:
        return ""
    return (
        f"{', '.join(names)} is an exponential, and TF.js computes its exponent in float32: where that is not enough,"
        " ship the doubles alone (--targets lambda,edge)."
    )


def _where_on_the_web(runner: Runner, shipped: Shipped, row: Row) -> tuple[str, FirstDifference | None]:
    backend = "cpu" if runner.name.endswith("cpu") else "wasm"
    try:
        found = first_difference(shipped, row, backend)
    except (RunnerUnavailable, ParityError, KeyError, ValueError) as err:
        return f"Where the web form parts from it could not be told: {err}", None
    if found is not None:
        return f"On the way through web/, {found}.", found
    where = (
        f"Every tensor of the web form is right in stock TF.js ({backend}, Node). The fault lies in the JavaScript that"
        " ships beside the graph, or in this backend."
    )
    return where, None


def _around(count: int, place: int, size: int) -> list[int]:
    """A batch that ends with this row, and begins again with the last where there are too few before it."""
    return [(place - size + 1 + i) % count for i in range(size)]


def _again(runner: Runner) -> str:
    """For a shell in the bundle's folder, as `_reproduction`."""
    return f"isoship check . --runtimes {runner.name}"


def _reproduction(runner: Runner, row: Row) -> str:
    """Lines for a shell in the bundle's folder that show this runtime's answer to the row, where a few are enough."""
    text = json_of(row)
    if runner.target == "edge":
        return f"edge/run predict - <<'ROW'\n{text}\nROW"
    if runner.target in FORMS:
        backend = "cpu" if runner.name.endswith("cpu") else "wasm"
        return (
            "node --input-type=module <<'JS'\n"
            'import { load } from "./web/index.js";\n'
            f'const model = await load({{ backend: "{backend}" }});\n'
            f"console.log(JSON.stringify(await model.predict([{text}])));\n"
            "JS"
        )
    if runner.target == "lambda":
        return (
            "cd lambda && python3 <<'PY'\n"
            "import json\n"
            "from isoship_lambda.handler import handler\n"
            f"print(handler({{'rows': [json.loads({text!r})]}}, None))\n"
            "PY"
        )
    if runner.name != "onnxruntime":
        return ""
    return f"python3 <<'PY'\nimport isoship, json\nprint(isoship.load('.').predict_rows([json.loads({text!r})]))\nPY"


def json_of(row: Mapping[str, Any]) -> str:
    """A row as JSON on one line; infinities as 1e999, the nearest that JSON comes to them."""
    parts = []
    for name, value in row.items():
        if isinstance(value, float) and math.isinf(value):
            said = "1e999" if value > 0 else "-1e999"
        else:
            said = json.dumps(None if value != value else value, ensure_ascii=False)
        parts.append(f"{json.dumps(name, ensure_ascii=False)}: {said}")
    return "{" + ", ".join(parts) + "}"
