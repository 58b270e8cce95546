"""Passkeys at sign-in: what is asked, what is believed, and what nobody learns by asking."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from chalicelib import errors, journal, settings
from chalicelib.call import Call, Caller, Origin
from chalicelib.flows import passkeys, unknown_users
from chalicelib.rules import webauthn
from chalicelib.table import pools, store
from chalicelib.table.factors import Passkey
from chalicelib.table.users import Account
from tests import authenticator as device
from tests.application import Cognito
from tests.authenticator import Authenticator, decoded, encoded
from tests.entrance import HIDING, Entrance
from tests.passkey_desk import HOST, ORIGIN, WITH_PASSKEYS, Desk, configure

WRONG = "Incorrect username or password."


@pytest.fixture(scope="module")
def hall(application: tuple[str, str]) -> Entrance:
    entrance = Entrance(Cognito(*application), client=HIDING, **WITH_PASSKEYS)
    configure(entrance, RelyingPartyId=HOST)
    return entrance


@pytest.fixture
def desk(hall: Entrance) -> Desk:
    return Desk(hall.another())


def called(entrance: Entrance) -> Call:
    return Call({"ClientId": entrance.client}, Caller(), Origin(), time.time())


def asked(entrance: Entrance, account: Account | None = None) -> tuple[str, dict[str, Any]]:
    challenge, text = passkeys.request(called(entrance), account or entrance.account())
    return challenge, json.loads(text)


def nobody(entrance: Entrance, name: str) -> Account:
    return unknown_users.found(called(entrance), name, "")


def proved(desk: Desk, key: Authenticator, **members: Any) -> passkeys.Assertion:
    """What a passkey proves to a fresh challenge for the user."""
    challenge, options = asked(desk.entrance)
    credential = json.dumps(key.got(options) | members)
    return passkeys.asserted(called(desk.entrance), desk.entrance.account(), challenge, credential)


def refusal(attempt: Any) -> str:
    """The true reason of a refusal that tells nothing."""
    with journal.opened() as facts, pytest.raises(errors.NotAuthorizedException) as caught:
        attempt()
    assert caught.value.message == WRONG
    return str(facts["reason"])


class TestRequest:
    def test_allows_the_passkeys_of_the_user(self, desk):
        keys = [desk.register(), desk.register(transports=("internal", "hybrid"))]

        challenge, options = asked(desk.entrance)

        allowed = {one.pop("id"): one for one in options.pop("allowCredentials")}
        assert allowed == {
            encoded(keys[0].id): {"type": "public-key", "transports": ["nfc", "usb"]},
            encoded(keys[1].id): {"type": "public-key", "transports": ["hybrid", "internal"]},
        }
        assert options == {"challenge": challenge, "timeout": 180000, "rpId": HOST, "userVerification": "preferred"}
        assert len(decoded(challenge)) == 32

    def test_asks_for_another_challenge_each_time(self, desk):
        assert len({asked(desk.entrance)[0] for _ in range(3)}) == 3

    def test_allows_nothing_that_belongs_to_another_relying_party(self, desk):
        key = desk.register()
        (kept,) = desk.kept()
        kept.relying_party_id = "example.org"
        store.save(kept)

        (allowed,) = asked(desk.entrance)[1]["allowCredentials"]

        assert allowed["id"] != encoded(key.id)
        assert not passkeys.is_ready(called(desk.entrance).pool, desk.entrance.account())

    def test_needs_a_relying_party(self, cognito):
        entrance = Entrance(cognito, **WITH_PASSKEYS)

        assert passkeys.relying_party(called(entrance).pool) is None
        with pytest.raises(errors.InvalidUserPoolConfigurationException):
            asked(entrance)


class TestInventedCredentials:
    """Attack: names are tried, to learn who exists and who has a passkey."""

    def test_are_the_same_each_time_and_other_ones_for_each_name(self, desk):
        lists = [asked(desk.entrance, nobody(desk.entrance, name))[1]["allowCredentials"] for name in "aabc"]

        assert lists[0] == lists[1]
        assert len({one["id"] for (one,) in lists}) == 3

    def test_look_like_those_that_most_people_have(self, desk):
        forms = {
            (len(decoded(one["id"])), tuple(one["transports"]), one["type"])
            for number in range(60)
            for one in asked(desk.entrance, nobody(desk.entrance, f"nobody-{number}"))[1]["allowCredentials"]
        }

        assert forms == {
            (16, ("hybrid", "internal"), "public-key"),
            (20, ("hybrid", "internal"), "public-key"),
            (32, ("internal",), "public-key"),
        }

    def test_are_for_users_without_a_passkey_too(self, desk):
        first, second = (asked(desk.entrance)[1] for _ in range(2))

        assert len(first["allowCredentials"]) == 1
        assert first["allowCredentials"] == second["allowCredentials"]
        assert set(first) == set(asked(desk.entrance, nobody(desk.entrance, "x"))[1])


class TestAsserted:
    @pytest.mark.parametrize("algorithm", [device.ES256, device.RS256])
    def test_is_a_passkey_bound_to_its_device(self, desk, algorithm):
        key = desk.register(algorithm=algorithm)

        found = proved(desk, key)

        assert (found.factor, found.is_user_verified) == ("hwk", True)
        assert [write.name for write in found.writes] == ["passkey"]

    def test_is_a_passkey_that_may_be_copied(self, desk):
        key = desk.register(flags=device.USER_PRESENT | device.BACKUP_ELIGIBLE, counts=False)

        found = proved(desk, key)

        assert (found.factor, found.is_user_verified) == ("swk", False)

    def test_leaves_its_mark_when_it_is_used(self, desk):
        key = desk.register(flags=device.USER_PRESENT | device.BACKUP_ELIGIBLE)
        key.flags |= device.BACKED_UP
        before = time.time()

        store.together(*proved(desk, key).writes)

        (kept,) = desk.kept()
        assert (kept.sign_count, kept.is_backed_up, kept.is_backup_eligible) == (2, True, True)
        assert kept.used_at >= before

    def test_needs_no_attachment_and_no_user_handle(self, desk):
        key = desk.register()
        key.handle, key.attachment = None, None

        assert proved(desk, key).is_user_verified

    @pytest.mark.parametrize(
        ("lie", "reason"),
        [
            ({"origin": "https://evil-example.com"}, "passkey origin"),
            ({"origin": "https://example.com.evil.net"}, "passkey origin"),
            ({"origin": "http://example.com"}, "passkey origin"),
            ({"more": {"crossOrigin": True}}, "passkey origin"),
            ({"more": {"topOrigin": ORIGIN}}, "passkey origin"),
            ({"relying_party": "evil.net"}, "passkey relying party"),
            ({"challenge": encoded(bytes(32))}, "passkey challenge"),
            ({"kind": "webauthn.create"}, "passkey challenge"),
            ({"flags": 0}, "passkey user not verified"),
            ({"key": device.new_key(device.ES256)}, "passkey not verified"),
            ({"handle": b"another"}, "passkey unknown"),
            ({"id": b"another"}, "passkey unknown"),
            ({"count": 0}, "passkey cloned"),
        ],
        ids=lambda given: next(iter(given)) if isinstance(given, dict) else given,
    )
    def test_refuses_lies_with_one_sentence(self, desk, lie, reason):
        key = desk.register()

        assert refusal(lambda: proved(desk, replace(key, **lie))) == reason

    def test_refuses_the_passkey_of_another_user(self, desk):
        other = Desk(desk.entrance.another())
        desk.register()
        key = other.register()

        assert refusal(lambda: proved(desk, key)) == "passkey unknown"
        key.handle = desk.sub.encode()
        assert refusal(lambda: proved(desk, key)) == "passkey unknown"

    def test_refuses_the_answer_to_a_challenge_of_another_user(self, desk):
        other, key = Desk(desk.entrance.another()), desk.register()
        challenge, _ = asked(desk.entrance)
        credential = json.dumps(key.got(asked(other.entrance)[1]))
        call, account = called(desk.entrance), desk.entrance.account()

        assert refusal(lambda: passkeys.asserted(call, account, challenge, credential)) == "passkey challenge"

    def test_refuses_everything_of_nobody(self, desk):
        """Also what is signed with the key that is looked at in place of nobody's."""
        generator = ec.derive_private_key(1, ec.SECP256R1())
        account = nobody(desk.entrance, "nobody")
        challenge, options = asked(desk.entrance, account)
        key = Authenticator(ORIGIN, id=decoded(options["allowCredentials"][0]["id"]), key=generator, counts=False)
        key.handle = account.user.sub.encode()
        call = called(desk.entrance)

        assert device.cose(generator)[-2] in webauthn.DECOY
        assert refusal(lambda: passkeys.asserted(call, account, challenge, json.dumps(key.got(options)))) == (
            "passkey unknown"
        )

    def test_refuses_a_passkey_of_an_earlier_relying_party(self, cognito):
        entrance = Entrance(cognito, **WITH_PASSKEYS)
        configure(entrance, RelyingPartyId=HOST)
        desk = Desk(entrance)
        key = desk.register()
        configure(entrance, RelyingPartyId="example.org")
        pools.forget_all()

        assert refusal(lambda: proved(desk, key)) == "passkey unknown"

    def test_refuses_a_passkey_where_they_do_not_sign_in_any_more(self, desk):
        key = desk.register()
        challenge, options = asked(desk.entrance)
        call, account = called(desk.entrance), desk.entrance.account()
        call.pool = closed(call.pool)

        credential = json.dumps(key.got(options))

        assert refusal(lambda: passkeys.asserted(call, account, challenge, credential)) == "passkey unknown"

    def test_requires_verification_where_the_pool_does(self, cognito):
        entrance = Entrance(cognito, **WITH_PASSKEYS)
        configure(entrance, RelyingPartyId=HOST)
        desk = Desk(entrance)
        key = desk.register(flags=device.USER_PRESENT)
        configure(entrance, RelyingPartyId=HOST, UserVerification="required")
        pools.forget_all()

        assert asked(entrance)[1]["userVerification"] == "required"
        assert refusal(lambda: proved(desk, key)) == "passkey user not verified"
        key.flags |= device.USER_VERIFIED
        assert proved(desk, key).is_user_verified

    @pytest.mark.parametrize(
        "text", ["", "x", "7", "[]", "{}", '{"id":"x"}', "[" * 30_000, '"' + "x" * 100_000 + '"'], ids=len
    )
    def test_says_what_is_no_credential(self, desk, text):
        call, account = called(desk.entrance), desk.entrance.account()

        for of in (account, nobody(desk.entrance, "nobody")):
            with pytest.raises(errors.InvalidParameterException):
                passkeys.asserted(call, of, "x", text)


