"""Changing what users sign in with, on a living pool: every direction, and what clashes."""

from __future__ import annotations

import uuid

import pytest

from tests import pool_changes
from tests.callers import Office, attribute, refused
from tests.pool_changes import applied, assert_whole, begun, guards_of, opens, settled, srp_sign_in

SENSITIVE = {"UsernameConfiguration": {"CaseSensitive": True}}
FOLDING = {"UsernameConfiguration": {"CaseSensitive": False}}
BY_EMAIL = {"UsernameAttributes": ["email"]}
PROVEN = {"email_verified": "true"}


@pytest.fixture
def office(cognito):
    def made(**settings):
        return Office(cognito, **settings)

    return made


def reasons(change):
    return sorted((clash["Attribute"], clash["Reason"]) for clash in change["Clashes"])


class TestCase:
    def test_bob_signs_in_as_he_likes_once_case_does_not_matter(self, cognito, office):
        here = office(**SENSITIVE)
        cognito.user(here.pool, "Bob")
        assert not opens(cognito, here.client, "bob")

        applied(cognito, here.pool, CaseSensitive=False)

        assert all(opens(cognito, here.client, name) for name in ("Bob", "bob", "BOB"))
        assert srp_sign_in(cognito, here.pool, here.client, "bob")["IdToken"]
        assert here.read("bob")["Username"] == "Bob"
        described = cognito.call("DescribeUserPool", UserPoolId=here.pool)["UserPool"]
        assert described["UsernameConfiguration"] == {"CaseSensitive": False}
        assert_whole(here.pool)

    def test_two_who_would_be_one_are_told_before_anything_changes(self, cognito, office):
        here = office(**SENSITIVE)
        for name in ("Bob", "bob", "BOB", "carl"):
            cognito.user(here.pool, name)
        before = guards_of(here.pool)

        change = settled(cognito, begun(cognito, here.pool, CaseSensitive=False))

        assert (change["Status"], change["ClashCount"], change["UsersChecked"]) == ("CLASHED", 2, 4)
        assert reasons(change) == [("username", "NAME_TAKEN")] * 2
        assert {clash["OtherSub"] for clash in change["Clashes"]} == {here.read("Bob")["Attributes"]["sub"]}
        assert {clash["Username"] for clash in change["Clashes"]} == {"bob", "BOB"}
        assert guards_of(here.pool) == before
        assert cognito.call("DescribeUserPool", UserPoolId=here.pool)["UserPool"]["UsernameConfiguration"] == {
            "CaseSensitive": True
        }
        assert all(opens(cognito, here.client, name) for name in ("Bob", "bob", "BOB", "carl"))
        assert_whole(here.pool)

    def test_of_two_it_is_always_the_younger_who_clashes(self, cognito, office):
        here = office(**SENSITIVE)
        for number in range(10):
            for name in (f"user-{number}", f"USER-{number}"):
                here.create(name, MessageAction="SUPPRESS")

        change = settled(cognito, begun(cognito, here.pool, CaseSensitive=False))

        assert [clash["Username"] for clash in change["Clashes"]] == [f"USER-{number}" for number in range(10)]

    def test_it_is_applied_once_the_clash_is_gone(self, cognito, office):
        here = office(**SENSITIVE)
        cognito.user(here.pool, "Bob")
        cognito.user(here.pool, "bob")
        assert settled(cognito, begun(cognito, here.pool, CaseSensitive=False))["Status"] == "CLASHED"

        here.call("AdminDeleteUser", "bob")
        applied(cognito, here.pool, CaseSensitive=False)

        assert opens(cognito, here.client, "bOb")
        assert_whole(here.pool)

    def test_every_name_of_an_unlucky_user_is_looked_at(self, cognito, office):
        here = office(AliasAttributes=["email"], **SENSITIVE)
        cognito.user(here.pool, "bob", email="one@example.com", **PROVEN)
        cognito.user(here.pool, "BOB", email="two@example.com", **PROVEN)
        cognito.user(here.pool, "carl", email="TWO@example.com", **PROVEN)

        change = settled(cognito, begun(cognito, here.pool, CaseSensitive=False))

        assert reasons(change) == [("email", "NAME_TAKEN"), ("username", "NAME_TAKEN")]
        assert_whole(here.pool)

    def test_names_are_exact_again_once_case_matters(self, cognito, office):
        here = office(AliasAttributes=["email"], **FOLDING)
        cognito.user(here.pool, "Bob", email="Bob@Example.com", **PROVEN)

        applied(cognito, here.pool, CaseSensitive=True)

        assert opens(cognito, here.client, "bob"), "a name that was folded when it was chosen is kept as it is shown"
        assert opens(cognito, here.client, "Bob@Example.com")
        assert not opens(cognito, here.client, "BOB")
        assert not opens(cognito, here.client, "bob@example.com")
        cognito.user(here.pool, "Bob")
        assert_whole(here.pool)

    def test_there_and_back_leaves_the_pool_as_it_was(self, cognito, office):
        here = office(**SENSITIVE)
        cognito.user(here.pool, "Bob")

        applied(cognito, here.pool, CaseSensitive=False)
        applied(cognito, here.pool, CaseSensitive=True)

        assert guards_of(here.pool) == {"Bob": [("username~2", "Bob")]}
        assert opens(cognito, here.client, "Bob")
        assert not opens(cognito, here.client, "bob")


