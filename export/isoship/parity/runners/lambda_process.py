"""A Lambda directory running under the real `awslambdaric`, in a process that has nothing else."""

from __future__ import annotations

import contextlib
import json
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from isoship.parity.runners.contract import RunnerCrashed, RunnerHung
from isoship.parity.runners.lambda_api import RuntimeApi
from isoship.parity.runners.patience import Patience

HANDLER = "isoship_lambda.handler.handler"


class LambdaFunction:
    """Starts on construction; `invoke` as often as wanted; `close`.

    The interpreter runs with `-S` (no site-packages) in a fresh environment. On its path are the folder, as at
    /var/task, and `client`, the unpacked awslambdaric, as in Lambda's base image. What the bundle forgot is missing.
    """

    def __init__(
        self, interpreter: Path, folder: Path, client: Path, *, handler: str = HANDLER,
        environment: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        self._api = RuntimeApi()
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process, closed by close()
        try:
            self._process = subprocess.Popen(
                [interpreter, "-S", "-m", "awslambdaric", handler],
                cwd=folder, env=function_environment(folder, client, self._api.address) | dict(environment or {}),
                stdin=subprocess.DEVNULL, stdout=self._log, stderr=subprocess.STDOUT,
            )  # fmt: skip
        except OSError:
            self._api.close()
            self._log.close()
            raise

    @property
    def pid(self) -> int:
        return self._process.pid

    def invoke(self, event: Mapping[str, Any], timeout: float = 60) -> Any:
        """The handler's answer to one event, parsed.

        Raises:
            RunnerCrashed: the handler raised, could not be imported, or ended; with the end of its log.
            RunnerHung: no answer within `timeout` seconds (`Patience`).
        """
        answer = self.invoke_bytes(json.dumps(event).encode(), timeout)
        try:
            return json.loads(answer, parse_constant=_no_constant)
        except ValueError as err:
            raise RunnerCrashed(f"the handler's answer is not JSON ({err}): {answer[:300]!r}") from err

    def invoke_bytes(self, event: bytes, timeout: float = 60) -> bytes:
        """The same of an event in JSON, and its answer as it came.

        Raises: as `invoke`.
        """
        patience = Patience(self._process.pid, timeout)
        request = self._api.put(event, patience.wall)
        while True:
            answered = self._api.take(min(0.2, patience.tick))
            if answered is None:
                if self._process.poll() is not None:
                    # Its last words may still be on their way through the server's threads.
                    answered = self._api.take(0.5)
                    if answered is None:
                        raise RunnerCrashed(f"awslambdaric ended with exit code {self._process.returncode}{self.log()}")
                elif patience.is_over():
                    raise RunnerHung(f"the Lambda function gave no answer within {patience}{self.log()}")
                else:
                    continue
            identity, answer = answered
            if answer.kind == "init":
                raise RunnerCrashed(f"the Lambda function could not start: {answer.body.decode('utf-8', 'replace')}")
            if identity != request:
                continue
            if answer.kind == "error":
                raise RunnerCrashed(f"the handler raised: {answer.body.decode('utf-8', 'replace')}")
            return answer.body

    def log(self) -> str:
        """The last lines that the function wrote, on a line of their own; empty when there are none."""
        self._log.seek(0)
        text = self._log.read().decode("utf-8", "replace").strip()
        return "\n" + text[-2000:] if text else ""

    def close(self) -> None:
        """Ends the process and the server."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        self._process.wait()
        self._api.close()
        self._log.close()


def function_environment(folder: Path, client: Path, api: str) -> dict[str, str]:
    """The environment that Lambda gives a function, and nothing of ours.

    PYTHONDONTWRITEBYTECODE stands for /var/task being read-only.
    """
    return {
        "AWS_LAMBDA_RUNTIME_API": api,
        "AWS_LAMBDA_FUNCTION_NAME": "isoship",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/isoship",
        "AWS_LAMBDA_LOG_STREAM_NAME": "local",
        "AWS_REGION": "us-east-1",
        "LAMBDA_TASK_ROOT": str(folder),
        "LANG": "en_US.UTF-8",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": f"{folder}:{client}",
        "TZ": ":UTC",
        "_HANDLER": HANDLER,
    }


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")
