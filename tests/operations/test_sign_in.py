"""Signing in with a password, as a client and as an administrator: facts 52 to 62, 68, 69 and 119 to 131."""

import pytest

from chalicelib.flows import passwords
from tests.application import PASSWORD, Cognito, Fault
from tests.callers import attribute, refused
from tests.entrance import HIDING, WRONG, Entrance, claims, secret_hash

MINUTE = 60


@pytest.fixture(scope="module")
def shared(application):
    return Entrance(Cognito(*application))


@pytest.fixture
def entrance(shared):
    return shared.another()


@pytest.fixture
def with_secret(shared):
    entrance, cognito = shared.another(), shared.cognito
    entrance.client = cognito.client(shared.pool, GenerateSecret=True)
    described = cognito.call("DescribeUserPoolClient", UserPoolId=entrance.pool, ClientId=entrance.client)
    entrance.secret = described["UserPoolClient"]["ClientSecret"]
    return entrance


class TestInitiateAuth:
    def test_a_right_password_gives_three_tokens(self, entrance):
        answer = entrance.by_password()

        assert answer["ChallengeParameters"] == {}
        assert answer["AuthenticationResult"].keys() == {
            "AccessToken", "IdToken", "RefreshToken", "ExpiresIn", "TokenType",
        }  # fmt: skip
        assert answer["AuthenticationResult"]["TokenType"] == "Bearer"
        assert answer["AuthenticationResult"]["ExpiresIn"] == 3600

    def test_a_wrong_password_is_refused(self, entrance):
        with refused("NotAuthorizedException", WRONG):
            entrance.by_password("Correct-Horse-8")

    def test_an_unknown_user_is_told_so_unless_users_are_hidden(self, entrance, cognito):
        with refused("UserNotFoundException", "User does not exist."):
            entrance.by_password(name="nobody")
        with refused("NotAuthorizedException", WRONG):
            entrance.client = cognito.client(entrance.pool, **HIDING)
            entrance.by_password(name="nobody")

    def test_an_unknown_client_is_refused(self, entrance):
        entrance.client = "unknown"

        with refused("ResourceNotFoundException", "User pool client unknown does not exist."):
            entrance.by_password()

    @pytest.mark.parametrize(
        ("flow", "given", "missing"),
        [
            ("USER_PASSWORD_AUTH", {"PASSWORD": PASSWORD}, "USERNAME"),
            ("USER_PASSWORD_AUTH", {"USERNAME": "nobody"}, "PASSWORD"),
            ("USER_PASSWORD_AUTH", {"USERNAME": "nobody", "PASSWORD": ""}, "PASSWORD"),
            ("USER_SRP_AUTH", {"SRP_A": "abc"}, "USERNAME"),
            ("USER_SRP_AUTH", {"USERNAME": "nobody"}, "SRP_A"),
            ("REFRESH_TOKEN_AUTH", {}, "REFRESH_TOKEN"),
        ],
    )
    def test_a_parameter_that_is_missing_is_named(self, entrance, flow, given, missing):
        with refused("InvalidParameterException", f"Missing required parameter {missing}"):
            entrance.initiate(flow, **given)

    def test_parameters_that_are_all_missing_are_refused(self, entrance):
        with refused("InvalidParameterException", "Missing required parameter USERNAME"):
            entrance.cognito.call("InitiateAuth", ClientId=entrance.client, AuthFlow="USER_PASSWORD_AUTH")

    @pytest.mark.parametrize(
        ("flow", "sentence"),
        [
            ("USER_PASSWORD_AUTH", "USER_PASSWORD_AUTH flow not enabled for this client"),
            ("USER_SRP_AUTH", "USER_SRP_AUTH is not enabled for the client."),
            ("CUSTOM_AUTH", "CUSTOM_AUTH is not enabled for the client."),
            ("USER_AUTH", "USER_AUTH is not enabled for the client."),
            ("REFRESH_TOKEN", "Auth flow not enabled for this client"),
            ("REFRESH_TOKEN_AUTH", "Auth flow not enabled for this client"),
            ("ADMIN_USER_PASSWORD_AUTH", "Initiate Auth method not supported"),
            ("ADMIN_NO_SRP_AUTH", "Initiate Auth method not supported"),
        ],
    )
    def test_a_flow_that_the_client_does_not_allow_is_refused(self, entrance, flow, sentence):
        entrance.client = entrance.cognito.client(entrance.pool, ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH"])

        with refused("InvalidParameterException", sentence):
            entrance.initiate(flow, USERNAME=entrance.name, PASSWORD=PASSWORD)

    def test_challenges_of_the_pools_own_need_its_functions(self, cognito):
        entrance = Entrance(cognito, client={"ExplicitAuthFlows": ["ALLOW_CUSTOM_AUTH"]})
        sentence = "Custom auth lambda trigger is not configured for the user pool."

        with refused("InvalidParameterException", sentence):
            entrance.initiate("CUSTOM_AUTH", USERNAME=entrance.name)

    def test_an_unconfirmed_user_is_told_so_before_the_password_is_looked_at(self, entrance):
        entrance.cognito.call("SignUp", ClientId=entrance.client, Username="una", Password=PASSWORD)

        with refused("UserNotConfirmedException", "User is not confirmed."):
            entrance.by_password("wrong", "una")
        assert entrance.failures("una") == 0

    def test_a_disabled_user_is_told_so_after_the_right_password_only(self, entrance):
        entrance.admin("AdminDisableUser")

        with refused("NotAuthorizedException", "User is disabled."):
            entrance.by_password()
        with refused("NotAuthorizedException", WRONG):
            entrance.by_password("wrong")

    def test_names_without_regard_to_case_find_the_user(self, cognito):
        entrance = Entrance(cognito, UsernameConfiguration={"CaseSensitive": False})

        assert claims(entrance.tokens(name=entrance.name.upper())["AccessToken"])["username"] == entrance.name

    def test_an_alias_finds_the_user(self, cognito):
        entrance = Entrance(cognito, AliasAttributes=["email"])
        name = cognito.user(entrance.pool, email="tess@example.com", email_verified="true")

        assert claims(entrance.tokens(name="tess@example.com")["AccessToken"])["username"] == name

    def test_a_user_without_a_password_is_refused_like_a_wrong_one(self, cognito):
        policy = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}}
        entrance = Entrance(cognito, Policies=policy)
        given = [attribute("email", "una@example.com")]
        entrance.admin("AdminCreateUser", "una", UserAttributes=given, MessageAction="SUPPRESS")

        with refused("NotAuthorizedException", WRONG):
            entrance.by_password(name="una")

    def test_a_second_factor_that_nobody_has_keeps_the_door_shut(self, cognito):
        entrance = Entrance(cognito)
        entrance.cognito.call(
            "SetUserPoolMfaConfig",
            UserPoolId=entrance.pool,
            SoftwareTokenMfaConfiguration={"Enabled": True},
            MfaConfiguration="ON",
        )

        for answer in (entrance.by_password(), entrance.by_srp()):
            assert answer["ChallengeName"] == "MFA_SETUP"
            assert "AuthenticationResult" not in answer

    @pytest.mark.parametrize("name", ["x" * 2049, "é" * 2049])
    def test_a_name_longer_than_any_is_refused_unread(self, entrance, name):
        """The attack: a name of megabytes, folded, hashed and echoed."""
        srp, parameters = entrance.challenged()
        responses = srp.answer(parameters, PASSWORD) | {"USERNAME": name}
        attempts = (
            lambda: entrance.by_password(name=name),
            lambda: entrance.challenged(name),
            lambda: entrance.verified(responses),
        )

        for attempt in attempts:
            with refused("InvalidParameterException", "USERNAME must have length less than or equal to 2048"):
                attempt()

    @pytest.mark.parametrize("password", [PASSWORD, "wrong"])
    def test_tokens_that_cannot_be_made_tell_nothing_of_the_password(self, cognito, password):
        function = "arn:aws:lambda:us-east-1:000000000000:function:claims"
        entrance = Entrance(cognito, LambdaConfig={"PreTokenGeneration": function})

        with refused("NotImplementedException"):
            entrance.by_password(password)

    def test_a_second_factor_that_is_missing_does_not_tell_the_password_to_a_burst_of_guesses(
        self, cognito, monkeypatch
    ):
        """The attack: guesses sent at once, of which the right one stands out although the user is locked."""
        entrance = Entrance(cognito)
        factor = {"MfaConfiguration": "ON", "SoftwareTokenMfaConfiguration": {"Enabled": True}}
        cognito.call("SetUserPoolMfaConfig", UserPoolId=entrance.pool, **factor)
        entrance.wrongly(1)
        real = passwords.is_right

        def after_wrong_guesses(*given):
            monkeypatch.setattr(passwords, "is_right", real)
            entrance.wrongly(5)
            return real(*given)

        monkeypatch.setattr(passwords, "is_right", after_wrong_guesses)

        with refused("NotAuthorizedException", "Password attempts exceeded"):
            entrance.by_password()

    @pytest.mark.parametrize(
        "trigger", ["PreAuthentication", "PostAuthentication", "UserMigration", "PreTokenGeneration"]
    )
    def test_a_trigger_that_cannot_be_called_keeps_the_door_shut(self, cognito, trigger):
        function = "arn:aws:lambda:us-east-1:000000000000:function:gate"
        entrance = Entrance(cognito, LambdaConfig={trigger: function})

        with refused("NotImplementedException"):
            entrance.by_password()
        with refused("NotImplementedException"):
            entrance.by_srp()

    @pytest.mark.parametrize("client", [{}, HIDING])
    def test_no_name_is_too_odd_to_be_refused(self, entrance, client):
        entrance.client = entrance.cognito.client(entrance.pool, **client)
        odd = [" ", "#", ".", "\x00", "\ud800", "a" * 5000, "U#" + "é" * 3000, "../x", "💥", "🂡" * 90]

        for name in odd:
            for attempt in (entrance.by_password, entrance.by_srp):
                with pytest.raises(Fault) as caught:
                    attempt("wrong", name)
                assert caught.value.status == 400


