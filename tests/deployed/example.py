"""The example API of examples/protected-api, deployed as its README says, and gateways that ask our authorizer first.

Owns its package (the modules it vendors, `chalice package`), its stack, and APIs in front of its function that name the
authorizer of a deployed Latchkey, made as docs/authorizer.md tells.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.deployed.cloud import LIBRARY, REGION, Cloud, bare_shell, tool
from tests.engines import ROOT

EXAMPLE = ROOT / "examples" / "protected-api"
STACK = "protected-api"
ROUTES = ("me", "orders", "admin")
_BUCKET = "example-artifacts"
_PACKAGE = """\
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from chalice.cli import main
from deployment import requirements
pins, copy = Path(sys.argv[2]), Path(sys.argv[3])
requirements.install(pins, copy / "requirements.txt", copy / "vendor", "x86_64")
(copy / "requirements.txt").write_text("")  # what it needs lies in vendor/
sys.argv = ["chalice", "--project-dir", str(copy), "package", str(copy / "out")]
main()
"""


@dataclass(frozen=True)
class Example:
    """The deployed example: its own gateway's id, and its function."""

    cloud: Cloud
    api: str
    function: str

    def own(self, route: str) -> str:
        """A route of its own gateway, at which Chalice's authorizers stand."""
        return self._address(self.api, route, "api")

    def behind(self, authorizer: str, **options: str) -> Gateway:
        """A REST API with the same routes, at which a Latchkey's authorizer stands, with stage variables for it."""
        gateway = self.cloud.client("apigateway")
        api = gateway.create_rest_api(name="-".join(("behind", *options)))["id"]
        self._permit(authorizer, api, "authorizers/*")
        self._permit(self.function, api, "*")
        guard = gateway.create_authorizer(
            restApiId=api, name="latchkey", type="REQUEST", authorizerUri=_invocation(authorizer),
            identitySource="method.request.header.Authorization", authorizerResultTtlInSeconds=0,
        )  # fmt: skip
        [root] = gateway.get_resources(restApiId=api)["items"]
        for route in ROUTES:
            self._route(gateway, {"restApiId": api, "guard": guard["id"], "parent": root["id"], "route": route})
        gateway.create_deployment(restApiId=api, stageName="prod", variables=_variables(options))
        return Gateway(self._address(api, "", "prod"))

    def _route(self, gateway: Any, place: Mapping[str, str]) -> None:
        api = place["restApiId"]
        made = gateway.create_resource(restApiId=api, parentId=place["parent"], pathPart=place["route"])["id"]
        spot: dict[str, str] = {"restApiId": api, "resourceId": made, "httpMethod": "GET"}
        gateway.put_method(**spot, authorizationType="CUSTOM", authorizerId=place["guard"])
        gateway.put_integration(**spot, type="AWS_PROXY", integrationHttpMethod="POST", uri=_invocation(self.function))

    def _permit(self, function: str, api: str, what: str) -> None:
        self.cloud.client("lambda").add_permission(
            FunctionName=function, StatementId=f"gateway-{api}", Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com", SourceArn=f"arn:aws:execute-api:{REGION}:000000000000:{api}/{what}",
        )  # fmt: skip

    def _address(self, api: str, route: str, stage: str) -> str:
        return f"{self.cloud.url}/_aws/execute-api/{api}/{stage}/{route}"


@dataclass(frozen=True)
class Gateway:
    """An API in front of the example's function."""

    url: str

    def at(self, route: str) -> str:
        """The address of a route."""
        return self.url + route


def deployed(cloud: Cloud, folder: Path, issuer: str, scope: str) -> Example:
    """The example for the tokens of an issuer, deployed by CloudFormation beside what is there."""
    package, template = _packaged(folder / "example", {"LATCHKEY_ISSUER": issuer, "ORDERS_SCOPE": scope})
    s3, formation = cloud.client("s3"), cloud.client("cloudformation")
    s3.create_bucket(Bucket=_BUCKET)
    s3.upload_file(str(package), _BUCKET, "example.zip")
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = {"Bucket": _BUCKET, "Key": "example.zip"}
    capabilities = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
    formation.create_stack(StackName=STACK, TemplateBody=json.dumps(template), Capabilities=capabilities)
    formation.get_waiter("stack_create_complete").wait(StackName=STACK, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    outputs = cloud.outputs(STACK)
    return Example(cloud, outputs["RestAPIId"], outputs["APIHandlerArn"])


def _packaged(copy: Path, variables: Mapping[str, str]) -> tuple[Path, dict[str, Any]]:
    """Its zip and its template, by the steps of its README, with those environment variables in its configuration."""
    shutil.copytree(EXAMPLE, copy, ignore=shutil.ignore_patterns("vendor", "__pycache__", "deployments"))
    subprocess.run([copy / "vendor-latchkey", ROOT, copy / "vendor"], check=True)
    path = copy / ".chalice" / "config.json"
    config = json.loads(path.read_text("utf-8"))
    config["environment_variables"] |= variables
    path.write_text(json.dumps(config), "utf-8")
    command = [tool("deploy"), "-c", _PACKAGE, LIBRARY, ROOT / "requirements.txt", copy]
    done = subprocess.run(
        [str(part) for part in command], env=bare_shell(AWS_DEFAULT_REGION=REGION),
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return copy / "out" / "deployment.zip", json.loads((copy / "out" / "sam.json").read_text("utf-8"))


def _invocation(function: str) -> str:
    return f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{function}/invocations"


def _variables(options: Mapping[str, str]) -> dict[str, str]:
    return {f"latchkey_{name}": value for name, value in options.items()}
