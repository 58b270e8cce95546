"""The addresses to which a browser may be sent back."""

import pytest

from chalicelib.errors import InvalidParameterException
from chalicelib.rules import redirects


def sentence(address):
    with pytest.raises(InvalidParameterException) as refusal:
        redirects.refuse_bad([address])
    return refusal.value.message


class TestRefuseBad:
    @pytest.mark.parametrize(
        "address",
        [
            "https://example.com",
            "https://example.com:8443/cb?x=1",
            "http://localhost",
            "http://localhost:3000/cb",
            "http://127.0.0.1/cb",
            "http://[::1]:80/cb",
            "https://x:y@example.com:80?z=[@]",
            "myapp://callback",
            "com.example.app:/cb",
        ],
    )
    def test_takes_addresses_of_the_web_the_own_machine_and_apps(self, address):
        redirects.refuse_bad([address])

    @pytest.mark.parametrize(
        "address",
        [
            "http://example.com",
            "HTTP://example.com",
            "http://localhost.example.com",
            "http://127.0.0.1@a.b",
            "http://x@[::1]@a.b",
        ],
    )
    def test_refuses_http_to_other_machines(self, address):
        assert sentence(address) == f"{address} cannot use the HTTP protocol."

    @pytest.mark.parametrize("address", ["https://example.com/#x", "myapp://cb#x"])
    def test_refuses_fragments(self, address):
        assert sentence(address) == f"{address} must not contain a fragment."

    @pytest.mark.parametrize(
        "address",
        [
            "/cb",
            "example.com/cb",
            "//example.com",
            "https:example.com",
            "https://",
            "https:///cb",
            "myapp:",
            "http://[x",
            "https://a.example\\@b.example",
            "http://[::1].a.example",
            "http://[::1]a.example:80",
            "http://localhost:a.example",
            "https://example.com:port",
        ],
    )
    def test_refuses_what_is_not_absolute(self, address):
        assert sentence(address) == f"{address} is not an absolute URL."

    @pytest.mark.parametrize("address", ["javascript:alert(1)", "JavaScript://x", "data:text/html,x", "file:///etc"])
    def test_refuses_schemes_that_run_in_the_browser(self, address):
        assert "cannot use the scheme" in sentence(address)
