"""Calls as HTTP bodies and back: both transports, every dtype."""

import json

import numpy as np
import pytest

from isoship.errors import InputError
from isoship.parity.runners.arrays import NUMPY, array_from_tensor, received, sent, tensor_from_array
from isoship.parity.runners.contract import RunnerCrashed
from isoship.parity.runners.tensor_messages import BINARY, JSON, answer_of, infer_body, predict_body, request_of
from isoship_edge.manifest import Output
from isoship_edge.tensors.signature import DATATYPES

WORDS = np.array([["a", "ø"], ["", "🐧"]], dtype=object)
SAMPLES = {
    dtype: WORDS if dtype == "string" else np.array([[0, 1], [2, 100]]).astype(kind) for dtype, kind in NUMPY.items()
}


@pytest.mark.parametrize("dtype", NUMPY)
def test_arrays_travel_to_processes_and_to_tensors_of_the_runtime_unchanged(dtype):
    for made in (received(sent(SAMPLES[dtype])), array_from_tensor(tensor_from_array(SAMPLES[dtype]))):
        assert made.dtype == np.dtype(NUMPY[dtype])
        np.testing.assert_array_equal(made, SAMPLES[dtype])


@pytest.mark.parametrize("dtype", NUMPY)
def test_an_answer_with_binary_tensors(dtype):
    output = Output("y", "tensor", dtype, ("N", 2))
    length, body = infer_body({"y": SAMPLES[dtype]})
    document = json.loads(body[:length])
    document["outputs"] = document.pop("inputs")
    head = json.dumps(document).encode()
    assert document["outputs"][0]["datatype"] == DATATYPES[dtype]
    headers = {"inference-header-content-length": str(len(head))}
    made = answer_of(BINARY, 200, headers, head + body[length:], [output], "it")
    assert made["y"].dtype == np.dtype(NUMPY[dtype])
    np.testing.assert_array_equal(made["y"], SAMPLES[dtype])
    with pytest.raises(RunnerCrashed, match="bytes more than its tensors take"):
        answer_of(BINARY, 200, headers, head + body[length:] + b"x", [output], "it")


def test_an_answer_in_json():
    output = Output("y", "tensor", "float", ("N", 2))
    body = json.dumps({"outputs": {"y": [[0.1, None], [1, 2]]}}).encode()
    made = answer_of(JSON, 200, {}, body, [output], "it")["y"]
    assert made.dtype == np.float32
    np.testing.assert_array_equal(made, np.array([[0.1, np.nan], [1, 2]], np.float32))
    whole = Output("y", "tensor", "int64", ("N", 2))
    with pytest.raises(RunnerCrashed, match=r"0\.1 is no int64"):
        answer_of(JSON, 200, {}, body, [whole], "it")
    with pytest.raises(RunnerCrashed, match="are not outputs"):
        answer_of(JSON, 200, {}, b'{"outputs": {"z": []}}', [output], "it")
    scalar = answer_of(JSON, 200, {}, b'{"outputs": {"y": 2}}', [Output("y", "tensor", "int64", ())], "it")["y"]
    assert scalar.shape == ()


def test_an_empty_answer_in_json_has_the_shape_that_the_manifest_says():
    made = answer_of(JSON, 200, {}, b'{"outputs": {"y": []}}', [Output("y", "tensor", "float", ("N", 4))], "it")["y"]
    assert made.shape == (0, 4)


def test_refusals_of_both():
    with pytest.raises(InputError, match="too large"):
        answer_of(BINARY, 400, {}, b'{"error": "too large"}', [], "it")
    problem = json.dumps({"detail": "NaN there", "input": "x"}).encode()
    with pytest.raises(InputError, match="NaN there") as caught:
        answer_of(JSON, 422, {}, problem, [], "it")
    assert caught.value.input == "x"
    for transport in (BINARY, JSON):
        with pytest.raises(RunnerCrashed, match="answered 500"):
            answer_of(transport, 500, {}, b"{}", [], "it")


def test_paths_and_headers():
    path, headers, body = request_of({"x": np.ones(2, np.float32)}, BINARY, "net")
    assert path == "/v2/models/net/infer"
    assert int(headers["inference-header-content-length"]) + 8 == len(body)
    assert request_of({"x": np.ones(2, np.float32)}, JSON, "net")[0] == "/predict"
    with pytest.raises(ValueError, match="JSON"):
        predict_body({"x": np.array([np.nan])})