class TestCounter:
    """Attack: a passkey was copied out of its authenticator."""

    def test_catches_the_copy_that_comes_second(self, desk):
        key = desk.register()
        copy = key.copied()
        store.together(*proved(desk, key).writes)

        assert refusal(lambda: proved(desk, copy)) == "passkey cloned"

    def test_catches_the_copy_that_comes_at_the_same_time(self, desk):
        key = desk.register()
        copy = key.copied()
        first, second = proved(desk, key), proved(desk, copy)

        store.together(*first.writes)

        with pytest.raises(store.Conflict) as conflict:
            store.together(*second.writes)
        assert set(conflict.value.names) == {"passkey"}

    def test_lets_passkeys_that_do_not_count_sign_in_at_the_same_time(self, desk):
        key = desk.register(counts=False)
        first, second = proved(desk, key), proved(desk, key)

        store.together(*first.writes)
        store.together(*second.writes)

    def test_does_not_bring_a_deleted_passkey_back(self, desk):
        key = desk.register()
        found = proved(desk, key)
        desk.delete(key)

        with pytest.raises(store.Conflict):
            store.together(*found.writes)
        assert desk.kept() == []


class TestPool:
    def test_offers_passkeys_among_its_first_factors(self, cognito, desk):
        plain = Entrance(cognito)

        assert passkeys.is_offered(called(desk.entrance).pool)
        assert not passkeys.is_offered(called(plain).pool)

    def test_has_no_host_for_a_prefix_where_the_service_has_no_name(self, cognito, monkeypatch):
        entrance = Entrance(cognito, **WITH_PASSKEYS)
        prefix = entrance.pool.rpartition("_")[2].lower()
        cognito.call("CreateUserPoolDomain", UserPoolId=entrance.pool, Domain=prefix)
        pools.forget_all()
        pool = called(entrance).pool

        assert passkeys.relying_party(pool) == f"{prefix}.auth.latchkey.test"
        monkeypatch.setattr(passkeys, "current", lambda: settings.Settings(base_url=""))
        assert passkeys.relying_party(pool) is None


def closed(pool: Any) -> Any:
    """The pool with passwords alone."""
    found = pools.fresh_pool(pool.id)
    assert found is not None
    found.document = {**found.document, "Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD"]}}}
    return found


def test_the_writes_are_of_passkeys_alone(desk):
    key = desk.register()

    (write,) = proved(desk, key).writes

    assert write.kind is Passkey
