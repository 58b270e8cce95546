"""App clients through their operations, against a table engine."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib.flows import client_secrets
from chalicelib.rules import auth_flows
from chalicelib.table import keys, pools, store
from chalicelib.table.items import Pool
from tests.application import Cognito, Fault
from tests.clock import later

UNKNOWN = "unknownunknownunknownunkn1"


def created(cognito, pool_id, **settings):
    return cognito.call("CreateUserPoolClient", UserPoolId=pool_id, ClientName="web", **settings)["UserPoolClient"]


def described(cognito, client):
    names = {member: client[member] for member in ("UserPoolId", "ClientId")}
    return cognito.call("DescribeUserPoolClient", **names)["UserPoolClient"]


def updated(cognito, client, **settings):
    names = {member: client[member] for member in ("UserPoolId", "ClientId")}
    return cognito.call("UpdateUserPoolClient", **names, **settings)["UserPoolClient"]


def refusal(cognito, operation, **given):
    """Code and sentence with which an operation refuses."""
    with pytest.raises(Fault) as refused:
        cognito.call(operation, **given)
    return refused.value.code, refused.value.message


@pytest.fixture(scope="module")
def shared_pool(application):
    """A pool for tests that need any; making one costs two RSA keys."""
    return Cognito(*application).call("CreateUserPool", PoolName="clients")["UserPool"]["Id"]


@pytest.fixture
def pool_id(cognito):
    return cognito.call("CreateUserPool", PoolName="clients")["UserPool"]["Id"]


class TestCreateUserPoolClient:
    def test_fills_in_the_defaults_of_the_service(self, cognito, shared_pool):
        client = created(cognito, shared_pool)

        assert re.fullmatch("[a-z0-9]{26}", client.pop("ClientId"))
        assert client.pop("CreationDate") == client.pop("LastModifiedDate")
        assert client == {
            "UserPoolId": shared_pool,
            "ClientName": "web",
            "RefreshTokenValidity": 30,
            "TokenValidityUnits": {},
            "AllowedOAuthFlowsUserPoolClient": False,
            "EnableTokenRevocation": True,
            "EnablePropagateAdditionalUserContextData": False,
            "AuthSessionValidity": 3,
        }

    def test_answers_what_describe_answers(self, cognito, shared_pool):
        client = created(cognito, shared_pool, GenerateSecret=True, ExplicitAuthFlows=["ALLOW_USER_AUTH"])

        assert described(cognito, client) == client | {"ClientType": "REGULAR"}

    def test_makes_a_secret_on_demand(self, cognito, shared_pool):
        assert re.fullmatch("[a-z0-9]{52}", created(cognito, shared_pool, GenerateSecret=True)["ClientSecret"])
        assert "ClientSecret" not in created(cognito, shared_pool, GenerateSecret=False)

    def test_takes_a_secret_of_24_characters_and_more(self, cognito, shared_pool):
        names = {"UserPoolId": shared_pool, "ClientName": "web"}

        assert created(cognito, shared_pool, ClientSecret="s" * 24)["ClientSecret"] == "s" * 24
        code, message = refusal(cognito, "CreateUserPoolClient", ClientSecret="s" * 23, **names)
        assert code == "InvalidParameterException"
        assert "s" * 23 not in message

    def test_refuses_a_secret_of_both_kinds(self, cognito, shared_pool):
        given = {"UserPoolId": shared_pool, "ClientName": "web", "GenerateSecret": True, "ClientSecret": "s" * 24}

        assert refusal(cognito, "CreateUserPoolClient", **given)[0] == "InvalidParameterException"

    @pytest.mark.parametrize(
        "settings",
        [
            {"ExplicitAuthFlows": ["ADMIN_NO_SRP_AUTH", "ALLOW_USER_SRP_AUTH"]},
            {"AccessTokenValidity": 4, "TokenValidityUnits": {"AccessToken": "minutes"}},
            {"CallbackURLs": ["http://example.com"]},
            {"ReadAttributes": ["custom:unknown"]},
            {"WriteAttributes": ["email_verified"]},
        ],
        ids=str,
    )
    def test_refuses_settings_that_do_not_fit(self, cognito, shared_pool, settings):
        given = {"UserPoolId": shared_pool, "ClientName": "web"} | settings

        assert refusal(cognito, "CreateUserPoolClient", **given)[0] == "InvalidParameterException"

    def test_names_the_faults_of_oauth(self, cognito, shared_pool):
        names = {"UserPoolId": shared_pool, "ClientName": "web"}

        oauth = refusal(cognito, "CreateUserPoolClient", AllowedOAuthFlowsUserPoolClient=True, **names)
        scope = refusal(cognito, "CreateUserPoolClient", AllowedOAuthScopes=["api/read"], **names)

        assert (oauth[0], scope[0]) == ("InvalidOAuthFlowException", "ScopeDoesNotExistException")

    def test_opens_choice_based_sign_in_in_every_tier(self, cognito):
        pool = cognito.call("CreateUserPool", PoolName="lite", UserPoolTier="LITE")["UserPool"]

        assert created(cognito, pool["Id"], ExplicitAuthFlows=["ALLOW_USER_AUTH"])

    def test_refuses_an_unknown_pool(self, cognito):
        given = {"UserPoolId": "us-east-1_Unknown00", "ClientName": "web"}

        assert refusal(cognito, "CreateUserPoolClient", **given) == (
            "ResourceNotFoundException",
            "User pool us-east-1_Unknown00 does not exist.",
        )

    @pytest.mark.parametrize("flows", [["ALLOW_USER_SRP_AUTH"], ["ALLOW_USER_PASSWORD_AUTH"]])
    def test_refuses_a_pool_that_vanishes_meanwhile(self, cognito, pool_id, flows, monkeypatch):
        made = client_secrets.sealed

        def vanishing(*given):
            store.remove_all([Pool.at(pool=pool_id)])
            return made(*given)

        monkeypatch.setattr(client_secrets, "sealed", vanishing)
        given = {"UserPoolId": pool_id, "ClientName": "web", "GenerateSecret": True, "ExplicitAuthFlows": flows}

        assert refusal(cognito, "CreateUserPoolClient", **given)[0] == "ResourceNotFoundException"
        assert store.count(keys.listing("Client", pool=pool_id), 10) == 0


class TestSrpMark:
    def test_is_set_by_the_first_client_that_may_use_srp(self, cognito, pool_id):
        created(cognito, pool_id, ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"])
        assert pools.pool(pool_id).allows_srp is False

        created(cognito, pool_id)

        assert pools.pool(pool_id).allows_srp is True

    def test_is_set_by_an_update(self, cognito, pool_id):
        client = created(cognito, pool_id, ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"])

        updated(cognito, client)

        assert store.get(Pool, pool=pool_id).allows_srp is True

    def test_goes_when_the_last_that_may_is_changed_and_the_list_has_settled(self, cognito, pool_id):
        client = created(cognito, pool_id)

        updated(cognito, client, ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"])
        assert pools.pool(pool_id).allows_srp is True

        with later(61):
            updated(cognito, client, ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"])
            assert pools.pool(pool_id).allows_srp is False

    def test_is_there_after_many_clients_at_once_of_which_one_may(self, cognito):
        for _ in range(3):
            pool_id = cognito.pool()
            flows = [["ALLOW_USER_PASSWORD_AUTH"]] * 2 + [["ALLOW_USER_SRP_AUTH"]] + [["ALLOW_USER_PASSWORD_AUTH"]] * 2

            with ThreadPoolExecutor(5) as together:
                list(together.map(lambda some, pool=pool_id: created(cognito, pool, ExplicitAuthFlows=some), flows))

            assert store.get(Pool, pool=pool_id).allows_srp is True

    def test_is_not_taken_from_a_client_that_was_made_meanwhile(self, cognito, pool_id, monkeypatch):
        judged = auth_flows.needs_verifiers
        left = [lambda: created(cognito, pool_id)]

        def overtaken(document):
            found = judged(document)
            if left:
                left.pop()()
            return found

        monkeypatch.setattr(auth_flows, "needs_verifiers", overtaken)
        created(cognito, pool_id, ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"])

        assert store.get(Pool, pool=pool_id).allows_srp is True


class TestDescribeUserPoolClient:
    @pytest.mark.parametrize("operation", ["Describe", "Update", "Delete"])
    def test_and_its_like_refuse_an_unknown_client(self, cognito, shared_pool, operation):
        fault = refusal(cognito, f"{operation}UserPoolClient", UserPoolId=shared_pool, ClientId=UNKNOWN)

        assert fault == ("ResourceNotFoundException", f"User pool client {UNKNOWN} does not exist.")

    @pytest.mark.parametrize("operation", ["Describe", "Update", "Delete"])
    def test_and_its_like_do_not_know_the_client_of_another_pool(self, cognito, shared_pool, pool_id, operation):
        client = created(cognito, shared_pool)

        fault = refusal(cognito, f"{operation}UserPoolClient", UserPoolId=pool_id, ClientId=client["ClientId"])

        assert fault == ("ResourceNotFoundException", f"User pool client {client['ClientId']} does not exist.")
        assert described(cognito, client)["ClientId"] == client["ClientId"]


class TestListUserPoolClients:
    def test_pages_through_the_clients_of_the_pool(self, cognito, pool_id):
        wanted = [created(cognito, pool_id)["ClientId"] for _ in range(3)]

        first = cognito.call("ListUserPoolClients", UserPoolId=pool_id, MaxResults=2)
        second = cognito.call("ListUserPoolClients", UserPoolId=pool_id, NextToken=first["NextToken"])

        found = first["UserPoolClients"] + second["UserPoolClients"]
        assert sorted(client["ClientId"] for client in found) == sorted(wanted)
        assert {frozenset(client) for client in found} == {frozenset({"ClientId", "UserPoolId", "ClientName"})}
        assert "NextToken" not in second

    def test_has_none_that_registered_dynamically(self, cognito, pool_id):
        created(cognito, pool_id)

        assert cognito.call("ListUserPoolClients", UserPoolId=pool_id, ClientType="DCR") == {"UserPoolClients": []}
        assert (
            len(cognito.call("ListUserPoolClients", UserPoolId=pool_id, ClientType="REGULAR")["UserPoolClients"]) == 1
        )

    def test_refuses_the_token_of_another_pool(self, cognito, pool_id, shared_pool):
        for _ in range(2):
            created(cognito, shared_pool)
        token = cognito.call("ListUserPoolClients", UserPoolId=shared_pool, MaxResults=1)["NextToken"]

        assert refusal(cognito, "ListUserPoolClients", UserPoolId=pool_id, NextToken=token) == (
            "InvalidParameterException",
            "Invalid pagination token",
        )

    def test_refuses_an_unknown_pool(self, cognito):
        fault = refusal(cognito, "ListUserPoolClients", UserPoolId="us-east-1_Unknown00")

        assert fault[0] == "ResourceNotFoundException"


class TestUpdateUserPoolClient:
    def test_returns_what_was_left_out_to_its_default(self, cognito, shared_pool):
        client = created(cognito, shared_pool, ExplicitAuthFlows=["ALLOW_USER_AUTH"], AuthSessionValidity=9)

        after = updated(cognito, client)

        assert "ExplicitAuthFlows" not in after
        assert after["AuthSessionValidity"] == 3
        assert after["ClientName"] == "web"
        assert described(cognito, client) == after | {"ClientType": "REGULAR"}

    def test_keeps_the_secret(self, cognito, shared_pool):
        client = created(cognito, shared_pool, GenerateSecret=True)

        assert updated(cognito, client)["ClientSecret"] == client["ClientSecret"]

    def test_is_seen_by_who_remembered_the_client(self, cognito, shared_pool):
        client = created(cognito, shared_pool)
        assert pools.client(client["ClientId"]).document["ClientName"] == "web"

        updated(cognito, client, ClientName="new")

        assert pools.client(client["ClientId"]).document["ClientName"] == "new"

    def test_lets_one_of_many_at_once_win_and_tells_the_others(self, cognito, shared_pool):
        client = created(cognito, shared_pool)

        def rename(number):
            try:
                return updated(cognito, client, ClientName=f"name-{number}")["ClientName"]
            except Fault as fault:
                return fault.code

        with ThreadPoolExecutor(6) as together:
            results = list(together.map(rename, range(6)))

        winners = [result for result in results if result.startswith("name-")]
        assert described(cognito, client)["ClientName"] in winners
        assert set(results) - set(winners) <= {"ConcurrentModificationException"}

    def test_checks_what_creation_checks(self, cognito, shared_pool):
        client = created(cognito, shared_pool)
        names = {"UserPoolId": shared_pool, "ClientId": client["ClientId"]}

        fault = refusal(cognito, "UpdateUserPoolClient", CallbackURLs=["http://example.com"], **names)

        assert fault == ("InvalidParameterException", "http://example.com cannot use the HTTP protocol.")


class TestDeleteUserPoolClient:
    def test_takes_the_secrets_along(self, cognito, shared_pool):
        client = created(cognito, shared_pool, GenerateSecret=True)
        names = {"UserPoolId": shared_pool, "ClientId": client["ClientId"]}
        assert pools.client(client["ClientId"]).secrets

        cognito.call("DeleteUserPoolClient", **names)

        assert refusal(cognito, "DescribeUserPoolClient", **names)[0] == "ResourceNotFoundException"
        assert store.list(keys.key("Client", client=client["ClientId"]).pk).items == []
        assert pools.client(client["ClientId"]) is None
