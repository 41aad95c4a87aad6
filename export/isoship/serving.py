"""`isoship serve`: the Lambda app under uvicorn, with the web bundle at /ui/."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from isoship.bundle.bundle import Bundle
from isoship.errors import InputError


def serve(folder: Path, host: str, port: int, *, say: Callable[[str], None]) -> None:
    """Serves until interrupted.

    Raises:
        BundleError: no bundle.
        InputError: the address cannot be taken.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import uvicorn

    from isoship_lambda.app import create_app

    bundle = Bundle.open(folder)
    web = bundle.path / "web"
    app = create_app(bundle.path, ui=web if web.is_dir() else None)
    server = uvicorn.Server(uvicorn.Config(app, host=host, port=port, log_level="warning", lifespan="off"))
    config = server.config
    config.load()
    try:
        socket = config.bind_socket()
    except SystemExit as err:
        raise InputError(f"cannot listen on {host}:{port}: is it taken? Choose another with --port") from err
    shown = f"http://{host}:{socket.getsockname()[1]}"
    say(
        f"{bundle.manifest.name} {bundle.manifest.version} at {shown}/predict, {shown}/docs"
        + (f", {shown}/ui/" if web.is_dir() else "")
    )
    server.run(sockets=[socket])
