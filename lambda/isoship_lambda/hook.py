"""The gate in front of traffic: the golden rows are replayed on the version just published; a difference stops it.

`isoship_lambda.hook.handler` answers two callers, both set up by template.yaml:

    CodeDeploy       the PreTraffic hook of an update. The alias stays where it is until "Succeeded" is reported.
    CloudFormation   a custom resource, when the stack is created or its function made anew: CodeDeploy runs no hook
                     then. The routes and what they lead to depend on it, so a first deployment that answers otherwise
                     never gets a URL.

A version that answers right, and not what callers of the serving one ask (another column, a lost category), is stopped
too, and so is one whose callers nobody can tell, since the serving version does not say what it takes. With
ISOSHIP_BREAKING_CHANGE=allow (the template's parameter BreakingChange) the serving version is not asked: where it
fails, the call would count as an error of the alias, and sound the alarm on this very deployment.

ISOSHIP_NEW_VERSION is the version's ARN. The golden rows lie beside this package, in the zip that the version runs.
boto3 is the runtime's own; it is imported when the hook runs, and nothing else imports this module.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isoship_edge.errors import BundleError, InferenceError, IsoshipError
from isoship_edge.inference.model import load
from isoship_lambda.callers import breaks_callers, card_of
from isoship_lambda.deployed import DeployedModel, Invoke, card_of_version
from isoship_lambda.deployed_tensors import DeployedTensors

if TYPE_CHECKING:
    from isoship_edge.inference.model import AnyModel

FOLDER = Path(os.environ.get("ISOSHIP_BUNDLE") or Path(__file__).resolve().parent.parent)

#: What Lambda says of a version, a snapshot or a policy that is seconds old; it is asked again.
_NOT_YET = {
    "AccessDeniedException",
    "ResourceConflictException",
    "SnapStartNotReadyException",
    "SnapStartTimeoutException",
    "TooManyRequestsException",
}
#: Seconds kept for reporting, of those that Lambda grants the hook.
_RESERVE = 20.0


class NothingThere(InferenceError):
    """No version or alias of that name: nobody is answered by it."""


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Replays the golden rows and reports: to CodeDeploy, or to CloudFormation through its response URL."""
    if "RequestType" in event:
        return _for_cloudformation(event, context)
    import boto3

    wrong = _difference(context, serving=True)
    status = "Failed" if wrong else "Succeeded"
    boto3.client("codedeploy").put_lifecycle_event_hook_execution_status(
        deploymentId=event["DeploymentId"],
        lifecycleEventHookExecutionId=event["LifecycleEventHookExecutionId"],
        status=status,
    )
    return {"status": status, "reason": wrong}


def replay(folder: Path, invoke: Invoke) -> str | None:
    """The first difference between the golden rows of the bundle in `folder` and the version behind `invoke`, or None.

    Raises:
        IsoshipError: no bundle there, or ONNX Runtime is not.
    """
    model = deployed(load(folder, target="lambda"), invoke)
    try:
        digest = str(model.card().get("digest"))
        if digest != model.manifest.digest:
            return f"the version answers for {digest}; this bundle is {model.manifest.digest}"
        result = model.selftest()
    except InferenceError as err:
        return str(err)
    say(rows=result.rows, worst=result.worst, ties=result.ties, difference=result.first_difference)
    return result.first_difference


def deployed(own: AnyModel, invoke: Invoke) -> DeployedModel | DeployedTensors:
    """The bundle as the version behind `invoke` answers for it."""
    return DeployedModel(own, invoke) if own.takes == "rows" else DeployedTensors(own, invoke)


def say(**fields: Any) -> None:
    """One line of JSON in the log."""
    print(json.dumps({"isoship": "golden rows", **fields}))  # noqa: T201 - Lambda's log


