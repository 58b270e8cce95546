"""Keys and signed tokens, with PyJWT as second opinion, and the forgeries that have to fail."""

import base64
import hashlib
import hmac
import json
import re
from typing import Any

import jwt as pyjwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, x25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.rules import jwt
from chalicelib.rules.jwt import BadKey, BadToken

KEYS = {algorithm: jwt.new_private_key(algorithm) for algorithm in jwt.ALGORITHMS}
OTHER_KEYS = {algorithm: jwt.new_private_key(algorithm) for algorithm in jwt.ALGORITHMS}
KNOWN = {f"kid-{algorithm}": (key.public_key(), algorithm) for algorithm, key in KEYS.items()}
CLAIMS = {"sub": "someone", "exp": 4_102_444_800, "cognito:groups": ["staff", "größe"], "email_verified": True}
EVERY_ALGORITHM = pytest.mark.parametrize("algorithm", jwt.ALGORITHMS)

JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


def part(value: Any) -> str:
    octets = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


def token(algorithm: str = "EdDSA", claims: Any = None) -> str:
    return jwt.signed(CLAIMS if claims is None else claims, KEYS[algorithm], f"kid-{algorithm}", algorithm)


def forged(head: Any, claims: Any = CLAIMS, signature: bytes = b"signature") -> str:
    return f"{part(head)}.{part(claims)}.{part(signature)}"


def signed_bytes(claims: bytes) -> str:
    """A token of ours around any bytes, good or not."""
    content = f"{part({'kid': 'kid-EdDSA', 'alg': 'EdDSA'})}.{part(claims)}"
    return f"{content}.{part(KEYS['EdDSA'].sign(content.encode()))}"


class TestSigned:
    @EVERY_ALGORITHM
    def test_pyjwt_verifies_what_we_sign(self, algorithm: str) -> None:
        assert pyjwt.decode(token(algorithm), KEYS[algorithm].public_key(), algorithms=[algorithm]) == CLAIMS

    @EVERY_ALGORITHM
    def test_we_verify_what_pyjwt_signs(self, algorithm: str) -> None:
        theirs = pyjwt.encode(CLAIMS, KEYS[algorithm], algorithm, headers={"kid": f"kid-{algorithm}"})

        assert jwt.verified(theirs, KNOWN) == CLAIMS

    @given(claims=st.dictionaries(st.text(), JSON_VALUES, max_size=5), algorithm=st.sampled_from(["ES256", "EdDSA"]))
    @settings(deadline=None)
    def test_any_claims_come_back_as_they_were(self, claims: dict[str, Any], algorithm: str) -> None:
        signed = token(algorithm, claims)

        assert jwt.verified(signed, KNOWN) == claims == jwt.unverified_claims(signed)

    @EVERY_ALGORITHM
    def test_the_header_is_exactly_kid_and_alg(self, algorithm: str) -> None:
        head = base64.urlsafe_b64decode(token(algorithm).split(".")[0] + "==")

        assert head == f'{{"kid":"kid-{algorithm}","alg":"{algorithm}"}}'.encode()
        assert jwt.header(token(algorithm)) == {"kid": f"kid-{algorithm}", "alg": algorithm}

    def test_signatures_of_p_256_always_have_64_bytes(self) -> None:
        lengths = {len(token("ES256", {"n": n}).split(".")[2]) for n in range(300)}

        assert lengths == {86}

    def test_a_key_signs_with_its_own_algorithm_only(self) -> None:
        with pytest.raises(BadKey):
            jwt.signed(CLAIMS, KEYS["ES256"], "kid", "RS256")

    def test_what_is_no_json_is_not_signed(self) -> None:
        with pytest.raises(ValueError, match="not JSON compliant"):
            token(claims={"n": float("nan")})


