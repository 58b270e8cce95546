"""Signing in by SRP, against a client that shares no code with us: facts 70 and 120 to 125."""

import base64
from datetime import UTC, datetime, timedelta

import pytest

from tests.application import PASSWORD, Cognito
from tests.callers import refused
from tests.clock import later
from tests.entrance import HIDING, WRONG, Entrance, claims
from tests.srp_client import N, SrpClient, timestamp


@pytest.fixture(scope="module")
def shared(application):
    return Entrance(Cognito(*application))


@pytest.fixture
def entrance(shared):
    return shared.another()


@pytest.fixture
def hiding(shared):
    entrance = shared.another()
    entrance.client = entrance.cognito.client(entrance.pool, **HIDING)
    return entrance


class TestUserSrpAuth:
    def test_a_challenge_comes_without_session_and_is_answered_without_one(self, entrance):
        client = SrpClient(entrance.pool)
        begun = entrance.initiate("USER_SRP_AUTH", USERNAME=entrance.name, SRP_A=client.public)

        assert begun.keys() == {"ChallengeName", "ChallengeParameters"}
        assert begun["ChallengeName"] == "PASSWORD_VERIFIER"
        assert begun["ChallengeParameters"].keys() == {"SALT", "SRP_B", "SECRET_BLOCK", "USERNAME", "USER_ID_FOR_SRP"}
        answer = entrance.verified(client.answer(begun["ChallengeParameters"], PASSWORD))
        assert answer["ChallengeParameters"] == {}
        assert claims(answer["AuthenticationResult"]["IdToken"])["cognito:username"] == entrance.name

    def test_numbers_travel_in_their_shortest_form(self, entrance):
        _, parameters = entrance.challenged()

        for name in ("SALT", "SRP_B"):
            assert parameters[name] == format(int(parameters[name], 16), "x")

    def test_many_exchanges_agree_whatever_their_padding(self, entrance):
        for _ in range(12):
            entrance.admin("AdminSetUserPassword", Password=PASSWORD, Permanent=True)
            assert "AuthenticationResult" in entrance.by_srp()

    def test_an_alias_is_told_the_username_to_hash(self, cognito):
        entrance = Entrance(cognito, AliasAttributes=["email"])
        name = cognito.user(entrance.pool, email="tess@example.com", email_verified="true")

        client, parameters = entrance.challenged("tess@example.com")
        assert parameters["USER_ID_FOR_SRP"] == parameters["USERNAME"] == name
        responses = client.answer(parameters, PASSWORD)
        for spoken in (name, "tess@example.com"):
            client, parameters = entrance.challenged("tess@example.com")
            responses = client.answer(parameters, PASSWORD) | {"USERNAME": spoken}
            assert "AuthenticationResult" in entrance.verified(responses)

    def test_generated_usernames_are_the_sub(self, cognito):
        entrance = Entrance.at(cognito, cognito.pool(UsernameAttributes=["email"]))
        cognito.user(entrance.pool, "tess@example.com")

        client, parameters = entrance.challenged("tess@example.com")
        assert len(parameters["USER_ID_FOR_SRP"]) == 36
        token = entrance.verified(client.answer(parameters, PASSWORD))["AuthenticationResult"]["AccessToken"]
        assert claims(token)["username"] == claims(token)["sub"] == parameters["USER_ID_FOR_SRP"]

    def test_a_name_in_other_letters_is_the_same_where_case_does_not_matter(self, cognito):
        entrance = Entrance(cognito, client=HIDING, UsernameConfiguration={"CaseSensitive": False})

        client, parameters = entrance.challenged(entrance.name.upper())
        responses = client.answer(parameters, PASSWORD) | {"USERNAME": entrance.name.title()}
        assert "AuthenticationResult" in entrance.verified(responses)

    def test_a_wrong_password_is_refused(self, entrance):
        with refused("NotAuthorizedException", WRONG):
            entrance.by_srp("wrong")
        assert entrance.failures() == 1

    @pytest.mark.parametrize(
        "name", ["USERNAME", "PASSWORD_CLAIM_SIGNATURE", "PASSWORD_CLAIM_SECRET_BLOCK", "TIMESTAMP"]
    )
    def test_a_response_that_is_missing_is_named(self, entrance, name):
        client, parameters = entrance.challenged()
        responses = client.answer(parameters, PASSWORD)
        del responses[name]

        with refused("InvalidParameterException", f"Missing required parameter {name}"):
            entrance.verified(responses)

    def test_an_unknown_user_is_told_so_unless_users_are_hidden(self, entrance):
        with refused("UserNotFoundException", "User does not exist."):
            entrance.challenged("nobody")

    def test_an_unconfirmed_user_is_told_so(self, entrance):
        entrance.cognito.call("SignUp", ClientId=entrance.client, Username="una-srp", Password=PASSWORD)

        with refused("UserNotConfirmedException", "User is not confirmed."):
            entrance.by_srp(name="una-srp")

    def test_a_disabled_user_is_told_so_after_the_right_proof_only(self, entrance):
        entrance.admin("AdminDisableUser")

        with refused("NotAuthorizedException", "User is disabled."):
            entrance.by_srp()
        with refused("NotAuthorizedException", WRONG):
            entrance.by_srp("wrong")

    def test_an_unknown_client_is_refused_before_the_block_is_read(self, entrance):
        client, parameters = entrance.challenged()
        entrance.client = "unknown"

        with refused("ResourceNotFoundException"):
            entrance.verified(client.answer(parameters, PASSWORD) | {"PASSWORD_CLAIM_SECRET_BLOCK": "junk"})


