"""A pool that was exported and restored is the same pool: for its users, its clients and whoever verifies tokens."""

from __future__ import annotations

import threading
import time

import jwt
import pytest

from chalicelib import errors
from chalicelib.flows import pool_exports, pool_restores, sealed_values, signing_keys, user_exports
from chalicelib.flows.sealed_values import SEALED
from chalicelib.table import groups, invariants, keys, store, users, walks
from chalicelib.table.directory import ImportJob
from chalicelib.table.items import Attempts, Code, Pool, User
from tests import engines, moving
from tests.application import PASSWORD, Fault
from tests.pool_changes import begun, brought_to, settled
from tests.srp_client import SrpClient
from tests.table import samples


@pytest.fixture(scope="module")
def other(table_engine):
    """The engine of another stage."""
    with engines.running("dynoxide") as engine:
        yield engine


@pytest.fixture
def pool(cognito):
    """A pool with clients, groups, documents, and the users `ada` and `bob`."""
    pool_id = cognito.pool(
        AliasAttributes=["email"], UserPoolAddOns={"AdvancedSecurityMode": "AUDIT"},
        Schema=[{"Name": "badge", "AttributeDataType": "String"}], UserPoolTags={"team": "poets"},
    )  # fmt: skip
    client = cognito.client(pool_id)
    cognito.call("CreateUserPoolDomain", UserPoolId=pool_id, Domain=f"moved-{pool_id[-8:].lower()}")
    cognito.call("CreateResourceServer", UserPoolId=pool_id, Identifier="https://api", Name="api")
    cognito.call("SetUICustomization", UserPoolId=pool_id, CSS=".label-customizable {font-weight: 400;}")
    cognito.call("SetRiskConfiguration", UserPoolId=pool_id, ClientId=client)
    cognito.call("GetSigningCertificate", UserPoolId=pool_id)
    cognito.call("CreateGroup", UserPoolId=pool_id, GroupName="poets", Precedence=3)
    cognito.user(pool_id, "ada", email="ada@example.com", email_verified="true", **{"custom:badge": "7"})
    cognito.user(pool_id, "bob", email="bob@example.com", email_verified="true")
    cognito.call("AdminAddUserToGroup", UserPoolId=pool_id, GroupName="poets", Username="ada")
    return pool_id


@pytest.fixture
def client(cognito, pool):
    return cognito.call("ListUserPoolClients", UserPoolId=pool, MaxResults=60)["UserPoolClients"][0]["ClientId"]


def sub_of(pool_id: str, name: str) -> str:
    return users.sub_of(store.get(Pool, pool=pool_id), name)


