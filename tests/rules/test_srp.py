"""SRP: the worked examples, an independent client, the attacks, and the clients' timestamp."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chalicelib.rules import srp

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[1] / "vectors" / "srp.json").read_text())
PRIVATE = st.integers(min_value=1, max_value=2**256 - 1)
SALTS = st.integers(min_value=0, max_value=2**128 - 1)
NAMES = st.text(max_size=20)
NOON = datetime(2026, 11, 3, 12, 0, 0, tzinfo=UTC)


class Client:
    """A Cognito client written apart from the code under test: padding by text, Python's pow, its own HKDF."""

    def __init__(self, pool_name: str, user_id: str, password: str, a: int) -> None:
        self.names, self.password, self.a = pool_name + user_id, password, a
        self.public = pow(2, a, srp.N)

    @staticmethod
    def padded(number: int) -> bytes:
        text = f"{number:x}"
        text = text if len(text) % 2 == 0 else "0" + text
        return bytes.fromhex("00" + text if text[0] in "89abcdef" else text)

    @classmethod
    def hashed(cls, *parts: bytes) -> int:
        return int(hashlib.sha256(b"".join(parts)).hexdigest(), 16)

    def x(self, salt: int) -> int:
        inner = hashlib.sha256(f"{self.names}:{self.password}".encode("utf-8", "surrogatepass")).digest()
        return self.hashed(self.padded(salt), inner)

    def key(self, salt: int, b_public: int) -> bytes:
        x, u = self.x(salt), self.hashed(self.padded(self.public), self.padded(b_public))
        k = self.hashed(self.padded(srp.N), self.padded(2))
        shared = pow(b_public - k * pow(2, x, srp.N), self.a + u * x, srp.N)
        extracted = hmac.new(self.padded(u), self.padded(shared), hashlib.sha256).digest()
        return hmac.new(extracted, b"Caldera Derived Key" + bytes([1]), hashlib.sha256).digest()[:16]

    def signature(self, key: bytes, secret_block: bytes, timestamp: str) -> str:
        message = self.names.encode("utf-8", "surrogatepass") + secret_block + timestamp.encode()
        return base64.b64encode(hmac.new(key, message, hashlib.sha256).digest()).decode()


def _pi(bits: int) -> int:
    """pi * 2**bits, rounded down, by Machin's formula in whole numbers."""
    one = 1 << (bits + 64)

    def arctan_of_inverse(x: int) -> int:
        term, total, n = one // x, 0, 1
        while term:
            total += term // n if n % 4 == 1 else -(term // n)
            term, n = term // (x * x), n + 2
        return total

    return (4 * (4 * arctan_of_inverse(5) - arctan_of_inverse(239))) >> 64


