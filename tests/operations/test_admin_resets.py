"""Passwords that an administrator wants replaced: who is asked, where the code goes, what works until then."""

import pytest

from tests.application import PASSWORD
from tests.bearer import BY_SMS_TOO, PROOF_FIRST, Bearer
from tests.callers import Desk, a_name, attribute, refused

NEW = "Fresh-Horse-11"
NO_ADDRESS = "Cannot reset password for the user as there is no registered/verified email or phone_number"
WRONG_STATE = "User password cannot be reset in the current state."
REQUIRED = "Password reset required for the user"


def recovering(*mechanisms):
    ordered = [{"Name": name, "Priority": place} for place, name in enumerate(mechanisms, 1)]
    return {"AccountRecoverySetting": {"RecoveryMechanisms": ordered}}


@pytest.fixture(scope="module")
def shared(application):
    from tests.application import Cognito

    return Desk(Cognito(*application))


@pytest.fixture
def desk(shared):
    desk = Desk.__new__(Desk)
    desk.cognito, desk.pool, desk.client = shared.cognito, shared.pool, shared.client
    desk.name = shared.cognito.user(shared.pool, email="alice@example.com", email_verified="true")
    return desk


def status(desk):
    return desk.admin("AdminGetUser")["UserStatus"]


def put(desk, **values):
    listed = [attribute(name, value) for name, value in values.items()]
    desk.admin("AdminUpdateUserAttributes", UserAttributes=listed)


