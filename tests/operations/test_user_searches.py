"""What ListUsers finds follows what happens to users, at once; and what it finds beyond Cognito."""

import pytest

from tests import crowd
from tests.application import PASSWORD
from tests.callers import Desk, Door, Office, a_name, attribute, refused
from tests.crowd import Search


@pytest.fixture
def office(cognito):
    return Office(cognito)


class TestChanges:
    """A search finds each change at once, and what was before no more."""

    def test_a_user_who_signs_up_and_confirms(self, cognito, outbox):
        door = Door(cognito)
        name, search = a_name(), Search(cognito, door.pool)

        door.sign_up(name, attribute("email", "tess@example.com"), attribute("given_name", "Tess"))
        assert search.names('email = "tess@example.com"') == search.names('given_name = "Tess"') == [name]
        assert search.names('cognito:user_status = "UNCONFIRMED"') == [name]
        door.confirm(name, outbox.code(name))

        assert search.names('cognito:user_status = "UNCONFIRMED"') == []
        assert search.names('cognito:user_status = "CONFIRMED"') == [name]

    def test_a_user_who_is_disabled_and_enabled(self, office):
        search, name, other = Search(office.cognito, office.pool), a_name(), a_name()
        for one in (name, other):
            office.create(one)

        office.call("AdminDisableUser", name)
        assert search.names('status = "Disabled"') == [name]
        assert search.names('status = "Enabled"') == [other]
        assert sorted(search.names('cognito:user_status = "FORCE_CHANGE_PASSWORD"')) == sorted([name, other])
        office.call("AdminEnableUser", name)

        assert search.names('status = "Disabled"') == []

    def test_an_attribute_that_becomes_another_and_goes(self, office):
        search, name = Search(office.cognito, office.pool), a_name()
        office.create(name, attribute("name", "Before"))

        office.update(name, attribute("name", "After"))
        assert search.names('name = "Before"') == []
        assert search.names('name = "After"') == [name]
        office.update(name, attribute("name", ""))

        assert search.names('name ^= ""') == []

    def test_a_user_who_is_deleted(self, office):
        search, name = Search(office.cognito, office.pool), a_name()
        office.create(name, attribute("email", "gone@example.com"))

        office.call("AdminDeleteUser", name)

        assert search.names('email = "gone@example.com"') == search.names('status ^= ""') == []
        assert crowd.entries(office.pool) == set()

    def test_a_user_who_chooses_a_password_and_a_name_at_the_first_sign_in(self, office):
        search, name = Search(office.cognito, office.pool), a_name()
        office.create(name, TemporaryPassword="Temporary-1")
        begun = office.challenge(name, "Temporary-1")

        responses = {"USERNAME": name, "NEW_PASSWORD": PASSWORD, "userAttributes.name": "Late"}
        office.cognito.call(
            "RespondToAuthChallenge", ClientId=office.client, ChallengeName="NEW_PASSWORD_REQUIRED",
            Session=begun["Session"], ChallengeResponses=responses,
        )  # fmt: skip

        assert search.names('name = "Late"') == search.names('cognito:user_status = "CONFIRMED"') == [name]
        assert search.names('cognito:user_status = "FORCE_CHANGE_PASSWORD"') == []

    def test_a_password_that_is_forgotten_set_and_reset(self, cognito, outbox):
        desk = Desk(cognito)
        search = Search(cognito, desk.pool)

        cognito.call("AdminSetUserPassword", UserPoolId=desk.pool, Username=desk.name, Password=PASSWORD)
        assert search.names('cognito:user_status = "FORCE_CHANGE_PASSWORD"') == [desk.name]
        cognito.call(
            "AdminSetUserPassword", UserPoolId=desk.pool, Username=desk.name, Password=PASSWORD, Permanent=True
        )
        desk.forgot()
        desk.confirm(outbox.code(desk.name))

        assert search.names('cognito:user_status = "CONFIRMED"') == [desk.name]
        assert crowd.entries(desk.pool) == crowd.due_entries(desk.pool)

    def test_a_user_who_was_not_made_leaves_nothing(self, office):
        name = a_name()
        office.create(name)

        with refused("UsernameExistsException"):
            office.create(name, attribute("email", "second@example.com"))

        assert Search(office.cognito, office.pool).names('email ^= "second"') == []


class TestBeyondCognito:
    def test_attributes_that_the_pool_makes_searchable_are_searched(self, cognito):
        office = Office(cognito, Schema=[{"Name": "tier", "AttributeDataType": "String", "Mutable": True}])
        crowd.make_searchable(office.pool, "custom:tier", "nickname", "birthdate")
        search = Search(cognito, office.pool)
        office.create("ada", attribute("custom:tier", "gold"), attribute("nickname", "A"))
        office.create("bob", attribute("custom:tier", "Golden"))

        assert search.names('custom:tier = "gold"') == ["ada"]
        assert search.names('custom:tier ^= "gold"') == ["ada"]
        assert search.names('custom:tier ^= "G"') == ["bob"]
        assert search.names('nickname = "A"') == ["ada"]
        office.update("ada", attribute("custom:tier", "lead"))

        assert search.names('custom:tier = "gold"') == []
        assert search.names('custom:tier = "lead"') == ["ada"]
        assert crowd.entries(office.pool) == crowd.due_entries(office.pool)

    def test_what_becomes_searchable_is_kept_and_not_yet_answered(self, cognito):
        pool = cognito.pool()
        crowd.make_searchable(pool, "nickname", member="becoming_searchable")
        cognito.user(pool, "ada", nickname="A")

        with refused("InvalidParameterException", "Invalid search attribute: nickname"):
            Search(cognito, pool).names('nickname = "A"')
        crowd.make_searchable(pool, "nickname")

        assert Search(cognito, pool).names('nickname = "A"') == ["ada"]

    @pytest.mark.parametrize("way", ["an administrator", "a confirmation"])
    def test_whose_alias_is_taken_is_found_as_unproven(self, cognito, outbox, way):
        door = Door(cognito, AliasAttributes=["email"])
        crowd.make_searchable(door.pool, "email_verified")
        search, proved = Search(cognito, door.pool), attribute("email_verified", "true")
        first, second, email = a_name(), a_name(), attribute("email", "shared@example.com")
        given = {"UserPoolId": door.pool, "MessageAction": "SUPPRESS"}
        cognito.call("AdminCreateUser", Username=first, UserAttributes=[email, proved], **given)

        if way == "an administrator":
            cognito.call(
                "AdminCreateUser", Username=second, UserAttributes=[email, proved], ForceAliasCreation=True, **given
            )
        else:
            door.sign_up(second, email)
            door.confirm(second, outbox.code(second), ForceAliasCreation=True)

        assert search.names('email_verified = "true"') == [second]
        assert search.names('email_verified = "false"') == [first]
        assert crowd.entries(door.pool) == crowd.due_entries(door.pool)
