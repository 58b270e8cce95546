"""The relying party of a pool, and whose pages may ask for its passkeys."""

import pytest

from chalicelib.rules import relying_parties

HOST = "api.example.org"


class TestHost:
    def test_is_what_was_chosen_before_any_domain(self):
        document = {"Domain": "demo", "CustomDomain": "auth.example.com"}
        mfa = {"WebAuthnConfiguration": {"RelyingPartyId": "example.com"}}

        assert relying_parties.host(document, mfa, HOST) == "example.com"

    def test_is_the_custom_domain_before_the_prefix(self):
        document = {"Domain": "demo", "CustomDomain": "auth.example.com"}

        assert relying_parties.host(document, {}, HOST) == "auth.example.com"
        assert relying_parties.host(document, {"WebAuthnConfiguration": {}}, HOST) == "auth.example.com"

    def test_is_the_host_of_the_prefix_below_our_own(self):
        assert relying_parties.host({"Domain": "demo"}, {}, HOST) == "demo.auth.api.example.org"

    @pytest.mark.parametrize("own_host", ["", "localhost", "127.0.0.1", "::1", "-"])
    def test_is_none_where_a_prefix_has_no_host(self, own_host):
        assert relying_parties.host({"Domain": "demo"}, {}, own_host) is None

    def test_is_none_without_any(self):
        assert relying_parties.host({}, {}, HOST) is None


class TestOrigin:
    @pytest.mark.parametrize(
        "origin",
        [
            "https://example.com",
            "https://example.com:8443",
            "https://app.example.com",
            "https://a.b-c.example.com",
            "https://my_app.example.com",
        ],
    )
    def test_is_own_at_the_host_and_below(self, origin):
        assert relying_parties.is_own(origin, "example.com")

    @pytest.mark.parametrize(
        "origin",
        [
            "https://evil-example.com",
            "https://example.com.evil.net",
            "https://evilexample.com",
            "https://com",
            "https://.example.com",
            "https://evil.net/.example.com",
            "https://evil.net#.example.com",
            "https://evil.net?.example.com",
            "https://evil.net\\.example.com",
            "https://evil.net\n.example.com",
            "https://example.com@evil.net",
            "https://evil.net:443@example.com",
            "https://example.com\n",
            "https://example.com.",
            "https://example.com/",
            "https://example.com:",
            "https://example.com:0443",
            "https://EXAMPLE.com",
            "https://exämple.com",
            "http://example.com",
            "http://localhost",
            "ftp://example.com",
            "//example.com",
            "example.com",
            "null",
            "",
            "android:apk-key-hash:pNiP5iKyQ8JwgGOaKA1zGPUPJIS-0H1xKCQcfIoGLck",
            "https://" + "a." * 400 + "example.com",
            None,
            7,
            ["https://example.com"],
        ],
        ids=lambda origin: repr(origin)[:40],
    )
    def test_is_not_own_anywhere_else(self, origin):
        assert not relying_parties.is_own(origin, "example.com")

    @pytest.mark.parametrize("origin", ["http://localhost", "http://localhost:3000", "https://localhost:3000"])
    def test_may_be_plain_http_on_a_laptop(self, origin):
        assert relying_parties.is_own(origin, "localhost")

    @pytest.mark.parametrize(
        "origin", ["http://127.0.0.1:3000", "http://app.localhost:3000", "http://localhost.evil.net"]
    )
    def test_is_not_plain_http_anywhere_else(self, origin):
        assert not relying_parties.is_own(origin, "localhost")

    def test_is_nobodys_without_a_relying_party(self):
        assert not relying_parties.is_own("https://example.com", "")
