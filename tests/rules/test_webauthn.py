"""Registrations and assertions of passkeys, made by an authenticator in software and by attackers."""

import subprocess
import sys
from dataclasses import replace

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from chalicelib import errors
from chalicelib.rules import credential_parts, webauthn
from chalicelib.rules.credential_parts import Expected, Refused
from chalicelib.rules.webauthn import Known
from tests import authenticator as device
from tests.authenticator import Authenticator, decoded, encoded

HOST = "example.com"
ORIGIN = "https://app.example.com"
SUB = b"8a7c6b1e-0000-4000-8000-000000000001"
CHALLENGE = encoded(bytes(range(32)))
ASKED = Expected(CHALLENGE, HOST, requires_verification=False)
STRICT = replace(ASKED, requires_verification=True)
CREATION = {"challenge": CHALLENGE, "rp": {"id": HOST}, "user": {"id": encoded(SUB)}}
REQUEST = {"challenge": CHALLENGE, "rpId": HOST}

MISMATCH = errors.WebAuthnRelyingPartyMismatchException
UNSUPPORTED = errors.WebAuthnCredentialNotSupportedException
NOT_FOUND = errors.WebAuthnChallengeNotFoundException
NOT_ALLOWED = errors.WebAuthnOriginNotAllowedException

LIES = {
    "another site": ({"origin": "https://evil.net"}, "passkey origin", NOT_ALLOWED),
    "a site of like name": ({"origin": "https://evil-example.com"}, "passkey origin", NOT_ALLOWED),
    "a site above ours": ({"origin": "https://example.com.evil.net"}, "passkey origin", NOT_ALLOWED),
    "no encryption": ({"origin": "http://app.example.com"}, "passkey origin", NOT_ALLOWED),
    "an app": ({"origin": "android:apk-key-hash:x"}, "passkey origin", NOT_ALLOWED),
    "a frame of another site": ({"more": {"crossOrigin": True}}, "passkey origin", NOT_ALLOWED),
    "a frame in another site": ({"more": {"topOrigin": "https://evil.net"}}, "passkey origin", NOT_ALLOWED),
    "another relying party": ({"relying_party": "evil.net"}, "passkey relying party", MISMATCH),
    "a relying party above": ({"relying_party": "app.example.com"}, "passkey relying party", MISMATCH),
    "another challenge": ({"challenge": encoded(bytes(32))}, "passkey challenge", NOT_FOUND),
    "a padded challenge": ({"challenge": CHALLENGE + "="}, "passkey challenge", NOT_FOUND),
    "a challenge that is no text": ({"more": {"challenge": 7}}, "passkey challenge", NOT_FOUND),
    "a challenge that cannot be encoded": ({"challenge": "\ud800"}, "passkey challenge", NOT_FOUND),
    "nobody there": ({"flags": 0}, "passkey user not verified", UNSUPPORTED),
    "a copy of what cannot be copied": (
        {"flags": device.USER_PRESENT | device.BACKED_UP},
        "passkey not verified",
        UNSUPPORTED,
    ),
}


def lies():
    return pytest.mark.parametrize(("lie", "reason", "fault"), LIES.values(), ids=LIES)


def made(**given):
    """An authenticator at our page."""
    return Authenticator(**{"origin": ORIGIN} | given)


def registered(key, asked=ASKED):
    return webauthn.registered(key.created(CREATION), asked)


def known(key, **given):
    """What is kept of an authenticator that registers now."""
    found = registered(key)
    proof = found.proof
    kept = {"public_key": found.public_key, "sign_count": proof.sign_count}
    return Known(**kept | {"is_backup_eligible": proof.is_backup_eligible, "user_handle": SUB} | given)


def malformed(function, *given):
    with pytest.raises(errors.InvalidParameterException) as refusal:
        function(*given)
    assert len(refusal.value.message) < 100


def refused(function, *given):
    with pytest.raises(Refused) as refusal:
        function(*given)
    return refusal.value


def with_response(credential, **members):
    """The credential with other members in its response; None leaves one out."""
    response = {name: value for name, value in (credential["response"] | members).items() if value is not None}
    return credential | {"response": response}


def reattested(credential, **members):
    """The credential with other members in its attestation object."""
    found = cbor2.loads(decoded(credential["response"]["attestationObject"]))
    return with_response(credential, attestationObject=encoded(cbor2.dumps(found | members)))


