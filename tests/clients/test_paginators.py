"""Every list of the API walked to its end by boto3 in small pages: by its paginators, and by hand where it has none.

The operations are those of botocore's model, so one that is new there fails here by its name.
"""

from __future__ import annotations

import functools
import json
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import botocore.session
import pytest
import requests
from botocore import xform_name

from tests.clients import factor_walks
from tests.clients.application import refusal
from tests.clients.running import Latchkey, Pool, bare_shell
from tests.clients.walks import WALKS, Walk, made_users
from tests.engines import ROOT

pytestmark = pytest.mark.clients

MODEL = botocore.session.get_session().get_service_model("cognito-idp")
SDK = ROOT / "sdk"
OURS = [
    name for path in SDK.glob("latchkey/*/paginators-1.json") for name in json.loads(path.read_text())["pagination"]
]
ROLE = "arn:aws:iam::123456789012:role/import"
PAGE = 2


def members(operation: str) -> list[str]:
    """The members of an operation's input."""
    shape = MODEL.operation_model(operation).input_shape
    return list(shape.members) if shape else []


def cursor_of(operation: str) -> str | None:
    """The member by which a list is told where to go on."""
    return next((name for name in ("NextToken", "PaginationToken") if name in members(operation)), None)


LISTS = [name for name in MODEL.operation_names if cursor_of(name)]

NOT_BUILT: dict[str, dict[str, Any]] = {
    "AdminListUserAuthEvents": {"Username": "nobody"},
    "ListIdentityProviders": {},
}
"""Lists that say of themselves that they are not built, and what they are called with beside their pool."""


def placed(operation: str, pool: Pool, given: dict[str, Any]) -> dict[str, Any]:
    """An input: in the pool, if the list is one of a pool's and it names no other."""
    return ({"UserPoolId": pool.id} if "UserPoolId" in members(operation) else {}) | given