class TestTimestamp:
    def test_a_day_with_a_leading_zero_is_refused(self, entrance):
        client, parameters = entrance.challenged()
        now = datetime.now(UTC)
        padded = timestamp(now).replace(f" {now.day} ", f" 0{now.day} ", 1)

        with refused("NotAuthorizedException", WRONG):
            entrance.verified(client.answer(parameters, PASSWORD, padded))

    def test_a_wrong_weekday_is_refused(self, entrance):
        client, parameters = entrance.challenged()
        wrong = timestamp(datetime.now(UTC) + timedelta(days=1)).split()[0]
        at = " ".join([wrong, *timestamp().split()[1:]])

        with refused("NotAuthorizedException", WRONG):
            entrance.verified(client.answer(parameters, PASSWORD, at))

    @pytest.mark.parametrize("minutes", [-6, 6])
    def test_a_clock_that_is_far_off_is_refused(self, entrance, minutes):
        client, parameters = entrance.challenged()
        at = timestamp(datetime.now(UTC) + timedelta(minutes=minutes))

        with refused("NotAuthorizedException", WRONG):
            entrance.verified(client.answer(parameters, PASSWORD, at))

    @pytest.mark.parametrize("minutes", [-4, 4])
    def test_a_clock_that_is_a_little_off_is_taken(self, entrance, minutes):
        client, parameters = entrance.challenged()
        at = timestamp(datetime.now(UTC) + timedelta(minutes=minutes))

        assert "AuthenticationResult" in entrance.verified(client.answer(parameters, PASSWORD, at))

    def test_a_time_that_was_changed_after_signing_is_refused(self, entrance):
        client, parameters = entrance.challenged()
        responses = client.answer(parameters, PASSWORD)
        responses["TIMESTAMP"] = timestamp(datetime.now(UTC) + timedelta(seconds=30))

        with refused("NotAuthorizedException", WRONG):
            entrance.verified(responses)

    @pytest.mark.parametrize("odd", ["Tue Nov ٣ 04:05:06 UTC 2026", "x" * 10_000, "Tue Feb 30 04:05:06 UTC 2026"])
    def test_no_time_is_too_odd_to_be_refused(self, entrance, odd):
        client, parameters = entrance.challenged()
        responses = client.answer(parameters, PASSWORD) | {"TIMESTAMP": odd}

        with refused("NotAuthorizedException", WRONG):
            entrance.verified(responses)


