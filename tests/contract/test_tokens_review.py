"""Attacks on sessions and on tokens that come of other tokens."""

import time

import pytest

from chalicelib.rules import bearer
from chalicelib.table import keys, sessions, store
from chalicelib.table.items import Session
from tests import engines, moving
from tests.application import HOST, PASSWORD, Cognito
from tests.callers import refused
from tests.clock import later
from tests.entrance import ROTATING, Entrance, claims
from tests.hall import CHOOSING, EMAIL, TOTP, Hall, factors
from tests.operations.test_machine_tokens import Machine, serve
from tests.operations.test_rotation import bind
from tests.operations.test_session_configuration import put
from tests.operations.test_token_exchange import Service, scoped
from tests.token_app import App

DEVICE = "us-east-1_aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
LEVEL = "urn:cognito:loa:4"
INVALID = "Invalid Refresh Token"


@pytest.fixture(scope="module")
def serving(application):
    found = Entrance(Cognito(*application))
    serve(found, "read", "write")
    return found


@pytest.fixture(scope="module")
def service(serving):
    return Service(serving)


@pytest.fixture(scope="module")
def hall(application):
    found = Hall(Cognito(*application), CHOOSING, **factors("PASSWORD"))
    found.ask("OPTIONAL", TOTP, EMAIL)
    return found


@pytest.fixture(scope="module")
def rotating(application):
    return Entrance(Cognito(*application), ROTATING)


@pytest.fixture(scope="module")
def other():
    with engines.running("dynoxide") as engine:
        yield engine


def off(entrance, most):
    """Stop tracking the sessions of a pool."""
    limit = {"MaxPerUser": most}
    given = {"UserSessionTracking": "DISABLED", "TokenSession": limit}
    entrance.cognito.call("SetUserPoolSessionConfiguration", UserPoolId=entrance.pool, **given)


class TestBoundTokens:
    @pytest.fixture
    def bound(self, serving, service):
        """A token that `billing` was given, which is good nowhere else."""
        return service.exchange(scoped(serving, "orders/read"), Audiences=["billing"])["IssuedToken"]

    def test_who_received_one_cannot_exchange_it_for_one_that_is_good_everywhere(self, serving, service, bound):
        said = service.told(bound)

        assert said["aud"] == "billing"
        issuer = f"http://{HOST}/{serving.pool}"
        with pytest.raises(bearer.Unauthorized):
            bearer.check(said, bearer.Requirement([issuer], scopes=["orders/read"]), time.time())

    def test_who_received_one_gets_no_id_token_of_the_user_for_itself(self, service, bound):
        assert service.told(bound, RequestedTokenType="ID_TOKEN")["aud"] == "billing"

    def test_a_further_service_may_be_named(self, service, bound):
        assert service.told(bound, Audiences=["ledger"])["aud"] == "ledger"

    def test_an_id_token_binds_nothing(self, serving, service):
        assert "aud" not in service.told(serving.tokens()["IdToken"], "ID_TOKEN")


class TestTokensOfServices:
    def test_are_no_credit_for_a_step_up_even_if_they_do_not_tell_who_acts(self, hall):
        own = hall.tokens()["AccessToken"]
        app = App(hall.cognito.call("AssociateSoftwareToken", AccessToken=own)["SecretCode"])
        hall.cognito.call("VerifySoftwareToken", AccessToken=own, UserCode=app.code())
        api = "aws.cognito.signin.user.admin"
        theirs = Service(hall, AllowedOAuthScopes=[api]).exchange(own)["IssuedToken"]

        with refused("NotAuthorizedException", "Invalid Access Token"):
            hall.choose_by(TARGET_ACR_VALUES=LEVEL, ACCESS_TOKEN=theirs)

        assert hall.choose_by(TARGET_ACR_VALUES=LEVEL, ACCESS_TOKEN=own)["ChallengeName"] == TOTP


class TestNamesOfLevels:
    def test_that_move_to_a_higher_level_do_not_take_old_sessions_along(self, cognito):
        hall = Hall(cognito, CHOOSING, AcrConfiguration={"Level1": {"AcrValue": "gold"}}, **factors("PASSWORD"))
        answer = hall.choose_by(TARGET_ACR_VALUES="gold", PREFERRED_CHALLENGE="PASSWORD", PASSWORD=PASSWORD)
        moved = {"Level1": {"AcrValue": "bronze"}, "Level4": {"AcrValue": "gold"}}
        cognito.call("UpdateUserPool", UserPoolId=hall.pool, AcrConfiguration=moved)

        renewed = hall.refresh(answer["AuthenticationResult"]["RefreshToken"])

        for kind in ("AccessToken", "IdToken"):
            assert claims(renewed[kind])["acr"] == "bronze"


