"""Published versions of a function, each a process under the real awslambdaric, behind AWS's own HTTP interfaces."""

from __future__ import annotations

import http.server
import json
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from isoship.parity.runners.contract import RunnerCrashed
from isoship.parity.runners.lambda_process import LambdaFunction


class Functions:
    """Copies of one Lambda directory, changed or not, and the functions started from them."""

    def __init__(self, folder: Path, interpreter: Path, client: Path, aside: Path) -> None:
        self.folder = folder
        self._interpreter, self._client, self._aside = interpreter, client, aside
        self._started: list[LambdaFunction] = []

    def copy(self, change: Callable[[Path], None]) -> Path:
        """The directory with a change; files are links until they are written anew."""
        place = self._aside / f"changed-{len(list(self._aside.glob('changed-*')))}"
        shutil.copytree(self.folder, place, copy_function=os.link)
        change(place)
        return place

    def start(self, folder: Path | None = None, **environment: str) -> LambdaFunction:
        made = LambdaFunction(self._interpreter, folder or self.folder, self._client, environment=environment)
        self._started.append(made)
        return made

    def close(self) -> None:
        for function in self._started:
            function.close()


def rewrite(path: Path, content: bytes) -> None:
    """Replaces a file that may be a link to another."""
    path.unlink()
    path.write_bytes(content)


class Aws:
    """Lambda's Invoke for one version, CodeDeploy's status call and CloudFormation's response URL, on loopback.

    serving: the function behind the alias `live`, if there is one. not_yet: how many calls of Invoke are refused
    first, as Lambda does while a version is pending.
    """

    def __init__(self, function: LambdaFunction, version: str, serving: Any = None) -> None:
        functions: dict[str, Any] = {version: function, f"{version.rpartition(':')[0]}:live": serving}
        self.reported: list[dict[str, Any]] = []
        self.responses: list[dict[str, Any]] = []
        self.invocations = 0
        self.not_yet = 0
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("X-Amz-Target") == "CodeDeploy_20141006.PutLifecycleEventHookExecutionStatus":
                    outer.reported.append(json.loads(body))
                    self._send(200, {})
                    return
                asked = functions[unquote(self.path).split("/")[3]]
                if asked is None:
                    self._send(404, {"Message": "no such alias"}, ("X-Amzn-ErrorType", "ResourceNotFoundException"))
                    return
                outer.invocations += 1
                if outer.invocations <= outer.not_yet:
                    self._send(409, {"Message": "pending"}, ("X-Amzn-ErrorType", "ResourceConflictException"))
                    return
                try:
                    self._send(200, asked.invoke(json.loads(body)))
                except RunnerCrashed as err:
                    self._send(200, {"errorMessage": str(err)}, ("X-Amz-Function-Error", "Unhandled"))

            def do_PUT(self) -> None:
                assert not self.headers["Content-Type"], "the presigned URL was signed for none"
                outer.responses.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self._send(200, {})

            def _send(self, status: int, document: Any, *headers: tuple[str, str]) -> None:
                data = json.dumps(document).encode()
                self.send_response(status)
                for name, value in (("Content-Length", str(len(data))), *headers):
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