def callers_lost(folder: Path, invoke: Invoke) -> str | None:
    """What callers of the version behind `invoke`, which serves now, would lose to the bundle in `folder`; or None.

    A version that cannot be asked, or has no model card, may have callers all the same.
    """
    own = load(folder)
    try:
        serving = card_of_version(invoke)
        lost = breaks_callers(serving, card_of(own.document))
    except NothingThere:
        say(serving="nothing yet")
        return None
    except (InferenceError, BundleError) as err:
        return f"what callers send now is not known, since the version that serves has no model card to read: {err}"
    return f"callers of {serving.get('version')} would be refused or misread: {'; '.join(lost)}" if lost else None


def _difference(context: Any, *, serving: bool = False) -> str | None:
    """`replay` on the version that was just published; whatever fails is a reason to stop.

    serving: a version serves already, and its callers count.
    """
    version = os.environ.get("ISOSHIP_NEW_VERSION", "")
    try:
        wrong = replay(FOLDER, _invoker(version, context)) if version else "ISOSHIP_NEW_VERSION is not set"
        if wrong is None and serving:
            if os.environ.get("ISOSHIP_BREAKING_CHANGE") == "allow":
                say(serving="not compared: BreakingChange=allow")
            elif lost := callers_lost(FOLDER, _invoker(_live(version), context)):
                wrong = f"{lost}. BreakingChange=allow deploys it all the same"
    except IsoshipError as err:
        wrong = str(err)
    except Exception as err:  # noqa: BLE001 - an unreported hook holds the deployment for an hour
        wrong = f"{type(err).__name__}: {err}"
    say(version=version, verdict=f"stopped: {wrong}" if wrong else "takes traffic")
    return wrong


def _live(version: str) -> str:
    """The alias that serves, of the function whose version this ARN names."""
    return f"{version.rpartition(':')[0]}:live"


def _invoker(version: str, context: Any) -> Invoke:
    import boto3
    from botocore.config import Config
    from botocore.exceptions import ClientError

    left = context.get_remaining_time_in_millis() / 1000 - _RESERVE
    until = time.monotonic() + left
    client = boto3.client("lambda", config=Config(read_timeout=max(1.0, left), retries={"total_max_attempts": 1}))

    def invoke(event: dict[str, Any]) -> Any:
        while True:
            try:
                response = client.invoke(FunctionName=version, Payload=json.dumps(event).encode())
                break
            except ClientError as err:
                code = err.response["Error"]["Code"]
                if code == "ResourceNotFoundException":
                    raise NothingThere(f"{version} is not there: {err}") from err
                if code not in _NOT_YET or time.monotonic() > until:
                    raise InferenceError(f"{version} cannot be invoked: {err}") from err
            time.sleep(1)
        document = json.loads(response["Payload"].read())
        if response.get("FunctionError"):
            said = document.get("errorMessage", document) if isinstance(document, dict) else document
            raise InferenceError(f"the version fails: {said}")
        return document

    return invoke


def _for_cloudformation(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """The custom resource's side: a creation is judged, and a function that took another one's place."""
    from urllib.request import Request, urlopen

    kind, function = event["RequestType"], event.get("ResourceProperties", {}).get("Function")
    anew = kind == "Update" and function != event.get("OldResourceProperties", {}).get("Function")
    wrong = _difference(context) if kind == "Create" or anew else None
    answer = {
        "Status": "FAILED" if wrong else "SUCCESS",
        # CloudFormation takes 4096 bytes in all.
        "Reason": f"the golden rows are answered otherwise: {wrong}"[:500] if wrong else "the golden rows agree",
        "PhysicalResourceId": event.get("PhysicalResourceId") or "golden-rows",
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
    }
    # The signature of the presigned URL covers an empty Content-Type.
    request = Request(  # noqa: S310 - CloudFormation's own https address
        event["ResponseURL"], json.dumps(answer).encode(), {"Content-Type": ""}, method="PUT"
    )
    with urlopen(request, timeout=15) as response:  # noqa: S310 - see above
        return {"status": answer["Status"], "reason": wrong, "http": response.status}