class TestGroup:
    def test_the_modulus_is_the_one_that_rfc_3526_defines(self) -> None:
        modulus = 2**3072 - 2**3008 - 1 + 2**64 * (_pi(2942) + 1690314)

        assert modulus == srp.N

    def test_the_multiplier_is_the_one_of_the_worked_example(self) -> None:
        assert srp.hexadecimal(srp.K) == VECTORS["k"]

    def test_the_generator_makes_squares_only(self) -> None:
        assert pow(srp.G, (srp.N - 1) // 2, srp.N) == 1


class TestPad:
    @pytest.mark.parametrize(
        ("number", "padded"), [(0, "00"), (1, "01"), (0x7F, "7f"), (0x80, "0080"), (0xFFF, "0fff"), (0x8000, "008000")]
    )
    def test_the_form_is_that_of_twos_complement(self, number: int, padded: str) -> None:
        assert srp.pad(number).hex() == padded

    def test_the_modulus_takes_385_bytes(self) -> None:
        assert len(srp.pad(srp.N)) == 385

    @given(st.integers(min_value=1, max_value=2**3072))
    def test_it_is_what_clients_make_out_of_hexadecimal_text(self, number: int) -> None:
        assert srp.pad(number) == Client.padded(number)


class TestPasswordExample:
    vector = VECTORS["password"]
    a, b, salt = int(VECTORS["a"], 16), int(VECTORS["b"], 16), int(vector["salt"], 16)
    block = base64.b64decode(VECTORS["secret_block_base64"])

    def verifier(self) -> int:
        return srp.verifier(self.vector["pool_name"], self.vector["user_id"], self.vector["password"], self.salt)

    def key(self) -> bytes:
        v = self.verifier()
        return srp.session_key(pow(2, self.a, srp.N), self.b, srp.challenge(v, self.b), v)

    def claim(self) -> srp.Claim:
        return srp.Claim(self.vector["pool_name"], self.vector["user_id"], self.block, VECTORS["timestamp"])

    def test_the_verifier_is_the_one_of_the_example(self) -> None:
        start, end = self.vector["v"]

        text = srp.hexadecimal(self.verifier())

        assert text.startswith(start)
        assert text.endswith(end)

    def test_the_verifier_is_the_generator_to_the_power_of_x(self) -> None:
        assert self.verifier() == pow(2, int(self.vector["x"], 16), srp.N)

    def test_the_public_value_of_the_client_is_read_as_it_is_sent(self) -> None:
        start, end = self.vector["A"]
        text = f"{pow(2, self.a, srp.N):x}"

        assert text.startswith(start)
        assert text.endswith(end)
        assert srp.public_value(text) == pow(2, self.a, srp.N)

    def test_the_challenge_is_the_one_of_the_example(self) -> None:
        start, end = self.vector["B"]

        text = srp.hexadecimal(srp.challenge(self.verifier(), self.b))

        assert text.startswith(start)
        assert text.endswith(end)

    def test_the_session_key_is_the_one_of_the_example(self) -> None:
        assert self.key().hex() == self.vector["key"]

    def test_the_proof_is_the_one_of_the_example(self) -> None:
        assert base64.b64encode(srp.proof(self.key(), self.claim())).decode() == self.vector["signature_base64"]

    def test_the_independent_client_agrees_with_the_example(self) -> None:
        client = Client(self.vector["pool_name"], self.vector["user_id"], self.vector["password"], self.a)

        key = client.key(self.salt, srp.challenge(self.verifier(), self.b))

        assert f"{client.x(self.salt):064x}" == self.vector["x"]
        assert client.signature(key, self.block, VECTORS["timestamp"]) == self.vector["signature_base64"]


class TestDeviceExample:
    vector = VECTORS["device"]
    a, b = int(VECTORS["a"], 16), int(VECTORS["b"], 16)
    salt = int.from_bytes(base64.b64decode(vector["salt_base64"]), "big")

    def verifier(self) -> int:
        return srp.verifier(self.vector["group_key"], self.vector["device_key"], self.vector["password"], self.salt)

    def test_the_salt_goes_out_without_its_leading_zero(self) -> None:
        assert srp.hexadecimal(self.salt) == self.vector["salt"]

    def test_the_verifier_is_the_one_that_the_client_registered(self) -> None:
        text = base64.b64encode(srp.pad(self.verifier())).decode()

        assert self.verifier() == pow(2, int(self.vector["x"], 16), srp.N)
        assert text.startswith(self.vector["verifier_base64_start"])
        assert len(text) == self.vector["verifier_base64_length"]

    def test_key_and_proof_are_those_of_the_example(self) -> None:
        v, block = self.verifier(), base64.b64decode(VECTORS["secret_block_base64"])
        claim = srp.Claim(self.vector["group_key"], self.vector["device_key"], block, VECTORS["timestamp"])

        key = srp.session_key(pow(2, self.a, srp.N), self.b, srp.challenge(v, self.b), v)

        assert key.hex() == self.vector["key"]
        assert srp.is_valid_proof(key, claim, self.vector["signature_base64"])


class TestSignIn:
    @given(pool=NAMES, user=NAMES, password=st.text(), salt=SALTS, a=PRIVATE, b=PRIVATE, block=st.binary())
    @example(pool="p", user="u", password="\ud800", salt=0, a=1, b=1, block=b"")
    @settings(max_examples=15, deadline=None)
    def test_who_knows_the_password_is_let_in(self, pool, user, password, salt, a, b, block) -> None:
        client, v = Client(pool, user, password, a), srp.verifier(pool, user, password, salt)
        b_public = srp.challenge(v, b)

        signature = client.signature(client.key(salt, b_public), block, "now")
        key = srp.session_key(srp.public_value(f"{client.public:x}"), b, b_public, v)

        assert srp.is_valid_proof(key, srp.Claim(pool, user, block, "now"), signature)

    @given(right=st.text(), wrong=st.text(), salt=SALTS, a=PRIVATE, b=PRIVATE)
    @settings(max_examples=15, deadline=None)
    def test_who_does_not_is_not(self, right, wrong, salt, a, b) -> None:
        client, v = Client("pool", "user", wrong, a), srp.verifier("pool", "user", right, salt)
        b_public = srp.challenge(v, b)

        signature = client.signature(client.key(salt, b_public), b"block", "now")
        key = srp.session_key(client.public, b, b_public, v)

        assert srp.is_valid_proof(key, srp.Claim("pool", "user", b"block", "now"), signature) == (right == wrong)

    @pytest.mark.parametrize(
        "claim",
        [
            srp.Claim("pool2", "user", b"block", "now"),
            srp.Claim("pool", "other", b"block", "now"),
            srp.Claim("pool", "user", b"Block", "now"),
            srp.Claim("pool", "user", b"block", "later"),
        ],
    )
    def test_a_proof_is_good_for_its_own_claim_only(self, claim: srp.Claim) -> None:
        signature = base64.b64encode(srp.proof(b"k" * 16, srp.Claim("pool", "user", b"block", "now"))).decode()

        assert not srp.is_valid_proof(b"k" * 16, claim, signature)

    @pytest.mark.parametrize("signature", ["", "=", "AAAA", "\ud800", "é" * 44, "A" * 100_000])
    def test_junk_is_no_proof_and_no_error(self, signature: str) -> None:
        assert not srp.is_valid_proof(b"k" * 16, srp.Claim("pool", "user", b"block", "now"), signature)


class TestPublicValue:
    @pytest.mark.parametrize("times", [0, 1, 2, 255])
    def test_a_multiple_of_the_modulus_is_refused_because_it_signs_in_without_password(self, times: int) -> None:
        with pytest.raises(srp.Refused, match="multiple"):
            srp.public_value(f"{times * srp.N:x}")

    @pytest.mark.parametrize("times", [0, 1, 2])
    def test_the_session_key_refuses_it_again(self, times: int) -> None:
        with pytest.raises(srp.Refused, match="leave the password out"):
            srp.session_key(times * srp.N, 5, srp.challenge(7, 5), 7)

    def test_without_the_refusal_no_password_would_be_needed(self) -> None:
        u = Client.hashed(Client.padded(srp.N), Client.padded(srp.challenge(7, 5)))

        assert pow(srp.N * pow(7, u, srp.N), 5, srp.N) == 0

    @pytest.mark.parametrize(
        "text",
        ["", " 1", "1 ", "0x1", "+1", "-1", "1_0", "g", "1\n", "\u0661", "\uff11", "\ud800", "1" * 771, "0" * 10**6],
    )
    def test_what_is_no_bounded_hexadecimal_number_is_refused(self, text: str) -> None:
        with pytest.raises(srp.Refused, match="bounded hexadecimal"):
            srp.public_value(text)

    @pytest.mark.parametrize(("text", "number"), [("1", 1), ("0A", 10), ("ff", 255), ("00" * 384 + "7f", 127)])
    def test_case_and_leading_zeros_do_not_matter(self, text: str, number: int) -> None:
        assert srp.public_value(text) == number


class TestRandomValues:
    def test_salts_have_up_to_128_bits_and_differ(self) -> None:
        salts = {srp.new_salt() for _ in range(50)}

        assert len(salts) == 50
        assert 120 < max(salt.bit_length() for salt in salts) <= 128

    def test_private_values_have_up_to_256_bits_are_not_zero_and_differ(self) -> None:
        values = {srp.new_private_value() for _ in range(50)}

        assert len(values) == 50
        assert min(values) > 0
        assert 248 < max(value.bit_length() for value in values) <= 256


class TestSimulated:
    def test_the_same_name_has_the_same_salt_and_verifier(self) -> None:
        assert srp.simulated(b"secret", "pool", "nobody") == srp.simulated(b"secret", "pool", "nobody")

    def test_another_secret_pool_or_name_has_others(self) -> None:
        asked = [
            (b"secret", "pool", "name"),
            (b"Secret", "pool", "name"),
            (b"secret", "pooln", "ame"),
            (b"secret", "p", "x"),
        ]

        answers = [srp.simulated(*each) for each in asked]

        assert len({salt for salt, _ in answers}) == len({v for _, v in answers}) == 4

    @given(st.text())
    @settings(max_examples=10, deadline=None)
    def test_the_verifier_is_an_element_like_real_ones_and_the_salt_of_their_size(self, name: str) -> None:
        salt, v = srp.simulated(b"secret", "pool", name)

        assert 0 <= salt < 2**128
        assert 1 < v < srp.N
        assert pow(v, (srp.N - 1) // 2, srp.N) == 1

    def test_the_challenge_goes_through_and_the_proof_fails(self) -> None:
        client, (salt, v) = Client("pool", "nobody", "guess", 99), srp.simulated(b"secret", "pool", "nobody")
        b_public = srp.challenge(v, 77)

        signature = client.signature(client.key(salt, b_public), b"block", "now")
        key = srp.session_key(client.public, 77, b_public, v)

        assert not srp.is_valid_proof(key, srp.Claim("pool", "nobody", b"block", "now"), signature)


class TestTimestamp:
    def test_the_worked_example_is_read(self) -> None:
        assert srp.signed_at("Tue Nov 3 04:05:06 UTC 2026") == datetime(2026, 11, 3, 4, 5, 6, tzinfo=UTC).timestamp()

    @given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(9999, 12, 31), timezones=st.just(UTC)))
    def test_every_moment_is_read_as_clients_write_it(self, moment: datetime) -> None:
        day = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"][moment.weekday()]
        month = "JanFebMarAprMayJunJulAugSepOctNovDec"[3 * moment.month - 3 :][:3]

        read = srp.signed_at(f"{day} {month} {moment.day} {moment:%H:%M:%S} UTC {moment.year}")

        assert read == moment.replace(microsecond=0).timestamp()

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "Tue Nov 03 04:05:06 UTC 2026",
            "Tue Nov  3 04:05:06 UTC 2026",
            "Wed Nov 3 04:05:06 UTC 2026",
            "tue Nov 3 04:05:06 UTC 2026",
            "Di Nov 3 04:05:06 UTC 2026",
            "Tue Nov 3 4:05:06 UTC 2026",
            "Tue Nov 3 24:05:06 UTC 2026",
            "Tue Nov 3 04:05:60 UTC 2026",
            "Tue Nov 3 04:05:06 GMT 2026",
            "Tue Nov 3 04:05:06 UTC 26",
            "Tue Nov 3 04:05:06 UTC 2026\n",
            "Tue Nov \u0663 04:05:06 UTC 2026",
            "Mon Feb 30 04:05:06 UTC 2026",
            "Tue Nov 32 04:05:06 UTC 2026",
            "Tue Nov 3 04:05:06 UTC 0000",
            "2026-11-03T04:05:06Z",
        ],
    )
    def test_any_other_form_is_refused_and_never_fresh(self, text: str) -> None:
        with pytest.raises(srp.Refused, match="timestamp"):
            srp.signed_at(text)

        assert not srp.is_fresh(text, NOON.timestamp(), 10**12)

    @pytest.mark.parametrize(("seconds", "fresh"), [(-301, False), (-300, True), (0, True), (300, True), (301, False)])
    def test_it_is_fresh_within_the_skew_on_both_sides(self, seconds: int, fresh: bool) -> None:
        now = (NOON + timedelta(seconds=seconds)).timestamp()

        assert srp.is_fresh("Tue Nov 3 12:00:00 UTC 2026", now, 300) is fresh
