"""Signing in as a remembered device: facts 144 to 146, the forms in which clients speak it, and the attacks."""

import base64
import json
import secrets

import pytest

from chalicelib.table import devices, keys, pools, store
from tests.application import Cognito
from tests.bearer import BY_SMS_TOO
from tests.callers import refused
from tests.clock import later
from tests.device_client import DeviceClient, Owner
from tests.entrance import WRONG, Entrance, at_once, claims, faults, secret_hash
from tests.srp_client import N, timestamp

TRACKING = {"DeviceConfiguration": {"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": False}}
SETTINGS = TRACKING | BY_SMS_TOO | {"MfaConfiguration": "OPTIONAL"}
GONE = "Device does not exist."
FOREIGN = "Invalid session for the user."
SPENT = "Invalid session for the user, session can only be used once."
UNKNOWN = "us-east-1_aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"


@pytest.fixture(scope="module")
def shared(application):
    return Entrance(Cognito(*application), **SETTINGS)


@pytest.fixture
def owner(shared):
    """A user with a remembered device."""
    return Owner(shared.another()).confirmed()


@pytest.fixture
def protected(owner):
    """The same, who signs in with a second factor where there is no such device."""
    phone = {"Name": "phone_number", "Value": f"+1555{secrets.randbelow(10**7):07}"}
    owner.entrance.admin("AdminUpdateUserAttributes", UserAttributes=[phone])
    by_sms = {"DeliveryMedium": "SMS", "AttributeName": "phone_number"}
    owner.entrance.admin("AdminSetUserSettings", MFAOptions=[by_sms])
    return owner


def settings_of(entrance, **changes):
    entrance.cognito.call("UpdateUserPool", UserPoolId=entrance.pool, **SETTINGS | changes)


def by_srp(owner, **more):
    """The password proved by SRP, as the device: the client, and the answer."""
    client, parameters = owner.entrance.challenged(owner.name)
    responses = client.answer(parameters, "Correct-Horse-9") | {"DEVICE_KEY": owner.device.key}
    return client, owner.entrance.verified(responses | more)


def without_session(owner, client, **more):
    """DEVICE_SRP_AUTH as some clients send it: with the public value of the password's exchange, and no Session."""
    owner.device.exchange = owner.device.fresh_exchange(client.private)
    return owner.entrance.respond("DEVICE_SRP_AUTH", owner.device.begin(owner.name) | more)