class TestAliases:
    def test_a_proven_address_signs_in_once_it_is_an_alias(self, cognito, office):
        here = office()
        cognito.user(here.pool, "bob", email="bob@example.com", **PROVEN)
        cognito.user(here.pool, "carl", email="carl@example.com")

        applied(cognito, here.pool, AliasAttributes=["email"])

        assert opens(cognito, here.client, "bob@example.com")
        assert srp_sign_in(cognito, here.pool, here.client, "bob@example.com")["IdToken"]
        assert opens(cognito, here.client, "carl")
        assert not opens(cognito, here.client, "carl@example.com")
        assert_whole(here.pool)

    def test_an_alias_of_two_clashes(self, cognito, office):
        here = office()
        for name in ("bob", "carl"):
            cognito.user(here.pool, name, email="both@example.com", **PROVEN)

        change = settled(cognito, begun(cognito, here.pool, AliasAttributes=["email"]))

        assert (change["Status"], reasons(change)) == ("CLASHED", [("email", "NAME_TAKEN")])
        assert_whole(here.pool)

    def test_an_alias_that_goes_signs_in_no_longer_and_is_free(self, cognito, office):
        here = office(AliasAttributes=["email", "preferred_username"])
        cognito.user(here.pool, "bob", email="bob@example.com", preferred_username="bobby", **PROVEN)

        applied(cognito, here.pool, AliasAttributes=["preferred_username"])

        assert opens(cognito, here.client, "bob")
        assert opens(cognito, here.client, "bobby")
        assert not opens(cognito, here.client, "bob@example.com")
        cognito.user(here.pool, "carl", email="bob@example.com", **PROVEN)
        assert_whole(here.pool)

    def test_a_preferred_name_that_is_anothers_username_clashes(self, cognito, office):
        here = office()
        cognito.user(here.pool, "bob")
        cognito.user(here.pool, "carl", preferred_username="bob")

        change = settled(cognito, begun(cognito, here.pool, AliasAttributes=["preferred_username"]))

        assert (change["Status"], reasons(change)) == ("CLASHED", [("preferred_username", "NAME_TAKEN")])
        assert_whole(here.pool)

    def test_a_username_that_is_somebodys_address_clashes(self, cognito, office):
        here = office()
        cognito.user(here.pool, "victim@example.com")
        cognito.user(here.pool, "own@example.com", email="own@example.com", **PROVEN)
        cognito.user(here.pool, "unproven@example.com", email="unproven@example.com")

        change = settled(cognito, begun(cognito, here.pool, AliasAttributes=["email"]))

        assert reasons(change) == [("username", "USERNAME_LOOKS_LIKE_ANOTHER")] * 2
        assert {clash["Username"] for clash in change["Clashes"]} == {"victim@example.com", "unproven@example.com"}
        assert_whole(here.pool)

    def test_a_username_that_is_an_address_stays_with_its_owner(self, cognito, office):
        """The attack: a user gives the address up, another takes it, and is met under the name of the first."""
        here = office()
        cognito.user(here.pool, "own@example.com", email="own@example.com", **PROVEN)
        applied(cognito, here.pool, AliasAttributes=["email"])
        here.update("own@example.com", attribute("email", "new@example.com"), attribute("email_verified", "true"))

        with refused("UsernameExistsException"):
            here.create(
                "carl", attribute("email", "own@example.com"), attribute("email_verified", "true"),
                MessageAction="SUPPRESS",
            )  # fmt: skip

        assert here.read("own@example.com")["Attributes"]["email"] == "new@example.com"
        assert opens(cognito, here.client, "new@example.com")
        assert_whole(here.pool)


