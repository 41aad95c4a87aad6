"""The cause of a disagreement: which side is wrong, and the first node on its way that is."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from isoship.errors import InputError, IsoshipError, ParityError
from isoship.onnx.exposed import exposed
from isoship.parity.runners import open_runner
from isoship.parity.runners.arrays import Array
from isoship.parity.runners.contract import Shipped, TensorRunner
from isoship.parity.tensors.call import Call
from isoship.parity.tensors.case import TensorCase
from isoship.parity.tensors.compare import compare_calls
from isoship.parity.tensors.first_node import FirstNode, first_exposed, first_node, only, run
from isoship.parity.verdict.cause import Cause
from isoship.parity.verdict.compare import Verdict
from isoship.parity.web_graph import STOCK

if TYPE_CHECKING:
    import onnx

_IN_THE_GRAPH = "The fault lies in web/model.json and its weights, or in a kernel of TensorFlow.js"


def cause_of(runner: TensorRunner, shipped: Shipped, case: TensorCase, verdict: Verdict) -> Cause | None:
    """The cause behind the first wrong call of a verdict; None where no number of it is wrong. runner: prepared."""
    wrong = [w for w in verdict.worst if w.over]
    if not wrong:
        return None
    first = wrong[0]
    call = case.calls[first.row]
    again = f"isoship check . --runtimes {runner.name}"
    where = _where(runner, shipped, case, call, verdict)
    return Cause(None, 1, (), first.output, first.expected, first.value, where, again)


def _where(runner: TensorRunner, shipped: Shipped, case: TensorCase, call: Call, verdict: Verdict) -> str:
    def agrees(asked: TensorRunner) -> bool:
        try:
            got = asked.infer_tensors(call.inputs)
        except (InputError, ParityError):
            return False
        return compare_calls([call], [got], shipped.manifest.outputs, verdict.tolerances).agrees

    if runner.name == "onnxruntime":
        return "model.onnx itself answers this call otherwise than the model. " + _in_the_graph(shipped, case, call)
    if agrees(runner):
        return (
            "Asked again, this call is answered rightly: the answers change from one call to the next, or with what was"
            " asked before."
        )
    plain: TensorRunner = open_runner("onnxruntime", "tensors")
    try:
        plain.prepare(shipped)
        graph_is_right = agrees(plain)
    except ParityError:
        graph_is_right = False
    finally:
        plain.close()
    if not graph_is_right:
        return "model.onnx, too, answers this call otherwise than the model: look at the verdict of onnxruntime first."
    if runner.name in ("onnxruntime-web", "onnxruntime-default"):
        return "Without optimization ONNX Runtime answers this call as the model does. " + _in_the_runtime(
            runner.name, shipped, case, call
        )
    if runner.target == "model":
        return f"ONNX Runtime's Python binding answers this call as the model does. The fault lies in {runner.name}."
    if runner.target == STOCK:
        return f"model.onnx answers this call as the model does. {_IN_THE_GRAPH}."
    if runner.target == "web":
        return f"model.onnx answers this call as the model does. {_IN_THE_GRAPH}, or in the code around both."
    return (
        f"model.onnx answers this call as the model does. The fault lies in {runner.target}/: its copies of the files,"
        " or the code that reads tensors and writes answers there."
    )


def _in_the_graph(shipped: Shipped, case: TensorCase, call: Call) -> str:
    """The source's own graph beside the one that ships."""
    if case.source is None or case.converted is None:
        return "If `files` above disagrees, it was changed after the export; else the conversion is at fault."
    try:
        want = run(exposed(case.converted), call.inputs)
        found = first_node(
            case.converted, want, run(exposed(_graph(shipped)), call.inputs), case.source.places, above=0.0
        )
    except IsoshipError as err:
        return f"Where they part could not be told: {_first_line(err)}"
    if found is None:
        why = _narrow(shipped, case, call)
        return f"Converted again, the model gives this very graph: the conversion is at fault.{why}"
    return f"Beside what the model is converted to again, the first node that differs is {found}."


def _narrow(shipped: Shipped, case: TensorCase, call: Call) -> str:
    """Where float32 itself parts from the same graph in doubles."""
    from isoship.tensors.double_graph import DoubleGraph

    graph = exposed(_graph(shipped))
    wide = DoubleGraph(graph)(call.inputs)
    places = {} if case.source is None else case.source.places
    found = first_node(graph, wide, run(graph, call.inputs), places, above=1e-3)
    return f" Its float32 numbers part from the same graph's in float64 at {found}." if found else ""


def _in_the_runtime(name: str, shipped: Shipped, case: TensorCase, call: Call) -> str:
    """The runtime beside ONNX Runtime without optimization, tensor by tensor."""
    model = _graph(shipped)
    places: Mapping[str, str] = {} if case.source is None else case.source.places
    found: FirstNode | None
    try:
        want = run(exposed(model), call.inputs)
        if name == "onnxruntime-default":  # a tensor that is an output is fused with nothing
            found = first_exposed(
                model, want, lambda tensor: run(only(model, tensor), call.inputs, "default")[tensor], places
            )
        else:
            found = first_node(model, want, _in_the_web_build(model, shipped, call.inputs), places)
    except IsoshipError as err:
        return f"Where it parts from that could not be told: {_first_line(err)}"
    return f"The first node that differs is {found}." if found else "No tensor between the nodes differs."


def _in_the_web_build(model: onnx.ModelProto, shipped: Shipped, inputs: Mapping[str, Array]) -> dict[str, Array]:
    from isoship.parity.runners.onnxruntime_web import OnnxRuntimeWebRunner

    runner = OnnxRuntimeWebRunner()
    with tempfile.TemporaryDirectory(prefix="isoship-nodes-") as place:
        (Path(place) / "model.onnx").write_bytes(exposed(model).SerializeToString())
        try:
            runner.prepare(Shipped(Path(place), shipped.manifest, ()))
            return runner.infer_tensors(dict(inputs))
        finally:
            runner.close()


def _graph(shipped: Shipped) -> onnx.ModelProto:
    import onnx

    return onnx.load(shipped.folder / "model.onnx")


def _first_line(err: Exception) -> str:
    return str(err).splitlines()[0] if str(err) else type(err).__name__
