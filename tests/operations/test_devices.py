"""The nine operations of devices: fact 143 and what the reference says of a device's life."""

import base64
import uuid

import pytest

from chalicelib.flows import vault
from chalicelib.rules import srp
from chalicelib.table import devices, keys, store
from chalicelib.table.factors import Device
from tests.application import Cognito
from tests.callers import refused
from tests.contest import BUSY, codes, insisted
from tests.device_client import DeviceClient, Owner
from tests.entrance import Entrance, at_once, claims

TRACKING = {"DeviceConfiguration": {"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": False}}
ASKING = {"DeviceConfiguration": {"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": True}}
GONE = "Device does not exist."
STATUS = "dev:device_remembered_status"
OF_BEARER = ["GetDevice", "ListDevices", "UpdateDeviceStatus", "ForgetDevice"]
ABOUT_ONE = ["GetDevice", "UpdateDeviceStatus", "ForgetDevice"]


@pytest.fixture(scope="module")
def shared(application):
    return Entrance(Cognito(*application), **TRACKING)


@pytest.fixture(scope="module")
def untracked(application):
    return Entrance(Cognito(*application))


@pytest.fixture
def entrance(shared):
    return shared.another()


@pytest.fixture
def owner(entrance):
    """A user whose device is not confirmed."""
    return Owner(entrance)


@pytest.fixture
def asking(application):
    return Owner(Entrance(Cognito(*application), **ASKING))


def attributes(device):
    return {one["Name"]: one["Value"] for one in device["DeviceAttributes"]}


def one_more(owner):
    """Another confirmed device of the same user."""
    return Owner(owner.entrance).confirmed()


def stored(owner, number):
    """That many devices more, put where they belong."""
    made = owner.stored()
    for _ in range(number):
        key = f"us-east-1_{uuid.uuid4()}"
        place = {"pool": owner.entrance.pool, "sub": made.pk.rpartition("#")[2], "key": key}
        copied = {name: getattr(made, name) for name in ("group_key", "salt", "verifier", "created_at")}
        store.save(Device.new(place, key=key, modified_at=1, authenticated_at=1, **copied))


class TestNewDeviceMetadata:
    def test_a_sign_in_without_a_device_gets_keys_for_one(self, owner):
        metadata = owner.tokens["NewDeviceMetadata"]

        region, _, name = metadata["DeviceKey"].partition("_")
        assert region == "us-east-1"
        assert str(uuid.UUID(name)) == name
        assert len(metadata["DeviceGroupKey"]) == 9
        assert metadata["DeviceGroupKey"][0] == "-"

    def test_the_access_token_names_the_device(self, owner):
        assert claims(owner.tokens["AccessToken"])["device_key"] == owner.device.key
        assert "device_key" not in claims(owner.tokens["IdToken"])

    def test_each_sign_in_gets_other_keys(self, owner):
        again = owner.entrance.tokens()["NewDeviceMetadata"]

        assert again["DeviceKey"] != owner.device.key
        assert again["DeviceGroupKey"] != owner.device.group_key

    def test_a_pool_that_keeps_no_track_gives_none(self, cognito):
        assert "NewDeviceMetadata" not in Entrance(cognito).tokens()


