"""The path below where the function is mounted: a stage, a custom domain's base path, a load balancer's prefix.

Gateways put these in front of the path, and say so in other members of the event:

    REST API    `resource` is the API's own path ("/{proxy+}"), with `pathParameters` for what is in braces; in front of
                it stands the base path of a custom domain
    HTTP API    `routeKey` is likewise ("ANY /{proxy+}"), or "$default"; a stage that is not "$default" is the first
                segment, on the API's own domain
    elsewhere   nothing says so, and ISOSHIP_BASE_PATH does

Whole segments are taken off, never letters: with the base path /scores, /scores2/predict stays what it is.

Sources: API Gateway Developer Guide, "Set up Lambda proxy integrations in API Gateway", "Create AWS Lambda proxy
integrations for HTTP APIs in API Gateway", "Use API mappings to connect API stages to a custom domain name".
"""

from __future__ import annotations

import os

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from typing import Any

#: First segments of the contract's own paths: on a custom domain they are no stage's name.
_OWN = ("docs", "metrics", "openapi.json", "predict", "v2")


def below_base(event: dict[str, Any], path: str) -> str:
    """`path` without what the event or ISOSHIP_BASE_PATH says stands in front of it."""
    context = event["requestContext"]
    stage = context.get("stage")
    template = event.get("resource") or str(event.get("routeKey") or "").partition(" ")[2]
    own = _filled(template, event.get("pathParameters"))
    if own == "/" or (own is not None and path.endswith(own)):
        path = own
    elif "version" in event and isinstance(stage, str) and stage != "$default":  # a REST API's path has no stage
        domain = context.get("domainName")
        if stage not in _OWN or not isinstance(domain, str) or ".execute-api." in domain:
            path = _without(path, stage)
    return _without(path, os.environ.get("ISOSHIP_BASE_PATH", ""))


def with_path(event: dict[str, Any], path: str) -> dict[str, Any]:
    """The event as a gateway without any of these would send it."""
    context = event["requestContext"]
    if event.get("version") == "2.0" and "http" in context:
        return {**event, "requestContext": {**context, "http": {**context["http"], "path": path}}}
    return {**event, "path": path}


def _without(path: str, base: str) -> str:
    base = "/" + base.strip("/")
    if base == "/":
        return path
    return path[len(base) :] or "/" if f"{path}/".startswith(f"{base}/") else path


def _filled(template: Any, parameters: Any) -> str | None:
    """The API's own path with the parameters in it; None where the event does not say all of it."""
    if not isinstance(template, str) or not template.startswith("/"):
        return None
    segments = []
    for segment in template.split("/"):
        if segment.startswith("{") and segment.endswith("}"):
            held = parameters.get(segment[1:-1].removesuffix("+")) if isinstance(parameters, dict) else None
            if not isinstance(held, str):
                return None
            segment = held
        segments.append(segment)
    return "/".join(segments)
