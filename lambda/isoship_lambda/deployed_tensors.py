"""A bundle of tensors as a published version of a function answers for it: `isoship_lambda.deployed` for tensors.

The golden calls travel as the binary requests of the Open Inference Protocol, which carry every bit of every value.
"""

from __future__ import annotations

import json
from binascii import a2b_base64, b2a_base64
from collections.abc import Mapping
from typing import Any

from isoship_edge.encoding.words import quoted
from isoship_edge.errors import InferenceError, InputError
from isoship_edge.inference.tensor import Tensor
from isoship_edge.tensors.model import TensorModel
from isoship_edge.tensors.raw import from_bytes
from isoship_edge.tensors.signature import DATATYPES
from isoship_edge.v2.binary import LENGTH, OCTETS, content_of, texts_of
from isoship_lambda.deployed import Invoke, card_of_version, http_event

#: Bytes of one call before base64; Lambda takes and returns 6 MB at most.
MAX_BYTES = 2**22

_DTYPES = {datatype: dtype for dtype, datatype in DATATYPES.items()}


class DeployedTensors(TensorModel):
    """A model whose tensors come from a deployed version.

    What is more than Lambda carries in one call is answered by the copy that lies here.
    """

    def __init__(self, own: TensorModel, invoke: Invoke) -> None:
        super().__init__(own.folder, own.document, own.manifest, own.session)
        self._invoke = invoke

    def card(self) -> dict[str, Any]:
        """The version's model card. It comes through FastAPI: that path is tried too.

        Raises:
            InferenceError: the version has none.
        """
        return card_of_version(self._invoke)

    def infer(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Every output of the manifest.

        Raises:
            InputError: the version refuses the call.
            InferenceError: the version fails, or answers with something else than tensors.
        """
        contents = {name: content_of(name, tensor) for name, tensor in tensors.items()}
        if sum(map(len, contents.values())) > MAX_BYTES:
            return super().infer(tensors)
        inputs = [
            {
                "name": name,
                "shape": list(tensor.shape),
                "datatype": DATATYPES[tensor.dtype],
                "parameters": {"binary_data_size": len(contents[name])},
            }
            for name, tensor in tensors.items()
        ]
        head = json.dumps({"inputs": inputs, "parameters": {"binary_data_output": True}}).encode()
        body = b2a_base64(b"".join([head, *contents.values()]), newline=False).decode()
        path = f"/v2/models/{self.manifest.name}/infer"
        headers = {"content-type": OCTETS, LENGTH: str(len(head))}
        answered = self._invoke(http_event("POST", path, body, headers=headers, encoded=True))
        try:
            return self._tensors(answered, tensors)
        except (KeyError, TypeError, ValueError, AttributeError) as err:
            raise InferenceError(f"POST {path} is answered with {str(answered)[:300]}") from err

    def _tensors(self, answered: Any, asked: Mapping[str, Tensor]) -> dict[str, Tensor]:
        content = a2b_base64(answered["body"]) if answered["isBase64Encoded"] else answered["body"].encode()
        status = answered["statusCode"]
        if status == 413:
            return super().infer(asked)
        if status == 400:
            self._refuse(str(json.loads(content)["error"]))
        if status != 200:
            raise ValueError(status)
        headers = {name.lower(): value for name, value in answered["headers"].items()}
        length = int(headers[LENGTH])
        made, start = {}, length
        for output in json.loads(content[:length])["outputs"]:
            size, shape = output["parameters"]["binary_data_size"], tuple(output["shape"])
            dtype, raw = _DTYPES[output["datatype"]], content[start : start + size]
            if dtype == "string":
                made[output["name"]] = Tensor(dtype, shape, texts_of(output["name"], raw))
            else:
                made[output["name"]] = from_bytes(dtype, shape, raw)
            start += size
        if set(made) != {output.name for output in self.manifest.outputs}:
            raise ValueError("an output is absent")
        return made

    def _refuse(self, said: str) -> None:
        """Raises: InputError, with the input that a refusal begins with."""
        names = [spec.name for spec in self.manifest.signature.inputs]
        raise InputError(said, input=next((name for name in names if said.startswith(f"input {quoted(name)}")), None))