class TestConfirmDevice:
    def test_a_device_is_remembered_at_once_where_nobody_has_to_say_so(self, owner):
        assert owner.confirm() == {"UserConfirmationNecessary": False}

        assert owner.stored().is_remembered is True

    def test_else_the_person_has_to_say_so(self, asking):
        assert asking.confirm() == {"UserConfirmationNecessary": True}

        assert asking.stored().is_remembered is False

    def test_what_is_kept_is_the_verifier_sealed_and_the_salt_in_its_shortest_form(self, owner):
        owner.device = DeviceClient(owner.tokens["NewDeviceMetadata"], salt="00f1e2")

        owner.confirm()

        kept = owner.stored()
        verifier = pow(2, int(owner.device.x, 16), srp.N)
        assert kept.salt == "f1e2"
        assert kept.group_key == owner.device.group_key
        assert vault.open_for(kept, kept.verifier) == srp.pad(verifier)
        assert srp.pad(verifier) not in kept.verifier

    def test_the_session_that_was_given_the_key_is_bound_to_it(self, owner):
        assert owner.entrance.session_of(owner.tokens).is_device_bound is None

        owner.confirm()

        session = owner.entrance.session_of(owner.tokens)
        assert session.is_device_bound is True
        assert session.device_key == owner.device.key

    def test_a_second_time_is_refused(self, owner):
        owner.confirm()
        before = owner.stored().verifier

        with refused("DeviceKeyExistsException"):
            owner.confirm(DeviceSecretVerifierConfig=DeviceClient(owner.tokens["NewDeviceMetadata"]).registration())
        assert owner.stored().verifier == before

    def test_of_many_at_once_one_counts(self, owner):
        outcomes = at_once(*[owner.confirm] * 4)

        assert codes(outcomes) <= {"DeviceKeyExistsException", BUSY}
        assert outcomes.count({"UserConfirmationNecessary": False}) == 1

    def test_a_key_of_ones_own_making_is_refused(self, owner):
        with refused("ResourceNotFoundException", GONE):
            owner.confirm(DeviceKey=f"us-east-1_{uuid.uuid4()}")

    def test_the_key_of_another_sign_in_is_refused(self, owner):
        other = Owner(owner.entrance)

        with refused("ResourceNotFoundException", GONE):
            owner.confirm(DeviceKey=other.device.key)

    def test_the_key_of_another_user_is_refused(self, owner, shared):
        other = Owner(shared.another())

        with refused("ResourceNotFoundException", GONE):
            owner.confirm(DeviceKey=other.device.key)

    def test_a_forgotten_device_cannot_come_back_with_another_secret(self, owner):
        owner.confirm()
        owner.admin("AdminForgetDevice")

        with refused("NotAuthorizedException", "Access Token has been revoked"):
            owner.confirm()

    @pytest.mark.parametrize("number", [0, 1, srp.N - 1, srp.N], ids=["0", "1", "N-1", "N"])
    def test_a_verifier_that_lets_anybody_in_is_refused(self, owner, number):
        config = owner.device.registration()
        config["PasswordVerifier"] = base64.b64encode(srp.pad(number)).decode()

        with refused("InvalidParameterException", "PasswordVerifier is not valid."):
            owner.confirm(DeviceSecretVerifierConfig=config)
        assert owner.stored() is None

    @pytest.mark.parametrize("config", [{}, {"Salt": "AA=="}, {"PasswordVerifier": "Aw=="}], ids=str)
    def test_a_missing_secret_is_refused(self, owner, config):
        with refused("InvalidParameterException"):
            owner.confirm(DeviceSecretVerifierConfig=config)
        with refused("InvalidParameterException"):
            owner.about("ConfirmDevice")

    def test_nobody_fills_the_table_with_devices(self, owner):
        owner.confirm()
        stored(owner, 98)
        one_more(owner)

        with refused("InvalidParameterException", "The user has too many devices; forget one first."):
            Owner(owner.entrance).confirm()

        owner.about("ForgetDevice")
        one_more(Owner(owner.entrance))

    def test_a_signed_out_bearer_confirms_nothing(self, owner):
        owner.entrance.revoke(owner.tokens["RefreshToken"])

        with refused("NotAuthorizedException", "Access Token has been revoked"):
            owner.confirm()

    def test_a_user_whose_password_is_to_be_replaced_confirms_nothing(self, owner):
        owner.entrance.admin("AdminSetUserPassword", Password="Temporary-Horse-1", Permanent=False)

        with refused("PasswordResetRequiredException"):
            owner.confirm()

    def test_a_deleted_user_leaves_no_device_behind(self, owner):
        sub = owner.entrance.account().user.sub
        owner.confirm()

        owner.entrance.admin("AdminDeleteUser")

        assert store.list(keys.key("User", pool=owner.entrance.pool, sub=sub).pk).items == []

    def test_while_a_user_is_being_deleted_no_device_comes(self, owner):
        sub = owner.entrance.account().user.sub

        _, deleted = at_once(owner.confirm, lambda: insisted(lambda: owner.entrance.admin("AdminDeleteUser")))

        assert deleted == {}
        assert store.list(*devices.part(owner.entrance.pool, sub)).items == []


