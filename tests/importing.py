"""Imports of users for tests: files as an administrator makes them, and jobs as one runs them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from tests.application import HOST, Cognito, respond
from tests.contract import calls

ROLE = "arn:aws:iam::123456789012:role/import"
USERNAME, MFA = "cognito:username", "cognito:mfa_enabled"

Row = Mapping[str, str]


def row(name: str, /, **values: str) -> dict[str, str]:
    """A line that can be imported into a pool that verifies e-mail addresses."""
    return {USERNAME: name, "email": f"{name}@example.com", "email_verified": "true", **values}


def csv(header: Iterable[str], rows: Iterable[Row], end: str = "\n") -> bytes:
    """A file: what a row does not name is left empty."""
    columns = list(header)
    lines = [",".join(columns), *(",".join(escaped(one.get(name, "")) for name in columns) for one in rows)]
    return (end.join(lines) + end).encode()


def escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace(",", "\\,")


class Import:
    """A job of a pool, and what its operator does with it."""

    def __init__(self, cognito: Cognito, pool: str, **settings: Any) -> None:
        self.cognito = cognito
        self.pool = pool
        given = {"JobName": "people", "CloudWatchLogsRoleArn": ROLE, **settings}
        made = cognito.call("CreateUserImportJob", UserPoolId=pool, **given)["UserImportJob"]
        self.id = made["JobId"]
        self.url = made["PreSignedUrl"]
        self.made = made

    def header(self, *more: str) -> list[str]:
        """The columns of a file for the pool."""
        return [*self.cognito.call("GetCSVHeader", UserPoolId=self.pool)["CSVHeader"], *more]

    def upload(self, content: bytes) -> dict[str, Any]:
        """Put a file where the job says; the answer."""
        return put(self.url, content)

    def bring(self, *rows: Row, more: Iterable[str] = ()) -> None:
        """Upload a file of rows and start the job."""
        assert self.upload(csv(self.header(*more), rows))["statusCode"] == 200
        self.start()

    def start(self) -> dict[str, Any]:
        return self._called("StartUserImportJob")

    def stop(self) -> dict[str, Any]:
        return self._called("StopUserImportJob")

    def now(self) -> dict[str, Any]:
        """The job as it is described."""
        return self._called("DescribeUserImportJob")

    def ended(self) -> tuple[str, int, int, int]:
        """Status, and users imported, skipped, failed."""
        job = self.now()
        return job["Status"], job["ImportedUsers"], job["SkippedUsers"], job["FailedUsers"]

    def log(self) -> list[str]:
        """What became of all lines, page by page."""
        told, token = [], None
        while True:
            page = self.lines(**({"NextToken": token} if token else {}))
            told += [line["Message"] for line in page["Lines"]]
            token = page.get("NextToken")
            if token is None:
                return told

    def lines(self, **given: Any) -> dict[str, Any]:
        """One page of ListUserImportLines."""
        answer = self.asked(**given)
        assert answer.status == 200, answer.body
        return dict(answer.said())

    def asked(self, **given: Any) -> calls.Answer:
        """The answer to ListUserImportLines as it comes."""
        headers = {"Host": HOST, "Content-Type": calls.JSON, "X-Amz-Target": "Latchkey.ListUserImportLines"}
        content = json.dumps({"UserPoolId": self.pool, "JobId": self.id, **given}).encode()
        return calls.ask(*calls.signed(self.cognito.credentials, "latchkey", ("POST", "/", headers, content)))

    def user(self, name: str) -> dict[str, Any]:
        return self.cognito.call("AdminGetUser", UserPoolId=self.pool, Username=name)

    def attributes(self, name: str) -> dict[str, str]:
        return {one["Name"]: one["Value"] for one in self.user(name)["UserAttributes"]}

    def _called(self, operation: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.cognito.call(operation, UserPoolId=self.pool, JobId=self.id)
        return dict(answer["UserImportJob"])


def put(url: str, content: bytes, **headers: str) -> dict[str, Any]:
    """A PUT as `curl -T` sends it, through the front door in process."""
    parts = urlsplit(url)
    sent = {"Host": HOST, "x-amz-server-side-encryption": "aws:kms", **headers}
    return respond("PUT", f"{parts.path}?{parts.query}", sent, content)
