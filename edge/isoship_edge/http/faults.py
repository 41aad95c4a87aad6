"""What a log says of a fault of ours: which error, and where. Its message may hold a value of the request.

ISOSHIP_LOG_INPUTS=1 shows the message as well.
"""

from __future__ import annotations

import json
import os
import sys

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from typing import Any

_FRAMES = 5


def fault_members(err: BaseException) -> dict[str, Any]:
    """The members of a log line: the class, the innermost places in the code, and the message where that is asked."""
    places, trace = [], err.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{os.path.basename(code.co_filename)}:{trace.tb_lineno} {code.co_name}")  # noqa: PTH119
        trace = trace.tb_next
    told: dict[str, Any] = {"error": type(err).__name__, "at": places[-_FRAMES:]}
    if os.environ.get("ISOSHIP_LOG_INPUTS") == "1":
        told["said"] = str(err)
    return told


def report(err: BaseException) -> None:
    """One line of JSON on standard error: a server's log."""
    print(json.dumps({"level": "ERROR", "message": "a fault", **fault_members(err)}), file=sys.stderr, flush=True)  # noqa: T201
