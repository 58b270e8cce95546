"""Nobody finds out who has an account, where the client hides its users: same bytes, same trips, same hashing."""

import cProfile
import json
import pstats

import pytest

from chalicelib.table import store
from chalicelib.wire import model
from tests.application import PASSWORD, Cognito
from tests.callers import a_name
from tests.clock import standing
from tests.contract import calls
from tests.entrance import HIDING, Entrance, fault
from tests.srp_client import SrpClient

COSTLY = {"verify_secret": "argon2", "hash_secret": "argon2", "power": "modular exponentiation", "mac": "keyed digest"}


@pytest.fixture(scope="module")
def shared(application):
    entrance = Entrance(Cognito(*application), client=HIDING, AutoVerifiedAttributes=["email"])
    for name in (entrance.name, "nobody-to-warm-up"):
        fault(lambda name=name: entrance.by_password("wrong", name))
        fault(lambda name=name: entrance.by_srp("wrong", name))
    return entrance


@pytest.fixture
def entrance(shared):
    return shared.another()


class Heard:
    """One answer with what it took to give it: bytes without the request's id, trips, and calls of what costs."""

    def __init__(self, operation, given):
        found = model.operation("cognito-idp", operation)
        profile = cProfile.Profile()
        with store.counted() as trips:
            profile.enable()
            self.answer = calls.ask(*calls.question(found, json.dumps(given).encode()))
            profile.disable()
        self.trips = trips.calls
        self.units = (trips.read_units, trips.write_units)
        self.work = {}
        for (_, _, name), (count, *_) in pstats.Stats(profile).stats.items():
            if name in COSTLY:
                self.work[COSTLY[name]] = self.work.get(COSTLY[name], 0) + count

    @property
    def told(self):
        headers = {name: text for name, text in self.answer.headers.items() if name not in ("x-amzn-requestid", "date")}
        return self.answer.status, headers, self.answer.body


