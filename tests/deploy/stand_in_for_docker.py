"""A stand-in for the Docker daemon, which `sam build` and `sam deploy` talk to: on loopback, with the standard library.

It takes the context that the real client sends, follows the Dockerfile (dockerfile.py says how far), keeps the result
under its tags, and writes down what is pushed. There is no container and no registry: what a real build adds (the base
image, layers, compression) and a real push (ECR's checks) is not shown.

Docker Engine API: ping, version, build, inspect an image, tag, push, auth. Beside it, for the local AWS, which would
start images in Docker: POST /run?image=<pushed>&command=<handler>&environment=<JSON> with an event (container.py).
"""

from __future__ import annotations

import hashlib
import http.server
import io
import json
import re
import tarfile
import threading
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from container import Base, Container
from dockerfile import Layout, lay_out


class Built(NamedTuple):
    """One call of build. sent: the members of the context; platform: as the client asked."""

    id: str
    tag: str
    platform: str
    sent: list[tarfile.TarInfo]
    layout: Layout


class DockerStandIn:
    """Listens at `address` (for DOCKER_HOST) until `close`. base: what containers are started on, for /run."""

    def __init__(self, folder: Path, base: Base | None = None) -> None:
        self._base, self._folder = base, folder
        self._containers: dict[tuple[str, ...], Container] = {}
        self._starting = threading.Lock()
        self.builds: list[Built] = []
        #: What has a name: image id by "name:tag".
        self.tags: dict[str, str] = {}
        self.pushed: list[str] = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                path = self._path()
                if path == "/_ping":
                    self._send(200, b"OK")
                elif path == "/version":
                    self._json(200, {"ApiVersion": "1.44", "MinAPIVersion": "1.24", "Version": "stand-in"})
                elif (named := re.fullmatch(r"/images/(.+)/json", path)) and (image := outer.find(named[1])):
                    self._json(200, {"Id": image, "RepoTags": [n for n, i in outer.tags.items() if i == image]})
                else:
                    self._json(404, {"message": f"No such image: {path}"})

            do_HEAD = do_GET

            def do_POST(self) -> None:
                path, query = self._path(), parse_qs(urlsplit(self.path).query, keep_blank_values=True)
                body = self._body()
                if path == "/build":
                    self._lines(*outer.build(body, query, folder))
                elif (named := re.fullmatch(r"/images/(.+)/tag", path)) and (image := outer.find(named[1])):
                    outer.tags[f"{query['repo'][0]}:{query['tag'][0]}"] = image
                    self._send(201, b"")
                elif named := re.fullmatch(r"/images/(.+)/push", path):
                    name = f"{named[1]}:{query['tag'][0]}"
                    if name in outer.tags:
                        outer.pushed.append(name)
                        self._lines({"status": "Pushed"})
                    else:
                        self._lines({"error": f"no such image: {name}", "errorDetail": {"message": "no such image"}})
                elif path == "/run":
                    answered = outer.run(
                        json.loads(body), query["image"][0], query["command"][0], query["environment"][0]
                    )
                    self._json(500 if isinstance(answered, dict) and "errorType" in answered else 200, answered)
                elif path == "/auth":
                    self._json(200, {"Status": "Login Succeeded"})
                else:
                    self._json(404, {"message": f"not here: {path}"})

            def _path(self) -> str:
                return re.sub(r"^/v\d+\.\d+", "", unquote(urlsplit(self.path).path))

            def _body(self) -> bytes:
                if "chunked" not in self.headers.get("Transfer-Encoding", ""):
                    return self.rfile.read(int(self.headers.get("Content-Length", 0)))
                parts = []
                while size := int(self.rfile.readline(), 16):
                    parts.append(self.rfile.read(size))
                    self.rfile.readline()
                self.rfile.readline()
                return b"".join(parts)

            def _lines(self, *documents: Any) -> None:
                self._send(200, b"".join(json.dumps(d).encode() + b"\r\n" for d in documents))

            def _json(self, status: int, document: Any) -> None:
                self._send(status, json.dumps(document).encode())

            def _send(self, status: int, data: bytes) -> None:
                self.send_response(status)
                self.send_header("Api-Version", "1.44")
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(data)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"tcp://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def find(self, name: str) -> str | None:
        """The image of that id (or its beginning) or "name:tag"."""
        ids = {build.id for build in self.builds}
        return self.tags.get(name) or next((i for i in ids if i == name or i.partition(":")[2].startswith(name)), None)

    def build(self, context: bytes, query: dict[str, list[str]], folder: Path) -> list[dict[str, Any]]:
        """Follows the Dockerfile and says what a daemon would."""
        place = folder / f"build-{len(self.builds)}"
        with tarfile.open(fileobj=io.BytesIO(context)) as archive:
            sent = archive.getmembers()
            archive.extractall(place / "context", filter="tar")
        try:
            layout = lay_out(place / "context", query["dockerfile"][0], place / "root")
        except (ValueError, OSError) as err:
            return [{"error": str(err), "errorDetail": {"message": str(err)}}]
        content = [f"{layout._replace(root=Path())}"]
        for path in sorted(p for p in layout.root.rglob("*") if p.is_file()):
            content.append(f"{path.relative_to(layout.root)} {hashlib.sha256(path.read_bytes()).hexdigest()}")
        image = "sha256:" + hashlib.sha256("\n".join(content).encode()).hexdigest()
        tag = query["t"][0]
        self.builds.append(Built(image, tag, query.get("platform", [""])[0], sent, layout))
        self.tags[tag] = image
        return [{"stream": f"Successfully built {image[7:19]}\n"}, {"stream": f"Successfully tagged {tag}\n"}]

    def run(self, event: Any, image: str, command: str, environment: str) -> Any:
        """What the function of a pushed image answers; its container is started for the first event and kept."""
        layout = next(build.layout for build in self.builds if build.id == self.tags[image])
        key = (image, command, environment)
        with self._starting:
            if key not in self._containers:
                assert self._base is not None
                aside = self._folder / f"container-{len(self._containers)}"
                given = layout.environment | json.loads(environment)
                words = [command] if command else layout.command
                self._containers[key] = Container(self._base, layout.task, words, aside, given)
        return self._containers[key].invoke(event)

    def close(self) -> None:
        for container in self._containers.values():
            container.close()
        self._server.shutdown()
        self._server.server_close()
