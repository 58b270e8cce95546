"""ListUsers: everybody, and whom a filter finds."""

import json

import pytest

from chalicelib.flows import vault
from chalicelib.rules import filters
from tests import crowd
from tests.application import Cognito
from tests.callers import Office, a_name, attribute, refused
from tests.crowd import Search

BAD_FILTER = "Error while parsing filter"
BAD_TOKEN = "Invalid pagination token"


@pytest.fixture
def office(cognito):
    return Office(cognito)


@pytest.fixture(scope="module")
def people(application):
    """A pool with three users who differ in everything."""
    cognito = Cognito(*application)
    search = Search(cognito, cognito.pool())
    for name, given in PEOPLE.items():
        crowd.make(search.pool, name, **given)
    return search


PEOPLE = {
    "ada": {
        "email": "ada@example.com", "phone_number": "+15550100", "name": "Ada Lovelace", "given_name": "Ada",
        "family_name": "Lovelace", "preferred_username": "countess",
    },
    "bob": {
        "email": "bob@example.com", "phone_number": "+15550200", "name": "Bob Byron", "given_name": "Bob",
        "family_name": "Byron", "preferred_username": "count",
    },
    "adam": {"email": "adam@example.org", "name": "Ada", "nickname": "A"},
}  # fmt: skip


class TestEverybody:
    def test_pages_lead_to_everybody_once(self, office):
        names = {office.create(a_name())["Username"] for _ in range(3)}

        first = office.cognito.call("ListUsers", UserPoolId=office.pool, Limit=2)
        rest = office.cognito.call(
            "ListUsers", UserPoolId=office.pool, Limit=2, PaginationToken=first["PaginationToken"]
        )

        assert (len(first["Users"]), len(rest["Users"])) == (2, 1)
        assert "PaginationToken" not in rest
        assert {user["Username"] for user in first["Users"] + rest["Users"]} == names

    @pytest.mark.parametrize("more", [{}, {"Filter": 'name = "Many"'}], ids=["all", "filter"])
    def test_users_who_are_too_large_together_come_on_several_pages(self, cognito, more):
        """The attack: strangers sign up with all that fits in, and no answer with sixty of them can be sent."""
        schema = [{"Name": f"c{place}", "AttributeDataType": "String", "Mutable": True} for place in range(50)]
        pool, filled = cognito.pool(Schema=schema), {f"custom:c{place}": "x" * 2048 for place in range(50)}
        made = {crowd.make(pool, a_name(), name="Many", **filled).username for _ in range(45)}

        seen, given = [], more
        while given is not None:
            answer = cognito.call("ListUsers", UserPoolId=pool, **given)
            assert len(json.dumps(answer)) <= 3_000_000
            seen += [user["Username"] for user in answer["Users"]]
            token = answer.get("PaginationToken")
            given = more | {"PaginationToken": token} if token else None

        assert len(seen) == 45
        assert set(seen) == made

    def test_users_of_other_pools_are_not_among_them(self, office):
        office.create(a_name())

        assert office.cognito.call("ListUsers", UserPoolId=office.cognito.pool())["Users"] == []

    def test_a_cursor_of_another_pool_is_refused(self, office):
        for _ in range(2):
            office.create(a_name())
        cursor = office.cognito.call("ListUsers", UserPoolId=office.pool, Limit=1)["PaginationToken"]

        for pool, token in ((office.cognito.pool(), cursor), (office.pool, "garbage")):
            with refused("InvalidParameterException", "Invalid pagination token"):
                office.cognito.call("ListUsers", UserPoolId=pool, PaginationToken=token)

    def test_only_the_wanted_attributes_are_shown(self, office):
        office.create(a_name(), attribute("email", "alice@example.com"), attribute("nickname", "A"))

        users = office.cognito.call("ListUsers", UserPoolId=office.pool, AttributesToGet=["email", "name"])["Users"]

        assert users[0]["Attributes"] == [attribute("email", "alice@example.com")]

    def test_a_wanted_attribute_must_exist(self, office):
        with refused("InvalidParameterException"):
            office.cognito.call("ListUsers", UserPoolId=office.pool, AttributesToGet=["custom:x"])

    def test_more_than_sixty_are_refused(self, office):
        with refused("InvalidParameterException") as caught:
            office.cognito.call("ListUsers", UserPoolId=office.pool, Limit=61)

        assert "less than or equal to 60" in caught.value.message

    def test_an_empty_filter_is_none(self, people):
        for text in ("", " "):
            assert people.names(text) == ["ada", "bob", "adam"]

    def test_a_limit_of_nothing_is_sixty(self, people):
        assert people.names("", Limit=0) == ["ada", "bob", "adam"]
        assert people.names('email ^= ""', Limit=0) == ["ada", "adam", "bob"]


