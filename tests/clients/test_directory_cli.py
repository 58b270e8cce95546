"""The AWS CLI as an administrator of a directory: pools from full skeletons, groups, filters, tags, domains, pages."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clients.cli import Refused, Shell, run
from tests.clients.running import PASSWORD, Latchkey, Pool

pytestmark = pytest.mark.clients

FILLED: dict[str, Any] = json.loads(Path(__file__).with_name("create-user-pool.json").read_text())
ADDRESSES = ["phone_number", "email"]
EUMS = {
    "CallerArn": "arn:aws:iam::123456789012:role/sms",
    "ExternalId": "external",
    "OriginationIdentity": "+12065550100",
    "ConfigurationSetName": "events",
    "InEntityId": "1101",
    "InTemplateId": "1107",
    "Region": "us-east-1",
}
OTHERWISE = {name: value for name, value in FILLED.items() if name != "AliasAttributes"} | {
    "UsernameAttributes": ADDRESSES,
    "SmsConfiguration": {"EumsSms": EUMS},
}
"""With what excludes something in the first one."""

SHOWN_AS = {"PoolName": "Name", "Schema": "SchemaAttributes"}
COMPUTED = {"Id", "Arn", "CreationDate", "LastModifiedDate", "EstimatedNumberOfUsers", "Status"}
PREFIXES = {"team": "dev:custom:team", "seats": "custom:seats"}


@pytest.fixture(scope="module")
def aws(latchkey: Latchkey) -> Shell:
    return Shell(latchkey)


def paths(value: Any, path: str = "") -> Iterator[str]:
    """Every member of a document, with dots between; the keys of maps are whoever's fill it."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield f"{path}.{name}"
            yield from paths(inner, f"{path}.{name}" if name != "UserPoolTags" else "")
    for inner in value if isinstance(value, list) else []:
        yield from paths(inner, path)


def as_described(given: dict[str, Any]) -> dict[str, Any]:
    """What a description of the pool must say, the schema apart."""
    return {SHOWN_AS.get(name, name): value for name, value in given.items() if name != "Schema"}


def as_settled(pool: dict[str, Any]) -> dict[str, Any]:
    """A description without what the service adds: numbers and dates, and the schema."""
    return {name: value for name, value in pool.items() if name not in (*COMPUTED, "SchemaAttributes")}


class Round:
    """One pool that was made from a filled skeleton and described."""

    def __init__(self, aws: Shell, folder: Path, given: dict[str, Any]) -> None:
        self.aws = aws
        self.folder = folder
        self.given = given
        self.id = aws("create-user-pool", *self.file(self.given))["UserPool"]["Id"]
        self.described = self.describe()

    def file(self, content: dict[str, Any]) -> list[str]:
        """The option that names a file of this content."""
        path = self.folder / "input.json"
        path.write_text(json.dumps(content))
        return ["--cli-input-json", f"file://{path}"]

    def describe(self) -> dict[str, Any]:
        pool: dict[str, Any] = self.aws("describe-user-pool", "--user-pool-id", self.id)["UserPool"]
        return pool


@pytest.fixture(scope="session")
def skeleton() -> Callable[[str], dict[str, Any]]:
    """All members of an operation that the CLI knows; it asks nobody for them."""
    return functools.cache(lambda operation: run("aws", "cognito-idp", operation, "--generate-cli-skeleton"))


@pytest.fixture(scope="module", params=["names and aliases", "addresses as names"])
def made(request: pytest.FixtureRequest, aws: Shell, skeleton: Any, tmp_path_factory: Any) -> Round:
    given, known = FILLED if request.param == "names and aliases" else OTHERWISE, skeleton("create-user-pool")
    filled = {name: value for name, value in given.items() if name in known}
    return Round(aws, tmp_path_factory.mktemp("skeleton"), filled)


class TestSkeleton:
    def test_every_member_that_the_cli_knows_is_filled(self, skeleton: Any) -> None:
        known = skeleton("create-user-pool")

        empty = set(paths(known)) - set(paths(FILLED)) - set(paths(OTHERWISE)) - {".KeyName"}

        assert empty == set()

    def test_the_pool_is_described_as_it_was_made_member_by_member(self, made: Round) -> None:
        wanted, shown = as_described(made.given), as_settled(made.described)

        assert {name: shown.get(name) for name in wanted} == wanted
        assert set(shown) == set(wanted)

    def test_its_schema_is_described_as_it_was_made(self, made: Round) -> None:
        shown = {entry["Name"]: entry for entry in made.described["SchemaAttributes"]}

        for entry in made.given["Schema"]:
            name = PREFIXES.get(entry["Name"], entry["Name"])
            assert shown[name] == entry | {"Name": name}

    def test_an_update_with_what_was_described_changes_nothing(self, made: Round, skeleton: Any) -> None:
        known = skeleton("update-user-pool")
        again = {name: value for name, value in made.described.items() if name in known}

        answer = made.aws("update-user-pool", *made.file({**again, "UserPoolId": made.id}))

        after = made.describe()
        assert answer in (None, {})
        assert after | {"LastModifiedDate": made.described["LastModifiedDate"]} == made.described

    def test_an_update_with_one_setting_puts_the_others_back(self, aws: Shell, cognito: Any) -> None:
        pool = cognito.create_user_pool(PoolName="short", AutoVerifiedAttributes=["email"])["UserPool"]["Id"]

        aws("update-user-pool", "--user-pool-id", pool, "--policies", "PasswordPolicy={MinimumLength=14}")

        shown = cognito.describe_user_pool(UserPoolId=pool)["UserPool"]
        assert shown["Policies"]["PasswordPolicy"]["MinimumLength"] == 14
        assert "AutoVerifiedAttributes" not in shown


