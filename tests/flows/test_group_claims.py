"""Groups in the tokens of a sign-in: facts 114 and 115, and that a token tells what is so now."""

from __future__ import annotations

import pytest

from chalicelib.authorizer import lambda_door
from chalicelib.table import groups, store
from tests.application import Cognito
from tests.authorizer.events import request_event
from tests.entrance import ROTATING, claims
from tests.societies import ROLE, Society, finish_deleted_groups

R1, R2 = f"{ROLE}/one", f"{ROLE}/two"
ABOUT_GROUPS = {"cognito:groups", "cognito:roles", "cognito:preferred_role"}


@pytest.fixture(scope="module")
def society(application):
    return Society(Cognito(*application))


def told(tokens, kind="IdToken"):
    """What a token says of groups."""
    found = claims(tokens[kind])
    return {name: found[name] for name in ABOUT_GROUPS & found.keys()}


def refreshed(society, tokens):
    answer = society.cognito.call(
        "InitiateAuth",
        ClientId=society.client,
        AuthFlow="REFRESH_TOKEN_AUTH",
        AuthParameters={"REFRESH_TOKEN": tokens["RefreshToken"]},
    )
    return answer["AuthenticationResult"]


class TestSignIn:
    def test_of_a_user_in_no_group_says_nothing_of_groups(self, society):
        tokens = society.tokens(society.user())

        assert told(tokens) == told(tokens, "AccessToken") == {}

    def test_names_the_groups_in_both_tokens_and_the_roles_in_one(self, society):
        a, b = society.group(Precedence=1, RoleArn=R1), society.group(Precedence=2, RoleArn=R2)

        tokens = society.tokens(society.user(b, a))

        assert told(tokens) == {
            "cognito:groups": [a, b],
            "cognito:roles": [R1, R2],
            "cognito:preferred_role": R1,
        }
        assert told(tokens, "AccessToken") == {"cognito:groups": [a, b]}

    def test_prefers_no_role_where_two_are_as_important(self, society):
        a, b = society.group("tie-a", Precedence=1, RoleArn=R1), society.group("tie-b", Precedence=1, RoleArn=R2)

        tokens = society.tokens(society.user(a, b))

        assert told(tokens) == {"cognito:groups": [a, b], "cognito:roles": [R1, R2]}

    def test_says_nothing_of_roles_where_there_are_none(self, society):
        name = society.group(Precedence=0)

        assert told(society.tokens(society.user(name))) == {"cognito:groups": [name]}


class TestPresence:
    def test_a_refresh_tells_the_present_groups(self, society):
        one, two = society.group(), society.group()
        user = society.user(one)
        tokens = society.tokens(user)

        society.add(user, two)
        society.remove(user, one)

        fresh = refreshed(society, tokens)
        assert told(fresh) == told(fresh, "AccessToken") == {"cognito:groups": [two]}

    def test_a_rotation_tells_them_too(self, society):
        name, client = society.group(), society.cognito.client(society.pool, **ROTATING)
        user = society.user()
        tokens = society.cognito.sign_in(client, user)
        society.add(user, name)

        given = {"ClientId": client, "RefreshToken": tokens["RefreshToken"]}
        fresh = society.cognito.call("GetTokensFromRefreshToken", **given)["AuthenticationResult"]

        assert told(fresh) == {"cognito:groups": [name]}

    def test_a_changed_group_is_told_as_it_is_now(self, society):
        name = society.group(Precedence=1, RoleArn=R1)
        user = society.user(name)
        society.tokens(user)

        society.call("UpdateGroup", name, RoleArn=R2)

        assert told(society.tokens(user))["cognito:preferred_role"] == R2

    def test_a_deleted_group_is_told_no_more(self, society):
        name, user = society.group(), society.user()
        society.add(user, name)
        society.tokens(user)

        society.call("DeleteGroup", name)

        assert told(society.tokens(user)) == {}

    def test_a_group_that_is_made_again_does_not_bring_its_old_members_back(self, society):
        """The attack: whoever was in the old `admins` is an administrator by the new one."""
        name = society.group(RoleArn=R1)
        old, new = society.user(name), society.user()
        tokens = society.tokens(old)
        group = society.stored_group(name)
        # Cut short: both sides of the membership in the old group still stand.
        store.together(*groups.deletion(group, groups.mark(society.pool, group, 1.0)))
        groups.forget(society.pool, group.id)

        society.group(name, RoleArn=R1)
        society.add(new, name)

        assert society.stored(old).groups
        assert told(society.tokens(old)) == told(refreshed(society, tokens)) == {}
        assert told(society.tokens(new))["cognito:groups"] == [name]
        finish_deleted_groups()


class TestAuthorizer:
    @pytest.fixture(autouse=True)
    def without_keys(self):
        lambda_door.forget()
        yield
        lambda_door.forget()

    @pytest.mark.parametrize("kind", ["AccessToken", "IdToken"])
    def test_lets_members_in_and_nobody_else(self, society, kind):
        admins, member = society.group(), None
        member, other = society.user(admins), society.user(society.group())
        given = {"pools": society.pool, "groups": admins, "token_use": "any"}

        effects = []
        for user in (member, other):
            answer = lambda_door.authorizer(request_event(society.tokens(user)[kind], **given))
            effects.append(answer["policyDocument"]["Statement"][0]["Effect"])

        assert effects == ["Allow", "Deny"]
