"""What to paste into a client of a Latchkey that has just started."""

from __future__ import annotations

from chalicelib.laptop.folder import PROFILE, Folder

_SERVICES = ("COGNITO_IDENTITY_PROVIDER", "COGNITO_IDENTITY", "COGNITO_SYNC")


def instructions(folder: Folder, url: str, region: str) -> list[str]:
    """Lines for a shell (AWS CLI and every SDK), for boto3, and the ids of the demo pool."""
    demo = folder.recall().get("demo") or {}
    return [
        "",
        "a shell for the AWS CLI and the SDKs:",
        f"  export AWS_SHARED_CREDENTIALS_FILE={folder.credentials} AWS_PROFILE={PROFILE}",
        f"  export AWS_REGION={region} AWS_DEFAULT_REGION={region}",
        *(f"  export AWS_ENDPOINT_URL_{service}={url}" for service in _SERVICES),
        "  aws cognito-idp list-user-pools --max-results 10",
        "",
        "boto3 in that shell:",
        '  boto3.client("cognito-idp").list_user_pools(MaxResults=10)',
        "",
        "the demo pool, for Amplify and other clients of users:",
        *(f"  {name}: {value}" for name, value in demo.items()),
        f"  endpoint: {url}",
        f"  mail and messages: {folder.outbox}",
        "",
    ]