class TestAdminResetUserPassword:
    def test_a_code_comes_and_nothing_but_a_new_password_opens(self, desk, outbox):
        assert desk.admin("AdminResetUserPassword") == {}

        assert status(desk) == "RESET_REQUIRED"
        assert outbox.lines(desk.name)[-1]["to"] == "alice@example.com"
        with refused("PasswordResetRequiredException", REQUIRED):
            desk.tokens(PASSWORD)
        assert desk.confirm(outbox.code(desk.name)) == {}

        assert status(desk) == "CONFIRMED"
        desk.tokens(NEW)
        with refused("NotAuthorizedException"):
            desk.tokens(PASSWORD)

    def test_srp_is_refused_as_well(self, desk):
        from tests.entrance import Entrance, fault

        desk.admin("AdminResetUserPassword")
        entrance = Entrance.at(desk.cognito, desk.pool)
        entrance.name = desk.name

        assert fault(entrance.by_srp).code == "PasswordResetRequiredException"

    def test_sessions_outlive_it_as_they_do_in_the_service(self, desk):
        tokens = desk.tokens()

        desk.admin("AdminResetUserPassword")

        desk.cognito.call("GetUser", AccessToken=tokens["AccessToken"])
        given = {"AuthFlow": "REFRESH_TOKEN_AUTH", "AuthParameters": {"REFRESH_TOKEN": tokens["RefreshToken"]}}
        assert desk.cognito.call("InitiateAuth", ClientId=desk.client, **given)["AuthenticationResult"]

    def test_who_is_in_already_cannot_move_the_address_to_which_codes_go(self, cognito, outbox):
        """The attack: the account was taken over, and the thief has a session still and another address waiting."""
        bearer = Bearer(cognito, **PROOF_FIRST)
        bearer.update(email="thief@example.com")
        proof = outbox.code(bearer.name)
        bearer.admin("AdminResetUserPassword")
        reset = outbox.code(bearer.name)

        for attempt in (
            lambda: bearer.update(email="thief@example.com"),
            lambda: bearer.delete("nickname"),
            bearer.ask,
            lambda: bearer.verify(proof),
            lambda: bearer.call("ChangePassword", PreviousPassword=PASSWORD, ProposedPassword=NEW),
            lambda: bearer.call("SetUserSettings", MFAOptions=[]),
        ):
            with refused("PasswordResetRequiredException", REQUIRED):
                attempt()

        assert bearer.me()["email"] == bearer.address
        given = {"Username": bearer.name, "ConfirmationCode": reset, "Password": NEW}
        cognito.call("ConfirmForgotPassword", ClientId=bearer.client, **given)
        bearer.update(nickname="A")

    def test_nor_while_a_temporary_password_stands(self, cognito, outbox):
        """The attack: the invitation that is sent again goes to the thief."""
        bearer = Bearer(cognito)
        bearer.admin("AdminSetUserPassword", Password="Temporary-1", Permanent=False)

        with refused("PasswordResetRequiredException", REQUIRED):
            bearer.update(email="thief@example.com")

        bearer.admin("AdminCreateUser", MessageAction="RESEND")
        assert outbox.lines(bearer.name)[-1]["to"] == bearer.address

    def test_it_may_be_repeated_and_the_last_code_counts(self, desk, outbox):
        desk.admin("AdminResetUserPassword")
        old = outbox.code(desk.name)
        desk.admin("AdminResetUserPassword")

        if old != outbox.code(desk.name):
            with refused("CodeMismatchException"):
                desk.confirm(old)
        desk.confirm(outbox.code(desk.name))

    def test_the_user_may_ask_for_another_code(self, desk, outbox):
        desk.admin("AdminResetUserPassword")
        desk.forgot()

        desk.confirm(outbox.code(desk.name))

        desk.tokens(NEW)

    def test_an_administrator_may_set_a_password_instead(self, desk, outbox):
        desk.admin("AdminResetUserPassword")
        code = outbox.code(desk.name)
        desk.admin("AdminSetUserPassword", Password=NEW, Permanent=True)

        desk.tokens(NEW)
        with refused("ExpiredCodeException"):
            desk.confirm(code, "Later-Horse-12")

    def test_without_a_proved_address_nothing_changes(self, desk):
        put(desk, email_verified="false")

        with refused("InvalidParameterException", NO_ADDRESS):
            desk.admin("AdminResetUserPassword")

        desk.tokens()

    def test_where_only_administrators_recover_they_set_passwords_themselves(self, cognito):
        desk = Desk(cognito, **recovering("admin_only"))

        with refused("InvalidParameterException", NO_ADDRESS):
            desk.admin("AdminResetUserPassword")

        assert status(desk) == "CONFIRMED"

    def test_the_code_goes_where_that_of_a_forgotten_password_goes(self, cognito, outbox):
        desk = Desk(cognito, **BY_SMS_TOO, **recovering("verified_phone_number", "verified_email"))
        put(desk, phone_number="+15550100", phone_number_verified="true")
        desk.admin("AdminResetUserPassword")
        assert outbox.lines(desk.name)[-1]["to"] == "+15550100"

        desk.admin("AdminSetUserSettings", MFAOptions=[{"DeliveryMedium": "SMS", "AttributeName": "phone_number"}])
        desk.admin("AdminResetUserPassword")

        assert outbox.lines(desk.name)[-1]["to"] == "alice@example.com"

    def test_a_temporary_password_is_not_reset(self, desk):
        desk.admin("AdminSetUserPassword", Password=NEW, Permanent=False)

        with refused("NotAuthorizedException", WRONG_STATE):
            desk.admin("AdminResetUserPassword")

    def test_an_unconfirmed_user_is_not_reset(self, desk):
        given = {"Password": PASSWORD, "UserAttributes": [attribute("email", "alice@example.com")]}
        desk.name = a_name()
        desk.cognito.call("SignUp", ClientId=desk.client, Username=desk.name, **given)

        with refused("NotAuthorizedException", WRONG_STATE):
            desk.admin("AdminResetUserPassword")

    def test_a_disabled_user_is_not_reset(self, desk):
        desk.admin("AdminDisableUser")

        with refused("NotAuthorizedException", "User is disabled."):
            desk.admin("AdminResetUserPassword")

    def test_nobody_is_not_found(self, desk):
        with refused("UserNotFoundException", "User does not exist."):
            desk.admin("AdminResetUserPassword", Username=a_name())

    def test_the_reset_stands_when_the_code_cannot_be_delivered(self, desk, outbox, monkeypatch):
        from chalicelib.flows import messages
        from chalicelib.outside.outbox import DeliveryFailed

        def fail(_mail):
            raise DeliveryFailed("it was injected")

        with monkeypatch.context() as patch:
            patch.setattr(messages.mail, "send", fail)
            assert desk.admin("AdminResetUserPassword") == {}

        assert status(desk) == "RESET_REQUIRED"
        desk.forgot()
        desk.confirm(outbox.code(desk.name))