class TestShowing:
    def test_a_device_is_shown_in_full(self, owner):
        owner.confirm(DeviceName="Tess's telephone")

        device = owner.about("GetDevice")["Device"]

        assert device["DeviceKey"] == owner.device.key
        assert attributes(device) == {
            "device_status": "valid",
            "device_name": "Tess's telephone",
            "last_ip_used": "192.0.2.1",
            STATUS: "remembered",
        }
        assert device["DeviceCreateDate"] == device["DeviceLastModifiedDate"] == device["DeviceLastAuthenticatedDate"]

    def test_without_its_secret(self, owner):
        owner.confirm()

        device = owner.about("GetDevice")["Device"]

        assert device.keys() == {
            "DeviceKey", "DeviceAttributes", "DeviceCreateDate", "DeviceLastModifiedDate", "DeviceLastAuthenticatedDate"
        }  # fmt: skip

    def test_administrators_see_the_same(self, owner):
        owner.confirm(DeviceName="telephone")

        assert owner.admin("AdminGetDevice") == owner.about("GetDevice")
        assert owner.entrance.admin("AdminListDevices") == owner.call("ListDevices")

    def test_a_device_without_a_name_has_none(self, owner):
        owner.confirm()

        assert "device_name" not in attributes(owner.about("GetDevice")["Device"])

    def test_what_was_not_confirmed_is_not_there(self, owner):
        for operation, call in (("GetDevice", owner.about), ("AdminGetDevice", owner.admin)):
            with refused("ResourceNotFoundException", GONE):
                call(operation)
        assert owner.call("ListDevices") == {"Devices": []}

    def test_lists_come_in_pages(self, owner):
        known = {owner.confirmed().device.key, *(one_more(owner).device.key for _ in range(4))}

        for list_page in (lambda **more: owner.call("ListDevices", **more),
                          lambda **more: owner.entrance.admin("AdminListDevices", **more)):  # fmt: skip
            seen, token = [], {}
            while True:
                page = list_page(Limit=2, **token)
                seen += [device["DeviceKey"] for device in page["Devices"]]
                if "PaginationToken" not in page:
                    break
                assert len(page["Devices"]) == 2
                token = {"PaginationToken": page["PaginationToken"]}
            assert len(seen) == 5
            assert set(seen) == known

    def test_a_token_of_another_users_list_is_refused(self, owner, shared):
        owner.confirm()
        one_more(owner)
        token = owner.call("ListDevices", Limit=1)["PaginationToken"]
        stranger = Owner(shared.another())

        with refused("InvalidParameterException", "Invalid pagination token"):
            stranger.call("ListDevices", PaginationToken=token)

    def test_a_bearer_sees_no_other_users_device(self, owner, shared):
        owner.confirm()
        stranger = Owner(shared.another())

        for operation in ABOUT_ONE:
            with refused("ResourceNotFoundException", GONE):
                stranger.call(operation, DeviceKey=owner.device.key)
        assert stranger.call("ListDevices") == {"Devices": []}
        assert owner.stored() is not None

    @pytest.mark.parametrize("operation", ["AdminGetDevice", "AdminListDevices"])
    def test_an_unknown_user_is_a_resource_that_is_not_there(self, owner, operation):
        given = {"DeviceKey": owner.device.key} if operation == "AdminGetDevice" else {}

        with refused("ResourceNotFoundException", "User does not exist."):
            owner.entrance.admin(operation, "nobody", **given)

    @pytest.mark.parametrize("operation", ["AdminForgetDevice", "AdminUpdateDeviceStatus"])
    def test_or_an_unknown_user_where_the_model_has_that(self, owner, operation):
        with refused("UserNotFoundException"):
            owner.entrance.admin(operation, "nobody", DeviceKey=owner.device.key)


class TestStatus:
    def test_a_person_remembers_a_device_and_does_not_any_more(self, asking):
        asking.confirm()
        before = asking.about("GetDevice")["Device"]

        assert asking.about("UpdateDeviceStatus", DeviceRememberedStatus="remembered") == {}
        after = asking.about("GetDevice")["Device"]
        assert (attributes(before)[STATUS], attributes(after)[STATUS]) == ("not_remembered", "remembered")
        assert after["DeviceLastModifiedDate"] > before["DeviceLastModifiedDate"]

        asking.about("UpdateDeviceStatus", DeviceRememberedStatus="not_remembered")
        assert asking.stored().is_remembered is False

    def test_so_does_an_administrator(self, owner):
        owner.confirm()

        assert owner.admin("AdminUpdateDeviceStatus", DeviceRememberedStatus="not_remembered") == {}
        assert owner.stored().is_remembered is False

        owner.admin("AdminUpdateDeviceStatus", DeviceRememberedStatus="remembered")
        assert owner.stored().is_remembered is True

    def test_without_a_status_nothing_changes(self, owner):
        owner.confirm()
        before = owner.about("GetDevice")

        assert owner.about("UpdateDeviceStatus") == owner.admin("AdminUpdateDeviceStatus") == {}
        assert owner.about("GetDevice") == before

    def test_what_is_not_there_cannot_be_remembered(self, owner):
        for call in (lambda: owner.about("UpdateDeviceStatus", DeviceRememberedStatus="remembered"),
                     lambda: owner.admin("AdminUpdateDeviceStatus", DeviceRememberedStatus="remembered")):  # fmt: skip
            with refused("ResourceNotFoundException", GONE):
                call()
        assert owner.stored() is None