class TestSignIn:
    def test_a_remembered_device_is_asked_for_its_secret_and_lets_in(self, owner):
        begun = owner.by_password()
        challenged = owner.begin(begun)
        tokens = owner.finish(owner.proof(challenged), Session=challenged["Session"])["AuthenticationResult"]

        assert begun["ChallengeName"] == "DEVICE_SRP_AUTH"
        assert begun["ChallengeParameters"] == {"USERNAME": owner.name, "DEVICE_KEY": owner.device.key}
        assert challenged["ChallengeName"] == "DEVICE_PASSWORD_VERIFIER"
        assert challenged["ChallengeParameters"].keys() == {"SALT", "SECRET_BLOCK", "SRP_B", "USERNAME", "DEVICE_KEY"}
        assert claims(tokens["AccessToken"])["device_key"] == owner.device.key
        assert "NewDeviceMetadata" not in tokens

    def test_salt_and_public_value_go_out_in_their_shortest_form(self, shared):
        owner = Owner(shared.another())
        owner.device = DeviceClient(owner.tokens["NewDeviceMetadata"], salt="000f" + "1e" * 14)
        owner.confirm()

        given = owner.challenged()["ChallengeParameters"]

        assert given["SALT"] == "f" + "1e" * 14
        assert given["SRP_B"] == given["SRP_B"].lower().lstrip("0")

    def test_the_secret_block_answers_without_a_session(self, owner):
        challenged = owner.challenged()

        assert "AuthenticationResult" in owner.finish(owner.proof(challenged))

    def test_it_takes_the_place_of_the_second_factor(self, protected):
        assert protected.entrance.by_password()["ChallengeName"] == "SMS_MFA"
        assert protected.by_password()["ChallengeName"] == "DEVICE_SRP_AUTH"

        assert claims(protected.signed_in()["AccessToken"])["device_key"] == protected.device.key

    def test_signing_in_is_seen_on_the_device(self, owner):
        before = owner.about("GetDevice")["Device"]

        owner.signed_in()

        after = owner.about("GetDevice")["Device"]
        assert after["DeviceLastAuthenticatedDate"] > before["DeviceLastAuthenticatedDate"]
        assert after["DeviceLastModifiedDate"] == before["DeviceLastModifiedDate"]

    def test_so_it_does_by_srp(self, protected):
        _, begun = by_srp(protected)

        challenged = protected.begin(begun)
        tokens = protected.finish(protected.proof(challenged), Session=challenged["Session"])["AuthenticationResult"]

        assert claims(tokens["AccessToken"])["device_key"] == protected.device.key

    def test_servers_sign_in_without_devices(self, owner):
        parameters = {"USERNAME": owner.name, "PASSWORD": "Correct-Horse-9", "DEVICE_KEY": owner.device.key}
        given = {"AuthFlow": "ADMIN_USER_PASSWORD_AUTH", "AuthParameters": parameters}
        pool = {"UserPoolId": owner.entrance.pool, "ClientId": owner.entrance.client}

        tokens = owner.entrance.cognito.call("AdminInitiateAuth", **pool, **given)["AuthenticationResult"]

        assert "NewDeviceMetadata" not in tokens
        assert "device_key" not in claims(tokens["AccessToken"])

    def test_a_client_with_a_secret_proves_it_at_each_step(self, owner):
        made = owner.entrance.cognito.call(
            "CreateUserPoolClient", UserPoolId=owner.entrance.pool, ClientName="server", GenerateSecret=True,
            ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        )["UserPoolClient"]  # fmt: skip
        owner.entrance.client = made["ClientId"]
        proof = {"SECRET_HASH": secret_hash(made["ClientSecret"], owner.name, made["ClientId"])}
        begun = owner.by_password(**proof)

        for wrong in ({}, {"SECRET_HASH": "AAAA"}):
            with refused("NotAuthorizedException"):
                owner.begin(begun, **wrong)
        challenged = owner.begin(begun, **proof)
        with refused("NotAuthorizedException"):
            owner.finish(owner.proof(challenged))

        assert "AuthenticationResult" in owner.finish(owner.proof(challenged) | proof)


class TestPresenting:
    def test_an_unknown_device_is_told_behind_the_password(self, owner):
        with refused("ResourceNotFoundException", GONE):
            owner.entrance.by_password(DEVICE_KEY=UNKNOWN)

    def test_and_not_before(self, owner):
        with refused("NotAuthorizedException", WRONG):
            owner.entrance.by_password("wrong", DEVICE_KEY=UNKNOWN)
        with refused("NotAuthorizedException", WRONG):
            owner.entrance.by_password("wrong", DEVICE_KEY="no key at all")

    def test_what_is_no_key_is_told_so(self, owner):
        with refused("InvalidParameterException", "Invalid device key given."):
            owner.entrance.by_password(DEVICE_KEY="no key at all")

    def test_another_users_device_is_as_unknown_as_none(self, owner, shared):
        stranger = Owner(shared.another()).confirmed()

        with refused("ResourceNotFoundException", GONE):
            owner.entrance.by_password(DEVICE_KEY=stranger.device.key)

    def test_clients_drop_an_unknown_key_and_answer_the_same_challenge_again(self, owner):
        client, parameters = owner.entrance.challenged(owner.name, DEVICE_KEY=UNKNOWN)
        responses = client.answer(parameters, "Correct-Horse-9") | {"DEVICE_KEY": UNKNOWN}
        with refused("ResourceNotFoundException", GONE):
            owner.entrance.verified(responses)

        content = {"ClientId": owner.entrance.client, "ChallengeName": "PASSWORD_VERIFIER"}
        content["ChallengeResponses"] = responses | {"DEVICE_KEY": None}
        answer = owner.entrance.cognito.send("cognito-idp", "RespondToAuthChallenge", json.dumps(content).encode())

        assert answer["AuthenticationResult"]["NewDeviceMetadata"]

    def test_without_a_key_the_second_factor_is_asked_and_a_new_key_given(self, protected, outbox):
        begun = protected.entrance.by_password()
        answer = {"USERNAME": protected.name, "SMS_MFA_CODE": outbox.code(protected.name)}

        tokens = protected.entrance.respond("SMS_MFA", answer, Session=begun["Session"])["AuthenticationResult"]

        assert tokens["NewDeviceMetadata"]["DeviceKey"] != protected.device.key


