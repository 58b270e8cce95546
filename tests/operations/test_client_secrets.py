"""The two secrets of an app client through their operations, against a table engine."""

import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib.flows import client_secrets
from chalicelib.rules.secret_hash import secret_hash
from chalicelib.table import pools, store
from chalicelib.table.items import ClientSecret, Pool
from tests.application import PASSWORD, Cognito, Fault

OWN = "own-secret".replace("-", "_") + "x" * 20
UNKNOWN = "unknownunknownunknownunkn1"


def named(client):
    return {member: client[member] for member in ("UserPoolId", "ClientId")}


def added(cognito, client, **given):
    return cognito.call("AddUserPoolClientSecret", **named(client), **given)["ClientSecretDescriptor"]


def listed(cognito, client):
    return cognito.call("ListUserPoolClientSecrets", **named(client))["ClientSecrets"]


def deleted(cognito, client, secret_id):
    return cognito.call("DeleteUserPoolClientSecret", **named(client), ClientSecretId=secret_id)


def refusal(cognito, operation, **given):
    """Code and sentence with which an operation refuses."""
    with pytest.raises(Fault) as refused:
        cognito.call(operation, **given)
    return refused.value.code, refused.value.message


@pytest.fixture(scope="module")
def pool_id(application):
    """A pool for all tests; making one costs two RSA keys."""
    return Cognito(*application).pool()


@pytest.fixture
def client(cognito, pool_id):
    given = {"GenerateSecret": True, "ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH"]}
    return cognito.call("CreateUserPoolClient", UserPoolId=pool_id, ClientName="web", **given)["UserPoolClient"]


@pytest.fixture
def public(cognito, pool_id):
    return {"UserPoolId": pool_id, "ClientId": cognito.client(pool_id)}


class TestAddUserPoolClientSecret:
    def test_tells_a_fresh_secret_once(self, cognito, client):
        told = added(cognito, client)

        assert re.fullmatch("[a-z0-9]{52}", told["ClientSecretValue"])
        assert re.fullmatch(f"{client['ClientId']}--[0-9]+", told["ClientSecretId"])
        assert abs(told["ClientSecretCreateDate"] - time.time()) < 60
        assert all("ClientSecretValue" not in secret for secret in listed(cognito, client))

    def test_does_not_repeat_the_callers_own(self, cognito, client):
        told = added(cognito, client, ClientSecret=OWN)

        assert set(told) == {"ClientSecretId", "ClientSecretCreateDate"}
        assert OWN in client_secrets.opened(pools.fresh_client(client["ClientId"]).secrets)

    def test_leaves_the_first_one_in_the_description(self, cognito, client):
        added(cognito, client)

        told = cognito.call("DescribeUserPoolClient", **named(client))["UserPoolClient"]

        assert told["ClientSecret"] == client["ClientSecret"]

    def test_is_seen_by_who_remembered_the_client(self, cognito, client):
        assert len(pools.client(client["ClientId"]).secrets) == 1

        added(cognito, client)

        assert len(pools.client(client["ClientId"]).secrets) == 2

    def test_refuses_a_third(self, cognito, client):
        added(cognito, client)

        assert refusal(cognito, "AddUserPoolClientSecret", **named(client))[0] == "LimitExceededException"
        assert len(listed(cognito, client)) == 2

    @pytest.mark.parametrize("own", [False, True], ids=["fresh", "own"])
    def test_makes_two_of_many_at_once(self, cognito, client, own):
        def add(number):
            given = {"ClientSecret": f"{number}" * 24} if own else {}
            try:
                return bool(added(cognito, client, **given))
            except Fault as fault:
                assert fault.code == "LimitExceededException"
                return False

        with ThreadPoolExecutor(6) as together:
            results = list(together.map(add, range(6)))

        assert results.count(True) == 1
        assert len(listed(cognito, client)) == 2

    def test_refuses_a_pool_that_vanishes_meanwhile(self, cognito, monkeypatch):
        given = {"UserPoolId": cognito.pool(), "ClientName": "web", "GenerateSecret": True}
        client = cognito.call("CreateUserPoolClient", **given)["UserPoolClient"]
        made = client_secrets.sealed

        def vanishing(*given):
            store.remove_all([Pool.at(pool=client["UserPoolId"])])
            return made(*given)

        monkeypatch.setattr(client_secrets, "sealed", vanishing)

        assert refusal(cognito, "AddUserPoolClientSecret", **named(client))[0] == "ResourceNotFoundException"
        assert len(pools.fresh_client(client["ClientId"]).secrets) == 1

    def test_refuses_a_client_that_has_none(self, cognito, public):
        code, message = refusal(cognito, "AddUserPoolClientSecret", **public)

        assert (code, "has no secret" in message) == ("InvalidParameterException", True)
        assert listed(cognito, public) == []

    @pytest.mark.parametrize("own", ["s" * 23, "s" * 65, "has blank in the middle of it", "ü" * 24], ids=ascii)
    def test_refuses_a_bad_secret_without_repeating_it(self, cognito, client, own):
        code, message = refusal(cognito, "AddUserPoolClientSecret", ClientSecret=own, **named(client))

        assert (code, own in message) == ("InvalidParameterException", False)