class TestARestoredPool:
    def test_takes_the_same_passwords_for_the_same_subs(self, pool, client, other):
        sub = sub_of(pool, "ada")
        file = moving.exported(pool)

        with moving.used(other) as cognito:
            moving.restored(file)
            tokens = cognito.sign_in(client, "ada@example.com")

            assert jwt.decode(tokens["IdToken"], options={"verify_signature": False})["sub"] == sub
            with pytest.raises(Fault, match="NotAuthorizedException"):
                cognito.sign_in(client, "ada", "Wrong-Horse-9")

    def test_takes_refresh_and_access_tokens_of_before(self, cognito, pool, client, other):
        tokens = cognito.sign_in(client, "ada")
        jwks = signing_keys.jwks(pool)
        file = moving.exported(pool)

        with moving.used(other) as cognito:
            moving.restored(file)

            assert cognito.call("GetUser", AccessToken=tokens["AccessToken"])["Username"] == "ada"
            assert signing_keys.jwks(pool) == jwks
            fresh = cognito.call("InitiateAuth", ClientId=client, AuthFlow="REFRESH_TOKEN_AUTH",
                                 AuthParameters={"REFRESH_TOKEN": tokens["RefreshToken"]})  # fmt: skip
            claims = jwt.decode(fresh["AuthenticationResult"]["AccessToken"], options={"verify_signature": False})
            before = jwt.decode(tokens["AccessToken"], options={"verify_signature": False})
            assert {name: claims[name] for name in ("sub", "origin_jti", "auth_time", "cognito:groups", "iss")} == {
                name: before[name] for name in ("sub", "origin_jti", "auth_time", "cognito:groups", "iss")
            }

    def test_ends_no_session_for_a_token_that_was_replaced_before(self, cognito, pool, other):
        client = cognito.client(pool, RefreshTokenRotation={"Feature": "ENABLED", "RetryGracePeriodSeconds": 0})
        first = cognito.sign_in(client, "ada")["RefreshToken"]
        second = cognito.call("GetTokensFromRefreshToken", ClientId=client, RefreshToken=first)
        file = moving.exported(pool)

        with moving.used(other) as cognito:
            moving.restored(file)
            with pytest.raises(Fault, match="NotAuthorizedException"):
                cognito.call("GetTokensFromRefreshToken", ClientId=client, RefreshToken=first)

            newest = second["AuthenticationResult"]["RefreshToken"]
            assert cognito.call("GetTokensFromRefreshToken", ClientId=client, RefreshToken=newest)

    def test_proves_passwords_by_srp(self, pool, client, other):
        file = moving.exported(pool)

        with moving.used(other) as cognito:
            moving.restored(file)
            srp = SrpClient(pool)
            begun = cognito.call("InitiateAuth", ClientId=client, AuthFlow="USER_SRP_AUTH",
                                 AuthParameters={"USERNAME": "ada", "SRP_A": srp.public})  # fmt: skip
            proof = srp.answer(begun["ChallengeParameters"], PASSWORD)
            answer = cognito.call("RespondToAuthChallenge", ClientId=client, ChallengeName="PASSWORD_VERIFIER",
                                  ChallengeResponses=proof)  # fmt: skip

            assert answer["AuthenticationResult"]["AccessToken"]

    def test_keeps_the_secrets_of_clients(self, cognito, pool, other):
        client = cognito.client(pool, GenerateSecret=True)
        described = cognito.call("DescribeUserPoolClient", UserPoolId=pool, ClientId=client)
        file = moving.exported(pool)

        with moving.used(other) as cognito:
            moving.restored(file)

            assert cognito.call("DescribeUserPoolClient", UserPoolId=pool, ClientId=client) == described

    def test_is_described_and_listed_as_before(self, cognito, pool, other):
        before = described(cognito, pool)
        file = moving.exported(pool)

        with moving.used(other) as cognito:
            moving.restored(file)

            assert described(cognito, pool) == before

    def test_has_every_row_that_it_had(self, cognito, pool, client, other):
        cognito.sign_in(client, "ada")
        with pytest.raises(Fault):
            cognito.sign_in(client, "bob", "Wrong-Horse-9")
        before = moving.rows_of(pool)
        file = moving.exported(pool)

        with moving.used(other):
            moving.restored(file)
            after = moving.rows_of(pool)

        kinds = {row["_t"]["S"] for row in before.values()}
        assert {"Pool", "SigningKey", "Domain", "Certificate", "Group", "Member", "Session", "Attempts"} <= kinds
        assert comparable(after) == comparable(before)

    def test_has_nothing_broken_and_every_secret_opens(self, pool, other):
        file = moving.exported(pool)

        with moving.used(other):
            moving.restored(file)

            assert invariants.checked(pool, look=sealed_values.fault).broken == []

    def test_holds_no_secret_as_it_was_sealed_before(self, pool, other):
        before = moving.rows_of(pool)
        file = moving.exported(pool)

        with moving.used(other):
            moving.restored(file)
            after = moving.rows_of(pool)

        sealed = [(key, name) for key, row in before.items() for name in SEALED.get(row["_t"]["S"], ()) if name in row]
        assert len(sealed) >= 5
        assert not any(before[key][name] == after[key][name] for key, name in sealed)

    @pytest.mark.skipif(engines.missing("dynamodb-local") is not None, reason="DynamoDB Local is not there")
    def test_may_go_to_another_engine(self, pool, client):
        file = moving.exported(pool)

        with engines.running("dynamodb-local") as strict, moving.used(strict) as cognito:
            moving.restored(file)

            assert cognito.sign_in(client, "ada")
            assert invariants.broken() == []


def described(cognito, pool: str) -> list[dict]:
    calls = {
        "DescribeUserPool": {}, "ListUsers": {}, "ListGroups": {}, "ListUserPoolClients": {"MaxResults": 60},
        "ListUsersInGroup": {"GroupName": "poets"}, "AdminListGroupsForUser": {"Username": "bob"},
        "ListResourceServers": {"MaxResults": 50}, "GetUICustomization": {}, "DescribeRiskConfiguration": {},
        "GetSigningCertificate": {}, "GetUserPoolMfaConfig": {},
    }  # fmt: skip
    found = [cognito.call(name, UserPoolId=pool, **given) for name, given in calls.items()]
    return [*found, cognito.call("ListUsers", UserPoolId=pool, Filter='email ^= "ada"')]