class TestAddresses:
    def test_users_keep_their_username_and_sign_in_by_address_too(self, cognito, office):
        here = office()
        cognito.user(here.pool, "bob", email="bob@example.com")
        sub = here.read("bob")["Attributes"]["sub"]

        applied(cognito, here.pool, UsernameAttributes=["email"])

        for name in ("bob@example.com", "bob"):
            assert srp_sign_in(cognito, here.pool, here.client, name)["IdToken"]
            assert opens(cognito, here.client, name)
        assert {here.read(name)["Username"] for name in ("bob", "bob@example.com", sub)} == {"bob"}
        assert_whole(here.pool)

    def test_new_users_are_named_by_their_address_alone(self, cognito, office):
        here = office()
        cognito.user(here.pool, "bob", email="bob@example.com")
        applied(cognito, here.pool, UsernameAttributes=["email"])

        cognito.user(here.pool, "carl@example.com")

        assert uuid.UUID(here.read("carl@example.com")["Username"])
        with refused("InvalidParameterException", "Username should be an email."):
            here.create("dora", MessageAction="SUPPRESS")
        with refused("UsernameExistsException"):
            here.create("bob@example.com", MessageAction="SUPPRESS")
        assert_whole(here.pool)

    def test_who_has_no_address_clashes(self, cognito, office):
        here = office()
        cognito.user(here.pool, "bob")
        cognito.user(here.pool, "carl", email="carl@example.com")

        change = settled(cognito, begun(cognito, here.pool, UsernameAttributes=["email"]))

        assert (change["Status"], reasons(change)) == ("CLASHED", [("email", "ADDRESS_MISSING")])
        assert change["Clashes"][0]["Username"] == "bob"
        assert_whole(here.pool)

    def test_an_address_of_two_clashes_proven_or_not(self, cognito, office):
        here = office()
        cognito.user(here.pool, "bob", email="both@example.com", **PROVEN)
        cognito.user(here.pool, "carl", email="both@example.com")

        change = settled(cognito, begun(cognito, here.pool, UsernameAttributes=["email"]))

        assert (change["Status"], reasons(change)) == ("CLASHED", [("email", "NAME_TAKEN")])
        assert_whole(here.pool)

    def test_a_username_in_the_form_of_a_sub_clashes(self, cognito, office):
        here = office()
        cognito.user(here.pool, str(uuid.uuid4()), email="bob@example.com")

        change = settled(cognito, begun(cognito, here.pool, UsernameAttributes=["email"]))

        assert reasons(change) == [("username", "USERNAME_LOOKS_LIKE_ANOTHER")]

    def test_the_address_that_was_the_username_can_be_left(self, cognito, office):
        """The attack: the next owner of an address is met under the username of the last."""
        here = office()
        cognito.user(here.pool, "bob@example.com", email="bob@example.com")
        applied(cognito, here.pool, UsernameAttributes=["email"])

        here.update("bob@example.com", attribute("email", "rob@example.com"))

        assert opens(cognito, here.client, "rob@example.com")
        assert opens(cognito, here.client, "bob@example.com")
        with refused("UsernameExistsException"):
            here.create("bob@example.com", MessageAction="SUPPRESS")
        assert_whole(here.pool)

    def test_subs_become_usernames_where_names_are_chosen_again(self, cognito, office):
        here = office(**BY_EMAIL)
        name = cognito.user(here.pool, "bob@example.com")
        cognito.user(here.pool, "carl@example.com", **PROVEN)

        change = applied(cognito, here.pool, UsernameAttributes=[], AliasAttributes=["email"])

        assert (change["MissingCount"], change["Missing"][0]["Attribute"]) == (1, "username")
        assert change["Missing"][0]["Sub"] == name
        assert opens(cognito, here.client, name)
        assert not opens(cognito, here.client, "bob@example.com")
        assert srp_sign_in(cognito, here.pool, here.client, "carl@example.com")["IdToken"]
        cognito.user(here.pool, "dora")
        assert_whole(here.pool)

    def test_another_kind_of_address_can_take_over(self, cognito, office):
        here = office(**BY_EMAIL)
        cognito.user(here.pool, "bob@example.com", phone_number="+15550100")

        applied(cognito, here.pool, UsernameAttributes=["phone_number"])

        assert opens(cognito, here.client, "+15550100")
        assert not opens(cognito, here.client, "bob@example.com")
        assert_whole(here.pool)

    def test_all_ways_and_back_lose_nobody(self, cognito, office):
        here = office()
        cognito.user(here.pool, "Bob", email="Bob@example.com", **PROVEN)
        sub = here.read("Bob")["Attributes"]["sub"]

        for wanted in (
            {"AliasAttributes": ["email"]},
            {"AliasAttributes": [], "UsernameAttributes": ["email"], "CaseSensitive": False},
            {"UsernameAttributes": []},
            {"CaseSensitive": True},
        ):
            applied(cognito, here.pool, **wanted)
            assert srp_sign_in(cognito, here.pool, here.client, "Bob")["IdToken"]
            assert here.read("Bob")["Attributes"]["sub"] == sub
            assert_whole(here.pool)


