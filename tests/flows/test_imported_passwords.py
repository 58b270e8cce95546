"""Who was imported with the hash of another system signs in with the password of there, and from then on as all do."""

from __future__ import annotations

import time

import bcrypt
import pytest

from chalicelib.flows import import_runs, passwords
from chalicelib.jobs import runner
from chalicelib.rules import foreign_hashes, hashes
from chalicelib.table import store, users
from chalicelib.table.items import Password, Pool
from chalicelib.table.store import Save
from tests.application import Cognito
from tests.callers import refused
from tests.entrance import WRONG, Entrance
from tests.importing import Import, row
from tests.rules.test_foreign_hashes import GOOD, WORD

ALGORITHMS = {"BCRYPT": "bcrypt 2a", "SCRYPT": "scrypt", "ARGON2ID": "argon2id", "PBKDF2_SHA256": "pbkdf2 of passlib"}


@pytest.fixture(scope="module")
def entrance(application):
    """A pool whose clients may use SRP."""
    pool = {"AutoVerifiedAttributes": ["email"], "Policies": {"PasswordPolicy": {"PasswordHistorySize": 2}}}
    cognito = Cognito(*application)
    return Entrance.at(cognito, cognito.pool(**pool))


@pytest.fixture(params=ALGORITHMS)
def ada(request, entrance):
    """A user with a hash of an algorithm; the name."""
    name = f"ada-{request.param.lower()}-{time.monotonic_ns()}"
    imported(entrance, request.param, row(name, password_hash=GOOD[ALGORITHMS[request.param]][1]))
    return name


def imported(entrance, algorithm, *rows):
    job = Import(entrance.cognito, entrance.pool, PasswordHashingAlgorithm=algorithm)
    job.bring(*rows, more=["password_hash"])
    while not runner.run("imports", time.time()).is_done:
        pass
    assert job.now()["Status"] == "Succeeded"
    return job


def stored(entrance, name):
    return entrance.account(name).password


class TestSignIn:
    def test_the_password_of_there_is_the_password_here(self, entrance, ada):
        assert entrance.admin("AdminGetUser", ada)["UserStatus"] == "CONFIRMED"
        assert entrance.tokens(WORD, ada)["AccessToken"]

    def test_another_is_wrong_and_counts(self, entrance, ada):
        with refused("NotAuthorizedException", WRONG):
            entrance.tokens("Wrong-Horse-9", ada)

        assert entrance.account(ada).attempts.failures == 1
        assert stored(entrance, ada).hash.startswith("$argon2id$v=19$m=8,") is False

    def test_srp_works_from_the_first_password_on(self, entrance, ada):
        with refused("NotAuthorizedException", WRONG):
            entrance.by_srp(WORD, ada)

        entrance.tokens(WORD, ada)

        item = stored(entrance, ada)
        assert not hashes.needs_rehash(item.hash, passwords.profile())
        assert item.verifier is not None
        assert entrance.by_srp(WORD, ada)["AuthenticationResult"]
        assert entrance.tokens(WORD, ada)["AccessToken"]

    def test_the_history_knows_the_password_of_there(self, entrance, ada):
        sub = entrance.account(ada).user.sub
        with refused("PasswordHistoryPolicyViolationException"):
            entrance.admin("AdminSetUserPassword", ada, Password=WORD, Permanent=True)

        entrance.admin("AdminSetUserPassword", ada, Password="Fresh-Horse-11", Permanent=True)

        assert store.get(Password, pool=entrance.pool, sub=sub).history
        with refused("PasswordHistoryPolicyViolationException"):
            entrance.admin("AdminSetUserPassword", ada, Password=WORD, Permanent=True)
        assert entrance.tokens("Fresh-Horse-11", ada)["AccessToken"]


class TestLines:
    def test_without_hash_the_user_has_to_reset_and_a_bad_one_fails(self, entrance):
        names = [f"{kind}-{time.monotonic_ns()}" for kind in ("good", "none", "bad", "other")]
        texts = [GOOD["bcrypt 2b"][1], "", "$2b$31$" + "a" * 53, GOOD["scrypt"][1]]

        job = imported(
            entrance, "BCRYPT", *(row(name, password_hash=text) for name, text in zip(names, texts, strict=True))
        )

        assert job.ended()[1:] == (2, 0, 2)
        assert job.user(names[0])["UserStatus"] == "CONFIRMED"
        assert job.user(names[1])["UserStatus"] == "RESET_REQUIRED"
        assert job.log()[2:] == [
            f"[FAILED] Line Number {number} - The password_hash is not of the form of BCRYPT." for number in (4, 5)
        ]

    def test_the_policy_of_the_pool_is_not_asked(self, entrance):
        """Nobody knows the password; the policy is for those that are chosen."""
        name = f"short-{time.monotonic_ns()}"
        imported(entrance, "BCRYPT", row(name, password_hash=bcrypt.hashpw(b"short", bcrypt.gensalt(4)).decode()))

        assert entrance.tokens("short", name)["AccessToken"]


class TestEnumeration:
    def test_a_wrong_password_costs_the_same_whoever_it_is_tried_for(self, entrance, ada, monkeypatch):
        native = entrance.cognito.user(entrance.pool)
        real, work = hashes.is_match, []

        def noting(stored, password):
            work.append("own" if stored.startswith("$argon2id$v=19$m=8,t=1,") else "foreign")
            return real(stored, password)

        monkeypatch.setattr(hashes, "is_match", noting)
        told = {}
        for name in (ada, native, "nobody"):
            work.clear()
            account = None if name == "nobody" else entrance.account(name)
            assert not passwords.is_right(account, "Wrong-Horse-9", store.get(Pool, pool=entrance.pool))
            told[name] = sorted(work)

        assert list(told.values()) == [["foreign", "own"]] * 3

    def test_the_first_hash_may_come_late_in_the_file(self, entrance):
        pool = entrance.cognito.pool(AutoVerifiedAttributes=["email"])
        rows = [row(f"user{place}") for place in range(import_runs.PART)]
        imported(Entrance.at(entrance.cognito, pool), "BCRYPT", *rows, row("ada", password_hash=GOOD["bcrypt 2b"][1]))

        assert store.get(Pool, pool=pool).ours["foreign_hash"] == foreign_hashes.look_alike(GOOD["bcrypt 2b"][1])

    def test_a_right_password_costs_no_more_than_its_own_hash(self, entrance, ada, monkeypatch):
        real, work = hashes.is_match, []
        monkeypatch.setattr(hashes, "is_match", lambda *given: work.append(given[0]) or real(*given))

        entrance.tokens(WORD, ada)
        entrance.tokens(WORD, ada)

        assert len(work) == 2


class TestDamage:
    def test_a_hash_that_costs_too_much_is_never_computed_however_it_came_there(self, entrance):
        name = f"dear-{time.monotonic_ns()}"
        imported(entrance, "BCRYPT", row(name, password_hash=GOOD["bcrypt 2b"][1]))
        item = stored(entrance, name)
        item.hash = "$2b$31$" + item.hash[7:]
        store.together(Save(item, "password"))

        began = time.monotonic()
        with pytest.raises(hashes.BadHash):
            passwords.is_right(users.by_sub(entrance.pool, item.pk.rpartition("#")[2]), WORD)
        assert time.monotonic() - began < 5
