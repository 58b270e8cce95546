"""Resource servers and custom scopes through their operations, against a table engine."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib.flows import resource_servers
from chalicelib.rules import scopes
from chalicelib.table import keys, pools, store
from tests.application import Cognito, Fault

UNKNOWN = "us-east-1_Unknown00"
HOSTILE = ["#", ".", "https://api.example.com/v1", "GROUP#x", "!~{}", "a" * 256]


def listed(*names):
    return [{"ScopeName": name, "ScopeDescription": f"may {name}"} for name in names]


def created(cognito, pool_id, identifier="api", **settings):
    given = {"UserPoolId": pool_id, "Identifier": identifier, "Name": "API", **settings}
    return cognito.call("CreateResourceServer", **given)["ResourceServer"]


def updated(cognito, pool_id, identifier="api", **settings):
    given = {"UserPoolId": pool_id, "Identifier": identifier, "Name": "API", **settings}
    return cognito.call("UpdateResourceServer", **given)["ResourceServer"]


def described(cognito, pool_id, identifier="api"):
    return cognito.call("DescribeResourceServer", UserPoolId=pool_id, Identifier=identifier)["ResourceServer"]


def deleted(cognito, pool_id, identifier="api"):
    cognito.call("DeleteResourceServer", UserPoolId=pool_id, Identifier=identifier)


def page(cognito, pool_id, **given):
    answer = cognito.call("ListResourceServers", UserPoolId=pool_id, **given)
    return [server["Identifier"] for server in answer["ResourceServers"]], answer.get("NextToken")


def refusal(cognito, operation, **given):
    """Code and sentence with which an operation refuses."""
    with pytest.raises(Fault) as refused:
        cognito.call(operation, **given)
    return refused.value.code, refused.value.message


@pytest.fixture
def pool_id(cognito):
    return cognito.pool()


@pytest.fixture(scope="module")
def shared_pool(application):
    """A pool for tests that leave it as it is; making one costs two RSA keys."""
    return Cognito(*application).pool()


class TestCreateResourceServer:
    def test_answers_what_describe_answers(self, cognito, pool_id):
        made = created(cognito, pool_id, Scopes=listed("read", "write"))

        assert made == {
            "UserPoolId": pool_id,
            "Identifier": "api",
            "Name": "API",
            "Scopes": listed("read", "write"),
        }
        assert described(cognito, pool_id) == made

    def test_needs_no_scopes(self, cognito, pool_id):
        assert created(cognito, pool_id)["Scopes"] == []

    @pytest.mark.parametrize("identifier", HOSTILE, ids=lambda text: text[:12])
    def test_takes_any_identifier_of_the_model(self, cognito, shared_pool, identifier):
        created(cognito, shared_pool, identifier)

        assert described(cognito, shared_pool, identifier)["Identifier"] == identifier
        deleted(cognito, shared_pool, identifier)

    def test_refuses_a_taken_identifier(self, cognito, pool_id):
        created(cognito, pool_id)

        given = {"UserPoolId": pool_id, "Identifier": "api", "Name": "other"}
        assert refusal(cognito, "CreateResourceServer", **given) == (
            "InvalidParameterException",
            f"api already exists in user pool {pool_id}.",
        )
        assert described(cognito, pool_id)["Name"] == "API"

    def test_knows_the_servers_of_other_pools_apart(self, cognito, pool_id):
        other = cognito.pool()
        created(cognito, other)

        fault = refusal(cognito, "DescribeResourceServer", UserPoolId=pool_id, Identifier="api")

        assert fault == ("ResourceNotFoundException", "Resource server api does not exist.")
        assert created(cognito, pool_id)["UserPoolId"] == pool_id

    @pytest.mark.parametrize(
        "given",
        [
            {"Identifier": "a b"},
            {"Identifier": 'a"b'},
            {"Identifier": "ä"},
            {"Identifier": "a" * 257},
            {"Identifier": "aws.cognito/dcr"},
            {"Scopes": listed("a/b")},
            {"Scopes": listed("a", "a")},
            {"Scopes": listed(*(str(number) for number in range(101)))},
            {"Scopes": [{"ScopeName": "a"}]},
        ],
        ids=lambda given: ascii(given)[:40],
    )
    def test_refuses_bad_input(self, cognito, shared_pool, given):
        complete = {"UserPoolId": shared_pool, "Identifier": "bad", "Name": "API", **given}

        assert refusal(cognito, "CreateResourceServer", **complete)[0] == "InvalidParameterException"

    def test_refuses_an_unknown_pool_in_every_operation(self, cognito):
        named = {"UserPoolId": UNKNOWN, "Identifier": "api"}
        calls = {
            "CreateResourceServer": named | {"Name": "API"},
            "UpdateResourceServer": named | {"Name": "API"},
            "DescribeResourceServer": named,
            "DeleteResourceServer": named,
            "ListResourceServers": {"UserPoolId": UNKNOWN},
        }

        faults = {refusal(cognito, operation, **given) for operation, given in calls.items()}

        assert faults == {("ResourceNotFoundException", f"User pool {UNKNOWN} does not exist.")}

    def test_makes_one_of_many_at_once(self, cognito, pool_id):
        def create(number):
            try:
                return created(cognito, pool_id, Name=f"API {number}")["Name"]
            except Fault as fault:
                return fault.code

        with ThreadPoolExecutor(4) as together:
            results = list(together.map(create, range(4)))

        assert results.count("InvalidParameterException") == 3
        assert described(cognito, pool_id)["Name"] in results


class TestUpdateResourceServer:
    def test_replaces_name_and_scopes(self, cognito, pool_id):
        created(cognito, pool_id, Scopes=listed("read"))

        after = updated(cognito, pool_id, Name="new", Scopes=listed("write"))

        assert (after["Name"], after["Scopes"]) == ("new", listed("write"))
        assert described(cognito, pool_id) == after

    def test_takes_scopes_left_out_for_none(self, cognito, pool_id):
        created(cognito, pool_id, Scopes=listed("read"))

        assert updated(cognito, pool_id)["Scopes"] == []

    def test_refuses_an_unknown_one_and_makes_none(self, cognito, shared_pool):
        named = {"UserPoolId": shared_pool, "Identifier": "unknown"}

        for operation, given in {"UpdateResourceServer": {"Name": "API"}, "DescribeResourceServer": {}}.items():
            assert refusal(cognito, operation, **named, **given) == (
                "ResourceNotFoundException",
                "Resource server unknown does not exist.",
            )


class TestDeleteResourceServer:
    def test_makes_it_unknown(self, cognito, pool_id):
        created(cognito, pool_id)

        deleted(cognito, pool_id)

        for operation in ("DescribeResourceServer", "DeleteResourceServer"):
            fault = refusal(cognito, operation, UserPoolId=pool_id, Identifier="api")
            assert fault == ("ResourceNotFoundException", "Resource server api does not exist.")

    def test_happens_with_the_pool(self, cognito, pool_id):
        created(cognito, pool_id)

        cognito.call("DeleteUserPool", UserPoolId=pool_id)

        assert store.list(keys.key("Pool", pool=pool_id).pk).items == []


class TestListResourceServers:
    def test_pages_to_the_end_by_identifier(self, cognito, pool_id):
        names = ["#", "a", "b/c", "d", "e"]
        for name in reversed(names):
            created(cognito, pool_id, name)

        first, cursor = page(cognito, pool_id, MaxResults=2)
        second, cursor = page(cognito, pool_id, MaxResults=2, NextToken=cursor)
        third, end = page(cognito, pool_id, MaxResults=2, NextToken=cursor)

        assert [first, second, third, end] == [["#", "a"], ["b/c", "d"], ["e"], None]

    def test_has_nothing_but_resource_servers(self, cognito, pool_id):
        assert page(cognito, pool_id) == ([], None)

    def test_has_fifty_at_most_on_a_page(self, cognito, pool_id):
        for number in range(51):
            created(cognito, pool_id, f"api-{number:02}")

        first, cursor = page(cognito, pool_id)

        assert len(first) == 50
        assert page(cognito, pool_id, NextToken=cursor) == (["api-50"], None)

    @pytest.mark.parametrize("limit", [0, 51, -1])
    def test_refuses_other_sizes(self, cognito, shared_pool, limit):
        fault = refusal(cognito, "ListResourceServers", UserPoolId=shared_pool, MaxResults=limit)

        assert fault[0] == "InvalidParameterException"

    def test_refuses_the_token_of_another_list(self, cognito, pool_id, shared_pool):
        for name in ("a", "b"):
            created(cognito, pool_id, name)
        _, other_pool = page(cognito, pool_id, MaxResults=1)
        for _ in range(2):
            cognito.client(shared_pool)
        clients = cognito.call("ListUserPoolClients", UserPoolId=shared_pool, MaxResults=1)["NextToken"]

        for token in (other_pool, clients, "garbage"):
            assert refusal(cognito, "ListResourceServers", UserPoolId=shared_pool, NextToken=token) == (
                "InvalidParameterException",
                "Invalid pagination token",
            )


class TestScopesOfClients:
    @pytest.fixture
    def client(self, cognito, pool_id):
        created(cognito, pool_id, Scopes=listed("read", "write"))
        given = {"UserPoolId": pool_id, "ClientName": "web", "AllowedOAuthScopes": ["api/read", "openid"]}
        return cognito.call("CreateUserPoolClient", **given)["UserPoolClient"]

    def allow(self, cognito, client, *wanted):
        named = {member: client[member] for member in ("UserPoolId", "ClientId")}
        answer = cognito.call("UpdateUserPoolClient", AllowedOAuthScopes=list(wanted), **named)
        return answer["UserPoolClient"]["AllowedOAuthScopes"]

    def active(self, client):
        wanted = pools.fresh_client(client["ClientId"]).document["AllowedOAuthScopes"]
        return scopes.active(wanted, resource_servers.named_in(client["UserPoolId"], wanted))

    def test_are_those_of_the_resource_servers(self, cognito, client):
        assert client["AllowedOAuthScopes"] == ["api/read", "openid"]
        assert self.allow(cognito, client, "api/write") == ["api/write"]

    def test_of_no_server_are_refused(self, cognito, client):
        for unknown in ("api/delete", "other/read", "nothing", "api/", "/read"):
            with pytest.raises(Fault, match="ScopeDoesNotExistException"):
                self.allow(cognito, client, "api/read", unknown)

    def test_of_another_pool_are_refused(self, cognito, client):
        given = {"UserPoolId": cognito.pool(), "ClientName": "web", "AllowedOAuthScopes": ["api/read"]}

        assert refusal(cognito, "CreateUserPoolClient", **given)[0] == "ScopeDoesNotExistException"

    def test_rest_while_their_server_is_gone_and_are_back_with_it(self, cognito, pool_id, client):
        assert self.active(client) == ["api/read", "openid"]

        deleted(cognito, pool_id)

        assert self.active(client) == ["openid"]
        assert self.allow(cognito, client, "openid", "api/read") == ["openid", "api/read"]
        with pytest.raises(Fault, match="ScopeDoesNotExistException"):
            self.allow(cognito, client, "api/write")
        created(cognito, pool_id, Scopes=listed("read"))
        assert self.active(client) == ["openid", "api/read"]

    def test_rest_while_their_server_does_not_have_them(self, cognito, pool_id, client):
        updated(cognito, pool_id, Scopes=listed("write"))

        assert self.active(client) == ["openid"]

    def test_that_were_given_up_while_they_rested_are_lost(self, cognito, pool_id, client):
        deleted(cognito, pool_id)
        self.allow(cognito, client, "openid")

        with pytest.raises(Fault, match="ScopeDoesNotExistException"):
            self.allow(cognito, client, "api/read")

    def test_that_are_standard_cost_no_trip(self, cognito, pool_id):
        with store.counted() as trips:
            assert resource_servers.named_in(pool_id, ["openid", "email"]) == []

        assert trips.calls == []

    def test_of_fifty_servers_cost_one_trip(self, cognito, pool_id):
        with store.counted() as trips:
            resource_servers.named_in(pool_id, [f"api-{number}/read" for number in range(50)])

        assert len(trips.calls) == 1