class TestHiding:
    HIDING = {"PreventUserExistenceErrors": "ENABLED"}

    def told_names(self, cognito, pool, client, names):
        found = []
        for name in names:
            caller = pool_changes.SrpClient(pool)
            asked = {"AuthFlow": "USER_SRP_AUTH", "AuthParameters": caller.begin(USERNAME=name), "ClientId": client}
            found.append(cognito.call("InitiateAuth", **asked)["ChallengeParameters"]["USER_ID_FOR_SRP"])
        return found

    def test_an_unknown_name_looks_like_a_username_of_before(self, cognito, office):
        here = office()
        cognito.user(here.pool, "bob", email="bob@example.com")
        applied(cognito, here.pool, UsernameAttributes=["email"])
        client = cognito.client(here.pool, **self.HIDING)

        assert self.told_names(cognito, here.pool, client, ["bob", "carl"]) == ["bob", "carl"]

    def test_an_unknown_address_may_be_a_username_or_not_and_stays_what_it_is(self, cognito, office):
        here = office()
        cognito.user(here.pool, "bob@example.com", email="bob@example.com")
        applied(cognito, here.pool, UsernameAttributes=["email"])
        client = cognito.client(here.pool, **self.HIDING)
        names = [f"nobody-{number}@example.com" for number in range(40)]

        told = self.told_names(cognito, here.pool, client, names)

        themselves = [name for name, shown in zip(names, told, strict=True) if name == shown]
        assert 5 < len(themselves) < 35
        assert self.told_names(cognito, here.pool, client, names) == told