def pages(boto: Any, operation: str, given: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """All pages of a list, as few items on each as it lets us ask for."""
    name = xform_name(operation)
    if boto.can_paginate(name):
        yield from boto.get_paginator(name).paginate(PaginationConfig={"PageSize": PAGE}, **given)
        return
    limit, cursor = limited(operation, PAGE), cursor_of(operation)
    page = getattr(boto, name)(**given, **limit)
    yield page
    while cursor in page:
        page = getattr(boto, name)(**given, **limit, **{cursor: page[cursor]})
        yield page


def assert_walked(found: list[dict[str, Any]], walk: Walk, *, is_paged: bool) -> None:
    """Everything that was made is on one of the pages, nothing is there twice, and no page is longer than asked for."""
    seen = [item[walk.identity] for page in found for item in page[walk.items]]
    assert set(walk.made) <= set(seen)
    assert len(set(seen)) == len(seen)
    if is_paged:
        assert len(found) >= len(seen) / PAGE > 1
        assert max(len(page[walk.items]) for page in found) <= PAGE


def limited(operation: str, size: int = 1) -> dict[str, int]:
    """A page of this size, where pages have one; an operation calls it by one of two names."""
    name = next((name for name in ("MaxResults", "Limit") if name in members(operation)), None)
    return {name: size} if name else {}


@pytest.fixture(scope="module")
def filled(cognito: Any, pool: Pool) -> Callable[[str], Walk]:
    """Fills the list of an operation, once."""
    return functools.cache(lambda operation: (WALKS | factor_walks.WALKS)[operation](cognito, pool))


class TestCognito:
    @pytest.mark.parametrize("operation", [name for name in LISTS if name not in NOT_BUILT])
    def test_a_list_is_walked_to_its_end(self, cognito: Any, pool: Pool, filled: Any, operation: str) -> None:
        walk = filled(operation)

        found = list(pages(cognito, operation, placed(operation, pool, walk.given)))

        assert_walked(found, walk, is_paged=bool({"Limit", "MaxResults"} & set(members(operation))))

    @pytest.mark.parametrize("operation", [name for name in LISTS if name not in NOT_BUILT])
    def test_an_invented_cursor_leads_nowhere(self, cognito: Any, pool: Pool, filled: Any, operation: str) -> None:
        given = placed(operation, pool, filled(operation).given) | limited(operation)

        code = refusal(getattr(cognito, xform_name(operation)), **given, **{str(cursor_of(operation)): "invented"})

        assert code == "InvalidParameterException"

    def test_every_paginator_is_one_of_these_lists(self, cognito: Any) -> None:
        paginated = [name for name in MODEL.operation_names if cognito.can_paginate(xform_name(name))]

        assert set(paginated) <= set(LISTS)
        assert len(paginated) >= 9

    @pytest.mark.parametrize("operation", NOT_BUILT)
    def test_a_list_that_is_not_built_says_so(self, cognito: Any, pool: Pool, operation: str) -> None:
        given = placed(operation, pool, NOT_BUILT[operation]) | limited(operation)

        assert refusal(getattr(cognito, xform_name(operation)), **given) == "NotImplementedException"


class TestFilters:
    @pytest.mark.parametrize(
        "condition",
        [
            'username ^= "sought"',
            'email ^= "sought"',
            'given_name = "Sought"',
            'phone_number^="+1206"',
            'family_name = "O\\"Hara, \\\\ \u00dcn\u00efcode"',
        ],
        ids=["username", "email", "given name", "phone number", "escapes"],
    )
    def test_what_a_filter_finds_is_walked_to_its_end(self, cognito: Any, pool: Pool, sought: Walk, condition) -> None:
        found = list(pages(cognito, "ListUsers", {"UserPoolId": pool.id, "Filter": condition}))

        assert_walked(found, sought, is_paged=True)
        assert sorted(user["Username"] for page in found for user in page["Users"]) == sought.made

    @pytest.mark.parametrize("condition", ['status = "Enabled"', 'cognito:user_status = "force_change_password"', ""])
    def test_many_are_found_by_their_state(self, cognito: Any, pool: Pool, sought: Walk, condition: str) -> None:
        found = list(pages(cognito, "ListUsers", {"UserPoolId": pool.id, "Filter": condition}))

        assert_walked(found, sought, is_paged=True)

    def test_only_the_wanted_attributes_are_shown_on_every_page(self, cognito: Any, pool: Pool, sought: Walk) -> None:
        given = {"UserPoolId": pool.id, "Filter": 'username ^= "sought"', "AttributesToGet": ["email"]}

        found = [user for page in pages(cognito, "ListUsers", given) for user in page["Users"]]

        shown = [[(one["Name"], one["Value"]) for one in user["Attributes"]] for user in found]
        assert sorted(shown) == [[("email", f"{name}@example.com")] for name in sought.made]

    @pytest.mark.parametrize("condition", ['email = "a" and name = "b"', "email = x", 'custom:none = "x"'])
    def test_what_is_no_filter_is_refused(self, cognito: Any, pool: Pool, condition: str) -> None:
        code = refusal(cognito.list_users, UserPoolId=pool.id, Filter=condition)

        assert code == "InvalidParameterException"


@pytest.fixture(scope="module")
def sought(cognito: Any, pool: Pool) -> Walk:
    """Users whom filters find."""
    names = made_users(cognito, pool, "sought")
    for number, name in enumerate(names):
        attributes = {"phone_number": f"+1206555010{number}", "family_name": 'O"Hara, \\ \u00dcn\u00efcode'}
        given = [{"Name": key, "Value": value} for key, value in attributes.items()]
        cognito.admin_update_user_attributes(UserPoolId=pool.id, Username=name, UserAttributes=given)
    return Walk("Users", "Username", names)


@pytest.fixture
def ours(latchkey: Latchkey, pasted_shell: None, monkeypatch: pytest.MonkeyPatch) -> Any:
    """boto3's client of our own API."""
    monkeypatch.setenv("AWS_DATA_PATH", str(SDK))
    return boto3.Session(profile_name="latchkey").client("latchkey", region_name="us-east-1", endpoint_url=latchkey.url)


def audit_lines(latchkey: Latchkey, cognito: Any, ours: Any, pool: Pool) -> Walk:
    """What is told of calls that name the pool by its id, and by its ARN."""
    resource = {"ResourceArn": cognito.describe_user_pool(UserPoolId=pool.id)["UserPool"]["Arn"]}
    answers = [
        cognito.tag_resource(**resource, Tags={"walked": "yes"}),
        cognito.untag_resource(**resource, TagKeys=["walked"]),
        cognito.create_group(UserPoolId=pool.id, GroupName="audited"),
    ]
    return Walk("AuditLines", "RequestId", [answer["ResponseMetadata"]["RequestId"] for answer in answers])


def changes(latchkey: Latchkey, cognito: Any, ours: Any, pool: Pool) -> Walk:
    made = []
    for _ in range(3):
        begun = ours.start_user_pool_change(UserPoolId=pool.id, SearchableAttributes=["nickname"], DryRun=True)
        made.append(begun["Change"]["ChangeId"])
        ours.stop_user_pool_change(UserPoolId=pool.id, ChangeId=made[-1])
    return Walk("Changes", "ChangeId", made)


def import_lines(latchkey: Latchkey, cognito: Any, ours: Any, pool: Pool) -> Walk:
    """The lines of a file whose users are already there."""
    header = cognito.get_csv_header(UserPoolId=pool.id)["CSVHeader"]
    job = cognito.create_user_import_job(UserPoolId=pool.id, JobName="walked", CloudWatchLogsRoleArn=ROLE)
    place = {"UserPoolId": pool.id, "JobId": job["UserImportJob"]["JobId"]}
    filled = {"email_verified": "true", "cognito:mfa_enabled": "false", "cognito:username": pool.id}
    rows = [",".join(filled.get(name, "x@example.com" if name == "email" else "") for name in header)] * 5
    content = "\n".join([",".join(header), *rows]).encode()
    requests.put(job["UserImportJob"]["PreSignedUrl"], content, timeout=30).raise_for_status()
    cognito.start_user_import_job(**place)
    subprocess.run(
        [ROOT / "scripts" / "job", "imports", "--data", latchkey.data],
        env={**bare_shell(), **latchkey.variables}, capture_output=True, check=True, timeout=60,
    )  # fmt: skip
    return Walk("Lines", "LineNumber", list(range(2, 7)), {"JobId": place["JobId"]})


OUR_WALKS = {"ListAuditLines": audit_lines, "ListUserImportLines": import_lines, "ListUserPoolChanges": changes}


class TestOurs:
    @pytest.mark.parametrize("operation", OURS)
    def test_a_list_is_walked_to_its_end(self, latchkey, cognito, ours, pool, operation: str) -> None:
        walk = OUR_WALKS[operation](latchkey, cognito, ours, pool)

        paginator = ours.get_paginator(xform_name(operation))
        found = list(paginator.paginate(UserPoolId=pool.id, PaginationConfig={"PageSize": PAGE}, **walk.given))

        assert_walked(found, walk, is_paged=True)
