"""Names that look like another's, and passwords set before any client: what a stranger must not gain by them."""

from __future__ import annotations

import pytest

from chalicelib.table import store, users
from chalicelib.table.items import Pool
from tests.application import PASSWORD, Cognito, Fault, Outbox
from tests.srp_client import SrpClient


class TestAliasTakeover:
    def test_a_domain_that_folds_to_the_victims_is_another_address(self, cognito: Cognito, outbox: Outbox) -> None:
        pool = cognito.pool(
            AliasAttributes=["email"], AutoVerifiedAttributes=["email"], UsernameConfiguration={"CaseSensitive": False}
        )
        client = cognito.client(pool)
        victim = cognito.user(pool, "bob", email="bob@weiss.de", email_verified="true")
        attributes = [{"Name": "email", "Value": "bob@weiß.de"}]
        cognito.call("SignUp", ClientId=client, Username="evil", Password=PASSWORD, UserAttributes=attributes)

        given = {"ClientId": client, "Username": "evil", "ConfirmationCode": outbox.code("evil")}
        cognito.call("ConfirmSignUp", **given, ForceAliasCreation=True)

        found = cognito.call("AdminGetUser", UserPoolId=pool, Username="bob@weiss.de")
        assert found["Username"] == victim
        assert {"Name": "email_verified", "Value": "true"} in found["UserAttributes"]

    def test_a_preferred_name_in_the_form_of_an_address_is_refused(self, cognito: Cognito) -> None:
        pool = cognito.pool(AliasAttributes=["preferred_username", "email"], AutoVerifiedAttributes=["email"])
        victim = cognito.user(pool, "victim", email="v@example.com", email_verified="true")
        other = cognito.user(pool, "other")
        attributes = [{"Name": "preferred_username", "Value": "v@example.com"}]

        with pytest.raises(Fault, match="preferred_username cannot be of email format"):
            cognito.call("AdminUpdateUserAttributes", UserPoolId=pool, Username=other, UserAttributes=attributes)

        assert cognito.call("AdminGetUser", UserPoolId=pool, Username="v@example.com")["Username"] == victim


class TestVerifiers:
    def test_a_user_made_before_the_first_client_signs_in_by_srp(self, cognito: Cognito) -> None:
        pool = cognito.pool()
        username = cognito.user(pool)
        client = cognito.client(pool)
        srp = SrpClient(pool)

        begun = srp.begin(USERNAME=username)
        asked = cognito.call("InitiateAuth", ClientId=client, AuthFlow="USER_SRP_AUTH", AuthParameters=begun)
        responses = srp.answer(asked["ChallengeParameters"], PASSWORD)
        given = {"ChallengeName": asked["ChallengeName"], "ChallengeResponses": responses}
        done = cognito.call("RespondToAuthChallenge", ClientId=client, **given)

        assert done["AuthenticationResult"]["AccessToken"]

    def test_a_pool_without_any_srp_client_keeps_no_verifiers(self, cognito: Cognito) -> None:
        pool = cognito.pool()
        cognito.client(pool, ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"])
        username = cognito.user(pool)

        kept = store.get(Pool, pool=pool)
        account = users.by_name(kept, username) if kept else None

        assert account is not None and account.password is not None and account.password.verifier is None
