"""Names to sign in with: their forms, their folding, who holds which guard, and masks."""

import pytest

from chalicelib.rules import names

PLAIN = {}
FOLDING = {"UsernameConfiguration": {"CaseSensitive": False}}
BY_EMAIL = {"UsernameAttributes": ["email"]}
BY_BOTH = {"UsernameAttributes": ["email", "phone_number"]}
ALIASES = {"AliasAttributes": ["email", "phone_number", "preferred_username"]}


class TestForms:
    @pytest.mark.parametrize("text", ["a@b", "first.last+tag@example.com", "ü@example.de"])
    def test_an_address_is_an_address(self, text):
        assert names.is_email(text)

    @pytest.mark.parametrize("text", ["", "a", "@b", "a@", "a b@c", "a@b@c", "a<b>@c", f"{'a' * 65}@b", "a@b\n"])
    def test_what_is_none_is_none(self, text):
        assert not names.is_email(text)

    @pytest.mark.parametrize("text", ["+12", "+4915112345678", "+123456789012345"])
    def test_a_number_of_e_164_is_a_phone_number(self, text):
        assert names.is_phone_number(text)

    @pytest.mark.parametrize("text", ["12", "+", "+1", "+1234567890123456", "+12a", "+\u0661\u0662", "+12\n"])
    def test_what_is_no_number_is_none(self, text):
        assert not names.is_phone_number(text)

    def test_only_a_uuid_in_lower_case_is_a_sub(self):
        assert names.is_sub("0f9a4f4e-7d0a-4c8e-9f43-2d6f0c1d2e3f")
        assert not names.is_sub("0F9A4F4E-7D0A-4C8E-9F43-2D6F0C1D2E3F")

    @pytest.mark.parametrize("unseen", ["\x7f", "\x85", "\u200b", "\u00ad", "\u202e", "\ufeff", "\U000e0041"])
    def test_what_nobody_sees_is_in_no_address(self, unseen):
        """The attack: an address that looks like another's, or that no mail server takes."""
        for address in (f"a{unseen}b@example.com", f"ab@exa{unseen}mple.com"):
            assert not names.is_email(address)


class TestFolding:
    def test_names_differ_by_case_unless_the_pool_says_otherwise(self):
        assert names.folded(PLAIN, "Bob") != names.folded(PLAIN, "bob")
        assert names.folded(FOLDING, "Bob") == names.folded(FOLDING, "bOB")

    def test_a_folded_username_is_shown_in_lower_case(self):
        assert names.folded(FOLDING, "Bob") == "bob"
        assert names.folded(PLAIN, "Bob") == "Bob"


class TestGuards:
    def test_a_plain_user_holds_the_username_alone(self):
        attributes = {"email": "a@b.c", "email_verified": "true"}

        assert names.guards(PLAIN, "bob", attributes) == [("username", "bob")]

    def test_an_alias_is_held_only_once_it_is_proved(self):
        unproved = {"email": "a@b.c"}

        assert names.guards(ALIASES, "bob", unproved) == [("username", "bob")]
        assert names.guards(ALIASES, "bob", unproved | {"email_verified": "false"}) == [("username", "bob")]
        assert ("email", "a@b.c") in names.guards(ALIASES, "bob", unproved | {"email_verified": "true"})

    def test_a_preferred_username_needs_no_proof(self):
        assert ("preferred_username", "b") in names.guards(ALIASES, "bob", {"preferred_username": "b"})

    def test_an_address_that_is_the_username_is_held_from_the_start(self):
        assert names.guards(BY_EMAIL, "a-sub", {"email": "a@b.c"}) == [("email", "a@b.c")]


class TestCandidates:
    def test_a_name_is_looked_for_only_where_its_form_fits(self):
        assert names.candidates(ALIASES, "bob") == [("username", "bob"), ("preferred_username", "bob")]
        assert ("email", "a@b.c") in names.candidates(ALIASES, "a@b.c")

    def test_where_addresses_are_names_nothing_else_is(self):
        assert names.candidates(BY_EMAIL, "bob") == []
        assert names.candidates(BY_BOTH, "+4915112345678") == [("phone_number", "+4915112345678")]