class TestClientSecret:
    def test_a_right_hash_over_the_name_that_was_given_signs_in(self, with_secret):
        right = secret_hash(with_secret.secret, with_secret.name, with_secret.client)

        assert "AuthenticationResult" in with_secret.by_password(SECRET_HASH=right)

    def test_a_hash_left_out_is_missed(self, with_secret):
        sentence = f"Client {with_secret.client} is configured with secret but SECRET_HASH was not received"

        for attempt in (with_secret.by_password, with_secret.challenged):
            with refused("NotAuthorizedException", sentence):
                attempt()

    def test_a_wrong_hash_is_refused(self, with_secret):
        wrong = secret_hash("another", with_secret.name, with_secret.client)

        with refused("NotAuthorizedException", f"Unable to verify secret hash for client {with_secret.client}"):
            with_secret.by_password(SECRET_HASH=wrong)

    def test_a_hash_for_a_client_without_secret_is_refused(self, entrance):
        with refused("NotAuthorizedException", f"Unable to verify secret hash for client {entrance.client}"):
            entrance.by_password(SECRET_HASH=secret_hash("any", entrance.name, entrance.client))

    def test_srp_takes_a_hash_over_the_told_or_the_typed_name(self, cognito, with_secret):
        typed = secret_hash(with_secret.secret, with_secret.name, with_secret.client)
        client, parameters = with_secret.challenged(SECRET_HASH=typed)
        responses = client.answer(parameters, PASSWORD)
        told = secret_hash(with_secret.secret, parameters["USERNAME"], with_secret.client)

        with refused("NotAuthorizedException"):
            with_secret.verified(responses)
        assert "AuthenticationResult" in with_secret.verified(responses | {"SECRET_HASH": told})

    def test_a_refresh_is_proved_over_the_stored_name_or_the_sub(self, with_secret):
        hashed = secret_hash(with_secret.secret, with_secret.name, with_secret.client)
        tokens = with_secret.by_password(SECRET_HASH=hashed)["AuthenticationResult"]
        sub = claims(tokens["AccessToken"])["sub"]

        assert with_secret.refresh(tokens["RefreshToken"], SECRET_HASH=hashed)
        by_sub = secret_hash(with_secret.secret, sub, with_secret.client)
        assert with_secret.refresh(tokens["RefreshToken"], SECRET_HASH=by_sub)
        other = secret_hash(with_secret.secret, "other", with_secret.client)
        with refused("NotAuthorizedException", f"Unable to verify secret hash for client {with_secret.client}"):
            with_secret.refresh(tokens["RefreshToken"], SECRET_HASH=other)
        with refused("NotAuthorizedException"):
            with_secret.refresh(tokens["RefreshToken"])


