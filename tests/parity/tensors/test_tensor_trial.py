"""Runtimes on trial with calls: real ones, and real ones with a fault around them."""

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from isoship.errors import InputError
from isoship.parity.runners import available, open_runner, target_of
from isoship.parity.runners.contract import Shipped
from isoship.parity.runners.loaded import LoadedRunner
from isoship.parity.runners.onnxruntime import OnnxRuntimeRunner
from isoship.parity.tensors.batching import pairs
from isoship.parity.tensors.call import Call
from isoship.parity.tensors.case import TensorCase
from isoship.parity.tensors.refusals import Refusal, faults
from isoship.parity.tensors.trial import try_runner
from isoship_edge.manifest import read_manifest
from small_networks import asks_of, image_network, write_network_bundle

MODEL = [name for name in available(layout="tensors") if target_of(name) == "model"]


@pytest.fixture
def case(source):
    calls = [Call(kind, inputs, source.answers(inputs)) for kind, inputs in asks_of(source)]
    calls += [Call(ask.kind, ask.inputs, source.answers(ask.inputs)) for ask in pairs(source.signature, calls)]
    return TensorCase(
        calls, faults(source.signature, calls[1].inputs), deep=True, source=source, converted=source.model
    )


def tried(runner, shipped, case):
    return try_runner(runner, shipped, case, lambda _message: None)


@pytest.mark.parametrize("name", [n for n in MODEL if n != "onnxruntime-default"])
def test_every_runtime_of_the_model_agrees_and_refuses(name, shipped, case):
    verdict = tried(open_runner(name, "tensors"), shipped, case)
    assert (verdict.status, verdict.message) == ("agree", "")
    assert (verdict.rows, verdict.refused) == (len(case.calls), len(case.refused))
    assert verdict.max_abs <= verdict.allowed


class Around(OnnxRuntimeRunner):
    """onnxruntime with a fault around it."""

    concurrent = True


class Forgets(Around):
    """Answers what it answered first to a call of these shapes: state that leaks."""

    def infer_tensors(self, inputs, transport="arrays"):
        self.kept = getattr(self, "kept", {})
        made = super().infer_tensors(inputs, transport)
        return self.kept.setdefault(str({n: a.shape for n, a in inputs.items()}), made)


class Narrows(Around):
    """The second transport loses digits."""

    transports = ("arrays", "json")

    def infer_tensors(self, inputs, transport="arrays"):
        made = super().infer_tensors(inputs, "arrays")
        if transport == "json":
            return {n: np.round(a, 2) if a.dtype.kind == "f" else a for n, a in made.items()}
        return made


class Wears(Around):
    """Answers rightly, until it has answered everything once."""

    def infer_tensors(self, inputs, transport="arrays"):
        self.asked = getattr(self, "asked", 0) + 1
        made = super().infer_tensors(inputs, transport)
        return made if self.asked <= self.most else {n: a * 2 for n, a in made.items()}


class Lenient(Around):
    """Knows nothing of the contract."""

    def infer_tensors(self, inputs, transport="arrays"):
        try:
            return super().infer_tensors(inputs, transport)
        except InputError:
            return {}


class Blames(Around):
    """Names another input than the one at fault."""

    def infer_tensors(self, inputs, transport="arrays"):
        try:
            return super().infer_tensors(inputs, transport)
        except InputError as err:
            raise InputError(str(err), input="somebody else") from err


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Forgets, "beyond the tolerance"),
        (Narrows, "asked as JSON:\n"),
        (Wears, "asked again after others:\n"),
        (Lenient, "answers a call that must be refused"),
        (Blames, "is refused for 'somebody else'"),
    ],
)
def test_a_runtime_with_a_fault_disagrees(fault, said, shipped, case):
    runner = fault()
    calls = case.calls + [Call(kind, inputs, case.source.answers(inputs)) for kind, inputs in asks_of(case.source, 1)]
    runner.most = len(calls)
    verdict = tried(runner, shipped, TensorCase(calls, case.refused, deep=True, source=case.source))
    assert verdict.status == "disagree"
    assert said in verdict.message