class TestKeptUsernames:
    SUB = "0f9a4f4e-7d0a-4c8e-9f43-2d6f0c1d2e3f"
    OTHER = "1f9a4f4e-7d0a-4c8e-9f43-2d6f0c1d2e3f"

    def test_stay_names_where_addresses_became_names(self):
        attributes = {"email": "a@b.c"}

        assert names.guards(BY_EMAIL, "bob", attributes, keeps_usernames=True) == [
            ("email", "a@b.c"),
            ("username", "bob"),
        ]
        assert names.candidates(BY_EMAIL, "bob", keeps_usernames=True) == [("username", "bob")]
        assert names.candidates(BY_EMAIL, "a@b.c", keeps_usernames=True) == [("email", "a@b.c"), ("username", "a@b.c")]

    def test_a_sub_is_found_without_a_guard(self):
        assert names.guards(BY_EMAIL, self.SUB, {"email": "a@b.c"}, keeps_usernames=True) == [("email", "a@b.c")]

    @pytest.mark.parametrize(
        ("settings", "username", "attributes"),
        [
            (BY_EMAIL, "bob", {}),
            (BY_EMAIL, "a@b.c", {"email": "a@b.c"}),
            (BY_EMAIL, "+4915112345678", {"email": "a@b.c"}),
            (BY_EMAIL | FOLDING, "A@b.c", {"email": "a@B.c"}),
            (BY_EMAIL, SUB, {"email": "a@b.c"}),
            (ALIASES, "a@b.c", {"email": "a@b.c", "email_verified": "true"}),
            (PLAIN, "a@b.c", {}),
            (PLAIN, OTHER, {}),
        ],
    )
    def test_may_be_what_they_are(self, settings, username, attributes):
        assert names.kept_username_problem(settings, self.SUB, username, attributes) is None

    @pytest.mark.parametrize(
        ("settings", "username", "attributes"),
        [
            (BY_EMAIL, "v@b.c", {"email": "a@b.c"}),
            (BY_EMAIL, "A@b.c", {"email": "a@b.c"}),
            (BY_BOTH, "+4915112345678", {"email": "a@b.c"}),
            (BY_EMAIL, OTHER, {"email": "a@b.c"}),
            (ALIASES, "a@b.c", {"email": "a@b.c"}),
            (ALIASES, "a@b.c", {"email": "a@b.c", "email_verified": "false"}),
        ],
    )
    def test_may_not_look_like_what_is_somebody_elses(self, settings, username, attributes):
        assert names.kept_username_problem(settings, self.SUB, username, attributes)


class TestUsernameProblem:
    @pytest.mark.parametrize(
        ("settings", "name", "sentence"),
        [
            (BY_EMAIL, "bob", "Username should be an email."),
            ({"UsernameAttributes": ["phone_number"]}, "bob", "Username should be a phone number."),
            (BY_BOTH, "bob", "Username should be either an email or a phone number."),
            (
                ALIASES,
                "bob@example.com",
                "Username cannot be of email format, since user pool is configured for email alias.",
            ),
            (
                ALIASES,
                "+4915112345678",
                "Username cannot be of phone number format, since user pool is configured for phone number alias.",
            ),
        ],
    )
    def test_the_wrong_form_has_a_sentence(self, settings, name, sentence):
        assert names.username_problem(settings, name) == sentence

    @pytest.mark.parametrize(
        ("settings", "name"),
        [
            (PLAIN, "bob@example.com"),
            (ALIASES, "bob"),
            (BY_EMAIL, "bob@example.com"),
            (BY_BOTH, "+4915112345678"),
            ({"AliasAttributes": ["phone_number"]}, "bob@example.com"),
        ],
    )
    def test_the_right_form_has_none(self, settings, name):
        assert names.username_problem(settings, name) is None


class TestMasked:
    def test_an_address_keeps_two_letters(self):
        assert names.masked("email", "tess@example.com") == "t***@e***"

    def test_capitals_are_not_shown(self):
        assert names.masked("email", "Mike@Example.com") == "m***@e***"

    def test_a_number_keeps_four_digits(self):
        assert names.masked("phone_number", "+12065550100") == "+*******0100"


class TestLookAlikes:
    @pytest.mark.parametrize(
        ("one", "other"),
        [("bob@wei\u00df.de", "bob@weiss.de"), ("\u03c2", "\u03c3"), ("\ufb01", "fi"), ("\u017f", "s")],
    )
    def test_letters_that_only_the_wider_folding_makes_one_stay_two(self, one, other):
        assert names.folded(FOLDING, one) != names.folded(FOLDING, other)

    def test_what_was_proven_is_found_before_what_was_chosen(self):
        settings = {"AliasAttributes": ["preferred_username", "email"]}

        assert [kind for kind, _ in names.candidates(settings, "v@example.com")] == [
            "username",
            "email",
            "preferred_username",
        ]

    def test_a_preferred_name_must_not_look_like_an_address_that_signs_in(self):
        settings = {"AliasAttributes": ["preferred_username", "email", "phone_number"]}

        assert "email format" in (names.preferred_name_problem(settings, "v@example.com") or "")
        assert "phone_number format" in (names.preferred_name_problem(settings, "+15550100") or "")
        assert names.preferred_name_problem(settings, "bob") is None
        assert names.preferred_name_problem({"AliasAttributes": ["preferred_username"]}, "v@example.com") is None
