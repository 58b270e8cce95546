"""Whose AWS account this is, and whether it can hold a deployment: asked before anything is made."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from deployment.bundle import Bundle
from deployment.refusal import Refused

_FEW = 50
_DISABLED = {"InvalidClientTokenId", "UnrecognizedClientException", "RegionDisabledException", "AuthFailure"}


@dataclass(frozen=True, slots=True)
class Account:
    """An account in one region, with the credentials to change it."""

    id: str
    region: str
    caller: str
    session: Any

    def client(self, service: str) -> Any:
        """A client of a service in this region."""
        return self.session.client(service, config=Config(retries={"mode": "standard", "total_max_attempts": 5}))


def found(region: str | None) -> Account:
    """The account of this shell's credentials; raises Refused when there are none, or the region is not one."""
    try:
        session = boto3.Session(region_name=region or os.environ.get("AWS_REGION"))
    except BotoCoreError as error:
        raise Refused(f"{error}. Name a profile that exists: AWS_PROFILE.") from None
    if not session.region_name:
        raise Refused("No region: give --region, or set AWS_REGION or the region of the profile.")
    _refuse_unknown(session)
    identity = _identity(session)
    # The application's own code, which makes the operator, reads the region as Lambda sets it.
    os.environ["AWS_REGION"] = os.environ["AWS_DEFAULT_REGION"] = session.region_name
    return Account(identity["Account"], session.region_name, identity["Arn"], session)


def refuse_crowded(account: Account, bundle: Bundle) -> str | None:
    """Raise Refused when Lambda has no room for the package; a warning when few requests can run at once."""
    try:
        told = account.client("lambda").get_account_settings()
    except ClientError as error:
        return f"The quotas of Lambda were not looked at ({error.response['Error']['Code']})."
    limit, used = told["AccountLimit"], told["AccountUsage"]
    room = limit["TotalCodeSize"] - used["TotalCodeSize"]
    if room < bundle.zipped:
        raise Refused(
            f"Lambda keeps {limit['TotalCodeSize']:,} bytes of code for this account in {account.region}, and"
            f" {max(room, 0):,} are left; {bundle.zipped:,} are needed. Delete old versions, or ask AWS for more."
        )
    at_once = limit["ConcurrentExecutions"]
    if at_once < _FEW:
        return f"This account runs {at_once} functions at once in {account.region}; ask AWS for more."
    return None


def _refuse_unknown(session: Any) -> None:
    known = {name for part in session.get_available_partitions()
             for name in session.get_available_regions("lambda", partition_name=part)}  # fmt: skip
    if session.region_name not in known:
        raise Refused(f"There is no region {session.region_name} with Lambda; one is us-east-1, another eu-central-1.")


def _identity(session: Any) -> dict[str, str]:
    config = Config(connect_timeout=5, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 2})
    try:
        identity: dict[str, str] = session.client("sts", config=config).get_caller_identity()
    except ClientError as error:
        code = error.response["Error"]["Code"]
        hint = f" Is the region {session.region_name} enabled for this account?" if code in _DISABLED else ""
        raise Refused(f"AWS does not take these credentials: {code}.{hint}") from None
    except BotoCoreError as error:
        sentence = str(error).rstrip(".")
        raise Refused(f"{sentence}. Sign in (aws configure, aws sso login) or set AWS_PROFILE.") from None
    return identity
