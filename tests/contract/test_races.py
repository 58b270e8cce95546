"""Many at once through the front door, on both engines: whoever is faster, the whole pool is sound right afterwards."""

from __future__ import annotations

import itertools
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import pytest

from chalicelib.flows import pool_removal
from chalicelib.jobs import runner
from chalicelib.rules import groups as rules
from chalicelib.table import connection, guards, invariants, store
from chalicelib.table.items import Item
from chalicelib.table.keys import Key
from tests import engines
from tests.application import PASSWORD, Cognito, Outbox
from tests.bearer import Bearer
from tests.callers import a_name, attribute
from tests.contest import ROUNDS, RUNNERS, codes, contest, insisted, on, winners
from tests.importing import Import, row
from tests.societies import finish_deleted_groups

GONE = {"UserNotFoundException", "NotAuthorizedException"}


@pytest.fixture(scope="module", params=engines.NAMES)
def application(request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    with on(str(request.param)) as operator:
        yield operator


@pytest.fixture(scope="module")
def by_alias(application: tuple[str, str]) -> Bearer:
    """A pool in which proved addresses are sign-in names: its keys cost too much to make it for each test."""
    return Bearer(Cognito(*application), AliasAttributes=["email"])


@pytest.fixture
def hesitation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who joins a group takes a while between reading and writing: that is when others get in between."""
    decided, pauses = rules.are_too_many, itertools.cycle([0.0, 0.02, 0.04, 0.06])

    def slowly(names: Sequence[str]) -> bool:
        time.sleep(next(pauses))
        return decided(names)

    monkeypatch.setattr(rules, "are_too_many", slowly)


def an_address() -> str:
    return f"{uuid.uuid4().hex[:10]}@example.com"


def after(seconds: float, call: Callable[[], Any]) -> Callable[[], Any]:
    """A call that comes a little later than the others, so that it meets another moment of theirs."""

    def late() -> Any:
        time.sleep(seconds)
        return call()

    return late


def staggered(calls: list[Callable[[], Any]], step: float = 0.005) -> list[Callable[[], Any]]:
    """Calls so shortly after each other that what comes in the middle meets each of them at another step."""
    return [after(step * place, call) for place, call in enumerate(calls)]


class Rivals:
    """People who all want one address, by every way in which an address becomes somebody's."""

    def __init__(self, home: Bearer, outbox: Outbox) -> None:
        self.home, self.outbox = home, outbox
        self.address = an_address()
        self.names: list[str] = []

    def signed_up(self, **given: Any) -> Callable[[], Any]:
        """ConfirmSignUp of a fresh user."""
        name, email = self._named(a_name()), [attribute("email", self.address)]
        call = partial(self.home.cognito.call, ClientId=self.home.client, Username=name)
        call("SignUp", Password=PASSWORD, UserAttributes=email)
        return partial(call, "ConfirmSignUp", ConfirmationCode=self.outbox.code(name), **given)

    def vouched_for(self) -> Callable[[], Any]:
        """AdminUpdateUserAttributes of a fresh user."""
        name = self._named(self.home.cognito.user(self.home.pool))
        return partial(
            self.home.cognito.call,
            "AdminUpdateUserAttributes",
            UserPoolId=self.home.pool,
            Username=name,
            UserAttributes=[attribute("email", self.address), attribute("email_verified", "true")],
        )

    def proving(self) -> Callable[[], Any]:
        """VerifyUserAttribute of a fresh user."""
        bearer = self.home.another(email=self.address)
        self._named(bearer.name)
        bearer.ask()
        return partial(bearer.verify, self.outbox.code(bearer.name))

    def invited(self) -> Callable[[], Any]:
        """AdminCreateUser with ForceAliasCreation."""
        return partial(
            self.home.cognito.call,
            "AdminCreateUser",
            UserPoolId=self.home.pool,
            Username=self._named(a_name()),
            UserAttributes=[attribute("email", self.address), attribute("email_verified", "true")],
            ForceAliasCreation=True,
            MessageAction="SUPPRESS",
        )

    def owner(self) -> str:
        """Who signs in by the address."""
        found = self.home.cognito.call("AdminGetUser", UserPoolId=self.home.pool, Username=self.address)
        return str(found["Username"])

    def proved(self) -> list[str]:
        """Who is said to have proved the address."""
        given = {"UserPoolId": self.home.pool, "Filter": f'email = "{self.address}"'}
        found = self.home.cognito.call("ListUsers", **given)["Users"]
        return [user["Username"] for user in found if attribute("email_verified", "true") in user["Attributes"]]

    def _named(self, name: str) -> str:
        self.names.append(name)
        return name


class TestOneAlias:
    @pytest.mark.parametrize("turn", range(ROUNDS))
    def test_has_one_owner_whoever_takes_it_in_whatever_way(self, by_alias: Bearer, outbox: Outbox, turn: int) -> None:
        rivals = Rivals(by_alias, outbox)
        calls = [rivals.signed_up() for _ in range(3)] + [rivals.vouched_for() for _ in range(3)]
        calls += [rivals.proving() for _ in range(2)]

        outcomes = contest(by_alias.pool, *calls)

        assert codes(outcomes) <= {"AliasExistsException"}
        [winner] = winners(outcomes)
        assert rivals.proved() == [rivals.owner()] == [rivals.names[winner]]

    @pytest.mark.parametrize("turn", range(ROUNDS))
    def test_has_one_owner_who_took_it_by_force(self, by_alias: Bearer, outbox: Outbox, turn: int) -> None:
        rivals = Rivals(by_alias, outbox)
        calls = [rivals.signed_up(ForceAliasCreation=True) for _ in range(3)] + [rivals.invited() for _ in range(2)]
        calls += [rivals.vouched_for(), rivals.proving(), rivals.proving()]

        outcomes = contest(by_alias.pool, *calls)

        assert codes(outcomes) <= {"AliasExistsException"}
        assert rivals.proved() == [rivals.owner()]
        assert rivals.owner() in [rivals.names[place] for place in winners(outcomes)]

    @pytest.mark.parametrize("turn", range(ROUNDS))
    def test_that_is_a_username_has_one_owner(self, by_alias: Bearer, turn: int) -> None:
        name, call = a_name(), by_alias.cognito.call
        calls = [partial(call, "SignUp", ClientId=by_alias.client, Username=name, Password=PASSWORD)] * 4
        calls += [partial(call, "AdminCreateUser", UserPoolId=by_alias.pool, Username=name)] * 4

        outcomes = contest(by_alias.pool, *calls)

        assert codes(outcomes) <= {"UsernameExistsException"}
        assert len(winners(outcomes)) == 1


class TestUsers:
    @pytest.mark.parametrize("turn", range(ROUNDS))
    def test_who_are_deleted_while_they_change_are_gone_with_all_names(self, by_alias: Bearer, turn: int) -> None:
        bearer, addresses = by_alias.another(), [an_address() for _ in range(3)]
        proofs = [(attribute("email", one), attribute("email_verified", "true")) for one in addresses]
        calls: list[Callable[[], Any]] = [partial(bearer.change, *proof) for proof in proofs]
        calls += [partial(bearer.update, given_name=one) for one in ("Ada", "Bea", "Cleo")]
        calls += [partial(bearer.admin, "AdminDeleteUser"), partial(bearer.call, "DeleteUser")]

        outcomes = contest(by_alias.pool, *calls)

        assert codes(outcomes) <= GONE
        if not {6, 7} & set(winners(outcomes)):
            insisted(partial(bearer.admin, "AdminDeleteUser"))
        places = [("username", bearer.name), *(("email", one) for one in (*addresses, bearer.address))]
        assert store.get_many(*(guards.key(by_alias.pool, place) for place in places)) == [None] * 5
        assert invariants.broken(by_alias.pool) == []

    @pytest.mark.parametrize("turn", range(ROUNDS))
    def test_who_are_disabled_while_they_change_keep_both_changes(self, by_alias: Bearer, turn: int) -> None:
        bearer = by_alias.another()
        values = {name: f"{name}-{turn}" for name in ("given_name", "family_name", "name", "nickname")}
        calls = [partial(bearer.change, attribute(name, value)) for name, value in values.items()]
        calls += [partial(bearer.admin, operation) for operation in ("AdminDisableUser", "AdminEnableUser") * 2]

        outcomes = contest(by_alias.pool, *calls)

        assert codes(outcomes) == set()
        told = bearer.admin("AdminGetUser")
        kept = {one["Name"]: one["Value"] for one in told["UserAttributes"]}
        due = [list(values)[place] for place in winners(outcomes) if place < 4]
        assert {name: kept.get(name) for name in due} == {name: values[name] for name in due}
        state = "Enabled" if told["Enabled"] else "Disabled"
        assert _found(bearer, f'status = "{state}"') and not _found(bearer, f'status = "{_other(state)}"')

    @pytest.mark.usefixtures("hesitation")
    @pytest.mark.parametrize("turn", range(ROUNDS))
    def test_who_are_deleted_while_they_join_groups_are_in_none(self, by_alias: Bearer, turn: int) -> None:
        bearer, pool = by_alias.another(), by_alias.pool
        names = [f"joined-{turn}-{number}-{uuid.uuid4().hex[:6]}" for number in range(RUNNERS - 1)]
        for name in names:
            by_alias.cognito.call("CreateGroup", UserPoolId=pool, GroupName=name)
        bearer.admin("AdminAddUserToGroup", GroupName=names[0])
        calls: list[Callable[[], Any]] = [
            partial(bearer.admin, "AdminAddUserToGroup", GroupName=name) for name in names
        ]

        outcomes = contest(pool, *staggered(calls), after(0.02, partial(bearer.admin, "AdminDeleteUser")))

        assert codes(outcomes) <= {"UserNotFoundException"}
        if RUNNERS - 1 not in winners(outcomes):
            insisted(partial(bearer.admin, "AdminDeleteUser"))
        assert [_members(by_alias, name) for name in names] == [[]] * len(names)
        assert invariants.broken(pool) == []


class TestGroups:
    @pytest.mark.usefixtures("hesitation")
    @pytest.mark.parametrize("turn", range(ROUNDS))
    def test_that_are_deleted_while_members_join_leave_nobody_behind(self, by_alias: Bearer, turn: int) -> None:
        call = partial(by_alias.cognito.call, UserPoolId=by_alias.pool, GroupName=f"left-{uuid.uuid4().hex[:6]}")
        call("CreateGroup")
        users = [by_alias.cognito.user(by_alias.pool) for _ in range(RUNNERS - 1)]
        call("AdminAddUserToGroup", Username=users[0])
        calls: list[Callable[[], Any]] = [partial(call, "AdminAddUserToGroup", Username=name) for name in users]

        outcomes = contest(by_alias.pool, *staggered(calls), after(0.02, partial(call, "DeleteGroup")))

        assert codes(outcomes) <= {"ResourceNotFoundException"}
        if RUNNERS - 1 not in winners(outcomes):
            insisted(partial(call, "DeleteGroup"))
        finish_deleted_groups()
        assert invariants.broken(by_alias.pool) == []
        call("CreateGroup")
        assert call("ListUsersInGroup") == {"Users": []}
        assert [_groups(by_alias, name) for name in users] == [[]] * len(users)


class TestDomains:
    def test_belong_to_one_of_those_who_want_them(self, cognito: Cognito) -> None:
        pools = [cognito.pool(), cognito.pool()]
        for _ in range(ROUNDS):
            host = f"race-{uuid.uuid4().hex[:8]}"
            wanting = [partial(cognito.call, "CreateUserPoolDomain", UserPoolId=pool, Domain=host) for pool in pools]

            outcomes = contest(pools[0], *wanting * (RUNNERS // 2))

            assert codes(outcomes) <= {"InvalidParameterException"}
            [winner] = winners(outcomes)
            told = cognito.call("DescribeUserPoolDomain", Domain=host)["DomainDescription"]
            assert told["UserPoolId"] == pools[winner % 2]
            assert [_domain(cognito, pool) for pool in pools] == [
                host if pool == told["UserPoolId"] else None for pool in pools
            ]
            assert invariants.broken(pools[1]) == []
            cognito.call("DeleteUserPoolDomain", UserPoolId=told["UserPoolId"], Domain=host)

    def test_are_one_for_a_pool_that_wants_many(self, cognito: Cognito) -> None:
        pool = cognito.pool()
        hosts = [f"race-{uuid.uuid4().hex[:8]}" for _ in range(RUNNERS)]
        calls = [partial(cognito.call, "CreateUserPoolDomain", UserPoolId=pool, Domain=host) for host in hosts]

        outcomes = contest(pool, *calls)

        assert codes(outcomes) <= {"InvalidParameterException"}
        [winner] = winners(outcomes)
        assert _domain(cognito, pool) == hosts[winner]


class TestPools:
    @pytest.mark.parametrize("turn", range(ROUNDS))
    def test_that_are_deleted_while_they_grow_are_gone_with_all_that_came(self, cognito: Cognito, turn: int) -> None:
        pool = cognito.pool()
        client = cognito.client(pool)
        call = partial(cognito.call, UserPoolId=pool)
        terms = {"TermsName": "terms-of-use", "TermsSource": "LINK", "Enforcement": "NONE", "ClientId": client}
        growth: list[Callable[[], Any]] = [
            partial(call, "CreateUserPoolClient", ClientName="late"),
            partial(call, "CreateUserPoolClient", ClientName="later", GenerateSecret=True),
            partial(call, "CreateGroup", GroupName="late"),
            partial(call, "CreateTerms", Links={"cognito:default": "https://example.com/terms"}, **terms),
            partial(call, "AdminCreateUser", Username="late"),
            partial(cognito.call, "SignUp", ClientId=client, Username="later", Password=PASSWORD),
            partial(call, "CreateResourceServer", Identifier="https://late", Name="late"),
        ]

        outcomes = contest(pool, *staggered(growth, 0.012), after(0.01 * turn, partial(call, "DeleteUserPool")))

        assert codes(outcomes) <= {"ResourceNotFoundException"}
        if RUNNERS - 1 not in winners(outcomes):
            insisted(partial(call, "DeleteUserPool"))
        assert pool_removal.clear(pool)
        assert _left(pool) <= {"DeletedPool", "AuditLine"}
        assert invariants.broken(pool) == []

    @pytest.mark.parametrize("turn", range(ROUNDS))
    def test_that_are_deleted_while_they_get_a_domain_are_gone_or_have_it(self, cognito: Cognito, turn: int) -> None:
        pool, hosts = cognito.pool(), [f"race-{uuid.uuid4().hex[:8]}" for _ in range(RUNNERS - 1)]
        call = partial(cognito.call, UserPoolId=pool)
        naming: list[Callable[[], Any]] = [partial(call, "CreateUserPoolDomain", Domain=host) for host in hosts]

        outcomes = contest(pool, *staggered(naming), after(0.01 * turn, partial(call, "DeleteUserPool")))

        assert codes(outcomes) <= {"ResourceNotFoundException", "InvalidParameterException"}
        [winner] = winners(outcomes)
        owners = [
            cognito.call("DescribeUserPoolDomain", Domain=host)["DomainDescription"].get("UserPoolId") for host in hosts
        ]
        assert owners == [pool if place == winner else None for place in range(RUNNERS - 1)]
        assert ("Pool" in _left(pool)) == (winner != RUNNERS - 1)


class TestImports:
    def test_and_sign_ups_of_the_same_people_make_each_once(self, cognito: Cognito) -> None:
        pool = cognito.pool(AutoVerifiedAttributes=["email"], AliasAttributes=["email"])
        client = cognito.client(pool)
        for turn in range(ROUNDS):
            names = [f"both-{turn}-{number}" for number in range(RUNNERS - 1)]
            job = Import(cognito, pool)
            job.bring(*(row(name) for name in names))
            signing_up: list[Callable[[], Any]] = [
                partial(cognito.call, "SignUp", ClientId=client, Username=name, Password=PASSWORD) for name in names
            ]

            outcomes = contest(pool, *staggered(signing_up, 0.02 * turn), lambda: runner.run("imports", time.time()))

            assert codes(outcomes) <= {"UsernameExistsException"}
            state, imported, skipped, failed = job.ended()
            assert (state, failed) == ("Succeeded", 0) or (imported == 0 and skipped == len(names))
            came = {names[place] for place in winners(outcomes) if place < len(names)}
            assert (imported, skipped) == (len(names) - len(came), len(came))
            assert {name for name in names if job.user(name)["UserStatus"] == "UNCONFIRMED"} == came


class TestTheControl:
    def test_damage_by_hand_is_seen(self, by_alias: Bearer) -> None:
        bearer = by_alias.another()
        place = guards.key(by_alias.pool, ("email", bearer.address))
        before = {"TableName": Item.Meta.table_name, "Item": _row(place)}

        store.remove_all([place])
        with pytest.raises(AssertionError, match="its email guard is not there"):
            contest(by_alias.pool, *[bearer.me] * RUNNERS)

        connection.send("PutItem", before)
        assert invariants.broken(by_alias.pool) == []


def _found(bearer: Bearer, text: str) -> bool:
    given: dict[str, Any] = {"UserPoolId": bearer.pool, "Filter": text}
    while True:
        answer = bearer.cognito.call("ListUsers", **given)
        if bearer.name in [user["Username"] for user in answer["Users"]]:
            return True
        if "PaginationToken" not in answer:
            return False
        given["PaginationToken"] = answer["PaginationToken"]


def _other(state: str) -> str:
    return {"Enabled": "Disabled", "Disabled": "Enabled"}[state]


def _members(home: Bearer, group: str) -> list[Any]:
    return list(home.cognito.call("ListUsersInGroup", UserPoolId=home.pool, GroupName=group)["Users"])


def _groups(home: Bearer, user: str) -> list[Any]:
    return list(home.cognito.call("AdminListGroupsForUser", UserPoolId=home.pool, Username=user)["Groups"])


def _domain(cognito: Cognito, pool: str) -> str | None:
    found: str | None = cognito.call("DescribeUserPool", UserPoolId=pool)["UserPool"].get("Domain")
    return found


def _row(place: Key) -> dict[str, Any]:
    """An item as it lies in the table."""
    wanted = {"pk": {"S": place.pk}, "sk": {"S": place.sk}}
    found: dict[str, Any] = connection.send("GetItem", {"TableName": Item.Meta.table_name, "Key": wanted})["Item"]
    return found


def _left(pool: str) -> set[str]:
    """The kinds of items in the whole table that tell of a pool."""
    request: dict[str, Any] = {"TableName": Item.Meta.table_name, "ConsistentRead": True}
    found: set[str] = set()
    while True:
        reply = connection.send("Scan", request)
        found |= {item["_t"]["S"] for item in reply["Items"] if pool in str(item)}
        if "LastEvaluatedKey" not in reply:
            return found
        request["ExclusiveStartKey"] = reply["LastEvaluatedKey"]
