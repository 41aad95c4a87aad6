"""The bundle beside this package as a published version of a function answers for it.

`isoship_edge.inference.selftest` replays the golden rows on it as on any model: here they travel as the events that API
Gateway would send, through the handler, the contract and the runtime of the version that is about to take traffic.
"""

from __future__ import annotations

import json
import math
from array import array
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from isoship_edge.encoding.encode import class_key
from isoship_edge.errors import InferenceError, InputError
from isoship_edge.inference.model import Model
from isoship_edge.inference.tensor import TYPECODES, Tensor, values
from isoship_edge.manifest import MISSING_STRING, Output
from isoship_lambda.request_log import REPLAYED

#: Takes an event to the version and brings back what its handler returned; raises InferenceError where that failed.
Invoke = Callable[[dict[str, Any]], Any]

#: Rows and bytes of one call; Lambda takes and returns 6 MB at most.
MAX_ROWS, MAX_BYTES = 200, 2**20


class DeployedModel(Model):
    """A model whose tensors come from a deployed version.

    What JSON cannot carry is answered by `own`, the copy that lies here, on the same runtime and architecture:
    infinite inputs, and which non-finite number an answer's null stands for.
    """

    def __init__(self, own: Model, invoke: Invoke) -> None:
        super().__init__(own.folder, own.document, own.manifest, own.engines)
        self._invoke = invoke

    def card(self) -> dict[str, Any]:
        """The version's model card. It comes through FastAPI: that path is tried too.

        Raises:
            InferenceError: the version has none.
        """
        return card_of_version(self._invoke)

    def tensors(self, rows: Any) -> dict[str, Tensor]:
        """Every output of the manifest for a list of dicts.

        Raises:
            InputError: the version refuses a row, or this copy one that JSON cannot carry.
            InferenceError: the version fails, or answers with something else than predictions.
        """
        carried = [i for i, row in enumerate(rows) if not any(_infinite(value) for value in row.values())]
        made = dict(zip(carried, self._predictions([rows[i] for i in carried]), strict=True))
        own = [i for i in range(len(rows)) if i not in made]
        held = dict(zip(own, self._own([rows[i] for i in own]), strict=True))
        tensors = {}
        for output in self.manifest.outputs:
            width = math.prod(size for size in output.shape[1:] if isinstance(size, int))
            flat: list[Any] = []
            for i, row in enumerate(rows):
                flat += held[i][output.name] if i in held else self._flat(output, width, made[i], row)
            tensors[output.name] = _tensor(output, flat, len(rows))
        return tensors

    def _own(self, rows: list[dict[str, Any]]) -> list[dict[str, list[Any]]]:
        """Each row's outputs, flat, as this copy answers."""
        if not rows:
            return []
        flat = {name: values(tensor) for name, tensor in super().tensors(rows).items()}
        return [
            {name: v[i * len(v) // len(rows) : (i + 1) * len(v) // len(rows)] for name, v in flat.items()}
            for i in range(len(rows))
        ]

    def _flat(self, output: Output, width: int, prediction: Any, row: dict[str, Any]) -> list[Any]:
        try:
            value = prediction[output.name]
            if isinstance(value, dict):
                value = [value[class_key(c)] for c in output.classes or ()]
        except (KeyError, TypeError) as err:
            raise InferenceError(f"a prediction lacks {err} of {output.name}") from err
        flat = value if isinstance(value, list) else [value]
        if len(flat) != width:
            raise InferenceError(f"{output.name} has {len(flat)} values where the manifest says {width}")
        if None not in flat or output.dtype not in ("double", "float"):
            return flat
        try:
            known = self._own([row])[0][output.name]
        except InputError:  # the version answers what this copy refuses: the caller sees that it is answered
            known = [math.nan] * width
        return [(k if not math.isfinite(k) else math.nan) if v is None else v for v, k in zip(flat, known, strict=True)]

    def _predictions(self, rows: Sequence[dict[str, Any]]) -> list[Any]:
        made: list[Any] = []
        batch: list[str] = []
        size = 0
        for row in rows:
            text = json.dumps({name: None if value != value else value for name, value in row.items()})
            if batch and (len(batch) == MAX_ROWS or size + len(text) > MAX_BYTES):
                made += self._predicted(batch)
                batch, size = [], 0
            batch.append(text)
            size += len(text)
        return made + self._predicted(batch) if batch else made

    def _predicted(self, rows: list[str]) -> list[Any]:
        status, document = self._ask("POST", "/predict", f'{{"rows": [{", ".join(rows)}]}}')
        if status == 413 and len(rows) > 1:  # the function's own limits, or answers too large for one response
            half = len(rows) // 2
            return self._predicted(rows[:half]) + self._predicted(rows[half:])
        if status == 422 and isinstance(document, dict):
            raise InputError(str(document.get("detail")), column=document.get("column"))
        predictions = document.get("predictions") if isinstance(document, dict) else None
        if status != 200 or not isinstance(predictions, list) or len(predictions) != len(rows):
            raise InferenceError(f"POST /predict is answered with {status}: {str(document)[:300]}")
        return predictions

    def _ask(self, method: str, path: str, body: str) -> tuple[Any, Any]:
        return asked(self._invoke, method, path, body)


def asked(invoke: Invoke, method: str, path: str, body: str) -> tuple[Any, Any]:
    """The status and the JSON of a version's answer. Raises: InferenceError, it is none."""
    answered = invoke(http_event(method, path, body))
    try:
        return answered["statusCode"], json.loads(answered["body"])
    except (KeyError, TypeError, ValueError) as err:
        raise InferenceError(f"{method} {path} is answered with {str(answered)[:300]}") from err


def card_of_version(invoke: Invoke) -> dict[str, Any]:
    """A version's model card.

    Raises:
        InferenceError: it has none.
    """
    status, document = asked(invoke, "GET", "/", "")
    if status != 200 or not isinstance(document, dict):
        raise InferenceError(f"GET / is answered with {status}: {document}")
    return document


def http_event(
    method: str, path: str, body: str, *, headers: Mapping[str, str] | None = None, encoded: bool = False
) -> dict[str, Any]:
    """What an HTTP API sends to its integration, payload format 2.0. encoded: the body is base64."""
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {
            "accept": "application/json",
            "content-type": "application/json",
            "host": "golden-rows.invalid",
            **(headers or {}),
        },
        "requestContext": {
            "accountId": "anonymous",
            "apiId": REPLAYED,
            "domainName": "golden-rows.invalid",
            "domainPrefix": "golden-rows",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": "isoship-hook",
            },
            "requestId": "golden-rows",
            "routeKey": "$default",
            "stage": "$default",
            "time": "01/Jan/1970:00:00:00 +0000",
            "timeEpoch": 0,
        },
        "body": body,
        "isBase64Encoded": encoded,
    }


def _infinite(value: Any) -> bool:
    return isinstance(value, float) and math.isinf(value)


def _tensor(output: Output, flat: list[Any], count: int) -> Tensor:
    shape = (count, *(size for size in output.shape[1:] if isinstance(size, int)))
    try:
        if output.dtype == "string":
            return Tensor("string", shape, [MISSING_STRING if value is None else str(value) for value in flat])
        if output.dtype == "bool":
            return Tensor("bool", shape, bytearray(flat))
        return Tensor(output.dtype, shape, array(TYPECODES[output.dtype], flat))
    except (TypeError, ValueError, OverflowError) as err:
        raise InferenceError(f"{output.name} is answered with something else than {output.dtype}: {err}") from err
