"""MLServer's types and codecs ask a server: `python mlserver_client.py URL`, tensors on standard input.

Run by the Python of .tools/mlserver (scripts/v2_clients.sh). MLServer has no HTTP client of its own; its documentation
posts what these make with any other.
"""

from __future__ import annotations

import json
import sys
import urllib.request

import numpy as np
from mlserver.codecs import NumpyCodec, StringCodec
from mlserver.types import InferenceRequest, InferenceResponse

tensors = json.load(sys.stdin)
inputs = [
    StringCodec.encode_input(t["name"], t["data"], use_bytes=False)
    if t["datatype"] == "BYTES"
    else NumpyCodec.encode_input(t["name"], np.array(t["data"]).reshape(t["shape"]))
    for t in tensors
]
body = InferenceRequest(id="a 7", inputs=inputs).model_dump_json().encode()
url = f"{sys.argv[1]}/v2/models/visits/infer"
request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
with urllib.request.urlopen(request, timeout=20) as response:
    answer = InferenceResponse.model_validate_json(response.read())
assert answer.id == "a 7"
outputs = {o.name: (StringCodec if o.datatype == "BYTES" else NumpyCodec).decode_output(o) for o in answer.outputs}
print(json.dumps([{name: np.asarray(values).tolist() for name, values in outputs.items()}]))