def attested_key(cose, **given):
    """A registration whose public key is this one."""
    key = made(**given)
    found = cbor2.loads(decoded(key.created(CREATION)["response"]["attestationObject"]))
    data = found["authData"][: 55 + len(key.id)] + cbor2.dumps(cose)
    return reattested(key.created(CREATION), authData=data)


class TestRegistration:
    @pytest.mark.parametrize("algorithm", [device.ES256, device.RS256])
    @pytest.mark.parametrize("attestation", ["none", "packed", "packed-x5c"])
    def test_takes_both_algorithms_with_each_attestation(self, algorithm, attestation):
        key = made(algorithm=algorithm, attestation=attestation, aaguid=bytes(range(16)))

        found = registered(key, STRICT)

        assert found.id == encoded(key.id)
        assert cbor2.loads(found.public_key) == device.cose(key.key)
        assert found.aaguid == "00010203-0405-0607-0809-0a0b0c0d0e0f"
        assert found.proof.sign_count == 1
        assert found.proof.is_user_verified

    def test_tells_what_the_browser_said_of_the_authenticator(self):
        found = registered(made(attachment="platform", transports=("internal", "hybrid", "telepathy")))

        assert (found.attachment, found.transports) == ("platform", ["hybrid", "internal"])

    @pytest.mark.parametrize("said", [None, 7, "built in", ["platform"], {}], ids=repr)
    def test_keeps_no_attachment_and_transports_that_nobody_knows(self, said):
        credential = with_response(made().created(CREATION), transports=said) | {"authenticatorAttachment": said}

        found = webauthn.registered(credential, ASKED)

        assert (found.attachment, found.transports) == (None, [])

    def test_tells_whether_the_key_may_be_copied(self):
        flags = device.USER_PRESENT | device.BACKUP_ELIGIBLE | device.BACKED_UP

        proof = registered(made(flags=flags, counts=False)).proof

        assert (proof.is_backup_eligible, proof.is_backed_up, proof.is_user_verified, proof.sign_count) == (
            True,
            True,
            False,
            0,
        )

    def test_steps_over_extensions(self):
        key = made(flags=device.USER_PRESENT | device.EXTENDED)
        found = cbor2.loads(decoded(key.created(CREATION)["response"]["attestationObject"]))
        data = found["authData"] + cbor2.dumps({"credProtect": 2})

        assert webauthn.registered(reattested(key.created(CREATION), authData=data), ASKED).id == encoded(key.id)

    @lies()
    def test_refuses_lies(self, lie, reason, fault):
        refusal = refused(registered, made(**lie))

        assert (refusal.reason, refusal.fault) == (reason, fault)

    def test_refuses_an_assertion(self):
        refusal = refused(registered, made(kind="webauthn.get"))

        assert (refusal.reason, refusal.fault) == ("passkey challenge", NOT_FOUND)

    def test_refuses_who_was_not_verified_where_the_pool_requires_it(self):
        key = made(flags=device.USER_PRESENT)

        assert not registered(key).proof.is_user_verified
        assert refused(registered, key, STRICT).fault is UNSUPPORTED

    @pytest.mark.parametrize(
        "form", ["fido-u2f", "tpm", "apple", "android-key", "android-safetynet", "telepathy", "", 7]
    )
    def test_refuses_other_attestations(self, form):
        refusal = refused(webauthn.registered, reattested(made().created(CREATION), fmt=form), ASKED)

        assert (refusal.reason, refusal.fault) == ("passkey not supported", UNSUPPORTED)

    def test_refuses_no_attestation_that_says_something(self):
        credential = reattested(made().created(CREATION), attStmt={"x": 1})

        assert refused(webauthn.registered, credential, ASKED).fault is UNSUPPORTED

    @pytest.mark.parametrize("attestation", ["packed", "packed-x5c"])
    def test_refuses_an_attestation_that_somebody_else_signed(self, attestation):
        credential = made(attestation=attestation).created(CREATION)
        statement = cbor2.loads(decoded(credential["response"]["attestationObject"]))["attStmt"]
        other = device.signed(device.new_key(device.ES256), b"x")

        forged = reattested(credential, attStmt=statement | {"sig": other})

        assert refused(webauthn.registered, forged, ASKED).reason == "passkey not verified"

    @pytest.mark.parametrize(
        "statement",
        [
            {"alg": -7, "sig": b"x", "x5c": 7},
            {"alg": -7, "sig": b"x", "x5c": [b"x"]},
            {"alg": -7, "sig": b"x", "x5c": ["x"]},
            {"alg": "x", "sig": b"x"},
            {"alg": -7, "sig": 7},
            {"alg": -8, "sig": b"x"},
            {},
        ],
        ids=repr,
    )
    def test_refuses_nonsense_as_an_attestation(self, statement):
        credential = reattested(made(attestation="packed").created(CREATION), attStmt=statement)

        assert refused(webauthn.registered, credential, ASKED).reason == "passkey not verified"

    def test_refuses_the_id_of_another_credential(self):
        credential = made().created(CREATION) | {"id": encoded(b"another"), "rawId": encoded(b"another")}

        assert refused(webauthn.registered, credential, ASKED).reason == "passkey not verified"