class TestDowngrade:
    def test_a_device_that_is_not_remembered_does_not_leave_the_second_factor_out(self, protected, outbox):
        protected.admin("AdminUpdateDeviceStatus", DeviceRememberedStatus="not_remembered")

        begun = protected.by_password()
        answer = {"USERNAME": protected.name, "SMS_MFA_CODE": outbox.code(protected.name)}
        tokens = protected.entrance.respond("SMS_MFA", answer, Session=begun["Session"])["AuthenticationResult"]

        assert begun["ChallengeName"] == "SMS_MFA"
        assert claims(tokens["AccessToken"])["device_key"] == protected.device.key
        assert "NewDeviceMetadata" not in tokens

    def test_nor_one_that_is_not_remembered_any_more_when_the_exchange_goes_on(self, protected):
        begun, challenged = protected.by_password(), protected.challenged()
        protected.admin("AdminUpdateDeviceStatus", DeviceRememberedStatus="not_remembered")

        with refused("ResourceNotFoundException", GONE):
            protected.begin(begun)
        with refused("ResourceNotFoundException", GONE):
            protected.finish(protected.proof(challenged))

    def test_nor_one_that_was_forgotten(self, protected):
        begun, challenged = protected.by_password(), protected.challenged()
        protected.admin("AdminForgetDevice")

        with refused("ResourceNotFoundException", GONE):
            protected.begin(begun)
        with refused("ResourceNotFoundException", GONE):
            protected.finish(protected.proof(challenged))

    def test_nor_one_that_is_forgotten_in_that_moment(self, protected, monkeypatch):
        challenged = protected.challenged()
        proof, touched = protected.proof(challenged), devices.touched

        def forgotten_meanwhile(device, values):
            store.remove_all([keys.Key(device.pk, device.sk)])
            return touched(device, values)

        monkeypatch.setattr(devices, "touched", forgotten_meanwhile)

        with refused("ResourceNotFoundException", GONE):
            protected.finish(proof)

    def test_nor_one_of_a_pool_that_no_longer_takes_devices_for_it(self, application):
        owner = Owner(Entrance(Cognito(*application), **SETTINGS)).confirmed()
        begun, challenged = owner.by_password(), owner.challenged()
        settings_of(owner.entrance, DeviceConfiguration={"ChallengeRequiredOnNewDevice": False})
        pools.forget_all()

        with refused("ResourceNotFoundException", GONE):
            owner.begin(begun)
        with refused("ResourceNotFoundException", GONE):
            owner.finish(owner.proof(challenged))
        assert "AuthenticationResult" in owner.by_password()

    def test_nor_after_the_password_was_replaced(self, protected):
        challenged = protected.challenged()
        protected.entrance.admin("AdminSetUserPassword", Password="Another-Horse-5", Permanent=True)

        with refused("NotAuthorizedException"):
            protected.finish(protected.proof(challenged))

    def test_nor_into_a_disabled_account(self, protected):
        challenged = protected.challenged()
        protected.entrance.admin("AdminDisableUser")

        with refused("NotAuthorizedException", "User is disabled."):
            protected.finish(protected.proof(challenged))

    def test_nor_into_a_deleted_one(self, protected):
        challenged = protected.challenged()
        protected.entrance.admin("AdminDeleteUser")

        with refused("ResourceNotFoundException", GONE):
            protected.finish(protected.proof(challenged))


