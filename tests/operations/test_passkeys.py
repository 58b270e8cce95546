"""Passkeys of a signed-in user: registered, listed, deleted, against a table engine."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.table import pools, store
from chalicelib.table.factors import Ceremony, Passkey
from chalicelib.table.items import User
from tests import authenticator as device
from tests.application import PASSWORD, Cognito, Fault
from tests.authenticator import Authenticator, decoded, encoded
from tests.callers import attribute, refused
from tests.clock import later
from tests.entrance import Entrance, at_once, faults
from tests.lines import logged
from tests.passkey_desk import HOST, ORIGIN, Desk, configure, opened

MOST = 20


@pytest.fixture(scope="module")
def hall(application: tuple[str, str]) -> Entrance:
    return opened(Cognito(*application))


@pytest.fixture
def desk(hall: Entrance) -> Desk:
    return Desk(hall.another())


class TestStart:
    def test_asks_for_a_discoverable_credential_of_the_user(self, desk):
        """Fact 172."""
        options = desk.start()

        challenge = options.pop("challenge")
        assert len(decoded(challenge)) == 32
        assert options == {
            "authenticatorSelection": {
                "requireResidentKey": True,
                "residentKey": "required",
                "userVerification": "preferred",
            },
            "excludeCredentials": [],
            "pubKeyCredParams": [{"alg": -7, "type": "public-key"}, {"alg": -257, "type": "public-key"}],
            "rp": {"id": HOST, "name": HOST},
            "timeout": 60000,
            "user": {
                "displayName": desk.entrance.name,
                "id": encoded(desk.sub.encode()),
                "name": desk.entrance.name,
            },
        }

    def test_excludes_the_passkeys_that_the_user_has(self, desk):
        first, second = desk.register(), desk.register(transports=())

        excluded = {one.pop("id"): one for one in desk.start()["excludeCredentials"]}

        assert excluded == {
            encoded(first.id): {"type": "public-key", "transports": ["nfc", "usb"]},
            encoded(second.id): {"type": "public-key"},
        }

    def test_asks_for_another_challenge_each_time(self, desk):
        assert len({desk.start()["challenge"] for _ in range(3)}) == 3

    def test_asks_for_verification_as_the_pool_does(self, cognito):
        entrance = opened(cognito, None)
        configure(entrance, RelyingPartyId=HOST, UserVerification="required")

        options = Desk(entrance).start()

        assert options["authenticatorSelection"]["userVerification"] == "required"

    def test_is_refused_where_passkeys_do_not_sign_in(self, cognito):
        """Fact 170."""
        desk = Desk(Entrance(cognito))

        with refused("WebAuthnNotEnabledException"):
            desk.start()
        with refused("WebAuthnNotEnabledException"):
            desk.complete({})

    def test_is_refused_without_a_relying_party(self, cognito):
        desk = Desk(opened(cognito, None))

        with refused("WebAuthnConfigurationMissingException"):
            desk.start()

    def test_takes_the_pools_domains_for_the_relying_party(self, cognito):
        entrance = opened(cognito, None)
        prefix = entrance.pool.rpartition("_")[2].lower()
        given = {"UserPoolId": entrance.pool, "Domain": prefix}
        cognito.call("CreateUserPoolDomain", **given)
        desk = Desk(entrance)

        assert desk.start()["rp"]["id"] == f"{prefix}.auth.latchkey.test"
        certificate = {"CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/x"}
        given |= {"Domain": f"{prefix}.example.org", "CustomDomainConfig": certificate}
        cognito.call("CreateUserPoolDomain", **given)

        assert desk.start()["rp"]["id"] == f"{prefix}.example.org"

    def test_is_refused_while_a_reset_is_due(self, desk):
        desk.entrance.admin("AdminResetUserPassword")

        for operation in ("StartWebAuthnRegistration", "ListWebAuthnCredentials"):
            with refused("PasswordResetRequiredException"):
                desk.call(operation)
        with refused("PasswordResetRequiredException"):
            desk.complete({})
        with refused("PasswordResetRequiredException"):
            desk.call("DeleteWebAuthnCredential", CredentialId="x")


class TestComplete:
    @pytest.mark.parametrize("algorithm", [device.ES256, device.RS256])
    @pytest.mark.parametrize("attestation", ["none", "packed", "packed-x5c"])
    def test_keeps_the_passkey(self, desk, algorithm, attestation):
        key = desk.register(algorithm=algorithm, attestation=attestation)

        (kept,) = desk.kept()
        assert (kept.credential_id, kept.relying_party_id, kept.sign_count) == (encoded(key.id), HOST, 1)
        assert (kept.is_backup_eligible, kept.is_backed_up, kept.used_at) == (False, False, None)

    def test_is_refused_without_a_start(self, desk):
        """Fact 171."""
        credential = Authenticator(ORIGIN).created(desk.start())
        other = Desk(desk.entrance.another())

        with refused("WebAuthnChallengeNotFoundException"):
            other.complete(credential)

    def test_is_refused_after_five_minutes(self, desk):
        credential = Authenticator(ORIGIN).created(desk.start())

        with later(301), refused("WebAuthnChallengeNotFoundException"):
            desk.complete(credential)
        with later(299):
            desk.complete(credential)

    def test_is_refused_a_second_time(self, desk):
        credential = Authenticator(ORIGIN).created(desk.start())
        desk.complete(credential)

        with refused("WebAuthnChallengeNotFoundException"):
            desk.complete(credential)
        assert len(desk.kept()) == 1

    def test_is_refused_for_the_challenge_of_an_earlier_start(self, desk):
        credential = Authenticator(ORIGIN).created(desk.start())
        desk.start()

        with refused("WebAuthnChallengeNotFoundException"):
            desk.complete(credential)

    def test_is_refused_for_the_challenge_of_another_user(self, desk):
        other = Desk(desk.entrance.another())
        credential = Authenticator(ORIGIN).created(other.start())
        desk.start()

        with refused("WebAuthnChallengeNotFoundException"):
            desk.complete(credential)

    def test_is_refused_to_the_token_of_another_client(self, desk):
        credential = Authenticator(ORIGIN).created(desk.start())
        client = desk.entrance.cognito.client(desk.entrance.pool)
        token = desk.entrance.cognito.sign_in(client, desk.entrance.name, PASSWORD)["AccessToken"]

        with refused("WebAuthnClientMismatchException"):
            desk.complete(credential, AccessToken=token)
        desk.complete(credential)

    def test_is_refused_when_the_relying_party_was_changed_meanwhile(self, cognito):
        entrance = opened(cognito)
        desk = Desk(entrance)
        credential = Authenticator(ORIGIN).created(desk.start())
        configure(entrance, RelyingPartyId="example.org")

        with refused("WebAuthnRelyingPartyMismatchException"):
            desk.complete(credential)

    @pytest.mark.parametrize(
        ("lie", "code"),
        [
            ({"origin": "https://evil-example.com"}, "WebAuthnOriginNotAllowedException"),
            ({"origin": "android:apk-key-hash:x"}, "WebAuthnOriginNotAllowedException"),
            ({"more": {"crossOrigin": True}}, "WebAuthnOriginNotAllowedException"),
            ({"relying_party": "evil.net"}, "WebAuthnRelyingPartyMismatchException"),
            ({"challenge": encoded(bytes(32))}, "WebAuthnChallengeNotFoundException"),
            ({"kind": "webauthn.get"}, "WebAuthnChallengeNotFoundException"),
            ({"flags": 0}, "WebAuthnCredentialNotSupportedException"),
            ({"attestation": "tpm"}, "WebAuthnCredentialNotSupportedException"),
            ({"id": b""}, "InvalidParameterException"),
        ],
        ids=lambda given: next(iter(given)) if isinstance(given, dict) else given,
    )
    def test_refuses_lies_and_keeps_nothing(self, desk, lie, code):
        key = Authenticator(**{"origin": ORIGIN} | lie)

        with refused(code):
            desk.complete(key.created(desk.start()))
        assert desk.kept() == []

    def test_notes_what_was_wrong(self, desk):
        credential = Authenticator("https://evil.net").created(desk.start())

        with logged() as log, refused("WebAuthnOriginNotAllowedException"):
            desk.complete(credential)
        assert log.last()["reason"] == "passkey origin"

    def test_requires_verification_where_the_pool_does(self, cognito):
        entrance = opened(cognito, None)
        configure(entrance, RelyingPartyId=HOST, UserVerification="required")
        desk = Desk(entrance)

        with refused("WebAuthnCredentialNotSupportedException"):
            desk.register(flags=device.USER_PRESENT)
        desk.register()

    def test_refuses_a_credential_that_the_user_has(self, desk):
        key = desk.register()

        with refused("InvalidParameterException", "The passkey is registered already."):
            desk.complete(key.created(desk.start()))
        with refused("InvalidParameterException"):
            desk.complete(Authenticator(ORIGIN, id=key.id).created(desk.start()))
        assert len(desk.kept()) == 1

    @pytest.mark.parametrize("credential", [{}, {"id": "x"}, {"response": {"clientDataJSON": 7}}], ids=repr)
    def test_refuses_what_is_no_credential(self, desk, credential):
        desk.start()

        with refused("InvalidParameterException"):
            desk.complete(credential)

    def test_refuses_what_is_too_large_to_be_parsed(self, desk):
        credential = Authenticator(ORIGIN).created(desk.start())
        credential["response"]["attestationObject"] = "A" * 500_000

        with refused("InvalidParameterException"):
            desk.complete(credential)


class TestLimit:
    def test_is_twenty_passkeys(self, desk):
        desk.fill(MOST - 1)
        desk.register()

        with refused("LimitExceededException"):
            desk.start()
        assert len(desk.kept()) == MOST

    def test_holds_for_what_was_begun_below_it(self, desk):
        desk.fill(MOST - 1)
        credential = Authenticator(ORIGIN).created(desk.start())
        desk.fill(1)

        with refused("LimitExceededException"):
            desk.complete(credential)

    def test_holds_whatever_is_sent_at_once(self, desk):
        desk.fill(MOST - 1)
        options = desk.start()
        credentials = [Authenticator(ORIGIN).created(options) for _ in range(4)]

        outcomes = at_once(*(lambda one=one: desk.complete(one) for one in credentials))

        assert len(faults(outcomes)) == 3
        assert len(desk.kept()) == MOST

    def test_one_start_makes_one_passkey(self, desk):
        options = desk.start()
        credentials = [Authenticator(ORIGIN).created(options) for _ in range(4)]

        outcomes = at_once(*(lambda one=one: desk.complete(one) for one in credentials))

        assert len(desk.kept()) == 1
        assert {fault.code for fault in faults(outcomes)} == {"WebAuthnChallengeNotFoundException"}
        assert store.get(Ceremony, pool=desk.entrance.pool, sub=desk.sub) is None

    def test_starts_and_completes_that_meet_stay_below_it(self, desk):
        desk.fill(MOST - 1)

        def attempt() -> None:
            desk.complete(Authenticator(ORIGIN).created(desk.start()))

        outcomes = at_once(*[attempt] * 6)

        assert len(desk.kept()) <= MOST
        assert {fault.code for fault in faults(outcomes)} <= {
            "LimitExceededException",
            "TooManyRequestsException",
            "WebAuthnChallengeNotFoundException",
        }


class TestList:
    def test_describes_the_passkeys(self, desk):
        roaming = desk.register()
        built_in = desk.register(attachment="platform", transports=("internal",))
        other = desk.register(attachment=None, transports=())

        found = {one["CredentialId"]: one for one in desk.listed()}

        assert set(found) == {encoded(key.id) for key in (roaming, built_in, other)}
        first = found[encoded(roaming.id)]
        assert first.pop("CreatedAt") > 1_700_000_000
        assert first == {
            "CredentialId": encoded(roaming.id),
            "FriendlyCredentialName": "Roaming passkey",
            "RelyingPartyId": HOST,
            "AuthenticatorAttachment": "cross-platform",
            "AuthenticatorTransports": ["nfc", "usb"],
        }
        assert found[encoded(built_in.id)]["FriendlyCredentialName"] == "Platform passkey"
        assert "AuthenticatorAttachment" not in found[encoded(other.id)]

    def test_comes_in_pages(self, desk):
        desk.fill(5)
        seen, token = [], {}

        while True:
            page = desk.call("ListWebAuthnCredentials", MaxResults=2, **token)
            seen.append([one["CredentialId"] for one in page["Credentials"]])
            if "NextToken" not in page:
                break
            token = {"NextToken": page["NextToken"]}

        assert [len(one) for one in seen] == [2, 2, 1]
        assert len({one for part in seen for one in part}) == 5

    def test_has_all_twenty_on_a_page_unless_fewer_are_asked_for(self, desk):
        desk.fill(MOST)

        assert len(desk.listed()) == len(desk.listed(MaxResults=0)) == MOST

    def test_refuses_the_page_of_another_user(self, desk):
        desk.fill(3)
        other = Desk(desk.entrance.another())
        token = desk.call("ListWebAuthnCredentials", MaxResults=1)["NextToken"]

        with refused("InvalidParameterException"):
            other.listed(NextToken=token)

    def test_is_of_the_bearer_alone(self, desk):
        desk.register()

        assert Desk(desk.entrance.another()).listed() == []


class TestDelete:
    def test_takes_one_passkey(self, desk):
        first, second = desk.register(), desk.register()

        assert desk.delete(first) == {}

        assert [one["CredentialId"] for one in desk.listed()] == [encoded(second.id)]

    def test_is_refused_for_what_is_not_there(self, desk):
        key = desk.register()
        other = Desk(desk.entrance.another())

        for credential in ("", "x", "x" * 100_000):
            with refused("ResourceNotFoundException"):
                desk.call("DeleteWebAuthnCredential", CredentialId=credential)
        with refused("ResourceNotFoundException"):
            other.delete(key)
        desk.delete(key)
        with refused("ResourceNotFoundException"):
            desk.delete(key)

    def test_takes_the_passkey_out_of_the_users_mfa_with_the_last_one(self, desk):
        first, second = desk.register(), desk.register()
        prefer(desk, {"enabled": ["SMS_MFA"], "passkey": True})

        desk.delete(first)
        assert desk.entrance.account().user.mfa == {"enabled": ["SMS_MFA"], "passkey": True}
        desk.delete(second)
        assert desk.entrance.account().user.mfa == {"enabled": ["SMS_MFA"]}

    def test_leaves_a_user_without_factors_when_it_was_the_only_one(self, desk):
        key = desk.register()
        prefer(desk, {"passkey": True})

        desk.delete(key)

        assert desk.entrance.account().user.mfa is None

    def test_of_the_last_two_at_once_knows_which_is_the_last(self, desk):
        keys = [desk.register(), desk.register()]
        prefer(desk, {"passkey": True})

        outcomes = at_once(*(lambda key=key: desk.delete(key) for key in keys))

        assert faults(outcomes) == []
        assert (desk.kept(), desk.entrance.account().user.mfa) == ([], None)

    def test_of_one_passkey_succeeds_once(self, desk):
        key = desk.register()

        outcomes = at_once(*[lambda: desk.delete(key)] * 4)

        assert [fault.code for fault in faults(outcomes)] == ["ResourceNotFoundException"] * 3

    def test_makes_room(self, desk):
        key = desk.register()
        desk.fill(MOST - 1)
        desk.delete(key)

        desk.register()


class TestReproof:
    @pytest.fixture
    def strict(self, cognito: Cognito) -> Desk:
        """A user whose password is not enough, signed in by it before that was so, in a pool that wants more."""
        entrance = opened(cognito)
        desk = Desk(entrance)
        sender = {"SmsConfiguration": {"SnsCallerArn": "arn:aws:iam::123456789012:role/sender"}}
        config = {"MfaConfiguration": "OPTIONAL", "SmsMfaConfiguration": sender}
        cognito.call("SetUserPoolMfaConfig", UserPoolId=entrance.pool, **config)
        entrance.admin("AdminUpdateUserAttributes", UserAttributes=[attribute("phone_number", "+4712345678")])
        desk.key = desk.register()
        prefer(desk, {"enabled": ["SMS_MFA"]})
        pool = pools.fresh_pool(entrance.pool)
        assert pool is not None
        pool.ours = {**(pool.ours or {}), "security": {"ReproveFactors": True}}
        store.save(pool)
        pools.forget_all()
        return desk

    def test_is_asked_for_before_a_passkey_is_dropped_or_added(self, strict):
        """Attack: a stolen access token."""
        with refused("NotAuthorizedException"):
            strict.delete(strict.key)
        with refused("NotAuthorizedException"):
            strict.start()
        assert len(strict.listed()) == 1


class TestRemoval:
    def test_of_a_user_takes_the_passkeys(self, desk):
        desk.register()
        desk.start()

        desk.call("DeleteUser")

        assert store.list(User.at(pool=desk.entrance.pool, sub=desk.sub).pk).items == []

    def test_that_meets_a_registration_leaves_nothing_behind(self, desk):
        credential = Authenticator(ORIGIN).created(desk.start())

        at_once(lambda: desk.complete(credential), lambda: desk.call("DeleteUser"))

        place = User.at(pool=desk.entrance.pool, sub=desk.sub).pk
        assert [item.entity for item in store.list(place).items if isinstance(item, Passkey)] == []


def prefer(desk: Desk, mfa: dict[str, Any]) -> None:
    """What the user prefers, as the table holds it."""
    user = desk.entrance.account().user
    user.mfa = mfa
    store.save(user)


def test_nothing_of_a_passkey_is_logged(desk):
    """Attack: who reads the logs learns challenges that are still open."""
    with logged() as log:
        options = desk.start()
        with pytest.raises(Fault):
            desk.complete(Authenticator("https://evil.net").created(options))

    assert options["challenge"] not in json.dumps(log.requests())