class TestKeys:
    def test_refuses_other_curves_algorithms_and_sizes(self):
        good = device.cose(device.new_key(device.ES256))
        large = ec.generate_private_key(ec.SECP384R1()).public_key().public_numbers()
        curve = {-1: 2, -2: large.x.to_bytes(48), -3: large.y.to_bytes(48)}

        for cose in (good | curve, good | {-1: 2}, good | {3: -8}, good | {3: -35}, good | {1: 3}, good | {3: -257}):
            assert refused(webauthn.registered, attested_key(cose), ASKED).reason == "passkey not supported"

    def test_refuses_a_key_that_is_none(self):
        good = device.cose(device.new_key(device.ES256))
        without = {name: value for name, value in good.items() if name != -3}

        for cose in ({}, [], 4, b"\x04" * 65, without, good | {-2: 7}, good | {3: [-7]}, good | {-2: b"x"}):
            assert refused(webauthn.registered, attested_key(cose), ASKED).reason == "passkey not supported"

    def test_refuses_a_point_that_is_not_on_the_curve(self):
        good = device.cose(device.new_key(device.ES256))

        for attestation in ("none", "packed"):
            credential = attested_key(good | {-3: b"\x01" * 32}, attestation=attestation)
            assert refused(webauthn.registered, credential, ASKED).reason == "passkey not verified"

    def test_refuses_rsa_keys_that_are_weak_slow_or_odd(self):
        weak = device.cose(rsa.generate_private_key(65537, 1024))
        good = device.cose(device.new_key(device.RS256))
        slow = good | {-1: b"\xff" * 1500}
        odd = good | {-2: b"\x03"}

        for cose in (weak, slow, odd, good | {-2: good[-1]}, good | {1: 2}, good | {-1: 7}):
            credential = attested_key(cose)
            assert refused(webauthn.registered, credential, ASKED).reason == "passkey not supported"

    def test_the_decoy_is_a_key_like_others(self):
        credential_parts.require_supported(cbor2.loads(webauthn.DECOY))


