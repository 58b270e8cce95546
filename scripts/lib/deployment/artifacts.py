"""The bucket of packages: private, encrypted, of this account, made at the first deployment.

Nothing is ever deleted from it: CloudFormation goes back to an earlier package by its key when an update fails.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from deployment.account import Account
from deployment.refusal import Refused

_CLOSED = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


def name(account: Account) -> str:
    """The bucket of an account in a region; the names of buckets are the world's, so both stand in it."""
    return f"latchkey-artifacts-{account.id}-{account.region}"


def ensure(account: Account) -> None:
    """Make the bucket if it is missing, and close it again if somebody has opened it; raises Refused."""
    s3, bucket = account.client("s3"), name(account)
    try:
        s3.head_bucket(Bucket=bucket, ExpectedBucketOwner=account.id)
    except ClientError as error:
        _make(s3, account, error)
    s3.put_public_access_block(
        Bucket=bucket, PublicAccessBlockConfiguration=dict.fromkeys(_CLOSED, True), ExpectedBucketOwner=account.id
    )
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    s3.put_bucket_encryption(
        Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]}, ExpectedBucketOwner=account.id
    )
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(_policy(account)), ExpectedBucketOwner=account.id)


def put(account: Account, key: str, package: Path) -> None:
    """Upload a package under a key that is made of its content; one that is there already is not sent again."""
    s3, bucket = account.client("s3"), name(account)
    try:
        s3.head_object(Bucket=bucket, Key=key, ExpectedBucketOwner=account.id)
    except ClientError as error:
        if _status(error) != 404:
            raise
        content = package.read_bytes()
        s3.put_object(Bucket=bucket, Key=key, Body=content, ExpectedBucketOwner=account.id, ChecksumAlgorithm="SHA256")


def _make(s3: Any, account: Account, error: ClientError) -> None:
    """The attack: a stranger makes the bucket of our name first, and code of his would run in our account.

    So its owner is named in every call, and one that is not ours ends the deployment.
    """
    bucket = name(account)
    if _status(error) != 404:
        raise Refused(f"The bucket {bucket} belongs to another account, or this caller may not see it.")
    elsewhere = {} if account.region == "us-east-1" else {"LocationConstraint": account.region}
    s3.create_bucket(Bucket=bucket, **({"CreateBucketConfiguration": elsewhere} if elsewhere else {}))


def _policy(account: Account) -> dict[str, Any]:
    arn = f"arn:{account.session.get_partition_for_region(account.region)}:s3:::{name(account)}"
    denied = {"Sid": "NoPlainHttp", "Effect": "Deny", "Principal": "*", "Action": "s3:*"}
    condition = {"Bool": {"aws:SecureTransport": "false"}}
    return {"Version": "2012-10-17", "Statement": [denied | {"Resource": [arn, f"{arn}/*"], "Condition": condition}]}


def _status(error: ClientError) -> int:
    return int(error.response["ResponseMetadata"]["HTTPStatusCode"])