class TestFilters:
    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ('username = "ada"', ["ada"]),
            ('username ^= "ada"', ["ada", "adam"]),
            ('username = "Ada"', []),
            ('email = "bob@example.com"', ["bob"]),
            ('email ^= "ad"', ["ada", "adam"]),
            ('email = "ad"', []),
            ('phone_number = "+15550100"', ["ada"]),
            ('phone_number ^= "+1555"', ["ada", "bob"]),
            ('name = "Ada"', ["adam"]),
            ('name ^= "Ada"', ["adam", "ada"]),
            ('name = "ada"', []),
            ('given_name = "Bob"', ["bob"]),
            ('given_name ^= "B"', ["bob"]),
            ('family_name = "Byron"', ["bob"]),
            ('family_name ^= "Love"', ["ada"]),
            ('preferred_username = "count"', ["bob"]),
            ('preferred_username ^= "count"', ["bob", "ada"]),
            ('status = "Enabled"', ["ada", "adam", "bob"]),
            ('status ^= "En"', ["ada", "adam", "bob"]),
            ('status = "enabled"', []),
            ('status = "Disabled"', []),
            ('cognito:user_status = "CONFIRMED"', ["ada", "adam", "bob"]),
            ('cognito:user_status = "Confirmed"', ["ada", "adam", "bob"]),
            ('cognito:user_status ^= "c"', ["ada", "adam", "bob"]),
            ('cognito:user_status = "UNCONFIRMED"', []),
            ('cognito:user_status = "CONFIRM"', []),
        ],
    )  # fmt: skip
    def test_find_users_by_every_attribute_of_cognito(self, people, text, found):
        names = people.names(text)

        assert (sorted(names) if "status" in text else names) == found

    def test_find_users_by_sub(self, people):
        subs = {one["Username"]: one["Attributes"][0]["Value"] for one in people.answer("")["Users"]}

        for name, sub in subs.items():
            assert people.names(f'sub = "{sub}"') == [name]
            assert people.names(f'sub ^= "{sub[:20]}"') == [name]
            assert people.names(f'sub = "{sub.upper()}"') == []
        assert people.names('sub ^= ""') == sorted(subs, key=lambda name: subs[name])

    @pytest.mark.parametrize("attribute", [*filters.STANDARD, "status", "cognito:user_status"])
    def test_an_empty_value_is_nobodys_and_every_value_begins_with_it(self, people, attribute):
        assert people.names(f'{attribute} = ""') == []
        assert {"ada", "bob"} <= set(people.names(f'{attribute} ^= ""'))

    @pytest.mark.parametrize("text", ["username", 'username = "ada', "ada", 'name = "a" and name = "b"'])
    def test_that_are_none_are_refused(self, people, text):
        with refused("InvalidParameterException", BAD_FILTER):
            people.answer(text)

    @pytest.mark.parametrize("attribute", ["custom:x", "nickname", "email_verified", "state", "nothing"])
    def test_of_what_is_not_searchable_are_refused(self, people, attribute):
        with refused("InvalidParameterException", f"Invalid search attribute: {attribute}"):
            people.answer(f'{attribute} = "1"')

    def test_longer_than_256_characters_are_refused(self, people):
        with refused("InvalidParameterException") as caught:
            people.answer(f'name = "{"x" * 256}"')

        assert "filter" in caught.value.message

    def test_show_the_wanted_attributes_and_pass_over_missing_ones(self, people):
        users = people.answer('name ^= "Ada"', AttributesToGet=["nickname", "email"])["Users"]

        assert [sorted(one["Name"] for one in user["Attributes"]) for user in users] == [
            ["email", "nickname"],
            ["email"],
        ]
        with refused("InvalidParameterException"):
            people.answer('name ^= "Ada"', AttributesToGet=["custom:x"])

    def test_show_the_whole_user(self, people):
        user = people.answer('username = "adam"')["Users"][0]

        assert user.keys() == {
            "Username", "Attributes", "UserCreateDate", "UserLastModifiedDate", "Enabled", "UserStatus",
        }  # fmt: skip

    @pytest.mark.parametrize(
        "value",
        [
            'a "quoted" one', "back\\slash", "\\", '"', "zwei\nZeilen", "\u00c5sa \u4e2d\u6587 \U0001f511", " ", "#",
            "a#b", "\u0130\u0131", "\u039f\u03a3", "a\x00b", "\x01", "S#pool#x", "~", "\uffff",
        ],
    )  # fmt: skip
    @pytest.mark.parametrize("case", ["sensitive", "insensitive"])
    def test_find_any_text(self, cognito, value, case):
        search = Search(cognito, cognito.pool(UsernameConfiguration={"CaseSensitive": case == "sensitive"}))
        crowd.make(search.pool, "whole", name=value)
        crowd.make(search.pool, "more", name=value + "!")
        crowd.make(search.pool, "other", name="another")

        assert search.names(filters.unparsed(filters.Filter("name", value))) == ["whole"]
        assert search.names(filters.unparsed(filters.Filter("name", value, is_prefix=True))) == ["whole", "more"]

    def test_tell_long_values_apart_that_begin_alike(self, cognito):
        search = Search(cognito, cognito.pool())
        values = {name: "\U0001f511" * 200 + name for name in ("a", "b", "c")}
        for name, value in values.items():
            crowd.make(search.pool, name, name=value)

        assert search.names(f'name ^= "{values["b"]}"') == ["b"]
        assert search.names(f'name = "{values["b"]}"') == ["b"]
        assert sorted(search.names(f'name ^= "{values["b"][:200]}"')) == ["a", "b", "c"]


