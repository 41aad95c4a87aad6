"""KServe's REST client asks a server: `python kserve_client.py URL`, tensors on standard input, the outputs printed.

Run by the Python of .tools/kserve (scripts/v2_clients.sh). Each request goes twice, as JSON and as bytes.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import numpy as np
from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig

NUMPY = {"FP64": np.float64, "INT64": np.int64, "BOOL": np.bool_, "BYTES": np.object_}


def inputs(tensors: list[dict[str, Any]], *, binary: bool) -> list[InferInput]:
    made = []
    for tensor in tensors:
        made.append(InferInput(tensor["name"], tensor["shape"], tensor["datatype"]))
        values = np.array(tensor["data"], dtype=NUMPY[tensor["datatype"]]).reshape(tensor["shape"])
        made[-1].set_data_from_numpy(values, binary_data=binary)
    return made


async def main(url: str) -> None:
    client = InferenceRESTClient(RESTConfig(protocol="v2", timeout=20))
    assert await client.is_server_live(url)
    assert await client.is_server_ready(url)
    assert await client.is_model_ready(url, "visits")
    tensors, answers = json.load(sys.stdin), []
    for binary in (False, True):
        asked = InferRequest(
            "visits", inputs(tensors, binary=binary), request_id="a 7", parameters={"binary_data_output": binary}
        )
        answer = await client.infer(url, asked, model_name="visits")
        assert answer.id == "a 7"
        answers.append({output.name: output.as_numpy().tolist() for output in answer.outputs})
    print(json.dumps(answers))


asyncio.run(main(sys.argv[1]))
