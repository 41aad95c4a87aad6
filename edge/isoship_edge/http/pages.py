"""What a person sees: the model card and the interactive documentation, without a CDN and without inline script."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from isoship_edge.http.response import Refusal, Response, answer
from isoship_edge.manifest import signature_to_json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from isoship_edge.inference.model import AnyModel
    from isoship_edge.manifest import Output
    from isoship_edge.tensors.signature import Input

#: Swagger UI, gzipped, put here when the wheel is built; the docs page says so where it is absent.
_FOLDER = Path(__file__).parents[1] / "_docs"
_MEDIA = {
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "png": "image/png",
    "txt": "text/plain; charset=utf-8",
}
_HTML = ("content-type", "text/html; charset=utf-8")
# Swagger UI sets style attributes and data: images; scripts come from this server only.
_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_SAFE = (
    ("content-security-policy", _CSP),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
)
_START = b"""window.addEventListener("load", () => {
  SwaggerUIBundle({ url: "openapi.json", dom_id: "#docs", validatorUrl: null, deepLinking: true });
});
"""


def card(model: AnyModel, accept: str) -> Response:
    """The model card: JSON, or a page when `Accept` prefers HTML."""
    manifest = model.manifest
    document: dict[str, Any] = {
        "name": manifest.name,
        "version": manifest.version,
        "digest": manifest.digest,
        "signature": signature_to_json(manifest.signature),
        "outputs": model.document["outputs"],
        "provenance": manifest.provenance,
        "runtime": {"onnxruntime": model.session.runtime or None, "backend": model.session.backend},
        "links": {
            "predict": "predict",
            "docs": "docs",
            "openapi": "openapi.json",
            "v2": f"v2/models/{manifest.name}",
        },
    }
    if not _prefers_html(accept):
        response = answer(document)
        return response._replace(headers=(*response.headers, ("vary", "accept")))
    from html import escape

    takes, rows = (
        "Columns",
        [(c.name, c.dtype, "null is accepted" if c.missing else "") for c in manifest.signature.columns],
    )
    if model.takes == "tensors":
        takes, rows = "Inputs", [(i.name, i.dtype, _shape(i)) for i in manifest.signature.inputs]
    gives = [(o.name, o.dtype, _shape(o) if model.takes == "tensors" else "") for o in manifest.outputs]
    body = (
        f"<h1>{escape(manifest.name)} {escape(manifest.version)}</h1>"
        f"<p>{escape(str(manifest.provenance.get('estimator', '')))}<br><code>{escape(manifest.digest)}</code></p>"
        '<p><a href="docs">Try it and read the API</a> · <a href="openapi.json">openapi.json</a></p>'
        f"<h2>{takes}</h2>{_table(rows)}<h2>Outputs</h2>{_table(gives)}"
    )
    return _page(manifest.name, body, (("vary", "accept"),))


def _table(rows: Iterable[tuple[str, str, str]]) -> str:
    from html import escape

    cells = (
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(dtype)}</td><td>{escape(said)}</td></tr>'
        for name, dtype, said in rows
    )
    return f"<table>{''.join(cells)}</table>"


def _shape(tensor: Input | Output) -> str:
    image = getattr(tensor, "image", None)
    return f"[{', '.join(map(str, tensor.shape))}]" + (f", {image.color} pictures" if image is not None else "")


def docs(model: AnyModel, name: str, accept_encoding: str) -> Response:
    """`/docs` (name is empty) and its files.

    Raises:
        Refusal: 404.
    """
    if name == "":
        if not (_FOLDER / "swagger-ui-bundle.js.gz").is_file():
            return _page(
                "API",
                "<h1>API</h1><p>The interactive documentation is not part of this installation: it is added when the"
                ' isoship wheel is built. The API itself is described in <a href="openapi.json">openapi.json</a>.</p>',
            )
        # Relative links keep working behind a stage or a path prefix.
        head = '<link rel="stylesheet" href="docs/swagger-ui.css">'
        scripts = '<script src="docs/swagger-ui-bundle.js"></script><script src="docs/start.js"></script>'
        return _page(model.manifest.name, f'<div id="docs"></div>{scripts}', head=head)
    media = _MEDIA.get(name.rpartition(".")[2])
    if name == "start.js":
        return Response(200, (("content-type", _MEDIA["js"]), *_SAFE), _START)
    known = {path.name.removesuffix(".gz") for path in _FOLDER.glob("*.gz")} if _FOLDER.is_dir() else set()
    if media is None or name not in known:
        raise Refusal(404, "there is no such page in the documentation; see /docs")
    content = (_FOLDER / f"{name}.gz").read_bytes()
    headers = (("content-type", media), ("vary", "accept-encoding"), ("cache-control", "max-age=3600"), *_SAFE)
    if "gzip" in accept_encoding:
        return Response(200, (*headers, ("content-encoding", "gzip")), content)
    import gzip

    return Response(200, headers, gzip.decompress(content))


def _page(title: str, body: str, headers: tuple[tuple[str, str], ...] = (), head: str = "") -> Response:
    from html import escape

    text = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">{head}'
        f"</head><body><main>{body}</main></body></html>\n"
    )
    return Response(200, (_HTML, *_SAFE, *headers), text.encode())


def _prefers_html(accept: str) -> bool:
    kinds = [part.partition(";")[0].strip().lower() for part in accept.split(",")]
    if "text/html" not in kinds:
        return False
    return "application/json" not in kinds or kinds.index("text/html") < kinds.index("application/json")