class TestCase:
    def test_a_pool_that_tells_names_apart_by_case_finds_the_very_value(self, cognito):
        search = Search(cognito, cognito.pool())
        for name in ("Ada", "ADA", "ada"):
            crowd.make(search.pool, name, name=name, email=f"{name}@example.com")

        for name in ("Ada", "ADA", "ada"):
            assert search.names(f'name = "{name}"') == search.names(f'name ^= "{name}"') == [name]
            assert search.names(f'email ^= "{name}"', Limit=1) == [name]

    def test_another_pool_finds_all_that_are_the_same_to_it(self, cognito):
        search = Search(cognito, cognito.pool(UsernameConfiguration={"CaseSensitive": False}))
        for name, value in (("first", "Ada"), ("second", "ADA"), ("third", "adam")):
            crowd.make(search.pool, name, name=value)

        assert sorted(search.names('name = "aDA"')) == ["first", "second"]
        assert search.names('name ^= "aDA"')[-1] == "third"
        assert search.names('username = "THIRD"') == []


class TestGeneratedNames:
    def test_the_username_is_the_sub_and_the_address_finds_nobody_by_it(self, cognito):
        office = Office(cognito, UsernameAttributes=["email"])
        search = Search(cognito, office.pool)
        name = office.create("ada@example.com")["Username"]

        for text in ('username = "{}"', 'username ^= "{}"', 'sub = "{}"', 'sub ^= "{}"'):
            assert search.names(text.format(name)) == [name]
        assert search.names('username = "ada@example.com"') == []
        assert search.names('email = "ada@example.com"') == [name]


class TestTokens:
    def begun(self, search, text):
        return search.answer(text, Limit=1)["PaginationToken"]

    def test_are_good_for_their_pool_and_filter_alone(self, people):
        token = self.begun(people, 'name ^= "Ada"')
        other = Search(people.cognito, people.cognito.pool())

        assert people.names('name^="Ada"', PaginationToken=token) == ["ada"]
        for search, text in (
            (people, 'name ^= "Bob"'), (people, 'email ^= "Ada"'), (people, 'name = "Ada"'), (people, ""),
            (other, 'name ^= "Ada"'),
        ):  # fmt: skip
            with refused("InvalidParameterException", BAD_TOKEN):
                search.answer(text, PaginationToken=token)

    def test_of_other_lists_are_refused(self, people):
        with refused("InvalidParameterException", BAD_TOKEN):
            people.answer('name ^= "Ada"', PaginationToken=self.begun(people, ""))

    @pytest.mark.parametrize("token", ["x", "!!", "null", "a" * 9000, "\u00fc", "W10="])
    def test_that_nobody_gave_out_are_refused(self, people, token):
        with refused("InvalidParameterException", BAD_TOKEN):
            people.answer('name ^= "Ada"', PaginationToken=token)

    def test_are_good_for_an_hour(self, people, monkeypatch):
        token, opened = self.begun(people, 'name ^= "Ada"'), vault.opened_text

        def at(seconds):
            monkeypatch.setattr(vault, "opened_text", lambda purpose, text, now: opened(purpose, text, now + seconds))

        at(3590)
        assert people.names('name ^= "Ada"', PaginationToken=token) == ["ada"]
        at(3601)
        with refused("InvalidParameterException", BAD_TOKEN):
            people.answer('name ^= "Ada"', PaginationToken=token)

    def test_hold_the_longest_places(self, cognito):
        search = Search(cognito, cognito.pool())
        for name in ("a", "b"):
            crowd.make(search.pool, name, name="\x01" * 2000 + name)

        assert sorted(search.pages(f'name ^= "{chr(1) * 240}"', 1)) == [["a"], ["b"]]