class TestIds:
    def test_differ_within_one_moment(self):
        first = client_secrets.sealed("c", "one", 1.0)
        second = client_secrets.sealed("c", "two", 1.0, [first])
        third = client_secrets.sealed("c", "three", 0.5, [second])

        assert [client_secrets.id_of(one) for one in (first, second, third)] == ["c--1000", "c--1001", "c--1002"]
        assert client_secrets.opened([third, first, second]) == ["one", "two", "three"]


class TestListUserPoolClientSecrets:
    def test_has_ids_and_dates_oldest_first(self, cognito, client):
        told = added(cognito, client)

        first, second = listed(cognito, client)

        assert set(first) == {"ClientSecretId", "ClientSecretCreateDate"}
        assert second == {member: told[member] for member in first}
        assert first["ClientSecretCreateDate"] <= second["ClientSecretCreateDate"]

    def test_is_one_page(self, cognito, client):
        fault = refusal(cognito, "ListUserPoolClientSecrets", NextToken="x", **named(client))

        assert fault == ("InvalidParameterException", "Invalid pagination token")


class TestDeleteUserPoolClientSecret:
    def test_leaves_the_other(self, cognito, client):
        told = added(cognito, client)
        first = listed(cognito, client)[0]

        assert deleted(cognito, client, first["ClientSecretId"]) == {}

        assert [secret["ClientSecretId"] for secret in listed(cognito, client)] == [told["ClientSecretId"]]
        described = cognito.call("DescribeUserPoolClient", **named(client))["UserPoolClient"]
        assert described["ClientSecret"] == told["ClientSecretValue"]

    def test_refuses_the_last_one(self, cognito, client):
        last = listed(cognito, client)[0]["ClientSecretId"]

        fault = refusal(cognito, "DeleteUserPoolClientSecret", ClientSecretId=last, **named(client))

        assert fault == ("InvalidParameterException", "The last secret of a client cannot be deleted.")
        assert len(listed(cognito, client)) == 1

    def test_leaves_one_of_two_that_are_deleted_at_once(self, cognito, client):
        added(cognito, client)
        wanted = [secret["ClientSecretId"] for secret in listed(cognito, client)]

        def delete(secret_id):
            try:
                deleted(cognito, client, secret_id)
            except Fault as fault:
                return fault.message
            return "done"

        with ThreadPoolExecutor(2) as together:
            results = sorted(together.map(delete, wanted))

        assert results == ["The last secret of a client cannot be deleted.", "done"]
        assert len(listed(cognito, client)) == 1

    @pytest.mark.parametrize("wanted", ["x", "--", "#", "ü\n", "x" * 128], ids=ascii)
    def test_refuses_an_unknown_one(self, cognito, client, wanted):
        added(cognito, client)

        fault = refusal(cognito, "DeleteUserPoolClientSecret", ClientSecretId=wanted, **named(client))

        assert fault[0] == "ResourceNotFoundException"
        assert len(listed(cognito, client)) == 2

    def test_refuses_the_secret_of_another_client(self, cognito, client, pool_id):
        other = cognito.call("CreateUserPoolClient", UserPoolId=pool_id, ClientName="b", GenerateSecret=True)
        wanted = listed(cognito, other["UserPoolClient"])[0]["ClientSecretId"]
        added(cognito, client)

        fault = refusal(cognito, "DeleteUserPoolClientSecret", ClientSecretId=wanted, **named(client))

        assert fault[0] == "ResourceNotFoundException"