class TestWrongProof:
    def test_another_secret_is_refused_and_counted_like_a_wrong_password(self, owner):
        owner.device.password = base64.b64encode(bytes(40)).decode()

        with refused("NotAuthorizedException", WRONG):
            owner.finish(owner.proof(owner.challenged()))
        assert owner.entrance.failures() == 1

    def test_after_five_of_them_nobody_is_heard_for_a_while(self, owner):
        challenged = owner.challenged()
        right = owner.proof(challenged)
        for _ in range(5):
            with refused("NotAuthorizedException", WRONG):
                owner.finish(right | {"PASSWORD_CLAIM_SIGNATURE": "AAAA"})

        with refused("NotAuthorizedException", "Password attempts exceeded"):
            owner.finish(right)

    def test_the_secret_of_another_device_of_the_same_user_does_not_do(self, owner):
        other = Owner(owner.entrance).confirmed()
        challenged = owner.challenged()
        owner.device.password = other.device.password

        with refused("NotAuthorizedException", WRONG):
            owner.finish(owner.proof(challenged))

    def test_nor_does_another_users_device(self, owner, shared):
        stranger = Owner(shared.another()).confirmed()
        begun = owner.by_password()

        with refused("NotAuthorizedException", FOREIGN):
            owner.entrance.respond("DEVICE_SRP_AUTH", stranger.device.begin(owner.name), Session=begun["Session"])

    def test_nor_its_block_under_ones_own_key(self, owner, shared):
        stranger = Owner(shared.another()).confirmed()
        theirs = stranger.challenged()
        mine = stranger.proof(theirs) | {"DEVICE_KEY": owner.device.key, "USERNAME": owner.name}

        with refused("NotAuthorizedException", WRONG):
            owner.finish(mine)
        assert stranger.entrance.failures() == 1

    @pytest.mark.parametrize("place", [0, 20, -1], ids=["version", "inside", "tag"])
    def test_an_altered_block_is_refused(self, owner, place):
        proof = owner.proof(owner.challenged())
        block = bytearray(base64.b64decode(proof["PASSWORD_CLAIM_SECRET_BLOCK"]))
        block[place] ^= 1

        with refused("NotAuthorizedException", WRONG):
            owner.finish(proof | {"PASSWORD_CLAIM_SECRET_BLOCK": base64.b64encode(block).decode()})

    def test_the_block_of_a_password_is_none_of_a_device(self, owner):
        client, parameters = owner.entrance.challenged(owner.name)
        proof = client.answer(parameters, "Correct-Horse-9") | {"DEVICE_KEY": owner.device.key}

        with refused("NotAuthorizedException", WRONG):
            owner.finish(proof)

    def test_nor_the_other_way_round(self, owner):
        proof = owner.proof(owner.challenged())

        with refused("NotAuthorizedException", WRONG):
            owner.entrance.verified(proof)

    def test_the_block_of_another_client_is_refused(self, owner):
        proof = owner.proof(owner.challenged())
        owner.entrance.client = owner.entrance.cognito.client(owner.entrance.pool)

        with refused("NotAuthorizedException", WRONG):
            owner.finish(proof)

    def test_a_block_lives_no_longer_than_a_session(self, owner):
        proof = owner.proof(owner.challenged(), at=timestamp())

        with later(181), refused("NotAuthorizedException", WRONG):
            owner.finish(proof)

    @pytest.mark.parametrize(
        "at", ["Mon Jan 1 00:00:00 UTC 2024", "now", "Tue Nov 03 04:05:06 UTC 2026"], ids=["old", "junk", "padded"]
    )
    def test_a_proof_that_is_not_fresh_is_refused(self, owner, at):
        challenged = owner.challenged()

        with refused("NotAuthorizedException", WRONG):
            owner.finish(owner.proof(challenged, at=at))

    @pytest.mark.parametrize("times", [0, 1, 2])
    def test_a_public_value_that_needs_no_secret_is_refused(self, owner, times):
        begun = owner.by_password()

        with refused("InvalidParameterException", "SRP_A is not valid."):
            owner.begin(begun, SRP_A=f"{times * N:x}")

    @pytest.mark.parametrize(
        "name", ["USERNAME", "PASSWORD_CLAIM_SIGNATURE", "PASSWORD_CLAIM_SECRET_BLOCK", "TIMESTAMP", "DEVICE_KEY"]
    )
    def test_what_is_missing_is_named(self, owner, name):
        proof = owner.proof(owner.challenged())
        del proof[name]

        with refused("InvalidParameterException", f"Missing required parameter {name}"):
            owner.finish(proof)

    @pytest.mark.parametrize("name", ["USERNAME", "SRP_A", "DEVICE_KEY"])
    def test_so_it_is_in_the_first_answer(self, owner, name):
        begun = owner.by_password()
        responses = owner.device.begin(owner.name)
        del responses[name]

        with refused("InvalidParameterException", f"Missing required parameter {name}"):
            owner.entrance.respond("DEVICE_SRP_AUTH", responses, Session=begun["Session"])