class TestAssertion:
    @pytest.mark.parametrize("algorithm", [device.ES256, device.RS256])
    def test_proves_the_credential(self, algorithm):
        key = made(algorithm=algorithm)
        kept = known(key)

        proof = webauthn.asserted(key.got(REQUEST), STRICT, kept)

        assert (proof.sign_count, proof.is_user_verified, proof.is_backup_eligible) == (2, True, False)

    def test_needs_no_user_handle(self):
        key = made()
        kept = known(key)
        key.handle = None

        assert webauthn.asserted(key.got(REQUEST), ASKED, kept).is_user_verified

    @lies()
    def test_refuses_lies(self, lie, reason, fault):
        key = made()
        kept = known(key)

        refusal = refused(webauthn.asserted, replace(key, **lie).got(REQUEST), ASKED, kept)

        assert refusal.reason == reason

    def test_refuses_a_registration(self):
        key = made()
        kept = known(key)

        refusal = refused(webauthn.asserted, replace(key, kind="webauthn.create").got(REQUEST), ASKED, kept)

        assert refusal.reason == "passkey challenge"

    def test_refuses_who_was_not_verified_where_the_pool_requires_it(self):
        key = made(flags=device.USER_PRESENT)
        kept = known(key)

        assert not webauthn.asserted(key.got(REQUEST), ASKED, kept).is_user_verified
        assert refused(webauthn.asserted, key.got(REQUEST), STRICT, kept).reason == "passkey user not verified"

    def test_refuses_another_key(self):
        kept = known(made())

        assert refused(webauthn.asserted, made().got(REQUEST), ASKED, kept).reason == "passkey not verified"

    def test_refuses_another_users_handle(self):
        key = made()
        kept = known(key)
        key.handle = b"somebody else"

        assert refused(webauthn.asserted, key.got(REQUEST), ASKED, kept).reason == "passkey unknown"

    @pytest.mark.parametrize("name", ["clientDataJSON", "authenticatorData", "signature"])
    def test_refuses_each_part_when_a_bit_of_it_is_changed(self, name):
        key = made(flags=device.USER_PRESENT)
        kept, credential = known(key), key.got(REQUEST)
        part = bytearray(decoded(credential["response"][name]))
        part[-1 if name != "clientDataJSON" else 0] ^= 0x01 if name != "clientDataJSON" else 0x00
        part += b" " if name == "clientDataJSON" else b""

        tampered = with_response(credential, **{name: encoded(bytes(part))})

        assert refused(webauthn.asserted, tampered, ASKED, kept).reason == "passkey not verified"

    def test_refuses_a_user_who_was_made_verified_on_the_way(self):
        key = made(flags=device.USER_PRESENT)
        kept, credential = known(key), key.got(REQUEST)
        data = bytearray(decoded(credential["response"]["authenticatorData"]))
        data[32] |= device.USER_VERIFIED

        tampered = with_response(credential, authenticatorData=encoded(bytes(data)))

        assert refused(webauthn.asserted, tampered, STRICT, kept).reason == "passkey not verified"

    def test_refuses_an_assertion_for_another_challenge(self):
        key = made()
        kept = known(key)
        later = replace(ASKED, challenge=encoded(bytes(32)))

        assert refused(webauthn.asserted, key.got(REQUEST), later, kept).reason == "passkey challenge"

    def test_refuses_a_key_that_may_be_copied_all_of_a_sudden(self):
        key = made()
        kept = known(key)
        key.flags |= device.BACKUP_ELIGIBLE

        assert refused(webauthn.asserted, key.got(REQUEST), ASKED, kept).reason == "passkey not verified"


class TestCounter:
    @pytest.mark.parametrize("stored", [2, 3, 2**32 - 1])
    def test_must_grow(self, stored):
        key = made()
        kept = known(key, sign_count=stored)

        assert refused(webauthn.asserted, key.got(REQUEST), ASKED, kept).reason == "passkey cloned"

    def test_may_leap(self):
        key = made()
        kept = known(key)
        key.count = 2**32 - 2

        assert webauthn.asserted(key.got(REQUEST), ASKED, kept).sign_count == 2**32 - 1

    def test_may_not_stop_counting(self):
        key = made()
        kept = known(key)
        key.counts = False

        assert refused(webauthn.asserted, key.got(REQUEST), ASKED, kept).reason == "passkey cloned"

    def test_may_begin_to_count(self):
        key = made(counts=False)
        kept = known(key)
        key.counts = True

        assert webauthn.asserted(key.got(REQUEST), ASKED, kept).sign_count == 1

    def test_is_asked_of_nobody_who_does_not_count(self):
        key = made(counts=False)
        kept = known(key)

        for _ in range(2):
            assert webauthn.asserted(key.got(REQUEST), ASKED, kept).sign_count == 0

    def test_is_not_blamed_for_a_forged_signature(self):
        kept = known(made(), sign_count=99)

        assert refused(webauthn.asserted, made().got(REQUEST), ASKED, kept).reason == "passkey not verified"


NONSENSE = [None, 7, "", "x", [], {}, True]
SHAPES = [
    {"type": "password"},
    {"type": None},
    {"id": "x"},
    {"id": None},
    {"rawId": None},
    {"rawId": ""},
    {"rawId": "", "id": ""},
    {"rawId": "!!!!", "id": "!!!!"},
    {"rawId": "A", "id": "A"},
    {"rawId": encoded(b"x" * 1024), "id": encoded(b"x" * 1024)},
    {"response": None},
    {"response": "x"},
    {"response": []},
    {"response": {}},
]