class TestUnknownClients:
    @pytest.mark.parametrize("operation", ["Add", "List", "Delete"])
    def test_are_refused(self, cognito, client, operation):
        name = f"{operation}UserPoolClientSecret{'s' if operation == 'List' else ''}"
        more = {"ClientSecretId": "x"} if operation == "Delete" else {}
        elsewhere = cognito.pool()

        for wanted in (named(client) | {"ClientId": UNKNOWN}, named(client) | {"UserPoolId": elsewhere}):
            assert refusal(cognito, name, **wanted, **more) == (
                "ResourceNotFoundException",
                f"User pool client {wanted['ClientId']} does not exist.",
            )
        nowhere = named(client) | {"UserPoolId": "us-east-1_Unknown00"}
        assert refusal(cognito, name, **nowhere, **more)[1] == "User pool us-east-1_Unknown00 does not exist."


class TestSignInWithTwoSecrets:
    def sign_in(self, cognito, client, secret, username):
        proof = secret_hash(secret, username, client["ClientId"])
        parameters = {"USERNAME": username, "PASSWORD": PASSWORD, "SECRET_HASH": proof}
        given = {"ClientId": client["ClientId"], "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": parameters}
        return "AuthenticationResult" in cognito.call("InitiateAuth", **given)

    def test_takes_a_hash_with_either(self, cognito, client):
        username = cognito.user(client["UserPoolId"])
        added(cognito, client, ClientSecret=OWN)

        assert self.sign_in(cognito, client, client["ClientSecret"], username)
        assert self.sign_in(cognito, client, OWN, username)

    def test_refuses_a_hash_with_a_deleted_one(self, cognito, client):
        username = cognito.user(client["UserPoolId"])
        added(cognito, client, ClientSecret=OWN)

        deleted(cognito, client, listed(cognito, client)[0]["ClientSecretId"])

        assert self.sign_in(cognito, client, OWN, username)
        with pytest.raises(Fault, match="Unable to verify secret hash"):
            self.sign_in(cognito, client, client["ClientSecret"], username)


class TestHalfSeenClients:
    """A query may see a client still and its secrets no more: while both are deleted, or not yet all restored."""

    def test_are_unknown_and_let_nobody_in(self, cognito, client):
        username = cognito.user(client["UserPoolId"])
        secret = client_secrets.sealed(client["ClientId"], OWN, 1.0)
        store.remove_all(ClientSecret.at(client=client["ClientId"], id=one["ClientSecretId"])
                         for one in listed(cognito, client))  # fmt: skip
        pools.forget_all()
        given = {"ClientId": client["ClientId"], "AuthFlow": "USER_PASSWORD_AUTH"}
        parameters = {"USERNAME": username, "PASSWORD": PASSWORD}

        fault = refusal(cognito, "InitiateAuth", AuthParameters=parameters, **given)

        assert fault == ("ResourceNotFoundException", f"User pool client {client['ClientId']} does not exist.")
        store.save(secret)
        assert "SECRET_HASH" in refusal(cognito, "InitiateAuth", AuthParameters=parameters, **given)[1]

    def test_are_told_apart_from_those_without_a_secret(self, cognito, public):
        username = cognito.user(public["UserPoolId"])

        assert cognito.sign_in(public["ClientId"], username)["AccessToken"]


class TestChangesOfTheClient:
    def test_are_lost_on_neither_side(self, cognito, client):
        """A new name while a secret is added: one of both may be told to try again, and nothing is undone."""

        def rename(_):
            try:
                cognito.call("UpdateUserPoolClient", ClientName="new", **named(client))
            except Fault as fault:
                assert fault.code == "ConcurrentModificationException"
                return "web"
            return "new"

        with ThreadPoolExecutor(2) as together:
            renamed = together.submit(rename, None)
            together.submit(added, cognito, client).result()

        described = cognito.call("DescribeUserPoolClient", **named(client))["UserPoolClient"]
        assert described["ClientName"] == renamed.result()
        assert len(listed(cognito, client)) == 2
