"""The filter of ListUsers."""

import string
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import InvalidParameterException
from chalicelib.rules import filters
from chalicelib.rules.filters import Filter
from chalicelib.wire import model

ATTRIBUTES = st.text(st.characters(exclude_characters='"', exclude_categories=("Cs", "Z", "Cc")), min_size=1)
VALUES = st.text(st.characters(exclude_categories=("Cs",)))
TOKENS = st.sampled_from([*'"\\^= \n', "email", "custom:x", "=", "^=", '"a"', '\\"', "\u00e9", "\0"])


class TestParsing:
    @pytest.mark.parametrize("text", ["", " ", "\t\n "])
    def test_nothing_is_no_condition(self, text):
        assert filters.parsed(text) is None

    @pytest.mark.parametrize(
        ("text", "condition"),
        [
            ('email = "a@b.c"', Filter("email", "a@b.c")),
            ('email="a@b.c"', Filter("email", "a@b.c")),
            ('  email\t=\n"a@b.c"  ', Filter("email", "a@b.c")),
            ('email ^= "te"', Filter("email", "te", is_prefix=True)),
            ('email^="te"', Filter("email", "te", is_prefix=True)),
            ('name = ""', Filter("name", "")),
            ('name ^= ""', Filter("name", "", is_prefix=True)),
            ('cognito:user_status = "CONFIRMED"', Filter("cognito:user_status", "CONFIRMED")),
            (r'name = "a \"b\" \\ c"', Filter("name", r'a "b" \ c')),
            ('name = "a = b ^= c"', Filter("name", "a = b ^= c")),
            ('name = "zwei\nZeilen"', Filter("name", "zwei\nZeilen")),
            ('name = "\u1f41 \U0001f511"', Filter("name", "\u1f41 \U0001f511")),
            ('custom:a^b=c = "x"', Filter("custom:a^b=c", "x")),
        ],
    )
    def test_a_condition_is_an_attribute_an_operator_and_a_quoted_value(self, text, condition):
        assert filters.parsed(text) == condition

    @pytest.mark.parametrize(
        "text",
        [
            "username", "username =", 'username "x"', "username = x", "username = 'x'", 'username = "x', '= "x"',
            'username == "x"', 'username != "x"', 'username = "x" and name = "y"', 'username = "a"b"',
            r'username = "a\"', r'username = "a\b"', 'user name = "x"', '"username" = "x"', 'username = "x" y',
            'username ^ = "x"', "x" * 256, f'email = "{"x" * 247}"',
        ],
    )  # fmt: skip
    def test_all_else_is_refused(self, text):
        with pytest.raises(InvalidParameterException) as caught:
            filters.parsed(text)

        assert caught.value.message == "Error while parsing filter"

    def test_256_characters_are_taken(self):
        text = f'email = "{"x" * 246}"'

        assert len(text) == 256
        assert filters.parsed(text) == Filter("email", "x" * 246)

    @given(ATTRIBUTES, VALUES, st.booleans())
    def test_what_is_written_is_read_again(self, attribute, value, is_prefix):
        condition = Filter(attribute, value, is_prefix)
        text = filters.unparsed(condition)
        if len(text) > 256:
            return

        assert filters.parsed(text) == condition

    @given(st.one_of(st.text(max_size=300), st.lists(TOKENS, max_size=60).map("".join)))
    def test_any_text_is_a_condition_or_refused(self, text):
        try:
            condition = filters.parsed(text)
        except InvalidParameterException as refusal:
            assert refusal.message == "Error while parsing filter"
        else:
            assert condition is None or filters.parsed(filters.unparsed(condition)) == condition

    @pytest.mark.parametrize(
        "text", ["=" * 256, "^=" * 128, " " * 255 + "x", 'a="' + '\\"' * 126, "a" * 250 + ' = "', "a =" + '"' * 250]
    )
    def test_no_text_takes_long(self, text):
        began = time.process_time()

        for _ in range(20):
            with pytest.raises(InvalidParameterException):
                filters.parsed(text)

        assert time.process_time() - began < 0.5