class TestVerified:
    @pytest.mark.parametrize("name", ["none", "None", "NONE", "nOnE", ""])
    def test_an_unsigned_token_is_refused_whatever_the_case_of_none(self, name: str) -> None:
        head = {"kid": "kid-RS256", "alg": name}

        for text in (f"{part(head)}.{part(CLAIMS)}.", forged(head), f"{part(head)}.{part(CLAIMS)}"):
            with pytest.raises(BadToken):
                jwt.verified(text, KNOWN)

    @pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
    def test_the_public_key_is_no_shared_secret(self, encoding: Encoding) -> None:
        public = KEYS["RS256"].public_key().public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)
        content = f"{part({'kid': 'kid-RS256', 'alg': 'HS256'})}.{part(CLAIMS)}"
        signature = hmac.new(public, content.encode(), hashlib.sha256).digest()

        with pytest.raises(BadToken):
            jwt.verified(f"{content}.{part(signature)}", KNOWN)

    @EVERY_ALGORITHM
    @pytest.mark.parametrize("claimed", jwt.ALGORITHMS)
    def test_the_header_cannot_choose_another_algorithm_for_a_key(self, algorithm: str, claimed: str) -> None:
        content = f"{part({'kid': f'kid-{algorithm}', 'alg': claimed})}.{part(CLAIMS)}"
        text = f"{content}.{part(jwt._signature(KEYS[claimed], content.encode()))}"

        if algorithm == claimed:
            assert jwt.verified(text, KNOWN) == CLAIMS
        else:
            with pytest.raises(BadToken, match="another algorithm"):
                jwt.verified(text, KNOWN)

    @EVERY_ALGORITHM
    def test_another_key_under_a_known_kid_is_refused(self, algorithm: str) -> None:
        text = jwt.signed(CLAIMS, OTHER_KEYS[algorithm], f"kid-{algorithm}", algorithm)

        with pytest.raises(BadToken, match="does not fit"):
            jwt.verified(text, KNOWN)

    @pytest.mark.parametrize("kid", ["unknown", "", "kid-EdDSA ", "KID-EDDSA"])
    def test_an_unknown_kid_is_refused(self, kid: str) -> None:
        with pytest.raises(BadToken, match="unknown key"):
            jwt.verified(jwt.signed(CLAIMS, KEYS["EdDSA"], kid, "EdDSA"), KNOWN)

    @EVERY_ALGORITHM
    def test_changed_claims_are_refused(self, algorithm: str) -> None:
        head, _, signature = token(algorithm).split(".")

        with pytest.raises(BadToken, match="does not fit"):
            jwt.verified(f"{head}.{part(CLAIMS | {'sub': 'admin'})}.{signature}", KNOWN)

    @EVERY_ALGORITHM
    def test_every_truncation_is_refused(self, algorithm: str) -> None:
        text = token(algorithm)

        for length in [*range(0, len(text), 7), *range(len(text) - 5, len(text))]:
            with pytest.raises(BadToken):
                jwt.verified(text[:length], KNOWN)

    @EVERY_ALGORITHM
    @given(signature=st.binary(min_size=2, max_size=300))
    @settings(max_examples=50, deadline=None)
    def test_junk_in_place_of_the_signature_is_refused(self, algorithm: str, signature: bytes) -> None:
        with pytest.raises(BadToken):
            jwt.verified(forged({"kid": f"kid-{algorithm}", "alg": algorithm}, signature=signature), KNOWN)

    @pytest.mark.parametrize("signature", [bytes(64), bytes(32) + b"\1" * 32, b"\xff" * 64])
    def test_signatures_of_zeros_are_refused(self, signature: bytes) -> None:
        with pytest.raises(BadToken):
            jwt.verified(forged({"kid": "kid-ES256", "alg": "ES256"}, signature=signature), KNOWN)

    @EVERY_ALGORITHM
    def test_no_second_text_stands_for_the_same_token(self, algorithm: str) -> None:
        text = token(algorithm)
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

        for last in set(alphabet) - {text[-1]}:
            with pytest.raises(BadToken):
                jwt.verified(text[:-1] + last, KNOWN)

    @pytest.mark.parametrize(
        "claims", [b"[]", b'"text"', b"1", b"null", b"{", b"\xff\xfe", b'{"a":NaN}', b'{"a":Infinity}']
    )
    def test_signed_junk_is_no_token(self, claims: bytes) -> None:
        with pytest.raises(BadToken):
            jwt.verified(signed_bytes(claims), KNOWN)

    @pytest.mark.parametrize("claims", [b'{"a":1,"a":2}', b'{"a":{"b":1,"b":1}}'])
    def test_a_member_given_twice_is_refused_at_any_depth(self, claims: bytes) -> None:
        with pytest.raises(BadToken):
            jwt.verified(signed_bytes(claims), KNOWN)


