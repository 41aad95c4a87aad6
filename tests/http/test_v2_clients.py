"""Stock clients of the Open Inference Protocol against every server: Triton's, which sends and asks for bytes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tritonclient.http as triton
from servers import edge_server, lambda_server, uvicorn_server
from tritonclient.utils import InferenceServerException

from bundles import VISITS_ROWS, YIELD_ROWS, visits_reference, yield_reference
from tensor_bundles import digits_reference, make_tensor_bundle, mixed_inputs, mixed_reference

NUMPY = {"FP64": np.float64, "INT64": np.int64, "BOOL": np.bool_, "BYTES": np.object_}
ROWS = [{**row, "city": row["city"] or "Nowhere"} for row in VISITS_ROWS]  # bytes have no null


SERVERS = {
    "edge": edge_server,
    "uvicorn": uvicorn_server,
    "lambda": lambda folder: lambda_server(folder, "1"),
    "lambda, fastapi": lambda folder: lambda_server(folder, "0"),
}


class Clients:
    """A client for each bundle, of one kind of server."""

    def __init__(self, kind: str, stack: ExitStack) -> None:
        self._kind, self._stack = kind, stack

    def of(self, folder: Path) -> triton.InferenceServerClient:
        url = self._stack.enter_context(SERVERS[self._kind](folder))
        client = triton.InferenceServerClient(url.removeprefix("http://"))
        self._stack.callback(client.close)
        return client


@pytest.fixture(params=SERVERS)
def clients(request: pytest.FixtureRequest) -> Iterator[Clients]:
    with ExitStack() as stack:
        yield Clients(request.param, stack)


def inputs(rows: list[dict[str, Any]], *, binary: bool = True) -> list[triton.InferInput]:
    made = []
    for name, datatype in (("age", "FP64"), ("income", "FP64"), ("visits", "INT64"), ("member", "BOOL"),
                           ("city", "BYTES"), ("plan", "BYTES")):  # fmt: skip
        values = [math.nan if row[name] is None else row[name] for row in rows]
        tensor = triton.InferInput(name, [len(rows), 1], datatype)
        tensor.set_data_from_numpy(np.array(values, dtype=NUMPY[datatype]).reshape(-1, 1), binary_data=binary)
        made.append(tensor)
    return made


def check(result: triton.InferResult, rows: list[dict[str, Any]]) -> None:
    want = visits_reference(rows)
    labels = [label.decode() if isinstance(label, bytes) else label for label in result.as_numpy("label")]
    assert labels == want["label"].tolist()
    assert result.as_numpy("probabilities").dtype == np.float64
    np.testing.assert_allclose(result.as_numpy("probabilities"), want["probabilities"], rtol=1e-12, atol=1e-12)


def test_tritons_client_is_answered(clients: Clients, visits: Path) -> None:
    client = clients.of(visits)
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("visits")
    assert client.is_model_ready("visits", "1.2.3")
    assert not client.is_model_ready("visits", "2")
    assert not client.is_model_ready("other")
    assert client.get_server_metadata()["extensions"] == ["binary_tensor_data"]
    metadata = client.get_model_metadata("visits", "1.2.3")
    assert metadata["versions"] == ["1.2.3"]
    assert metadata["inputs"][2] == {"name": "visits", "datatype": "INT64", "shape": [-1, 1]}

    check(client.infer("visits", inputs(ROWS)), ROWS)  # without outputs it asks for all of them, as bytes
    named = client.infer("visits", inputs(ROWS), model_version="1.2.3", request_id="a 7")
    assert (named.get_response()["id"], named.get_response()["model_version"]) == ("a 7", "1.2.3")
    for method in ("gzip", "deflate"):
        packed = client.infer(
            "visits", inputs(ROWS), request_compression_algorithm=method, response_compression_algorithm=method
        )
        check(packed, ROWS)
    hints = {"sequence_id": 5, "sequence_start": True, "sequence_end": True, "priority": 2, "timeout": 1000}
    check(client.infer("visits", inputs(ROWS), parameters={"own": "x"}, **hints), ROWS)  # they change no answer
    mixed = [triton.InferRequestedOutput("probabilities", binary_data=True),
             triton.InferRequestedOutput("label", binary_data=False)]  # fmt: skip
    result = client.infer("visits", inputs(ROWS), outputs=mixed)
    assert [output["name"] for output in result.get_response()["outputs"]] == ["probabilities", "label"]
    check(result, ROWS)
    [only] = client.infer("visits", inputs(ROWS), outputs=mixed[:1]).get_response()["outputs"]
    assert only["parameters"] == {"binary_data_size": 8 * 3 * len(ROWS)}
    plain = [row for row in ROWS if row["age"] is not None]  # a JSON NaN is refused
    check(client.infer("visits", inputs(plain, binary=False), outputs=mixed), plain)

    large = ROWS * 250
    check(client.infer("visits", inputs(large)), large)
    empty = client.infer("visits", inputs([]))
    assert empty.as_numpy("probabilities").shape == (0, 3)


def test_tritons_client_is_told_what_is_wrong(clients: Clients, visits: Path) -> None:
    client = clients.of(visits)
    gold = [{**ROWS[0], "plan": "gold"}]
    for wrong, words in ((inputs(gold), 'row 0, column "plan": expected one of "basic", "pro"'),
                         (inputs(ROWS)[1:], '"age" is absent')):  # fmt: skip
        with pytest.raises(InferenceServerException, match=words) as refused:
            client.infer("visits", wrong)
        assert refused.value.status() == "400"
    classes = [triton.InferRequestedOutput("label", class_count=2)]
    with pytest.raises(InferenceServerException, match="not offered"):
        client.infer("visits", inputs(ROWS), outputs=classes)
    with pytest.raises(InferenceServerException, match='no version "9"'):
        client.infer("visits", inputs(ROWS), model_version="9")
    for extension in (client.get_model_repository_index, lambda: client.get_model_config("visits"),
                      lambda: client.get_inference_statistics("visits"), client.get_log_settings):  # fmt: skip
        with pytest.raises(InferenceServerException, match="there is nothing at") as absent:
            extension()
        assert absent.value.status() == "404"


def test_a_matrix_goes_as_one_tensor(clients: Clients, yields: Path) -> None:
    client = clients.of(yields)
    matrix = np.array([[math.nan if v is None else v for v in row.values()] for row in YIELD_ROWS])
    tensor = triton.InferInput("X", list(matrix.shape), "FP64")
    tensor.set_data_from_numpy(matrix)
    result = client.infer("yield", [tensor])
    np.testing.assert_array_equal(result.as_numpy("value"), yield_reference(YIELD_ROWS)["value"])


@pytest.mark.parametrize("kind", ["mixed", "numbers"])
def test_tensors_of_every_dtype_go_both_ways_as_bytes(clients: Clients, tmp_path: Path, kind: str) -> None:
    """Bit by bit, NaN and infinities too, which JSON does not have."""
    client = clients.of(make_tensor_bundle(tmp_path / kind, kind))
    metadata = {one["name"]: one for one in client.get_model_metadata(kind)["inputs"]}
    for count in (1, 3):
        given = mixed_inputs(count, seed=count, kind=kind)
        tensors = []
        for name, held in given.items():
            tensor = triton.InferInput(name, list(held.shape), metadata[name]["datatype"])
            tensor.set_data_from_numpy(held)
            tensors.append(tensor)
        result = client.infer(kind, tensors)
        for name, want in mixed_reference(given).items():
            made = result.as_numpy(name)
            assert (made.shape, made.dtype) == (want.shape, want.dtype)
            if want.dtype == object:
                assert [text.decode() for text in made.reshape(-1)] == want.reshape(-1).tolist()
            else:
                assert made.tobytes() == want.tobytes(), name
        some = [
            triton.InferRequestedOutput("rows", binary_data=True),
            triton.InferRequestedOutput("x_int8_out", binary_data=False),
        ]
        result = client.infer(kind, tensors, outputs=some)
        assert [output["name"] for output in result.get_response()["outputs"]] == ["rows", "x_int8_out"]
        np.testing.assert_array_equal(result.as_numpy("rows"), mixed_reference(given)["rows"])
        np.testing.assert_array_equal(result.as_numpy("x_int8_out"), given["x_int8"])
    wrong = triton.InferInput("ids", [3, 1], "INT64")
    wrong.set_data_from_numpy(np.array([[0], [7], [1]]))
    with pytest.raises(InferenceServerException, match=r'input "ids" at \[1, 0\]: expected an integer from 0 to 4'):
        client.infer(kind, [*tensors[:-1], wrong])


def test_pictures_go_as_bytes(clients: Clients, tmp_path: Path) -> None:
    client = clients.of(make_tensor_bundle(tmp_path / "digits", "digits"))
    for count in (1, 2, 1500):
        images = np.random.default_rng(count).integers(0, 17, (count, 8, 8, 1), dtype="uint8")
        tensor = triton.InferInput("image", list(images.shape), "UINT8")
        tensor.set_data_from_numpy(images)
        made = client.infer("digits", [tensor]).as_numpy("logits")
        np.testing.assert_allclose(made, digits_reference({"image": images})["logits"], rtol=1e-5, atol=1e-4)