class TestForgetting:
    def test_a_device_goes_with_the_sessions_that_were_begun_with_it(self, owner):
        owner.confirm()
        elsewhere = Owner(owner.entrance)

        assert owner.about("ForgetDevice") == {}

        assert owner.stored() is None
        with refused("NotAuthorizedException", "Access Token has been revoked"):
            owner.call("GetUser")
        with refused("NotAuthorizedException"):
            owner.entrance.refresh(owner.tokens["RefreshToken"], DEVICE_KEY=owner.device.key)
        assert elsewhere.call("GetUser")["Username"] == owner.name

    def test_administrators_forget_it_likewise(self, owner):
        owner.confirm()

        assert owner.admin("AdminForgetDevice") == {}

        with refused("NotAuthorizedException", "Access Token has been revoked"):
            owner.call("GetUser")

    def test_all_sessions_of_the_device_end_however_many_they_are(self, owner):
        owner.confirm()
        later = [owner.signed_in() for _ in range(3)]
        elsewhere = Owner(owner.entrance)

        elsewhere.call("ForgetDevice", DeviceKey=owner.device.key)

        ended = [owner.entrance.session_of(tokens).revoked_at for tokens in (owner.tokens, *later)]
        assert None not in ended
        assert owner.entrance.session_of(elsewhere.tokens).revoked_at is None

    def test_a_session_that_is_over_is_in_nobodys_way(self, owner):
        owner.confirm()
        again = owner.signed_in()
        session = owner.entrance.session_of(again)
        store.change(keys.Key(session.pk, session.sk), type(session), set={"expires": 1})

        owner.admin("AdminForgetDevice")

        assert owner.entrance.session_of(owner.tokens).revoked_at is not None

    def test_twice_is_refused(self, owner):
        owner.confirm()
        owner.admin("AdminForgetDevice")

        with refused("ResourceNotFoundException", GONE):
            owner.admin("AdminForgetDevice")

    def test_whoever_repeats_it_after_a_crash_finds_the_device_and_ends_what_is_left(self, owner, monkeypatch):
        owner.confirm()
        again = owner.signed_in()
        with monkeypatch.context() as patch:
            patch.setattr(devices, "removed", lambda _device: 1 / 0)
            with refused("InternalErrorException"):
                owner.admin("AdminForgetDevice")
        assert owner.stored() is not None

        owner.admin("AdminForgetDevice")

        assert owner.stored() is None
        assert owner.entrance.session_of(again).revoked_at is not None


class TestGates:
    @pytest.mark.parametrize("operation", OF_BEARER)
    def test_a_user_whose_password_is_to_be_replaced_is_sent_to_do_that(self, owner, operation):
        owner.confirm()
        owner.entrance.admin("AdminResetUserPassword")
        given = {"DeviceKey": owner.device.key} if operation in ABOUT_ONE else {}

        with refused("PasswordResetRequiredException"):
            owner.call(operation, **given)

    @pytest.mark.parametrize("operation", ["GetDevice", "ForgetDevice"])
    def test_a_token_is_asked_for_where_the_model_does_not(self, owner, operation):
        with refused("InvalidParameterException", "Missing required parameter AccessToken"):
            owner.entrance.cognito.call(operation, DeviceKey=owner.device.key)

    @pytest.mark.parametrize("operation", OF_BEARER)
    def test_an_id_token_is_none(self, owner, operation):
        given = {"DeviceKey": owner.device.key} if operation in ABOUT_ONE else {}

        with refused("NotAuthorizedException", "Invalid Access Token"):
            owner.entrance.cognito.call(operation, AccessToken=owner.tokens["IdToken"], **given)


class TestPoolWithoutTracking:
    @pytest.mark.parametrize("operation", ["ConfirmDevice", *OF_BEARER])
    def test_bearers_are_told_so(self, untracked, operation):
        given = {} if operation == "ListDevices" else {"DeviceKey": "us-east-1_a"}
        token = untracked.tokens()["AccessToken"]

        with refused("InvalidUserPoolConfigurationException"):
            untracked.cognito.call(operation, AccessToken=token, **given)

    @pytest.mark.parametrize(
        "operation", ["AdminGetDevice", "AdminListDevices", "AdminUpdateDeviceStatus", "AdminForgetDevice"]
    )
    def test_so_are_administrators(self, untracked, operation):
        given = {} if operation == "AdminListDevices" else {"DeviceKey": "us-east-1_a"}

        with refused("InvalidUserPoolConfigurationException"):
            untracked.admin(operation, **given)