class TestHeader:
    @pytest.mark.parametrize(
        "head",
        [
            {},
            {"alg": "RS256"},
            {"kid": "kid-RS256"},
            {"kid": 1, "alg": "RS256"},
            {"kid": None, "alg": "RS256"},
            {"kid": ["kid-RS256"], "alg": "RS256"},
            {"kid": "kid-RS256", "alg": ["RS256"]},
            {"kid": "kid-RS256", "alg": {"RS256": 1}},
            {"kid": "kid-RS256", "alg": "rs256"},
            {"kid": "kid-RS256", "alg": "HS256"},
            {"kid": "kid-RS256", "alg": "RS512"},
            {"kid": "kid-RS256", "alg": "RS256", "crit": ["exp"]},
            {"kid": "kid-RS256", "alg": "RS256", "crit": []},
            [],
            "text",
            b'{"kid":"kid-RS256","alg":"none","alg":"RS256"}',
            b'{"kid":"kid-RS256","alg":"RS256"',
            b"[" * 3000,
            b"\xff\xff",
            b'{"kid":' + b"9" * 3000 + b',"alg":"RS256"}',
        ],
    )
    def test_a_header_that_is_not_used_here_is_refused(self, head: Any) -> None:
        with pytest.raises(BadToken):
            jwt.header(forged(head))

    def test_unknown_members_are_left_alone(self) -> None:
        assert jwt.header(forged({"kid": "k", "alg": "RS256", "typ": "JWT"}))["typ"] == "JWT"

    @pytest.mark.parametrize(
        "text",
        [
            "",
            ".",
            "..",
            "...",
            "a.b",
            "ab.cd",
            "ab.cd.ef.gh",
            "ab.cd.ef.gh.ij",
            "ab..ef",
            "ab.c=.ef",
            "ab.cd.ef\n",
            " ab.cd.ef",
            "äb.cd.ef",
            "\ud800b.cd.ef",
            "ab.c+.ef",
            "ab.c/.ef",
            "A" * 100,
        ],
    )
    def test_what_is_not_three_parts_of_base64url_is_refused(self, text: str) -> None:
        for reader in (jwt.header, jwt.unverified_claims, lambda each: jwt.verified(each, KNOWN)):
            with pytest.raises(BadToken, match="three parts"):
                reader(text)

    @pytest.mark.parametrize("head", ["abcde", "ab", "e31"])
    def test_a_part_of_a_length_or_with_spare_bits_that_base64_does_not_have_is_refused(self, head: str) -> None:
        with pytest.raises(BadToken):
            jwt.header(f"{head}.{part(CLAIMS)}.{part(b'signature')}")


class TestBounds:
    def test_a_huge_token_is_refused_unread(self) -> None:
        for text in (
            "A" * (jwt.LONGEST + 1),
            "." * 10**7,
            forged({"kid": "k", "alg": "RS256"}, {"a": "x" * jwt.LONGEST}),
        ):
            with pytest.raises(BadToken, match="too long"):
                jwt.header(text)

    def test_a_token_for_somebody_in_a_hundred_groups_is_read(self) -> None:
        claims = {"cognito:groups": [f"{number:0128}" for number in range(100)]}

        assert jwt.verified(token("RS256", claims), KNOWN) == claims

    @pytest.mark.parametrize("claims", [b"[" * 40_000, b'{"a":' * 8_000, b'{"a":' + b"9" * 40_000 + b"}"])
    def test_deep_nesting_and_endless_numbers_are_refused(self, claims: bytes) -> None:
        with pytest.raises(BadToken, match="not JSON"):
            jwt.unverified_claims(forged({"kid": "k", "alg": "RS256"}, claims))

    def test_a_long_header_or_signature_is_refused(self) -> None:
        for text in (forged({"kid": "k" * 4096, "alg": "RS256"}), forged({}, signature=b"s" * 2000)):
            with pytest.raises(BadToken):
                jwt.header(text)

    @given(st.text(alphabet="abcXYZ019-_.=+ \n", max_size=200) | st.text(max_size=50))
    def test_no_text_does_more_than_be_refused(self, text: str) -> None:
        with pytest.raises(BadToken):
            jwt.verified(text, KNOWN)

    def test_the_message_does_not_repeat_the_token(self) -> None:
        with pytest.raises(BadToken) as caught:
            jwt.verified(forged({"kid": "sesame", "alg": "RS256"}, b'{"sesame"'), KNOWN)

        assert "sesame" not in str(caught.value)


