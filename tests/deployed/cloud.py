"""AWS for the tests of a deployment: the stand-in with the transform of SAM, which holds every call against IAM.

`Cloud` is the account; `Deployed` is what scripts/deploy made in it, with the face that the tests of clients know.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from tests.deployed.relay import Relay
from tests.engines import ROOT, free_port

LIBRARY = ROOT / "scripts" / "lib"
REGION = "us-east-1"
SENDER = "no-reply@example.com"
START_SECONDS = 60
DEPLOY_SECONDS = 240

sys.path.append(str(LIBRARY))

from deployment import interpreters, tools  # noqa: E402

_CODE = re.compile(r"(?:code|password) is (\S+?)\. *$", re.MULTILINE)


def bare_shell(**variables: str) -> dict[str, str]:
    """The shell of a user who has set nothing up for AWS or Latchkey, and these variables."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LATCHKEY_"))}
    quiet = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    return {**kept, **quiet, "AWS_EC2_METADATA_DISABLED": "true", **variables}


def tool(name: str) -> Path:
    """The Python of an environment that `scripts/test --deployed` has installed."""
    return tools.place(name, interpreters.newest(os.environ)) / "bin" / "python"


@dataclass(frozen=True)
class Cloud:
    """A running stand-in for AWS, and the copy of the checkout that is deployed to it."""

    port: int
    checkout: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def shell(self) -> dict[str, str]:
        """A shell with the credentials of the account's administrator."""
        keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
        return bare_shell(**keys, AWS_REGION=REGION, AWS_ENDPOINT_URL=self.url)

    def client(self, service: str) -> Any:
        """A client of the account's administrator."""
        return self.session().client(service, endpoint_url=self.url)

    def session(self, account: str = "test", region: str = REGION) -> Any:
        """The administrator of an account; the stand-in takes twelve digits as the key of another one."""
        return boto3.Session(aws_access_key_id=account, aws_secret_access_key="test", region_name=region)

    def deploy(self, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """scripts/deploy in that shell, without a terminal; for this machine's processor, which runs the function."""
        return subprocess.run(
            [self.checkout / "scripts" / "deploy", "--x86-64", *options],
            env=self.shell | variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=DEPLOY_SECONDS,
        )

    def outputs(self, stack: str) -> dict[str, str]:
        told = self.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
        return {one["OutputKey"]: one["OutputValue"] for one in told["Outputs"]}

    def widen(self, stack: str) -> None:
        """Allow the function what the stand-in refuses because it does not know what our policy speaks of.

        It holds calls against IAM, but knows no encryption context, and of a mail not the sender's identity. All other
        statements of the policy are in force in these tests.
        """
        key = {"Effect": "Allow", "Action": ["kms:Decrypt", "kms:Encrypt"], "Resource": self.outputs(stack)["KeyArn"]}
        mail = {"Effect": "Allow", "Action": ["ses:SendEmail"], "Resource": "*"}
        for role, statements in (("ApiHandlerRole", [key, mail]), ("KeysRole", [key])):
            self.client("iam").put_role_policy(
                RoleName=self.resource(stack, role),
                PolicyName="stand-in",
                PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statements}),
            )

    def resource(self, stack: str, name: str) -> str:
        """The physical id of a resource of a stack."""
        told = self.client("cloudformation").describe_stack_resource(StackName=stack, LogicalResourceId=name)
        return str(told["StackResourceDetail"]["PhysicalResourceId"])

    def log(self, group: str) -> str:
        """The newest lines of a log group."""
        told = self.client("logs").filter_log_events(logGroupName=group)["events"]
        return "\n".join(event["message"] for event in told[-200:])

    def mails(self) -> list[dict[str, Any]]:
        """What SES has sent, oldest first."""
        with urllib.request.urlopen(f"{self.url}/_ministack/ses/messages", timeout=5) as answer:
            by_account = json.load(answer)["messages"]
        return [mail for mails in by_account.values() for mail in mails]


