"""What of the wheels stays behind: a fifteenth of lambda.zip beside ONNX Runtime, and not one module that runs.

`isoship_lambda` is the only program of the folder, so what it cannot reach is weight. Every module that does travel
imports from what travels (tests/lambda/test_lambda_imports.py): a pattern here that took too much shows there.
"""

from __future__ import annotations

import re

#: Folder of a wheel -> what below it is left out. `x/` is a package, `x` a module.
_MODULES = {
    "annotated_types": "test_cases",
    # A backend that needs trio; what starts processes, interpreters and threads, or reads files; what wraps streams.
    "anyio": "_backends/_trio _core/_concurrency_utils _core/_subprocesses _core/_tempfile from_thread functools"
    " itertools pytest_plugin streams/buffered streams/file streams/text to_interpreter to_process",
    # The command line, and what needs httpx or jinja2 or wraps an application that is not ours.
    "fastapi": ".agents/ __main__ cli middleware/cors middleware/gzip middleware/httpsredirect middleware/trustedhost"
    " middleware/wsgi staticfiles templating testclient",
    "mangum": "",
    # Version 1 and its names, the mypy plugin, what pydantic itself calls experimental.
    "pydantic": "class_validators datetime_parse decorator deprecated/ env_settings error_wrappers experimental/"
    " generics json mypy parse schema tools typing utils v1/ validators",
    "starlette": "authentication config endpoints middleware/authentication middleware/cors middleware/gzip"
    " middleware/httpsredirect middleware/sessions middleware/trustedhost middleware/wsgi schemas templating"
    " testclient",
}
_LEFT_OUT = {
    f"{package}/{name}" if name.endswith("/") else f"{package}/{name}.py"
    for package, names in _MODULES.items()
    for name in names.split()
}
#: Tests, bytecode of whoever built the wheel, type hints.
_EVERYWHERE = re.compile(r"(^|/)(tests|__pycache__)/|\.pyi$|/py\.typed$")


def left_out(member: str) -> bool:
    """Whether a file of a wheel, by its path there, stays behind."""
    if member in _LEFT_OUT or _EVERYWHERE.search(member):
        return True
    parts = member.split("/")
    return any("/".join(parts[:depth]) + "/" in _LEFT_OUT for depth in range(2, len(parts)))


#: Modules of the web stack whose annotations stay text: they are evaluated for a type checker's sake alone, and the
#: hundreds of `Annotated[...]` in FastAPI's signatures take 20 ms. Python 3.14 evaluates none before it is asked.
_DEFERRED = re.compile(
    r"fastapi/(applications|background|datastructures|encoders|exceptions|param_functions|params|routing"
    r"|openapi/(docs|utils)|security/(api_key|oauth2|open_id_connect_url))\.py"
)
#: The typed dictionaries of pydantic's core schema, a hundred classes that nothing instantiates or inspects.
_NO_TYPES = "pydantic_core/core_schema.py"


def types_of(path: str) -> str:
    """What the bytecode of a module holds of its annotations (`compile_modules`)."""
    if path == _NO_TYPES:
        return "none"
    return "deferred" if _DEFERRED.fullmatch(path) else "evaluated"
