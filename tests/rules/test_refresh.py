"""Refresh tokens: their form, their chain, and what is none of ours."""

import base64
import hmac
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.rules import refresh

SUB, SESSION = str(uuid.uuid4()), str(uuid.uuid4())


def mac(secret):
    return hmac.digest(b"a key of the server", secret, "sha256")


def chain(length):
    tokens = [refresh.new(SUB, SESSION)]
    while len(tokens) < length:
        tokens.append(tokens[-1].following(mac))
    return tokens


class TestText:
    def test_leads_back_to_the_token(self):
        for token in chain(3):
            assert refresh.parsed(token.text) == token

    def test_has_letters_of_the_model_only_and_no_dot(self):
        text = refresh.new(SUB, SESSION).text

        assert text.replace("-", "").replace("_", "").isalnum()
        assert len(text) == 91

    @pytest.mark.parametrize(
        "text", ["", "x", "é" * 91, "A" * 90, "A" * 92, "A" * 96, "!" * 91, "a.b.c", "A" * 100_000]
    )
    def test_of_another_form_is_none(self, text):
        assert refresh.parsed(text) is None

    @given(st.binary(min_size=68, max_size=68))
    def test_of_any_68_octets_is_read_without_an_error(self, octets):
        token = refresh.parsed(base64.urlsafe_b64encode(octets).decode())

        assert token is not None
        assert refresh.parsed(token.text) == token


class TestSecret:
    def test_is_fresh_for_each_session(self):
        assert refresh.new(SUB, SESSION).secret != refresh.new(SUB, SESSION).secret
        assert len(refresh.new(SUB, SESSION).secret) == 32

    def test_digest_does_not_hold_it(self):
        token = refresh.new(SUB, SESSION)

        assert token.digest != token.secret
        assert len(token.digest) == 32

    def test_of_the_following_token_needs_the_servers_key(self):
        token = refresh.new(SUB, SESSION)

        assert token.following(mac).secret != token.following(lambda secret: hmac.digest(b"", secret, "sha256")).secret
        assert token.following(mac).generation == 1
        assert (token.following(mac).sub, token.following(mac).session_id) == (SUB, SESSION)


class TestIsAncestor:
    def test_every_earlier_token_of_the_chain_is_one(self):
        *earlier, last = chain(5)

        for token in earlier:
            assert refresh.is_ancestor(token, last.generation, last.digest, mac)

    def test_the_present_token_and_a_later_one_are_none(self):
        first, second = chain(2)

        assert not refresh.is_ancestor(first, 0, first.digest, mac)
        assert not refresh.is_ancestor(second, 0, first.digest, mac)

    def test_an_invention_is_none(self):
        _, last = chain(2)

        assert not refresh.is_ancestor(refresh.new(SUB, SESSION), 1, last.digest, mac)

    def test_no_longer_chain_is_followed_than_is_cheap(self):
        calls = []

        def counting(secret):
            calls.append(1)
            return mac(secret)

        token = refresh.new(SUB, SESSION)
        assert not refresh.is_ancestor(token, refresh.LONGEST_CHAIN + 1, token.digest, counting)
        assert calls == []
        assert not refresh.is_ancestor(token, refresh.LONGEST_CHAIN, token.digest, counting)
        assert len(calls) == refresh.LONGEST_CHAIN