class TestPrivateKeys:
    @EVERY_ALGORITHM
    def test_a_stored_key_signs_like_the_fresh_one(self, algorithm: str) -> None:
        loaded = jwt.load_private(jwt.private_bytes(KEYS[algorithm]), algorithm)

        text = jwt.signed(CLAIMS, loaded, f"kid-{algorithm}", algorithm)

        assert jwt.verified(text, KNOWN) == CLAIMS

    def test_rsa_has_2048_bits_and_the_usual_exponent(self) -> None:
        numbers = KEYS["RS256"].public_key().public_numbers()

        assert (numbers.n.bit_length(), numbers.e) == (2048, 65537)

    @pytest.mark.parametrize("algorithm", ["none", "HS256", "RS512", ""])
    def test_there_are_no_keys_for_other_algorithms(self, algorithm: str) -> None:
        with pytest.raises(BadKey):
            jwt.new_private_key(algorithm)

    @EVERY_ALGORITHM
    @pytest.mark.parametrize("stored_as", jwt.ALGORITHMS)
    def test_a_key_of_another_kind_is_not_loaded(self, algorithm: str, stored_as: str) -> None:
        data = jwt.private_bytes(KEYS[stored_as])

        if algorithm == stored_as:
            assert jwt.algorithm_of(jwt.load_private(data, algorithm)) == algorithm
        else:
            with pytest.raises(BadKey, match="another kind"):
                jwt.load_private(data, algorithm)

    @pytest.mark.parametrize(
        "data", [b"", b"junk", jwt.private_bytes(KEYS["EdDSA"])[:-1]], ids=["empty", "junk", "cut"]
    )
    def test_damaged_bytes_are_refused(self, data: bytes) -> None:
        with pytest.raises(BadKey, match="cannot be read"):
            jwt.load_private(data, "EdDSA")

    @pytest.mark.parametrize("key", [ec.generate_private_key(ec.SECP384R1()), x25519.X25519PrivateKey.generate()])
    def test_kinds_that_are_not_used_are_refused(self, key: Any) -> None:
        data = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())

        with pytest.raises(BadKey, match="not used here"):
            jwt.load_private(data, "ES256")


