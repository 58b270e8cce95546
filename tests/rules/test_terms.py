"""Terms of use and privacy policies."""

import pytest

from chalicelib.errors import InvalidParameterException
from chalicelib.rules import terms

LINKS = {"cognito:default": "https://example.com/terms"}
GIVEN = {
    "UserPoolId": "us-east-1_x",
    "ClientId": "abc",
    "TermsName": "terms-of-use",
    "TermsSource": "LINK",
    "Enforcement": "NONE",
    "Links": LINKS,
}


class TestCreated:
    def test_holds_what_was_given_and_when(self):
        assert terms.created(GIVEN, 12.3456) == GIVEN | {"CreationDate": 12.346, "LastModifiedDate": 12.346}

    @pytest.mark.parametrize("links", [{}, {"cognito:french": "https://example.com"}], ids=["none", "no default"])
    def test_needs_a_link_for_readers_of_every_other_language(self, links):
        with pytest.raises(InvalidParameterException, match="cognito:default"):
            terms.created(GIVEN | {"Links": links}, 1)

    def test_does_not_repeat_a_bad_address(self):
        with pytest.raises(InvalidParameterException) as refusal:
            terms.created(GIVEN | {"Links": {"cognito:default": "javascript:alert(1)"}}, 1)

        assert "alert" not in refusal.value.message


class TestUpdated:
    def test_keeps_what_is_left_out(self):
        before = terms.created(GIVEN, 1)

        assert terms.updated(before, {"TermsName": "privacy-policy"}, 2) == before | {
            "TermsName": "privacy-policy",
            "LastModifiedDate": 2,
        }

    def test_replaces_links_as_a_whole(self):
        before = terms.created(GIVEN | {"Links": LINKS | {"cognito:french": "https://example.com/fr"}}, 1)

        assert terms.updated(before, {"Links": LINKS}, 2)["Links"] == LINKS

    def test_checks_links(self):
        with pytest.raises(InvalidParameterException):
            terms.updated(terms.created(GIVEN, 1), {"Links": {"cognito:default": "nowhere"}}, 2)


class TestIsPage:
    @pytest.mark.parametrize(
        "address",
        [
            "https://example.com",
            "HTTPS://Example.com:8443/a?b=c#d",
            "https://[2001:db8::1]/",
            "https://münchen.example/ä",
        ],
    )
    def test_knows_addresses_of_pages(self, address):
        assert terms.is_page(address)

    @pytest.mark.parametrize(
        "address",
        [
            "http://example.com",
            "javascript:alert(1)",
            "data:text/html,x",
            "//example.com",
            "https:example.com",
            "https://",
            "https:///path",
            "https://user@example.com",
            "https://known.example@evil.example",
            "https://evil.example\\known.example",
            "https://example.com/a b",
            "https://example.com/\u2003",
            "https://example.com/\x00",
            'https://example.com/"onmouseover=',
            "https://example.com/<script>",
            "https://[x",
            "https://example.com:99999",
            "https://example.com:0",
        ],
    )
    def test_refuses_what_is_none_or_passes_for_another(self, address):
        assert not terms.is_page(address)