class TestAdminInitiateAuth:
    def begin(self, entrance, flow="ADMIN_USER_PASSWORD_AUTH", password=PASSWORD, **more):
        parameters = {"USERNAME": entrance.name, "PASSWORD": password, **more}
        given = {"UserPoolId": entrance.pool, "ClientId": entrance.client, "AuthParameters": parameters}
        return entrance.cognito.call("AdminInitiateAuth", AuthFlow=flow, **given)

    @pytest.mark.parametrize("flow", ["ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH"])
    def test_a_right_password_gives_tokens(self, entrance, flow):
        assert "RefreshToken" in self.begin(entrance, flow)["AuthenticationResult"]

    def test_a_client_that_does_not_allow_it_is_refused(self, cognito):
        entrance = Entrance(cognito, client={"ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH"]})

        with refused("InvalidParameterException", "Auth flow not enabled for this client"):
            self.begin(entrance)

    def test_the_flow_of_clients_is_not_for_administrators(self, entrance):
        with refused("InvalidParameterException", "Initiate Auth method not supported"):
            self.begin(entrance, "USER_PASSWORD_AUTH")

    def test_a_client_of_another_pool_is_unknown(self, entrance, cognito):
        entrance.pool = cognito.pool()

        with refused("ResourceNotFoundException", f"User pool client {entrance.client} does not exist."):
            self.begin(entrance)

    def test_a_wrong_password_counts_like_any(self, entrance):
        with refused("NotAuthorizedException", WRONG):
            self.begin(entrance, password="wrong")

        assert entrance.failures() == 1

    def test_a_refresh_works_for_administrators_too(self, entrance):
        token = entrance.tokens()["RefreshToken"]

        assert "AccessToken" in self.begin(entrance, "REFRESH_TOKEN_AUTH", REFRESH_TOKEN=token)["AuthenticationResult"]
