"""Devices: keys, settings of the pool, and the verifier that a client registers; with the worked example of one."""

import base64
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import InvalidParameterException
from chalicelib.rules import devices, srp
from tests.device_client import DeviceClient

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[1] / "vectors" / "srp.json").read_text())
VECTOR = VECTORS["device"]
METADATA = {"DeviceKey": VECTOR["device_key"], "DeviceGroupKey": VECTOR["group_key"]}
KEY = "us-east-1_aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"
BOTH = {"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": True}


def configuration(verifier=None, salt=None):
    """DeviceSecretVerifierConfig of numbers."""
    verifier = pow(2, 99, srp.N) if verifier is None else verifier
    return {
        "PasswordVerifier": base64.b64encode(srp.pad(verifier)).decode(),
        "Salt": base64.b64encode(srp.pad(7 if salt is None else salt)).decode(),
    }


def key_from(a_public, b_public, shared):
    """The session key that follows from a shared secret."""
    u = srp.pad(int.from_bytes(hashlib.sha256(srp.pad(a_public) + srp.pad(b_public)).digest(), "big"))
    return hmac.digest(hmac.digest(u, srp.pad(shared), "sha256"), b"Caldera Derived Key\x01", "sha256")[:16]


class TestKey:
    def test_fresh_ones_have_the_form_of_the_service_and_differ(self):
        keys = {devices.new_key("us-east-1") for _ in range(20)}

        assert len(keys) == 20
        assert all(devices.is_key(key) and key.startswith("us-east-1_") for key in keys)

    @pytest.mark.parametrize("region", ["ap-southeast-2", "us-gov-west-1", "ap-northeast-3"])
    def test_those_of_long_regions_fit(self, region):
        assert devices.is_key(devices.new_key(region))

    @pytest.mark.parametrize(
        "text",
        [
            "", "us-east-1", "us-east-1_", "_abc", "us-east-1_ABC", "us-east-1_xyz", KEY + "#", KEY + "\n", " " + KEY,
            "us-east-1_" + "a" * 46, "é_a", "a_\u0661", "us-east-1_a/b", "\ud800_a",
        ],
    )  # fmt: skip
    def test_nothing_else_is_one(self, text):
        assert not devices.is_key(text)

    @given(st.text(alphabet="ab#_/.\n-", max_size=60))
    def test_no_key_can_leave_its_place_in_the_table(self, text):
        assert not (devices.is_key(text) and set("#/.\n") & set(text))


class TestGroupKey:
    def test_is_a_hyphen_and_eight_letters_or_digits(self):
        key = devices.group_key(bytes(range(32)))

        assert len(key) == 9
        assert key[0] == "-"
        assert key[1:].isalnum()

    def test_another_digest_gives_another_one(self):
        assert devices.group_key(b"a" * 32) != devices.group_key(b"b" * 32)


class TestSettings:
    @pytest.mark.parametrize(
        ("document", "is_tracking"),
        [
            ({}, False),
            ({"DeviceConfiguration": None}, False),
            ({"DeviceConfiguration": {}}, False),
            ({"DeviceConfiguration": {"ChallengeRequiredOnNewDevice": False}}, True),
            ({"DeviceConfiguration": BOTH}, True),
        ],
    )
    def test_a_pool_tracks_devices_when_it_says_anything_of_them(self, document, is_tracking):
        assert devices.is_tracking(document) is is_tracking

    @pytest.mark.parametrize(
        ("configuration", "waits"),
        [(None, False), ({"ChallengeRequiredOnNewDevice": True}, False), (BOTH, True)],
    )
    def test_a_person_is_asked_only_where_the_pool_wants_it(self, configuration, waits):
        assert devices.waits_for_person({"DeviceConfiguration": configuration}) is waits

    @pytest.mark.parametrize(
        ("configuration", "is_remembered", "replaces"),
        [
            (BOTH, True, True),
            (BOTH, False, False),
            ({"ChallengeRequiredOnNewDevice": False}, True, False),
            ({"DeviceOnlyRememberedOnUserPrompt": True}, True, False),
            (None, True, False),
        ],
    )
    def test_a_second_factor_is_replaced_by_what_is_remembered_where_the_pool_wants_it(
        self, configuration, is_remembered, replaces
    ):
        document = {"DeviceConfiguration": configuration}

        assert devices.replaces_second_factor(document, is_remembered=is_remembered) is replaces


