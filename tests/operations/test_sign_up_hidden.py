"""Sign-up where the client hides its users: somebody and nobody look alike."""

import pytest

from chalicelib.outside import mail
from chalicelib.outside.outbox import DeliveryFailed
from chalicelib.table import pools, store
from tests.callers import Door, a_name, refused

WRONG = "Invalid verification code provided, please try again."
OVER = "Invalid code provided, please request a code again."
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:f"
TOO_OFTEN = "Attempt limit exceeded, please try after some time."


class TestHiddenUsers:
    @pytest.fixture
    def door(self, cognito):
        return Door(cognito, client={"PreventUserExistenceErrors": "ENABLED"})

    def test_the_invented_place_stays_the_same(self, door):
        name = a_name()

        first, second = door.resend(name), door.resend(name)

        assert first == second
        assert first["CodeDeliveryDetails"]["DeliveryMedium"] == "EMAIL"

    def test_two_names_have_different_places(self, door):
        places = {door.resend(a_name())["CodeDeliveryDetails"]["Destination"] for _ in range(12)}

        assert len(places) > 1

    def test_nothing_is_sent(self, door, outbox):
        name = a_name()
        door.resend(name)

        assert outbox.lines(name) == []

    def test_nobody_is_told_by_the_code(self, door):
        name = a_name()
        with refused("ExpiredCodeException", OVER):
            door.confirm(name, "123456")

        door.resend(name)

        with refused("CodeMismatchException", WRONG):
            door.confirm(name, "123456")

    def test_nobody_runs_into_the_same_limits(self, door):
        name = a_name()
        for _ in range(5):
            door.resend(name)

        with refused("LimitExceededException", TOO_OFTEN):
            door.resend(name)
        for _ in range(15):
            with refused("CodeMismatchException"):
                door.confirm(name, "123456")
        with refused("LimitExceededException", TOO_OFTEN):
            door.confirm(name, "123456")

    def test_a_disabled_user_cannot_confirm_with_the_right_code(self, door, outbox):
        name = a_name()
        door.sign_up(name)
        door.admin("AdminDisableUser", name)

        with refused("CodeMismatchException", WRONG):
            door.confirm(name, outbox.code(name))

    def test_somebody_and_nobody_cost_the_same_trips(self, door, outbox):
        somebody, nobody = a_name(), a_name()
        door.sign_up(somebody)
        door.resend(nobody)
        calls = []
        for name in (somebody, nobody):
            with store.counted() as trips:
                door.resend(name)
                with refused("CodeMismatchException"):
                    door.confirm(name, "wrong")
            calls.append(trips.calls)

        assert calls[0] == calls[1]

    def test_a_stand_in_never_becomes_a_user(self, door):
        name = a_name()
        door.resend(name)

        with refused("UserNotFoundException"):
            door.read(name)

    def test_the_sub_of_a_user_is_a_name_of_nobody_and_spends_nothing_of_theirs(self, door, outbox):
        name = a_name()
        sub = door.sign_up(name)["UserSub"]
        for _ in range(5):
            door.resend(sub)

        assert len(outbox.lines(name)) == 1
        door.resend(name)
        door.confirm(name, outbox.code(name))

    @pytest.mark.parametrize(
        ("settings", "code"),
        [
            ({"VerificationMessageTemplate": {"DefaultEmailOption": "CONFIRM_WITH_LINK"}}, "InvalidParameterException"),
            ({"LambdaConfig": {"CustomMessage": FUNCTION}}, "NotImplementedException"),
        ],
    )
    def test_what_the_pool_cannot_send_it_can_send_to_nobody(self, door, settings, code):
        """The attack: names are tried in a pool that refuses only where there is somebody to write to."""
        name = a_name()
        door.sign_up(name)
        door.cognito.call("UpdateUserPool", UserPoolId=door.pool, AutoVerifiedAttributes=["email"], **settings)
        pools.forget_pool(door.pool)

        for asked in (name, a_name()):
            with refused(code):
                door.resend(asked)

    def test_a_delivery_that_fails_is_not_told(self, door, monkeypatch):
        name = a_name()
        door.sign_up(name)

        def undeliverable(letter):
            raise DeliveryFailed("no server")

        monkeypatch.setattr(mail, "send", undeliverable)

        assert door.resend(name)["CodeDeliveryDetails"]["Destination"] == "t***@e***"
        assert door.resend(a_name()).keys() == {"CodeDeliveryDetails"}