class TestReplay:
    def test_a_proof_signs_in_once(self, owner):
        challenged = owner.challenged()
        proof = owner.proof(challenged)
        owner.finish(proof, Session=challenged["Session"])

        with refused("NotAuthorizedException", SPENT):
            owner.finish(proof, Session=challenged["Session"])
        with refused("NotAuthorizedException", SPENT):
            owner.finish(proof)

    def test_of_many_at_once_one_signs_in(self, owner):
        proof = owner.proof(owner.challenged())

        outcomes = at_once(*[lambda: owner.finish(proof)] * 4)

        assert len(faults(outcomes)) == 3

    def test_a_second_exchange_of_the_same_sign_in_signs_in_no_second_time(self, owner):
        begun = owner.by_password()
        first, second = owner.begin(begun), owner.begin(begun)
        owner.finish(owner.proof(first))

        with refused("NotAuthorizedException", SPENT):
            owner.finish(owner.proof(second))

    def test_the_session_of_another_sign_in_beside_the_block_is_refused(self, owner):
        one, other = owner.challenged(), owner.challenged()
        proof = owner.proof(one)

        with refused("NotAuthorizedException", FOREIGN):
            owner.finish(proof, Session=other["Session"])

    def test_so_is_that_of_another_challenge(self, owner):
        begun = owner.by_password()
        challenged = owner.begin(begun)

        with refused("NotAuthorizedException", FOREIGN):
            owner.finish(owner.proof(challenged), Session=begun["Session"])
        with refused("NotAuthorizedException", FOREIGN):
            owner.begin(challenged)

    def test_a_second_factors_session_begins_no_exchange(self, protected):
        begun = protected.entrance.by_password()

        with refused("NotAuthorizedException", FOREIGN):
            protected.begin(begun)

    def test_nor_does_a_devices_session_answer_a_second_factor(self, protected):
        begun = protected.by_password()

        with refused("NotAuthorizedException", FOREIGN):
            answer = {"USERNAME": protected.name, "SMS_MFA_CODE": "123456"}
            protected.entrance.respond("SMS_MFA", answer, Session=begun["Session"])

    def test_another_users_name_is_refused(self, owner, shared):
        begun = owner.by_password()
        stranger = shared.another()

        with refused("NotAuthorizedException", FOREIGN):
            owner.begin(begun, USERNAME=stranger.name)
        with refused("NotAuthorizedException", WRONG):
            owner.finish(owner.proof(owner.challenged()) | {"USERNAME": stranger.name})