class TestAttacks:
    @pytest.mark.parametrize("public", [0, N, 2 * N, 1 << 3100])
    def test_a_public_value_that_leaves_the_password_out_is_refused(self, entrance, public):
        with refused("InvalidParameterException", "SRP_A is not valid."):
            entrance.initiate("USER_SRP_AUTH", USERNAME=entrance.name, SRP_A=format(public, "x"))

    @pytest.mark.parametrize("public", ["g", "-1", "0x12", " 1", "1_0", "٣", "f" * 5000])
    def test_a_public_value_that_is_no_number_is_refused(self, entrance, public):
        with refused("InvalidParameterException", "SRP_A is not valid."):
            entrance.initiate("USER_SRP_AUTH", USERNAME=entrance.name, SRP_A=public)

    @pytest.mark.parametrize("proof", ["junk", base64.b64encode(bytes(32)).decode(), "é", "=" * 9000])
    def test_a_junk_proof_is_refused_and_counted(self, entrance, proof):
        client, parameters = entrance.challenged()

        with refused("NotAuthorizedException", WRONG):
            entrance.verified(client.answer(parameters, PASSWORD) | {"PASSWORD_CLAIM_SIGNATURE": proof})
        assert entrance.failures() == 1

    def test_an_answer_signs_in_once(self, entrance):
        client, parameters = entrance.challenged()
        responses = client.answer(parameters, PASSWORD)
        entrance.verified(responses)

        for _ in range(2):
            with refused("NotAuthorizedException", WRONG):
                entrance.verified(responses)

    def test_a_block_that_signed_in_is_good_for_no_fresh_proof_either(self, entrance):
        client, parameters = entrance.challenged()
        entrance.verified(client.answer(parameters, PASSWORD))

        again = client.answer(parameters, PASSWORD, timestamp(datetime.now(UTC) + timedelta(seconds=9)))
        with refused("NotAuthorizedException", WRONG):
            entrance.verified(again)

    def test_a_signed_out_session_does_not_free_its_block(self, entrance):
        client, parameters = entrance.challenged()
        responses = client.answer(parameters, PASSWORD)
        tokens = entrance.verified(responses)["AuthenticationResult"]
        entrance.revoke(tokens["RefreshToken"])
        entrance.admin("AdminUserGlobalSignOut")

        with refused("NotAuthorizedException", WRONG):
            entrance.verified(responses)

    def test_every_bit_of_the_block_counts(self, entrance):
        client, parameters = entrance.challenged()
        block = base64.b64decode(parameters["SECRET_BLOCK"])

        for place in (0, 1, 4, 9, 17, 40, len(block) // 2, len(block) - 1):
            altered = block[:place] + bytes([block[place] ^ 1]) + block[place + 1 :]
            responses = client.answer(parameters | {"SECRET_BLOCK": base64.b64encode(altered).decode()}, PASSWORD)
            with refused("NotAuthorizedException", WRONG):
                entrance.verified(responses)

    @pytest.mark.parametrize("block", ["junk", "AAAA", "é", "A" * 9000, "====", "AQAAAAE=", "AQAAAAA" + "A" * 60])
    def test_an_invented_block_is_refused(self, entrance, block):
        client, parameters = entrance.challenged()

        with refused("NotAuthorizedException", WRONG):
            entrance.verified(client.answer(parameters, PASSWORD) | {"PASSWORD_CLAIM_SECRET_BLOCK": block})

    def test_a_block_of_another_client_is_refused(self, entrance):
        client, parameters = entrance.challenged()
        entrance.client = entrance.cognito.client(entrance.pool)

        with refused("NotAuthorizedException", WRONG):
            entrance.verified(client.answer(parameters, PASSWORD))

    def test_a_block_of_another_user_is_refused(self, entrance):
        other = entrance.another()
        client, parameters = entrance.challenged()

        with refused("NotAuthorizedException", WRONG):
            entrance.verified(client.answer(parameters, PASSWORD) | {"USERNAME": other.name})
        posed = parameters | {"USER_ID_FOR_SRP": other.name}
        with refused("NotAuthorizedException", WRONG):
            entrance.verified(client.answer(posed, PASSWORD))

    def test_a_session_is_no_block_and_a_block_no_session(self, entrance):
        begun = entrance.by_password("Temporary-1", entrance.invited("ivo-srp"))
        client, parameters = entrance.challenged("ivo-srp")
        text = begun["Session"].replace("-", "+").replace("_", "/")
        as_block = text + "=" * (-len(text) % 4)

        with refused("NotAuthorizedException", WRONG):
            entrance.verified(client.answer(parameters, "Temporary-1") | {"PASSWORD_CLAIM_SECRET_BLOCK": as_block})
        block = parameters["SECRET_BLOCK"].replace("+", "-").replace("/", "_").rstrip("=")
        with refused("NotAuthorizedException", "Invalid session for the user."):
            entrance.choose({"Session": block}, name="ivo-srp")

    def test_a_block_grows_old(self, entrance):
        client, parameters = entrance.challenged()

        with later(179):
            entrance.verified(client.answer(parameters, PASSWORD))
        client, parameters = entrance.challenged()
        with later(181), refused("NotAuthorizedException", WRONG):
            entrance.verified(client.answer(parameters, PASSWORD))

    def test_a_password_that_was_changed_between_the_steps_is_not_good_any_more(self, entrance):
        client, parameters = entrance.challenged()
        entrance.admin("AdminSetUserPassword", Password="Fresh-Horse-11", Permanent=True)

        for password in (PASSWORD, "Fresh-Horse-11"):
            with refused("NotAuthorizedException", WRONG):
                entrance.verified(client.answer(parameters, password))

    def test_a_user_who_was_deleted_between_the_steps_does_not_come_in(self, entrance, hiding):
        for door in (entrance, hiding):
            client, parameters = door.challenged()
            door.admin("AdminDeleteUser")

            with refused("NotAuthorizedException", WRONG):
                door.verified(client.answer(parameters, PASSWORD))

    def test_the_simulated_verifier_takes_no_proof(self, hiding):
        client, parameters = hiding.challenged("nobody")

        for password in ("", PASSWORD, "nobody"):
            with refused("NotAuthorizedException", WRONG):
                hiding.verified(client.answer(parameters, password))
