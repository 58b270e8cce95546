"""IAM and STS for tests: ministack with its checks on, callers in it, and the proofs that they sign.

ministack verifies signatures and session tokens then, so a forged proof is refused by it as it is by AWS.
"""

from __future__ import annotations

import contextlib
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from chalicelib.outside import aws
from chalicelib.table import operator_sessions as sessions
from tests.application import respond
from tests.outside import ministack

ACCOUNT = "000000000000"
BODY = "Action=GetCallerIdentity&Version=2011-06-15"
SERVER = "http://latchkey.test"
REGION = "us-east-1"


@dataclass(frozen=True)
class Iam:
    """A running stand-in: its address, and what it makes."""

    url: str

    def _client(self, service: str, credentials: Credentials) -> Any:
        return boto3.client(
            service,
            REGION,
            endpoint_url=self.url,
            aws_access_key_id=credentials.access_key,
            aws_secret_access_key=credentials.secret_key,
            aws_session_token=credentials.token,
        )

    def user(self, name: str | None = None) -> Credentials:
        """A fresh IAM user with a key."""
        iam = self._client("iam", Credentials("test", "test"))
        made = iam.create_user(UserName=name or f"user-{uuid.uuid4().hex[:8]}")["User"]["UserName"]
        policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:*", "Resource": "*"}]}
        iam.put_user_policy(UserName=made, PolicyName="sts", PolicyDocument=json.dumps(policy))
        key = iam.create_access_key(UserName=made)["AccessKey"]
        return Credentials(key["AccessKeyId"], key["SecretAccessKey"])

    def assumed(self, role: str, session: str = "session") -> Credentials:
        """A session of a fresh role."""
        root = Credentials("test", "test")
        trust = {"Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]}
        document = json.dumps({"Version": "2012-10-17", **trust})
        arn = self._client("iam", root).create_role(RoleName=role, AssumeRolePolicyDocument=document)["Role"]["Arn"]
        given = self._client("sts", root).assume_role(RoleArn=arn, RoleSessionName=session)["Credentials"]
        return Credentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])


def signed(caller: Credentials, url: str, server: str | None = SERVER, **more: Any) -> dict[str, Any]:
    """The parts of a POST that a caller has signed; `more` are `body` and further `headers`."""
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8", **more.get("headers", {})}
    if server is not None:
        headers["X-Latchkey-Server"] = server
    body = more.get("body", BODY)
    request = AWSRequest("POST", url, headers=headers, data=body)
    SigV4Auth(caller, "sts", REGION).add_auth(request)
    return {"method": "POST", "url": url, "headers": dict(request.headers.items()), "body": body}


def presigned(caller: Credentials, url: str, server: str = SERVER, seconds: int = 60) -> dict[str, Any]:
    """The parts of a presigned GET."""
    request = AWSRequest("GET", f"{url}?{BODY}", headers={"X-Latchkey-Server": server})
    SigV4QueryAuth(caller, "sts", REGION, seconds).add_auth(request)
    return {"method": "GET", "url": request.url, "headers": {"X-Latchkey-Server": server}}


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Iam]:
    """IAM and STS for the time of a block, with their checks on; the test is skipped where ministack is missing."""
    if reason := ministack.missing():
        pytest.skip(reason)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUTH", "true")
        with ministack.running(folder) as found:
            yield Iam(found.url)


@contextlib.contextmanager
def in_use(url: str) -> Iterator[None]:
    """The product's STS at an address, for the time of a block."""
    with pytest.MonkeyPatch.context() as patch, contextlib.ExitStack() as stack:
        patch.setenv("AWS_ENDPOINT_URL_STS", url)
        stack.callback(aws.forget)
        aws.forget()
        yield


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[Iam]:
    """The stand-in in the place of the product's STS, for the time of a block."""
    with running(folder) as found, in_use(found.url):
        sessions.forget_all()
        yield found


def posted(demand: dict[str, Any] | bytes, **headers: str) -> tuple[int, dict[str, Any]]:
    """The status and content of what POST /operator/session answers in process."""
    content = demand if isinstance(demand, bytes) else json.dumps(demand).encode()
    sent = {"Host": "latchkey.test", "Content-Type": "application/json", **headers}
    answer = respond("POST", "/operator/session", sent, content)
    return answer["statusCode"], json.loads(answer["body"])


def given(demand: dict[str, Any]) -> Credentials:
    """The temporary credentials for a demand that must be granted."""
    status, content = posted(demand)
    assert status == 200, content
    return Credentials(content["AccessKeyId"], content["SecretAccessKey"], content["SessionToken"])