class TestWithoutSession:
    def test_the_public_value_of_the_passwords_exchange_does(self, protected):
        client, begun = by_srp(protected)

        challenged = without_session(protected, client)
        tokens = protected.finish(protected.proof(challenged))["AuthenticationResult"]

        assert begun["ChallengeName"] == "DEVICE_SRP_AUTH"
        assert claims(tokens["AccessToken"])["device_key"] == protected.device.key

    def test_case_and_leading_zeros_of_it_do_not_matter(self, owner):
        client, _ = by_srp(owner)

        assert without_session(owner, client, SRP_A="00" + client.public.upper())["Session"]

    def test_the_attack_a_stolen_device_begins_here_and_leaves_the_password_out(self, owner):
        with refused("NotAuthorizedException", FOREIGN):
            owner.entrance.respond("DEVICE_SRP_AUTH", owner.device.begin(owner.name))

    def test_the_attack_it_waits_for_its_owner_to_prove_the_password(self, owner):
        by_srp(owner)

        with refused("NotAuthorizedException", FOREIGN):
            owner.entrance.respond("DEVICE_SRP_AUTH", owner.device.begin(owner.name))

    def test_the_attack_it_has_even_seen_the_public_value(self, owner):
        client, _ = by_srp(owner)

        challenged = owner.entrance.respond(
            "DEVICE_SRP_AUTH", owner.device.begin(owner.name) | {"SRP_A": client.public}
        )

        with refused("NotAuthorizedException", WRONG):
            owner.finish(owner.proof(challenged))

    def test_a_password_that_was_proved_in_another_way_leaves_nothing_to_go_on_from(self, owner):
        owner.by_password()

        with refused("NotAuthorizedException", FOREIGN):
            owner.entrance.respond("DEVICE_SRP_AUTH", owner.device.begin(owner.name))
        assert owner.stored().awaited is None

    def test_nor_does_a_wrong_password(self, owner):
        client, parameters = owner.entrance.challenged(owner.name)
        with refused("NotAuthorizedException", WRONG):
            owner.entrance.verified(client.answer(parameters, "wrong") | {"DEVICE_KEY": owner.device.key})

        with refused("NotAuthorizedException", FOREIGN):
            without_session(owner, client)

    def test_it_serves_once(self, owner):
        client, _ = by_srp(owner)
        without_session(owner, client)

        with refused("NotAuthorizedException", FOREIGN):
            without_session(owner, client)

    def test_and_of_many_at_once_to_one(self, owner):
        client, _ = by_srp(owner)

        outcomes = at_once(*[lambda: without_session(owner, client)] * 4)

        assert len(faults(outcomes)) == 3
        assert {fault.message for fault in faults(outcomes)} <= {FOREIGN, SPENT}

    def test_the_session_of_the_same_sign_in_signs_in_no_second_time(self, owner):
        client, begun = by_srp(owner)
        owner.finish(owner.proof(without_session(owner, client)))

        challenged = owner.begin(begun)
        with refused("NotAuthorizedException", SPENT):
            owner.finish(owner.proof(challenged))

    def test_it_lives_no_longer_than_a_session(self, owner):
        client, _ = by_srp(owner)

        with later(181), refused("NotAuthorizedException", FOREIGN):
            without_session(owner, client)

    def test_another_device_of_the_same_user_is_not_awaited(self, owner):
        other = Owner(owner.entrance).confirmed()
        client, _ = by_srp(owner)

        with refused("NotAuthorizedException", FOREIGN):
            without_session(other, client)

    def test_another_client_is_not_either(self, owner):
        client, _ = by_srp(owner)
        owner.entrance.client = owner.entrance.cognito.client(owner.entrance.pool)

        with refused("NotAuthorizedException", FOREIGN):
            without_session(owner, client)

    def test_under_another_users_name_it_is_not_found(self, owner, shared):
        client, _ = by_srp(owner)

        with refused("NotAuthorizedException", FOREIGN):
            without_session(owner, client, USERNAME=shared.another().name)

    def test_where_users_are_hidden_nobody_is_told_from_somebody(self, owner):
        hiding = {"PreventUserExistenceErrors": "ENABLED"}
        owner.entrance.client = owner.entrance.cognito.client(owner.entrance.pool, **hiding)

        for name in (owner.name, "nobody-at-all"):
            with refused("NotAuthorizedException", FOREIGN):
                owner.entrance.respond("DEVICE_SRP_AUTH", owner.device.begin(name))

    def test_a_device_that_is_no_longer_remembered_is_refused(self, owner):
        client, _ = by_srp(owner)
        owner.admin("AdminUpdateDeviceStatus", DeviceRememberedStatus="not_remembered")

        with refused("ResourceNotFoundException", GONE):
            without_session(owner, client)

    def test_what_is_kept_tells_neither_the_public_value_nor_any_secret(self, owner):
        client, _ = by_srp(owner)

        kept = json.dumps(owner.stored().awaited)

        assert client.public not in kept
        assert owner.device.password not in kept


class TestRefresh:
    def test_a_session_of_a_confirmed_device_is_renewed_with_its_key(self, owner):
        renewed = owner.entrance.refresh(owner.tokens["RefreshToken"], DEVICE_KEY=owner.device.key)

        assert claims(renewed["AccessToken"])["device_key"] == owner.device.key

    def test_a_forgotten_devices_sessions_are_not_renewed(self, owner):
        tokens = owner.signed_in()
        owner.admin("AdminForgetDevice")

        with refused("NotAuthorizedException"):
            owner.entrance.refresh(tokens["RefreshToken"], DEVICE_KEY=owner.device.key)