class TestAttributes:
    @pytest.mark.parametrize("attribute", [*filters.STANDARD, "status", "cognito:user_status", "nickname"])
    def test_those_of_cognito_and_of_the_pool_are_searchable(self, attribute):
        filters.require_searchable(Filter(attribute, "x"), ["nickname"])

    @pytest.mark.parametrize("attribute", ["custom:foo", "Email", "state", "enabled", "address"])
    def test_others_are_not(self, attribute):
        with pytest.raises(InvalidParameterException) as caught:
            filters.require_searchable(Filter(attribute, "x"), ["nickname"])

        assert caught.value.message == f"Invalid search attribute: {attribute}"

    def test_those_of_the_pool_count_once_and_never_replace_those_of_cognito(self):
        ours = {"searchable": ["custom:tier", "email", "status", "custom:tier"], "becoming_searchable": ["nickname"]}

        assert filters.added(ours, "searchable") == ["custom:tier"]
        assert filters.added(ours, "searchable", "becoming_searchable") == ["custom:tier", "nickname"]
        assert filters.added(None, "searchable") == filters.added({}, "searchable") == []

    def test_the_statuses_are_those_of_the_model(self):
        assert list(filters.STATUSES) == sorted(model.shape("cognito-idp", "UserStatusType").enum)


class TestHolding:
    def holds(self, text, *, is_case_sensitive=True, **values):
        return filters.holds(filters.parsed(text), values, is_case_sensitive=is_case_sensitive)

    @pytest.mark.parametrize("attribute", ["email", "name", "preferred_username", "custom:tier"])
    def test_attributes_are_compared_as_the_pool_compares_names(self, attribute):
        for operator in ("=", "^="):
            text, value = f'{attribute} {operator} "ADA"', {attribute: "Ada"}
            assert filters.holds(filters.parsed(text), value, is_case_sensitive=False)
            assert not filters.holds(filters.parsed(text), value, is_case_sensitive=True)

    @pytest.mark.parametrize("attribute", ["username", "sub", "status"])
    def test_names_and_status_are_compared_exactly(self, attribute):
        value = {attribute: "ada"}

        assert not filters.holds(Filter(attribute, "Ada"), value, is_case_sensitive=False)
        assert filters.holds(Filter(attribute, "ada"), value, is_case_sensitive=False)

    def test_the_users_status_is_compared_without_case(self):
        values = {"cognito:user_status": "CONFIRMED"}

        assert filters.holds(Filter("cognito:user_status", "Confirmed"), values, is_case_sensitive=True)
        assert filters.holds(Filter("cognito:user_status", "con", is_prefix=True), values, is_case_sensitive=True)

    def test_an_empty_value_is_nobodys_and_the_beginning_of_every_value(self):
        assert not self.holds('name = ""', name="Ada")
        assert not self.holds('name = ""', name="")
        assert not self.holds('name = ""')
        assert self.holds('name ^= ""', name="Ada")
        assert not self.holds('name ^= ""', name="")
        assert not self.holds('name ^= ""')

    @given(VALUES, VALUES)
    def test_what_begins_alike_still_does_without_case(self, beginning, rest):
        assert filters.folded(beginning + rest).startswith(filters.folded(beginning))

    @given(VALUES)
    def test_what_is_one_name_is_one_text_without_case(self, text):
        for other in (text.lower(), text.swapcase()):
            if other.lower() == text.lower():
                assert filters.folded(other) == filters.folded(text)

    @pytest.mark.parametrize("word", ["\u039f\u03a3", "STRASSE", "\u0130", string.ascii_uppercase])
    def test_words_are_folded_like_their_lower_case(self, word):
        assert filters.folded(word) == filters.folded(word.lower())