def copied(checkout: Path) -> Path:
    """A copy of this checkout, which stays as it is while the tests run; it shares the installed tools."""
    for name in ("chalicelib", "scripts", ".chalice"):
        shutil.copytree(ROOT / name, checkout / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in (ROOT / "app.py", *ROOT.glob("requirements*")):
        shutil.copy(path, checkout)
    (checkout / ".tools").symlink_to(ROOT / ".tools")
    return checkout


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Cloud]:
    """An account for the time of a block; what it logs is in `log` of the folder."""
    cloud = Cloud(free_port(), copied(folder / "checkout"))
    here = {"GATEWAY_PORT": str(cloud.port), "BIND_HOST": "127.0.0.1", "IOT_MTLS_ENABLED": "0", "TMPDIR": str(folder)}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [tool("cloud").with_name("ministack")],
            env=bare_shell(**here, AUTH="true"),
            cwd=folder,
            stdout=log,
            stderr=log,
        )
    try:
        _await_answer(cloud, process, folder / "log")
        cloud.client("sesv2").create_email_identity(EmailIdentity=SENDER)
        yield cloud
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await_answer(cloud: Cloud, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            urllib.request.urlopen(f"{cloud.url}/_ministack/health", timeout=5).close()
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the stand-in did not start:\n{log.read_text()[-2000:]}") from None
            time.sleep(0.1)


class Deployed:
    """A deployed stage at the address of a relay; `data` is a folder with what a user of scripts/dev would have."""

    def __init__(self, cloud: Cloud, relay: Relay, printed: str, data: Path) -> None:
        self.cloud = cloud
        self.relay = relay
        self.printed = printed
        self.data = data
        self.url, self.port = relay.url, relay.port
        self._seen = 0
        self._collecting = threading.Lock()
        key_id, secret = operator_in(printed)
        (data / "credentials").write_text(
            f"[latchkey]\naws_access_key_id = {key_id}\naws_secret_access_key = {secret}\n"
        )
        (data / "outbox.jsonl").touch()
        relay.after = self.collect

    @property
    def shell(self) -> dict[str, str]:
        """A shell into which the printed `export` lines have been pasted."""
        services = ("COGNITO_IDENTITY_PROVIDER", "COGNITO_IDENTITY", "COGNITO_SYNC")
        endpoints = {f"AWS_ENDPOINT_URL_{service}": self.url for service in services}
        profile = {"AWS_SHARED_CREDENTIALS_FILE": str(self.data / "credentials"), "AWS_PROFILE": "latchkey"}
        return bare_shell(**profile, **endpoints, AWS_REGION=REGION, AWS_DEFAULT_REGION=REGION)

    def collect(self, request: bytes) -> None:
        """Write what SES has sent since into the outbox; whom a mail was for, the request that caused it says."""
        with self._collecting, (self.data / "outbox.jsonl").open("a") as outbox:
            mails = self.cloud.mails()
            for mail in mails[self._seen :]:
                outbox.write(json.dumps(_line(mail, json.loads(request))) + "\n")
            self._seen = len(mails)

    def messages(self, username: str) -> list[dict[str, Any]]:
        """The mail to a user, oldest first."""
        lines = [json.loads(line) for line in (self.data / "outbox.jsonl").read_text().splitlines()]
        return [line for line in lines if line["username"] == username]

    def code(self, username: str) -> str:
        """The code in the newest message to a user."""
        return str(self.messages(username)[-1]["code"])

    def cognito(self, **options: Any) -> Any:
        """A boto3 client with the printed key, region and endpoint, and nothing else."""
        return boto3.Session(profile_name="latchkey").client(
            "cognito-idp", region_name=REGION, endpoint_url=self.url, **options
        )


def operator_in(printed: str) -> tuple[str, str]:
    """The root operator's key in what scripts/deploy has printed."""
    found = re.search(r"AWS_ACCESS_KEY_ID=(LKIA\w+) AWS_SECRET_ACCESS_KEY=(\S+)", printed)
    assert found, printed
    return found[1], found[2]


def _line(mail: dict[str, Any], request: dict[str, Any]) -> dict[str, str]:
    code = _CODE.search(mail["BodyText"])
    return {"username": request["Username"], "subject": mail["Subject"], "code": code[1] if code else ""}