def password(entrance, name, text="wrong"):
    parameters = {"USERNAME": name, "PASSWORD": text}
    given = {"ClientId": entrance.client, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": parameters}
    return Heard("InitiateAuth", given)


def srp_begun(entrance, name):
    client = SrpClient(entrance.pool)
    parameters = {"USERNAME": name, "SRP_A": client.public}
    given = {"ClientId": entrance.client, "AuthFlow": "USER_SRP_AUTH", "AuthParameters": parameters}
    return client, Heard("InitiateAuth", given)


def srp_answered(entrance, name, spoken=None, text="wrong"):
    client, begun = srp_begun(entrance, name)
    responses = client.answer(begun.answer.said()["ChallengeParameters"], text)
    responses |= {"USERNAME": spoken} if spoken else {}
    given = {"ClientId": entrance.client, "ChallengeName": "PASSWORD_VERIFIER", "ChallengeResponses": responses}
    return Heard("RespondToAuthChallenge", given)


def assert_alike(somebody, nobody):
    assert somebody.told == nobody.told
    assert somebody.trips == nobody.trips
    assert somebody.work == nobody.work


class TestPasswordSignIn:
    def test_a_wrong_password_and_an_unknown_name_are_alike(self, entrance):
        somebody, nobody = password(entrance, entrance.name), password(entrance, a_name())

        assert_alike(somebody, nobody)
        assert somebody.trips[:3] == ["BatchGetItem", "Query", "PutItem"]
        assert somebody.work["argon2"] == 1

    def test_so_are_the_second_and_third(self, entrance):
        name = a_name()

        for _ in range(3):
            assert_alike(password(entrance, entrance.name), password(entrance, name))

    def test_so_are_locks(self, entrance):
        name = a_name()
        for _ in range(5):
            assert_alike(password(entrance, entrance.name), password(entrance, name))

        somebody, nobody = password(entrance, entrance.name), password(entrance, name)
        assert_alike(somebody, nobody)
        assert somebody.answer.said()["message"] == "Password attempts exceeded"
        assert "argon2" not in somebody.work

    def test_a_disabled_user_and_one_with_a_temporary_password_look_like_any(self, entrance):
        disabled = entrance.another()
        disabled.admin("AdminDisableUser")
        invited = entrance.invited(a_name())

        for name in (disabled.name, invited):
            assert_alike(password(entrance, name), password(entrance, a_name()))

    def test_an_empty_and_an_endless_password_cost_the_same_for_all(self, entrance):
        for text in (" ", "x" * 300, "x" * 100_000):
            assert_alike(password(entrance, entrance.name, text), password(entrance, a_name(), text))


class TestSrp:
    def test_beginnings_are_alike_but_for_what_is_random(self, entrance):
        name = a_name()
        (_, somebody), (_, nobody) = srp_begun(entrance, entrance.name), srp_begun(entrance, name)

        one, other = somebody.answer.said(), nobody.answer.said()
        assert one.keys() == other.keys()
        assert one["ChallengeParameters"].keys() == other["ChallengeParameters"].keys()
        assert other["ChallengeParameters"]["USER_ID_FOR_SRP"] == other["ChallengeParameters"]["USERNAME"] == name
        difference = 4 * (len(entrance.name) - len(name))  # the block holds the name three times
        blocks = [len(told["ChallengeParameters"]["SECRET_BLOCK"]) for told in (one, other)]
        assert abs(blocks[0] - blocks[1] - difference) <= 12
        assert somebody.trips == nobody.trips == ["BatchGetItem", "Query"]
        assert somebody.work == nobody.work

    def test_salt_and_name_stay_and_the_servers_value_does_not(self, entrance):
        name = a_name()

        for who in (entrance.name, name):
            first, second = (srp_begun(entrance, who)[1].answer.said()["ChallengeParameters"] for _ in range(2))
            assert first["SALT"] == second["SALT"]
            assert first["USER_ID_FOR_SRP"] == second["USER_ID_FOR_SRP"]
            assert first["SRP_B"] != second["SRP_B"]

    def test_wrong_proofs_are_alike(self, entrance):
        name = a_name()

        for _ in range(3):
            somebody, nobody = srp_answered(entrance, entrance.name), srp_answered(entrance, name)
            assert_alike(somebody, nobody)
            assert somebody.trips[:2] == ["Query", "PutItem"]

    def test_locks_are_alike(self, entrance):
        name = a_name()
        with standing():  # the fifth locks for a second
            for _ in range(5):
                assert_alike(srp_answered(entrance, entrance.name), srp_answered(entrance, name))

            somebody, nobody = srp_answered(entrance, entrance.name), srp_answered(entrance, name)

        assert_alike(somebody, nobody)
        assert somebody.trips == ["Query"]

    def test_another_name_in_the_answer_tells_nothing(self, shared):
        entrance = Entrance(shared.cognito, client=HIDING, AliasAttributes=["email"])
        address = next(
            one["Value"] for one in entrance.admin("AdminGetUser")["UserAttributes"] if one["Name"] == "email"
        )
        name, strange = a_name(), "stranger@example.com"
        srp_answered(entrance, name)

        linked = srp_answered(entrance, entrance.name, address, PASSWORD)
        unlinked = srp_answered(entrance, entrance.name, strange, PASSWORD)
        assert_alike(linked, unlinked)
        assert_alike(linked, srp_answered(entrance, name, strange))

    def test_a_name_in_other_letters_tells_nothing(self, shared):
        entrance = Entrance(shared.cognito, client=HIDING, UsernameConfiguration={"CaseSensitive": False})
        name = a_name()
        srp_answered(entrance, name)

        assert_alike(
            srp_answered(entrance, entrance.name, entrance.name.upper()), srp_answered(entrance, name, name.upper())
        )

    def test_a_disabled_user_looks_like_any(self, entrance):
        entrance.admin("AdminDisableUser")

        assert_alike(srp_answered(entrance, entrance.name), srp_answered(entrance, a_name()))

    def test_a_generated_name_looks_like_one(self, shared):
        entrance = Entrance.at(shared.cognito, shared.cognito.pool(UsernameAttributes=["email"]))
        entrance.client = shared.cognito.client(entrance.pool, **HIDING)
        shared.cognito.user(entrance.pool, "tess@example.com")

        for name in ("tess@example.com", "una@example.com"):
            first, second = (srp_begun(entrance, name)[1].answer.said()["ChallengeParameters"] for _ in range(2))
            assert [len(part) for part in first["USER_ID_FOR_SRP"].split("-")] == [8, 4, 4, 4, 12]
            assert (first["USER_ID_FOR_SRP"], first["SALT"]) == (second["USER_ID_FOR_SRP"], second["SALT"])
        assert_alike(srp_answered(entrance, "tess@example.com"), srp_answered(entrance, "una@example.com"))


class TestCodes:
    """What a user gets who has nothing to do with the matter, next to a name that nobody has."""

    def ask(self, entrance, operation, name, **more):
        return Heard(operation, {"ClientId": entrance.client, "Username": name, **more})

    @pytest.mark.parametrize(
        ("operation", "more"),
        [
            ("ConfirmSignUp", {"ConfirmationCode": "123456"}),
            ("ConfirmForgotPassword", {"ConfirmationCode": "123456", "Password": "Fresh-Horse-11"}),
        ],
    )
    def test_codes_that_nobody_asked_for(self, entrance, operation, more):
        entrance.cognito.call("SignUp", ClientId=entrance.client, Username=(fresh := a_name()), Password=PASSWORD)

        assert_alike(self.ask(entrance, operation, fresh, **more), self.ask(entrance, operation, a_name(), **more))

    @pytest.mark.parametrize("operation", ["ForgotPassword", "ResendConfirmationCode"])
    def test_codes_that_are_asked_for(self, entrance, operation):
        disabled = entrance.another()
        disabled.admin("AdminDisableUser")

        somebody, nobody = (self.ask(entrance, operation, name) for name in (disabled.name, a_name()))
        assert somebody.answer.status == nobody.answer.status == 200
        assert somebody.trips == nobody.trips
        assert somebody.work == nobody.work
        for one in (somebody, nobody):
            details = one.answer.said()["CodeDeliveryDetails"]
            assert details.keys() == {"Destination", "DeliveryMedium", "AttributeName"}
            assert len(details["Destination"]) == len("t***@e***")
