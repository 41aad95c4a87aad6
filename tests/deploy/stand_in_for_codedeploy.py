"""ministack with a stand-in for AWS CodeDeploy, which it lacks. Run by ministack's own Python; stays until ended.

The stand-in does what the documentation says of a Lambda deployment ("CodeDeployLambdaAliasUpdate policy" in the
CloudFormation User Guide, "AppSpec 'hooks' section for an AWS Lambda deployment" in CodeDeploy's):

    CloudFormation updates the alias to another version
      -> a deployment starts; the BeforeAllowTraffic hook is invoked with its two ids
      -> the hook reports through PutLifecycleEventHookExecutionStatus (here a loopback server, which boto3 is led to)
      -> Succeeded: the alias moves.  Failed, or no report in time: it stays, and the update fails.

What it leaves out: shifting in steps (the alias moves at once), alarms, the AfterAllowTraffic hook, roles.

Other gaps of ministack 1.5.33 that are filled or lived with here:
    - it orders resources by their Properties alone, and the alias names its hook in UpdatePolicy: walked too
    - an alias updates on the event loop, which a hook that calls back would block: moved to a thread
    - SAM's transform gets no parameter values, Rules are checked on the plain template
    - signatures and identity policies are checked (AUTH=true), except those of the account's root, whose key is `test`
    - an alarm over several metrics is refused: it is recorded with the dimensions of its first one
    - CORS and throttle of an HTTP API are kept under CloudFormation's names, where nothing finds them: renamed
    - reserved concurrency in a template is forgotten: handed on
    - a custom resource may get another ServiceToken: refused, as CloudFormation does
    - a function that is replaced is gone at once, and not in the cleanup, after the custom resource that it serves: the
      deletion of a custom resource whose function is gone succeeds
    - alarms, throttling, X-Ray and log retention are recorded and have no effect
    - functions of container images run in Docker alone, and there is none: they go to stand_in_for_docker.py
    - an unchanged template is refused by UpdateStack although it has a transform, whose result CloudFormation only
      knows afterwards: sam updates the stack of its image repositories so at every deploy
    - handlers run under ministack's own loop, not awslambdaric, and SnapStart takes no snapshot
"""

from __future__ import annotations

import http.server
import json
import os
import signal
import threading
import time
from typing import Any
from urllib.parse import urlencode

STATUS_CALL = "CodeDeploy_20141006.PutLifecycleEventHookExecutionStatus"
#: CodeDeploy waits an hour.
PATIENCE = 120.0

deployments: list[dict[str, Any]] = []
_reported: dict[str, threading.Event] = {}


class Api(http.server.BaseHTTPRequestHandler):
    """POST: the one call that a hook makes. GET: every deployment so far, for the tests."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        found = next((d for d in deployments if d["execution"] == body.get("lifecycleEventHookExecutionId")), None)
        right = found and found["id"] == body["deploymentId"] and body["status"] in ("Succeeded", "Failed")
        if self.headers["X-Amz-Target"] != STATUS_CALL or not found or not right or "Authorization" not in self.headers:
            self._answer(400, {"__type": "InvalidLifecycleEventHookExecutionIdException"})
            return
        found["status"] = body["status"]
        self._answer(200, {"lifecycleEventHookExecutionId": found["execution"]})
        _reported[found["id"]].set()

    def do_GET(self) -> None:
        self._answer(200, deployments)

    def _answer(self, status: int, document: Any) -> None:
        data = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        pass


def run_hook(hook: str, **about: Any) -> str:
    """Invokes the hook as CodeDeploy does, and waits for the status that it reports."""
    from ministack.services import lambda_svc

    number = len(deployments) + 1
    deployment = {"id": f"d-{number:09}", "execution": f"e-{number:09}", "hook": hook, "status": "Pending", **about}
    _reported[deployment["id"]] = threading.Event()
    deployments.append(deployment)
    record, config, _ = lambda_svc._get_func_record_for_ref(hook)
    event = {"DeploymentId": deployment["id"], "LifecycleEventHookExecutionId": deployment["execution"]}
    executed = lambda_svc._execution_record_for_config(record, config)
    caller = threading.Thread(target=lambda_svc._execute_function_with_config_scope, args=(executed, event))
    caller.start()
    if not _reported[deployment["id"]].wait(PATIENCE):
        deployment["status"] = "Unknown"
    caller.join(10)
    return str(deployment["status"])


def of_one_metric(properties: dict[str, Any]) -> dict[str, Any]:
    """An alarm's properties without metric math."""
    metrics = [metric["MetricStat"] for metric in properties.get("Metrics", []) if "MetricStat" in metric]
    if not metrics:
        return properties
    rest = {name: value for name, value in properties.items() if name != "Metrics"}
    return {**rest, **metrics[0]["Metric"], "Period": metrics[0]["Period"], "Statistic": metrics[0]["Stat"]}