class TestPublicKeys:
    @EVERY_ALGORITHM
    def test_a_jwk_comes_back_as_the_key(self, algorithm: str) -> None:
        public = KEYS[algorithm].public_key()

        assert jwt.load_public(jwt.public_jwk(KEYS[algorithm], "kid", algorithm)) == public
        assert jwt.public_jwk(public, "kid", algorithm) == jwt.public_jwk(KEYS[algorithm], "kid", algorithm)

    @EVERY_ALGORITHM
    def test_pyjwt_reads_it(self, algorithm: str) -> None:
        theirs = pyjwt.PyJWK(jwt.public_jwk(KEYS[algorithm], "kid", algorithm))

        assert pyjwt.decode(token(algorithm), theirs.key, algorithms=[algorithm]) == CLAIMS

    def test_an_rsa_key_has_the_members_that_the_service_publishes(self) -> None:
        jwk = jwt.public_jwk(KEYS["RS256"], "kid", "RS256")

        assert {"alg", "e", "kid", "kty", "n", "use"} == set(jwk)
        assert (jwk["alg"], jwk["e"], jwk["kty"], jwk["use"]) == ("RS256", "AQAB", "RSA", "sig")

    @EVERY_ALGORITHM
    def test_nothing_private_is_published(self, algorithm: str) -> None:
        assert {"d", "p", "q", "dp", "dq", "qi", "k"}.isdisjoint(jwt.public_jwk(KEYS[algorithm], "kid", algorithm))

    def test_coordinates_always_have_32_bytes(self) -> None:
        jwks = [jwt.public_jwk(jwt.new_private_key("ES256"), "kid", "ES256") for _ in range(300)]

        assert {len(jwk["x"]) for jwk in jwks} == {len(jwk["y"]) for jwk in jwks} == {43}

    def test_a_key_is_published_under_its_own_algorithm_only(self) -> None:
        with pytest.raises(BadKey):
            jwt.public_jwk(KEYS["RS256"], "kid", "ES256")

    @pytest.mark.parametrize(
        "jwk",
        [
            {},
            {"kty": "oct", "k": "c2VjcmV0"},
            {"kty": "RSA"},
            {"kty": "RSA", "n": 5, "e": "AQAB"},
            {"kty": "RSA", "n": None, "e": "AQAB"},
            {"kty": "RSA", "n": "AQ!B", "e": "AQAB"},
            {"kty": "RSA", "n": part(b"\xff" * 128), "e": "AQAB"},
            {"kty": "RSA", "n": part(b"\xff" * 1025), "e": "AQAB"},
            {"kty": "RSA", "n": part(b"\xff" * 256), "e": part(b"\1" + bytes(3) + b"\1")},
            {"kty": "RSA", "n": part(b"\xff" * 256), "e": "Ag"},
            {"kty": "EC", "crv": "P-384", "x": "AQ", "y": "AQ"},
            {"kty": "EC", "crv": "P-256", "x": "AQ", "y": "AQ"},
            {"kty": "EC", "crv": "P-256", "x": "AQ"},
            {"kty": "OKP", "crv": "Ed25519", "x": "AQ"},
            {"kty": "OKP", "crv": "X25519", "x": part(b"\1" * 32)},
        ],
    )
    def test_damaged_weak_and_monstrous_keys_are_refused(self, jwk: dict[str, Any]) -> None:
        with pytest.raises(BadKey):
            jwt.load_public(jwk)

    def test_a_key_set_verifies_what_its_keys_signed(self) -> None:
        published = [jwt.public_jwk(key, f"kid-{algorithm}", algorithm) for algorithm, key in KEYS.items()]

        keys = jwt.key_set(published)

        assert [jwt.verified(token(algorithm), keys) for algorithm in jwt.ALGORITHMS] == [CLAIMS] * 3

    def test_a_key_set_takes_the_algorithm_from_the_key(self) -> None:
        jwk = jwt.public_jwk(KEYS["RS256"], "kid", "RS256")
        without = {name: value for name, value in jwk.items() if name != "alg"}

        assert jwt.key_set([without])["kid"][1] == "RS256"
        with pytest.raises(BadKey):
            jwt.key_set([jwk | {"alg": "HS256"}])

    def test_the_algorithm_is_told_by_the_type_of_the_key(self) -> None:
        assert jwt.algorithm_of(rsa.generate_private_key(65537, 2048)) == "RS256"
        assert jwt.algorithm_of(ec.generate_private_key(ec.SECP256R1()).public_key()) == "ES256"
        assert jwt.algorithm_of(ed25519.Ed25519PrivateKey.generate()) == "EdDSA"
        with pytest.raises(BadKey):
            jwt.algorithm_of("secret")


class TestNewKid:
    def test_it_looks_like_the_services_own_and_stands_anywhere_as_it_is(self) -> None:
        kids = {jwt.new_kid() for _ in range(200)}

        assert len(kids) == 200
        assert all(re.fullmatch(r"[A-Za-z0-9]{43}=", kid) for kid in kids)
        assert all(len(base64.b64decode(kid)) == 32 for kid in kids)