class TestRotation:
    def test_asks_for_a_device_that_was_confirmed_in_the_same_moment(self, rotating, monkeypatch):
        tokens, real = rotating.tokens(), store.save
        session = rotating.session_of(tokens)

        def save_late(item, name="item"):
            monkeypatch.undo()
            confirmed = {"device_key": DEVICE, "is_device_bound": True}
            store.change(keys.Key(session.pk, session.sk), Session, set=confirmed)
            real(item, name)

        monkeypatch.setattr(store, "save", save_late)

        with refused("NotAuthorizedException", INVALID):
            rotating.renew(tokens["RefreshToken"])
        assert rotating.renew(tokens["RefreshToken"], DeviceKey=DEVICE)["RefreshToken"]

    def test_counts_as_use_of_a_session_that_was_not_tracked_meanwhile(self, application):
        entrance = Entrance(Cognito(*application), ROTATING)
        put(entrance.cognito, entrance.pool, most=2)
        first = entrance.tokens()
        off(entrance, 2)
        with later(100):
            second = entrance.tokens()
        with later(200):
            first = entrance.renew(first["RefreshToken"])
        put(entrance.cognito, entrance.pool, most=2)

        with later(300):
            entrance.tokens()

        assert entrance.me(first["AccessToken"])["Username"] == entrance.name
        with refused("NotAuthorizedException", "Access Token has been revoked"):
            entrance.me(second["AccessToken"])


class TestEndedSessions:
    def test_are_not_kept_for_weeks_where_they_would_hide_the_living(self, application):
        entrance = Entrance(Cognito(*application))
        tokens = entrance.tokens()
        entrance.revoke(tokens["RefreshToken"])

        session = entrance.session_of(tokens)

        assert session.revoked_at is not None
        assert session.expires <= time.time() + sessions.KEPT + 1
        with later(3590), refused("NotAuthorizedException", "Access Token has been revoked"):
            entrance.me(tokens["AccessToken"])

    def test_of_a_stolen_chain_are_not_kept_longer(self, application):
        entrance = Entrance(Cognito(*application), ROTATING)
        first = entrance.tokens()
        entrance.renew(first["RefreshToken"])

        with later(11), refused("RefreshTokenReuseException"):
            entrance.renew(first["RefreshToken"])

        assert entrance.session_of(first).expires <= time.time() + sessions.KEPT + 12


class TestMachines:
    def test_have_no_way_into_any_operation_of_a_user(self, application):
        entrance = Entrance(Cognito(*application))
        serve(entrance, "read", "write")
        token = Machine(entrance).tokens()["AccessToken"]

        for operation, given in {
            "GetUser": {}, "GlobalSignOut": {}, "ListUserSessions": {}, "DeleteUser": {}, "ListDevices": {},
            "RevokeUserSession": {"SessionId": "tkn" + "a" * 25}, "AssociateSoftwareToken": {},
        }.items():  # fmt: skip
            with refused("NotAuthorizedException", "Invalid Access Token"):
                entrance.cognito.call(operation, AccessToken=token, **given)


class TestARestoredPool:
    def test_keeps_devices_bound_levels_proved_and_ends_as_they_were(self, application, other):
        hall = Hall(Cognito(*application), CHOOSING, **factors("PASSWORD"))
        asked = {"TARGET_ACR_VALUES": "urn:cognito:loa:1", "PREFERRED_CHALLENGE": "PASSWORD", "PASSWORD": PASSWORD}
        bound, ended = hall.choose_by(**asked)["AuthenticationResult"], hall.tokens()
        bind(hall, bound, DEVICE)
        hall.revoke(ended["RefreshToken"])
        file = moving.exported(hall.pool)

        with moving.used(other) as cognito:
            moving.restored(file)
            hall.cognito = cognito
            with refused("NotAuthorizedException", INVALID):
                hall.refresh(bound["RefreshToken"])
            with refused("NotAuthorizedException", "Refresh Token has been revoked"):
                hall.refresh(ended["RefreshToken"])
            said = claims(hall.refresh(bound["RefreshToken"], DEVICE_KEY=DEVICE)["AccessToken"])
        assert (said["acr"], said["amr"], said["device_key"]) == ("urn:cognito:loa:1", ["pwd"], DEVICE)