class TestRegistered:
    def test_the_example_is_read_as_its_client_sends_it(self):
        client = DeviceClient(METADATA, VECTOR["password"], VECTOR["salt"])

        kept = devices.registered(client.registration())

        assert client.x == VECTOR["x"]
        assert client.registration()["Salt"] == VECTOR["salt_base64"]
        assert client.registration()["PasswordVerifier"].startswith(VECTOR["verifier_base64_start"])
        assert len(client.registration()["PasswordVerifier"]) == VECTOR["verifier_base64_length"]
        assert srp.hexadecimal(kept.salt) == VECTOR["salt"]
        assert kept.verifier == srp.verifier(VECTOR["group_key"], VECTOR["device_key"], VECTOR["password"], kept.salt)

    def test_key_and_proof_of_the_example_follow_from_what_is_kept(self):
        kept = devices.registered(DeviceClient(METADATA, VECTOR["password"], VECTOR["salt"]).registration())
        a, b = int(VECTORS["a"], 16), int(VECTORS["b"], 16)
        block = base64.b64decode(VECTORS["secret_block_base64"])
        claim = srp.Claim(VECTOR["group_key"], VECTOR["device_key"], block, VECTORS["timestamp"])

        key = srp.session_key(pow(2, a, srp.N), b, srp.challenge(kept.verifier, b), kept.verifier)

        assert key.hex() == VECTOR["key"]
        assert srp.is_valid_proof(key, claim, VECTOR["signature_base64"])

    @pytest.mark.parametrize("number", [0, 1, srp.N - 1, srp.N, srp.N + 1], ids=["0", "1", "N-1", "N", "N+1"])
    def test_verifiers_that_let_anybody_in_are_refused(self, number):
        with pytest.raises(InvalidParameterException, match="PasswordVerifier"):
            devices.registered(configuration(verifier=number))

    @pytest.mark.parametrize("number", [0, 1, srp.N - 1, srp.N], ids=["0", "1", "N-1", "N"])
    def test_with_them_whoever_knows_no_secret_would_find_the_session_key(self, number):
        a, b = 12345, 67890
        a_public, b_public = pow(2, a, srp.N), srp.challenge(number, b)

        key = srp.session_key(a_public, b, b_public, number)

        public_alone = 0 if number % srp.N == 0 else pow(b_public - srp.K * number, a, srp.N)
        assert key == key_from(a_public, b_public, public_alone)

    def test_the_largest_and_the_smallest_are_taken(self):
        assert devices.registered(configuration(verifier=srp.N - 2)).verifier == srp.N - 2
        assert devices.registered(configuration(verifier=2)).verifier == 2

    @pytest.mark.parametrize("text", ["", "=", "A", "A===", "AA==\n", "not base64", "é", "\ud800", "A" * 131_072])
    @pytest.mark.parametrize("name", ["PasswordVerifier", "Salt"])
    def test_what_is_no_bounded_base64_is_refused(self, name, text):
        with pytest.raises(InvalidParameterException, match=name):
            devices.registered(configuration() | {name: text})

    @pytest.mark.parametrize("name", ["PasswordVerifier", "Salt"])
    def test_what_is_missing_is_refused(self, name):
        given = configuration()
        del given[name]

        with pytest.raises(InvalidParameterException, match=name):
            devices.registered(given)

    def test_a_salt_is_bounded(self):
        with pytest.raises(InvalidParameterException, match="Salt"):
            devices.registered(configuration(salt=1 << 520))

        assert devices.registered(configuration(salt=1 << 500)).salt == 1 << 500