def comparable(rows: dict) -> dict:
    """Rows without what is another one in every table, and without what an export leaves out."""
    changing = {"_w"}
    kept = {key: row for key, row in rows.items() if row["_t"]["S"] not in user_exports.LEFT_OUT}
    return {
        key: {
            name: sorted(cell["SS"]) if "SS" in cell else cell
            for name, cell in row.items()
            if name not in changing | set(SEALED.get(row["_t"]["S"], ()))
            and not (name == "_v" and row["_t"]["S"] in pool_exports.DERIVED)
        }
        for key, row in kept.items()
    }


class TestWhatComesAlong:
    def test_every_entity_is_carried_derived_or_left_out(self):
        elsewhere = {"A#{pool}", "F#{pool}#{job}", "D#{host}", "Q#{pool}#{group}"}
        walked = {"P#{pool}", "C#{client}", "U#{pool}#{sub}"} | elsewhere

        told = user_exports.LEFT_OUT.keys() | pool_exports.DERIVED
        unknown = {name for name, entity in keys.ENTITIES.items() if entity.pk not in walked and name not in told}

        assert unknown == set()

    def test_codes_stay_behind(self, cognito, pool, client, other):
        cognito.call("ForgotPassword", ClientId=client, Username="ada")
        sub = sub_of(pool, "ada")
        assert store.list(User.at(pool=pool, sub=sub).pk, ".CODE#").items

        file = moving.exported(pool)

        with moving.used(other):
            moving.restored(file)
            parts = store.list(User.at(pool=pool, sub=sub).pk).items
            assert not any(isinstance(part, Code) for part in parts)

    def test_locks_come_along(self, cognito, pool, client, other):
        with pytest.raises(Fault):
            cognito.sign_in(client, "ada", "Wrong-Horse-9")
        sub = sub_of(pool, "ada")
        file = moving.exported(pool)

        with moving.used(other):
            moving.restored(file)
            assert store.get(Attempts, pool=pool, sub=sub).failures == 1

    def test_what_is_over_stays_behind(self, pool, other):
        sub = sub_of(pool, "ada")
        over = samples.session(pool, "0f6e5d4c", expires=time.time() - 5, sub=sub)
        store.together(store.Save(over))
        file = moving.exported(pool)

        with moving.used(other):
            moving.restored(file)
            assert (over.pk, over.sk) not in moving.rows_of(pool)

    def test_a_user_with_more_parts_than_fit_into_a_page_comes_whole(self, pool, other):
        sub, ends = sub_of(pool, "ada"), time.time() + 600
        many = [samples.session(pool, f"{number:08}", expires=ends, sub=sub) for number in range(1100)]
        for session in many:
            session.gsi1pk = keys.listing("Session", pool=pool, day="1970-01-01")
        for first in range(0, 1100, 100):
            store.together(*(store.Save(session) for session in many[first : first + 100]))
        file = moving.exported(pool)

        with moving.used(other):
            moving.restored(file)
            assert len(store.list(User.at(pool=pool, sub=sub).pk, "SESSION#").items) == 1100
            assert invariants.broken(pool) == []

    def test_an_import_under_way_is_restored_as_stopped(self, pool, other):
        parts = {"pool": pool, "id": "import-1", "created": keys.sortable(1.0)}
        job = ImportJob.new(parts, id="import-1", pool_id=pool, document={"Status": "InProgress"}, progress={"at": 1})
        store.save(job)
        file = moving.exported(pool)

        with moving.used(other):
            moving.restored(file)
            found = store.get(ImportJob, pool=pool, id="import-1")

        assert found.document["Status"] == "Stopped"
        assert "had not ended" in found.document["CompletionMessage"]
        assert found.progress is None

    def test_members_of_a_deleted_group_are_in_it_no_more(self, pool, other):
        sub, group = sub_of(pool, "ada"), groups.with_pool(pool, "poets")[1]
        store.together(*groups.deletion(group, groups.mark(pool, group, time.time())))
        file = moving.exported(pool)

        with moving.used(other):
            moving.restored(file)
            assert groups.held(store.get(User, pool=pool, sub=sub)) == []
            assert invariants.broken(pool) == []