class TestMalformed:
    @pytest.mark.parametrize("credential", NONSENSE, ids=repr)
    def test_is_what_is_no_credential(self, credential):
        malformed(webauthn.registered, credential, ASKED)
        malformed(webauthn.asserted, credential, ASKED, known(made()))

    @pytest.mark.parametrize("members", SHAPES, ids=lambda members: repr(members)[:40])
    def test_is_a_member_of_the_wrong_shape(self, members):
        key = made()
        kept = known(key)

        malformed(webauthn.registered, key.created(CREATION) | members, ASKED)
        malformed(webauthn.asserted, key.got(REQUEST) | members, ASKED, kept)

    @pytest.mark.parametrize("value", [None, 7, [], "x", "=", "a b", "Zm9v\n", "ä"], ids=repr)
    def test_is_a_part_that_is_no_base64url(self, value):
        key = made()
        kept = known(key)

        for name in ("clientDataJSON", "attestationObject"):
            malformed(webauthn.registered, with_response(key.created(CREATION), **{name: value}), ASKED)
        for name in ("clientDataJSON", "authenticatorData", "signature"):
            malformed(webauthn.asserted, with_response(key.got(REQUEST), **{name: value}), ASKED, kept)

    @pytest.mark.parametrize("value", [7, [], {}, "=", encoded(b"x" * 65)], ids=repr)
    def test_is_a_user_handle_that_is_none(self, value):
        key = made()
        kept = known(key)

        malformed(webauthn.asserted, with_response(key.got(REQUEST), userHandle=value), ASKED, kept)

    @pytest.mark.parametrize("content", [b"", b"\xff", b"7", b"[]", b"null", b"{", b"[" * 4000], ids=len)
    def test_is_client_data_that_is_no_object(self, content):
        key = made()
        kept = known(key)
        said = encoded(content)

        malformed(webauthn.registered, with_response(key.created(CREATION), clientDataJSON=said), ASKED)
        malformed(webauthn.asserted, with_response(key.got(REQUEST), clientDataJSON=said), ASKED, kept)

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"\xff",
            b"\x81" * 16_000,
            cbor2.dumps({"fmt": "none", "attStmt": {}}),
            cbor2.dumps({"fmt": "none", "attStmt": 7, "authData": b"x" * 64}),
            cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": "x"}),
            cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": b"x" * 5000}),
            cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": b""}),
            cbor2.dumps([1]),
            cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": b"x" * 64}) + b"\x00",
            cbor2.dumps(cbor2.CBORTag(55799, {"fmt": "none", "attStmt": {}, "authData": b"x" * 64})),
            b"\xa2\x01\x02\x01\x03",
        ],
        ids=range(12),
    )
    def test_is_an_attestation_that_is_none(self, content):
        credential = with_response(made().created(CREATION), attestationObject=encoded(content))

        malformed(webauthn.registered, credential, ASKED)

    @pytest.mark.parametrize("tail", [b"\x00", b"x" * 100], ids=len)
    def test_is_authenticator_data_with_more_than_it_says(self, tail):
        key = made()
        kept, got = known(key), key.got(REQUEST)
        made_up = encoded(decoded(got["response"]["authenticatorData"]) + tail)
        attested = cbor2.loads(decoded(key.created(CREATION)["response"]["attestationObject"]))["authData"] + tail

        malformed(webauthn.asserted, with_response(got, authenticatorData=made_up), ASKED, kept)
        malformed(webauthn.registered, reattested(key.created(CREATION), authData=attested), ASKED)

    @pytest.mark.parametrize("length", range(0, 37, 4))
    def test_is_authenticator_data_that_is_cut_off(self, length):
        key = made()
        kept, got = known(key), key.got(REQUEST)
        cut = encoded(decoded(got["response"]["authenticatorData"])[:length])

        malformed(webauthn.asserted, with_response(got, authenticatorData=cut), ASKED, kept)

    def test_is_whatever_is_too_large_and_none_of_it_is_parsed(self):
        key = made()
        kept, megabytes = known(key), "A" * 4_000_000

        for name in ("clientDataJSON", "attestationObject"):
            malformed(webauthn.registered, with_response(key.created(CREATION), **{name: megabytes}), ASKED)
        for name in ("clientDataJSON", "authenticatorData", "signature", "userHandle"):
            malformed(webauthn.asserted, with_response(key.got(REQUEST), **{name: megabytes}), ASKED, kept)
        malformed(credential_parts.parsed, '{"id":"' + megabytes + '"}')

    @pytest.mark.parametrize("text", ["", "x", "7", "[]", "null", "[" * 30_000, "1" * 30_000], ids=len)
    def test_is_a_text_that_is_no_object(self, text):
        malformed(credential_parts.parsed, text)


class TestImport:
    def test_the_library_comes_with_the_first_passkey_and_not_before(self):
        program = "import sys, chalicelib.rules.webauthn; print('webauthn' in sys.modules, 'cbor2' in sys.modules)"

        told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

        assert told.stdout.split() == ["False", "False"]