def test_a_refusal_of_what_the_reference_answers_is_told_without_the_users_values(shipped, case):
    call = case.calls[1]
    name = next(n for n, a in call.inputs.items() if a.dtype.kind == "f")
    wrong = {**call.inputs, name: np.full_like(call.inputs[name], np.nan)}
    for kind, said in (("ordinary", "expected a finite number"), ("sample", "its values are not kept")):
        verdict = tried(OnnxRuntimeRunner(), shipped, TensorCase([Call(kind, wrong, call.want)], []))
        assert verdict.status == "disagree"
        assert said in verdict.message


def test_what_the_model_itself_refuses_may_fail_anyhow(shipped, case):
    """The contract takes it, so that some runtimes tell it as a failure of theirs."""
    call = case.calls[0]
    ragged = {n: a.astype(np.float64) if a.dtype == np.float32 else a for n, a in call.inputs.items()}

    class Raw(OnnxRuntimeRunner):
        def infer_tensors(self, inputs, transport="arrays"):
            return self._run(dict(inputs))

    refused = [Refusal(ragged, "", "kind zeros", by_model=True)]
    assert tried(Raw(), shipped, TensorCase(case.calls, refused)).status == "agree"
    refused = [Refusal(ragged, "", "kind zeros")]
    assert tried(Raw(), shipped, TensorCase(case.calls, refused)).status == "crashed"


def test_a_process_that_ends_is_a_crash(shipped, case):
    class Ends(LoadedRunner):
        def prepare(self, shipped):
            super().prepare(shipped)
            self._process.process.kill()

    verdict = tried(Ends(), shipped, case)
    assert verdict.status == "crashed"
    assert "isoship.load" in verdict.message


def planted(name, edit):
    graph = onnx.ModelProto()
    source = image_network()
    graph.CopyFrom(source.model)
    tensor = next(t for t in graph.graph.initializer if t.name == name)
    tensor.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(edit(numpy_helper.to_array(tensor))), name))
    return source, graph


@pytest.mark.parametrize(
    ("weight", "node"),
    [("k1", "Conv 'conv1', layers.conv1"), ("gamma", "BatchNormalization 'norm1', layers.norm1"),
     ("k2", "Conv 'conv2', layers.conv2"), ("w", "Gemm 'dense', layers.dense")],
)  # fmt: skip
def test_a_wrong_weight_leads_to_its_node_and_the_node_to_the_source(weight, node, tmp_path):
    source, graph = planted(weight, lambda a: a * np.float32(1.01))
    folder = write_network_bundle(tmp_path / "bundle", source, graph)
    shipped = Shipped(folder, read_manifest(folder), ())
    calls = [Call(kind, inputs, source.answers(inputs)) for kind, inputs in asks_of(source)]
    verdict = tried(OnnxRuntimeRunner(), shipped, TensorCase(calls, [], source=source, converted=source.model))
    assert verdict.status == "disagree"
    assert f"the first node that differs is {node} in the source" in verdict.cause.where
    other = tried(LoadedRunner(), shipped, TensorCase(calls, [], source=source, converted=source.model))
    assert "look at the verdict of onnxruntime first" in other.cause.where


@pytest.mark.parametrize("network", ["image"])
def test_the_default_level_that_answers_otherwise_is_told_and_fails_nothing(network, shipped, case):
    verdict = tried(open_runner("onnxruntime-default", "tensors"), shipped, case)
    assert verdict.status == "differs"
    assert verdict.message.startswith("onnxruntime's default optimization answers otherwise")
    assert "The first node that differs is MaxPool 'pool1'" in verdict.cause.where


@pytest.mark.parametrize("network", ["image"])
def test_a_fault_of_the_web_build_leads_to_its_node(network, shipped, case, monkeypatch):
    """The web build fuses Pad and MaxPool, too, when its optimizations are on."""
    from isoship.parity.runners import node

    start = node.NodeDriver.__init__
    monkeypatch.setattr(node.NodeDriver, "__init__", lambda self, *given: start(self, *given[:-1], "all"))
    verdict = tried(open_runner("onnxruntime-web", "tensors"), shipped, case)
    assert verdict.status == "disagree"
    assert "Without optimization ONNX Runtime answers this call as the model does." in verdict.cause.where
