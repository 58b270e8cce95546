"""Attributes that change while the user is deleted, and names that several take at once: nothing is left half-done."""

import pytest

from chalicelib.call import fresh_pool_of
from chalicelib.rules import names
from chalicelib.table import guards, keys, store
from chalicelib.table.items import Guard, User
from tests.application import Cognito, Fault
from tests.bearer import PROOF_FIRST, Bearer
from tests.callers import a_name, attribute
from tests.entrance import at_once

ROUNDS = 6
GONE = {"UserNotFoundException", "NotAuthorizedException"}


@pytest.fixture(scope="module")
def by_alias(application):
    return Bearer(Cognito(*application), AliasAttributes=["email", "preferred_username"])


@pytest.fixture(scope="module")
def by_address(application):
    return Bearer(Cognito(*application), **PROOF_FIRST, UsernameAttributes=["email"])


def holder(pool, kind, name):
    """The sub behind a guard, or None."""
    found = store.get_many(guards.key(pool, (kind, name)))[0]
    return found.sub if isinstance(found, Guard) else None


def require_consistent(bearer, *wanted):
    """Every guard that may have been taken is held by a user who knows of it, and every user holds what is due."""
    user = store.get(User, pool=bearer.pool, sub=bearer.sub)
    for kind, name in wanted:
        is_held = holder(bearer.pool, kind, name) == bearer.sub
        assert is_held == (user is not None and [kind, name] in user.guards)
    if user is not None:
        document = fresh_pool_of(bearer.pool).document
        assert sorted(map(tuple, user.guards)) == sorted(names.guards(document, user.username, user.attributes))


def require_gone(bearer, *wanted):
    require_consistent(bearer, *wanted)
    assert store.list(keys.key("User", pool=bearer.pool, sub=bearer.sub).pk).items == []


class TestChangesAgainstDeletion:
    def test_a_user_who_deletes_himself_while_he_changes_is_gone(self, by_alias):
        for _ in range(ROUNDS):
            bearer, chosen = by_alias.another(), a_name()

            changed, deleted = at_once(
                lambda bearer=bearer, chosen=chosen: bearer.update(preferred_username=chosen, email="new@example.com"),
                lambda bearer=bearer: bearer.call("DeleteUser"),
            )

            assert not isinstance(deleted, Fault)
            assert not isinstance(changed, Fault) or changed.code in GONE
            require_gone(bearer, ("username", bearer.name), ("preferred_username", chosen), ("email", bearer.address))

    def test_an_administrator_who_deletes_a_user_while_another_changes_it(self, by_alias):
        for _ in range(ROUNDS):
            bearer, address = by_alias.another(), f"{a_name()}@example.com"
            proved = (attribute("email", address), attribute("email_verified", "true"))

            changed, deleted = at_once(
                lambda bearer=bearer, proved=proved: bearer.change(*proved),
                lambda bearer=bearer: bearer.admin("AdminDeleteUser"),
            )

            assert not isinstance(deleted, Fault)
            assert not isinstance(changed, Fault) or changed.code in GONE
            require_gone(bearer, ("username", bearer.name), ("email", address), ("email", bearer.address))

    def test_a_user_who_proves_an_address_while_being_deleted(self, by_address, outbox):
        for _ in range(ROUNDS):
            bearer, address = by_address.another(), f"{a_name()}@example.com"
            bearer.update(email=address)
            code = outbox.lines()[-1]["code"]

            proved, deleted = at_once(
                lambda bearer=bearer, code=code: bearer.verify(code),
                lambda bearer=bearer: bearer.admin("AdminDeleteUser"),
            )

            assert not isinstance(deleted, Fault)
            assert not isinstance(proved, Fault) or proved.code in GONE
            require_gone(bearer, ("email", address), ("email", bearer.address))


class TestChangesAgainstEachOther:
    def test_two_who_take_one_preferred_username(self, by_alias):
        for _ in range(ROUNDS):
            pair, chosen = (by_alias.another(), by_alias.another()), a_name()

            outcomes = at_once(*(lambda one=one, chosen=chosen: one.update(preferred_username=chosen) for one in pair))

            assert outcomes.count([]) == 1
            assert [one.code for one in outcomes if isinstance(one, Fault)] == ["AliasExistsException"]
            for one in pair:
                require_consistent(one, ("preferred_username", chosen))

    def test_one_who_changes_an_address_while_it_is_proved(self, by_alias, outbox):
        """The attack: the proof of an own address comes to count for the one that takes its place."""
        for _ in range(ROUNDS):
            bearer = by_alias.another(email=f"{a_name()}@example.com")
            bearer.ask()
            code = outbox.code(bearer.name)

            proved, _ = at_once(
                lambda bearer=bearer, code=code: bearer.verify(code),
                lambda bearer=bearer: bearer.update(email="victim@example.com"),
            )

            assert not isinstance(proved, Fault) or proved.code in ("CodeMismatchException", "ExpiredCodeException")
            assert (bearer.me()["email"], bearer.me()["email_verified"]) == ("victim@example.com", "false")
            require_consistent(bearer, ("email", bearer.address), ("email", "victim@example.com"))

    def test_two_own_changes_of_one_address_leave_one_of_them_and_its_code(self, by_address, outbox):
        for _ in range(ROUNDS):
            bearer = by_address.another()
            wanted = [f"{a_name()}@example.com" for _ in range(2)]

            at_once(*(lambda bearer=bearer, one=one: bearer.update(email=one) for one in wanted))

            waiting = bearer.stored().pending["email"]
            assert waiting in wanted
            code = next(line["code"] for line in outbox.lines() if line["to"] == waiting)
            bearer.verify(code)
            assert bearer.me()["email"] == waiting
            require_consistent(bearer, ("email", waiting), ("email", bearer.address))