@pytest.fixture(scope="module")
def people(cognito: Any, pool: Pool) -> Pool:
    """The pool with users whose names a shell finds hard."""
    names = {"ada": 'Ada "the Countess" Lovelace', "bob": "Bob O'Hara", "cleo": 'Cleo "$HOME" \\'}
    for name, full in names.items():
        attributes = {"email": f"{name}@example.com", "name": full}
        given = [{"Name": key, "Value": value} for key, value in attributes.items()]
        cognito.admin_create_user(
            UserPoolId=pool.id,
            Username=name,
            UserAttributes=given,
            TemporaryPassword=PASSWORD,
            MessageAction="SUPPRESS",
        )
    return pool


class TestFilters:
    @pytest.mark.parametrize(
        ("quoted", "name"),
        [
            (r'''"email = \"ada@example.com\""''', "ada"),
            (r"""'name ^= "Bob O'"'"'H"'""", "bob"),
            (r'''"name = \"Cleo \\\"\$HOME\\\" \\\\\""''', "cleo"),
        ],
        ids=["double", "single", "escaped"],
    )
    def test_a_filter_finds_what_a_shell_lets_through(self, aws, people: Pool, quoted: str, name: str) -> None:
        found = aws.typed(f"aws cognito-idp list-users --user-pool-id {people.id} --filter {quoted}")["Users"]

        assert [user["Username"] for user in found] == [name]

    def test_attributes_are_chosen_and_the_answer_is_queried(self, aws: Shell, people: Pool) -> None:
        line = (
            f"aws cognito-idp list-users --user-pool-id {people.id} --filter 'username = \"bob\"' "
            "--attributes-to-get email --query 'Users[].Attributes[]'"
        )

        assert aws.typed(line) == [{"Name": "email", "Value": "bob@example.com"}]

    def test_the_cli_pages_on_its_own_and_goes_on_from_its_token(self, aws: Shell, people: Pool) -> None:
        place = ["--user-pool-id", people.id, "--page-size", 1]

        first = aws("list-users", *place, "--max-items", 2)
        rest = aws("list-users", *place, "--starting-token", first["NextToken"])

        assert len(first["Users"]) == 2
        names = [user["Username"] for user in (*first["Users"], *rest["Users"])]
        assert sorted(names) == ["ada", "bob", "cleo"]

    def test_a_bad_filter_is_told_by_its_name(self, aws: Shell, people: Pool) -> None:
        with pytest.raises(Refused, match=r"InvalidParameterException.*Error while parsing filter"):
            aws("list-users", "--user-pool-id", people.id, "--filter", "email = ada@example.com")


class TestGroups:
    def test_from_creation_to_deletion(self, aws: Shell, cognito: Any, people: Pool) -> None:
        place = ["--user-pool-id", people.id]
        group, user = [*place, "--group-name", "readers"], [*place, "--username", "ada"]
        role = "arn:aws:iam::123456789012:role/readers"

        made = aws("create-group", *group, "--description", "Who reads", "--precedence", 0, "--role-arn", role)["Group"]
        added = aws("admin-add-user-to-group", *user, "--group-name", "readers")
        changed = aws("update-group", *group, "--precedence", 7)["Group"]

        assert (made["Precedence"], made["RoleArn"], added) == (0, role, None)
        assert changed == made | {"Precedence": 7, "LastModifiedDate": changed["LastModifiedDate"]}
        assert aws("admin-list-groups-for-user", *user)["Groups"] == [changed]
        assert [one["Username"] for one in aws("list-users-in-group", *group)["Users"]] == ["ada"]
        assert aws("delete-group", *group) is None
        assert cognito.admin_list_groups_for_user(UserPoolId=people.id, Username="ada")["Groups"] == []

    def test_a_second_one_of_a_name_is_refused(self, aws: Shell, cognito: Any, people: Pool) -> None:
        cognito.create_group(UserPoolId=people.id, GroupName="twins")

        with pytest.raises(Refused, match=r"GroupExistsException.*A group with the name already exists"):
            aws("create-group", "--user-pool-id", people.id, "--group-name", "twins")


class TestTags:
    def test_tags_are_added_and_taken_by_arn(self, aws: Shell, cognito: Any, people: Pool) -> None:
        resource = ["--resource-arn", cognito.describe_user_pool(UserPoolId=people.id)["UserPool"]["Arn"]]

        aws("tag-resource", *resource, "--tags", "team=blue,stage=")
        both = aws("list-tags-for-resource", *resource)["Tags"]
        aws("untag-resource", *resource, "--tag-keys", "stage")

        assert both == {"team": "blue", "stage": ""}
        assert cognito.describe_user_pool(UserPoolId=people.id)["UserPool"]["UserPoolTags"] == {"team": "blue"}


class TestDomains:
    def test_a_prefix_leads_to_its_pool_until_it_is_taken_away(self, aws: Shell, cognito: Any, people: Pool) -> None:
        named = ["--domain", "directory-cli", "--user-pool-id", people.id]

        made = aws("create-user-pool-domain", *named)
        changed = aws("update-user-pool-domain", *named, "--managed-login-version", 2)
        shown = aws("describe-user-pool-domain", "--domain", "directory-cli")["DomainDescription"]
        aws("delete-user-pool-domain", *named)

        assert (made, changed) == ({"ManagedLoginVersion": 1}, {"ManagedLoginVersion": 2})
        assert (shown["UserPoolId"], shown["Status"], shown["ManagedLoginVersion"]) == (people.id, "ACTIVE", 2)
        assert cognito.describe_user_pool_domain(Domain="directory-cli")["DomainDescription"] == {}