def name_as_api_gateway_does(handlers: dict[str, Any], kind: str, member: str) -> None:
    """The names below `member` of a resource's properties begin with a small letter in API Gateway's own answers."""
    held = handlers[kind]

    def named(properties: dict[str, Any]) -> dict[str, Any]:
        inner = properties.get(member)
        if not inner:
            return properties
        return {**properties, member: {name[0].lower() + name[1:]: value for name, value in inner.items()}}

    handlers[kind] = {
        **held,
        "create": lambda logical_id, props, *more: held["create"](logical_id, named(props), *more),
        "update": lambda physical_id, old, new, *more: held["update"](physical_id, old, named(new), *more),
    }


def hand_on_reserved_concurrency(handlers: dict[str, Any]) -> None:
    from ministack.services import lambda_svc

    function = handlers["AWS::Lambda::Function"]

    def recorded(made: tuple[str, Any], properties: dict[str, Any]) -> tuple[str, Any]:
        reserved = properties.get("ReservedConcurrentExecutions")
        lambda_svc._get_func_record_for_ref(made[0])[0]["concurrency"] = None if reserved is None else int(reserved)
        return made

    handlers["AWS::Lambda::Function"] = {
        **function,
        "create": lambda logical_id, props, *more: recorded(function["create"](logical_id, props, *more), props),
        "update": lambda physical_id, old, new, *more: recorded(function["update"](physical_id, old, new, *more), new),
    }