class TestAPoolInUse:
    """Users are read one at a time here, so that something can happen between two of them."""

    @pytest.fixture(autouse=True)
    def slow(self, monkeypatch):
        monkeypatch.setattr(user_exports, "_AHEAD", 1)
        monkeypatch.setattr(walks, "_PAGE", 1)

    def stepwise(self, pool: str, change) -> list[dict]:
        """The lines of a pool that is changed after its first user was read."""
        found = []
        for line in pool_exports.lines(pool):
            found.append(line)
            if "user" in line and change is not None:
                change()
                change = None
        return found

    def test_an_address_that_moves_belongs_to_who_has_it_last(self, cognito, pool, client, other):
        def change():
            for name, address in (("ada", "new@example.com"), ("bob", "ada@example.com")):
                told = [{"Name": "email", "Value": address}, {"Name": "email_verified", "Value": "true"}]
                cognito.call("AdminUpdateUserAttributes", UserPoolId=pool, Username=name, UserAttributes=told)

        lines = self.stepwise(pool, change)

        assert [line.get("again", False) for line in lines if "user" in line] == [False, True, False]
        with moving.used(other) as cognito:
            counts = pool_restores.restore(iter(lines))
            assert counts["users"] == 2
            assert invariants.broken(pool) == []
            shown = cognito.call("AdminGetUser", UserPoolId=pool, Username="ada@example.com")
            assert shown["Username"] == "bob"
            assert cognito.call("AdminGetUser", UserPoolId=pool, Username="new@example.com")["Username"] == "ada"

    def test_a_user_who_is_deleted_and_made_again_is_the_new_one(self, cognito, pool, client, other):
        old = sub_of(pool, "ada")

        def change():
            cognito.call("AdminDeleteUser", UserPoolId=pool, Username="ada")
            cognito.user(pool, "ada", email="ada@example.com", email_verified="true")

        lines = self.stepwise(pool, change)

        assert {"gone": old} in lines
        with moving.used(other) as cognito:
            counts = pool_restores.restore(iter(lines))
            assert counts["users"] == 2
            assert invariants.broken(pool) == []
            assert cognito.sign_in(client, "ada")
            assert store.get(User, pool=pool, sub=old) is None

    def test_a_user_who_is_deleted_before_being_read_is_not_in_the_file(self, cognito, pool):
        sub = sub_of(pool, "bob")

        lines = self.stepwise(pool, lambda: cognito.call("AdminDeleteUser", UserPoolId=pool, Username="bob"))

        assert sub not in [line.get("user") for line in lines]
        assert lines[-1]["end"]["users"] == 1

    def test_what_is_restored_is_whole_whatever_happened_meanwhile(self, cognito, pool, other):
        is_over = threading.Event()

        def work() -> None:
            number = 0
            while not is_over.is_set():
                name, address = f"user-{number % 5}", f"address-{number % 3}@example.com"
                for operation, given in (
                    ("AdminDeleteUser", {"Username": f"user-{(number + 2) % 5}"}),
                    ("AdminCreateUser", {"Username": name, "MessageAction": "SUPPRESS"}),
                    ("AdminAddUserToGroup", {"Username": name, "GroupName": "poets"}),
                    ("AdminUpdateUserAttributes", {"Username": name, "UserAttributes": [
                        {"Name": "email", "Value": address}, {"Name": "email_verified", "Value": "true"}]}),
                ):  # fmt: skip
                    try:
                        cognito.call(operation, UserPoolId=pool, **given)
                    except Fault:
                        continue
                number += 1

        worker = threading.Thread(target=work)
        worker.start()
        try:
            files = [list(pool_exports.lines(pool)) for _ in range(4)]
        finally:
            is_over.set()
            worker.join()

        with engines.running("dynoxide") as engine, moving.used(engine):
            for lines in files:
                pool_restores.restore(iter(lines))
                assert invariants.broken() == []
                for row in moving.rows_of(pool).values():
                    store.remove_all([keys.Key(row["pk"]["S"], row["sk"]["S"])])

    def test_a_change_of_names_that_takes_a_step_meanwhile_is_no_export(self, cognito, pool):
        change = begun(cognito, pool, CaseSensitive=False)

        with pytest.raises(user_exports.Restless, match="names of the pool were changed"):
            self.stepwise(pool, lambda: brought_to(change, "switched"))

    @pytest.mark.parametrize("step", ["checking", "offered", "switched", "finishing"])
    def test_a_change_under_way_goes_on_where_it_was(self, cognito, pool, client, other, step):
        change = begun(cognito, pool, CaseSensitive=False, SearchableAttributes=["nickname"])
        brought_to(change, step)
        file = moving.exported(pool)

        with moving.used(other) as cognito:
            moving.restored(file)
            assert invariants.broken(pool) == []
            assert settled(cognito, change)["Status"] == "APPLIED"
            assert cognito.sign_in(client, "ADA")
            assert invariants.broken(pool) == []

    def test_a_pool_that_is_not_there_is_told_so(self, application):
        with pytest.raises(errors.ResourceNotFoundException):
            next(pool_exports.lines("us-east-1_Nowhere"))
