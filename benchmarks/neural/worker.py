"""`worker.py WAY FOLDER SIZE...`: times one way into a bundle, under the protocol of floor.c.

FOLDER is a bundle's edge/ or lambda/, whose own modules and library run. WAY: `arrays` takes and gives numpy arrays;
`tensors` does so without numpy; `handler-tensors` is the model that Lambda's handler holds; `handler-json` and
`handler-binary` are whole events; `http-json` and `http-binary` are requests to `edge/run serve` on one connection.
"""

from __future__ import annotations

import array
import atexit
import base64
import json
import os
import socket
import subprocess
import sys
import time

INPUT, OUTPUT = "x", "logits"


def main(way, folder, sizes):
    # What the handler logs must not come between the figures.
    figures, given = os.fdopen(os.dup(1), "wb"), sys.stdin.buffer
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.path.insert(0, folder)
    os.environ["ISOSHIP_BUNDLE"] = folder
    prepared = WAYS[way](folder)
    one = 1
    for size in sizes:
        one *= size
    while line := given.readline():
        batch, calls = map(int, line.split())
        values = array.array("f", given.read(4 * batch * one))
        call, logits = prepared(values, (batch, *sizes))
        taken = array.array("Q", bytes(8 * calls))
        for i in range(calls):
            before = time.perf_counter_ns()
            answer = call()
            taken[i] = time.perf_counter_ns() - before
        figures.write(taken.tobytes() + bytes(logits(answer)))
        figures.flush()


def arrays(folder):
    import numpy

    from isoship_edge.inference.model import load

    model = load(folder)

    def prepared(values, shape):
        pictures = numpy.array(values, numpy.float32).reshape(shape)
        return (lambda: model.predict({INPUT: pictures})), (lambda answer: answer[OUTPUT].tobytes())

    return prepared


def tensors(folder):
    from isoship_edge.inference.model import load

    return _tensors(load(folder))


def handler_tensors(folder):
    from isoship_lambda.handler import model

    return _tensors(model)


def _tensors(model):
    from isoship_edge.inference.tensor import Tensor

    def prepared(values, shape):
        given = {INPUT: Tensor("float", shape, values)}
        return (lambda: model.infer(given)), (lambda answer: answer[OUTPUT].data.tobytes())

    return prepared


def handler_events(binary):
    def way(folder):
        from isoship_lambda.handler import handler, model

        name = model.manifest.name

        def prepared(values, shape):
            path, headers, content = _request(name, values, shape, binary)
            event = {
                "version": "2.0", "rawPath": path, "rawQueryString": "", "headers": headers, "isBase64Encoded": binary,
                "requestContext": {"http": {"method": "POST", "path": path, "sourceIp": "203.0.113.7"}},
                "body": base64.b64encode(content).decode() if binary else content.decode(),
            }  # fmt: skip

            def logits(answer):
                body = answer["body"]
                content = base64.b64decode(body) if answer["isBase64Encoded"] else body.encode()
                return _logits(answer["statusCode"], answer["headers"], content)

            return (lambda: handler(event, None)), logits

        return prepared

    return way


def http(binary):
    def way(folder):
        import http.client

        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        environment = {**os.environ, "ISOSHIP_PYTHON": sys.executable}
        server = subprocess.Popen(
            [folder + "/run", "serve", "--port", str(port)], env=environment, stdin=subprocess.DEVNULL, stdout=2
        )
        atexit.register(server.kill)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        for _ in range(600):
            try:
                connection.connect()
                break
            except OSError:
                time.sleep(0.05)
        connection.request("GET", "/")
        name = json.loads(connection.getresponse().read())["name"]

        def prepared(values, shape):
            path, headers, content = _request(name, values, shape, binary)

            def call():
                connection.request("POST", path, content, headers)
                answer = connection.getresponse()
                return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()

            return call, lambda answer: _logits(*answer)

        return prepared

    return way


def _request(name, values, shape, binary):
    """Path, headers and body; lists are rounded by no one: the shortest text of a float32's double is its own."""
    if not binary:
        body = json.dumps({"inputs": {INPUT: _nested(values.tolist(), shape)}}).encode()
        return "/predict", {"content-type": "application/json"}, body
    data = values.tobytes()
    given = {"name": INPUT, "datatype": "FP32", "shape": list(shape), "parameters": {"binary_data_size": len(data)}}
    asked = {"name": OUTPUT, "parameters": {"binary_data": True}}
    head = json.dumps({"inputs": [given], "outputs": [asked]}).encode()
    headers = {"content-type": "application/octet-stream", "inference-header-content-length": str(len(head))}
    return "/v2/models/" + name + "/infer", headers, head + data


def _nested(flat, shape):
    for size in reversed(shape[1:]):
        flat = [flat[i : i + size] for i in range(0, len(flat), size)]
    return flat


def _logits(status, headers, content):
    if status != 200:
        raise SystemExit(f"{status} {content[:300]!r}")
    length = headers.get("inference-header-content-length")
    if length is not None:
        return content[int(length) :]
    return array.array("f", [value for row in json.loads(content)["outputs"][OUTPUT] for value in row]).tobytes()


WAYS = {
    "arrays": arrays, "tensors": tensors, "handler-tensors": handler_tensors,
    "handler-json": handler_events(False), "handler-binary": handler_events(True),
    "http-json": http(False), "http-binary": http(True),
}  # fmt: skip

if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], tuple(map(int, sys.argv[3:])))