def install() -> None:
    """Registers CodeDeploy's resource types and puts the deployment between CloudFormation and the alias."""
    from ministack.services.cloudformation import _stacks, engine, provisioners, stacks

    handlers = provisioners._RESOURCE_HANDLERS
    for kind in ("AWS::CodeDeploy::Application", "AWS::CodeDeploy::DeploymentGroup"):
        handlers[kind] = {
            "create": lambda logical_id, props, stack: (f"{stack}-{logical_id}", {}),
            "update": lambda physical_id, old, new, stack: (physical_id, {}),
            "delete": lambda physical_id, props: None,
        }
    alarm = handlers["AWS::CloudWatch::Alarm"]
    handlers["AWS::CloudWatch::Alarm"] = {
        **alarm,
        "create": lambda logical_id, props, *more: alarm["create"](logical_id, of_one_metric(props), *more),
        "update": lambda physical_id, old, new, *more: alarm["update"](
            physical_id, of_one_metric(old), of_one_metric(new), *more
        ),
    }
    name_as_api_gateway_does(handlers, "AWS::ApiGatewayV2::Api", "CorsConfiguration")
    name_as_api_gateway_does(handlers, "AWS::ApiGatewayV2::Stage", "DefaultRouteSettings")
    hand_on_reserved_concurrency(handlers)
    update_custom = provisioners._custom_resource_update

    def keep_service_token(physical_id: str, old: Any, new: Any, *more: Any, **named: Any) -> Any:
        if old.get("ServiceToken") != new.get("ServiceToken"):
            raise ValueError("Modifying service token is not allowed.")
        return update_custom(physical_id, old, new, *more, **named)

    provisioners._custom_resource_update = keep_service_token
    delete_custom = provisioners._custom_resource_delete

    def delete_without_its_function(*given: Any, **named: Any) -> Any:
        try:
            return delete_custom(*given, **named)
        except ValueError as err:
            if "not found" not in str(err):
                raise

    provisioners._custom_resource_delete = delete_without_its_function
    alias = handlers["AWS::Lambda::Alias"]
    update_alias = alias["update"]

    def deploy(physical_id: str, old: Any, new: Any, stack: str, logical_id: str | None = None) -> Any:
        resource = _stacks[stack]["_template"]["Resources"][logical_id]
        policy = resource.get("UpdatePolicy", {}).get("CodeDeployLambdaAliasUpdate")
        # The alias of a function made anew is another one, and CodeDeploy is asked for none that is created.
        moved = old.get("FunctionVersion") != new.get("FunctionVersion")
        if policy and moved and old["FunctionName"] == new["FunctionName"]:
            hook = _stacks[stack]["_resources"][policy["BeforeAllowTrafficHook"]["Ref"]]["PhysicalResourceId"]
            status = run_hook(hook, current=old["FunctionVersion"], target=new["FunctionVersion"])
            if status != "Succeeded":
                raise RuntimeError(f"Deployment {deployments[-1]['id']} failed: its BeforeAllowTraffic hook: {status}")
        return update_alias(physical_id, old, new, stack, logical_id)

    alias["update"] = deploy
    on_thread = stacks._runs_on_worker_thread
    stacks._runs_on_worker_thread = lambda kind: kind == "AWS::Lambda::Alias" or on_thread(kind)
    from_properties = engine._extract_deps
    engine._extract_deps = lambda resource, names: (
        from_properties(resource, names)
        | {name for name, _ in engine._intrinsic_references(resource.get("UpdatePolicy", {})) if name in names}
    )


def run_images(address: str) -> None:
    """Sends what would run in Docker to the stand-in for Docker at `address`."""
    from ministack.services import lambda_svc
    from ministack.services.cloudformation import handlers

    def run(func: dict[str, Any], event: Any, request_id: str) -> Any:
        config = func.get("config") or func
        command = config.get("ImageConfigResponse", {}).get("ImageConfig", {}).get("Command", [""])
        # What ministack gives its own workers: where AWS is, and who calls.
        given = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
        endpoint = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}"}
        environment = {**given, **endpoint, **config["Environment"]["Variables"]}
        environment["AWS_LAMBDA_FUNCTION_TIMEOUT"] = str(config["Timeout"])
        query = {"image": config["ImageUri"], "command": command[0], "environment": json.dumps(environment)}
        return lambda_svc._execute_function_proxy(func, event, f"{address}/run?{urlencode(query)}", request_id)

    lambda_svc._execute_function_docker = run
    unchanged = handlers._stack_has_no_updates
    handlers._stack_has_no_updates = lambda stack, *rest: (
        not stack["StackName"].endswith("CompanionStack") and unchanged(stack, *rest)
    )


def end_with(parent: int) -> None:
    """Ends this process group once the test run that started it is gone, however it went."""
    while os.getppid() == parent:
        time.sleep(1)
    os.killpg(0, signal.SIGKILL)


def main() -> None:
    threading.Thread(target=end_with, args=(os.getppid(),), daemon=True).start()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["STAND_IN_PORT"])), Api)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    # Lambda's processes inherit this environment, and boto3 looks here first.
    os.environ["AWS_ENDPOINT_URL_CODEDEPLOY"] = f"http://127.0.0.1:{server.server_port}"
    install()
    if address := os.environ.get("STAND_IN_FOR_DOCKER"):
        run_images(address)
    from ministack.app import main as ministack

    ministack()


if __name__ == "__main__":
    main()
