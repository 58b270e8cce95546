"""With what a user can sign in: the factors that are set up, and the settings of MFA."""

from __future__ import annotations

from typing import Any

from chalicelib.call import Call
from chalicelib.flows import access, profiles, second_factors, software_tokens
from chalicelib.operations.registry import operation
from chalicelib.rules import first_factors
from chalicelib.rules.second_factors import EMAIL, SMS, TOTP
from chalicelib.table.items import Pool
from chalicelib.table.users import Account

Answer = dict[str, Any]


@operation
def get_user_auth_factors(call: Call) -> Answer:
    """The factors of the bearer. Raises NotAuthorizedException and UserNotFoundException."""
    who = access.owner(call)
    return _shown(who.pool, access.account_of(who))


@operation
def admin_get_user_auth_factors(call: Call) -> Answer:
    """The factors of a user. Raises UserNotFoundException."""
    return _shown(call.pool, call.account)


def _shown(pool: Pool, account: Account) -> Answer:
    user = account.user
    settings = {
        "PreferredMfaSetting": (user.mfa or {}).get("preferred"),
        "UserMFASettingList": profiles.factors(user),
        "ConfiguredUserAuthFactors": _configured(pool, account),
    }
    return {"Username": user.username} | {member: value for member, value in settings.items() if value}


def _configured(pool: Pool, account: Account) -> list[str]:
    """The factors that the user has the means for and the pool takes, as a first factor or as a second."""
    first = set(pool.document["Policies"]["SignInPolicy"]["AllowedFirstAuthFactors"])
    second, attributes = second_factors.offered(pool), account.user.attributes
    has = {
        first_factors.PASSWORD: account.password is not None,
        first_factors.EMAIL: bool(attributes.get("email")) and (first_factors.EMAIL in first or EMAIL in second),
        first_factors.SMS: bool(attributes.get("phone_number")) and (first_factors.SMS in first or SMS in second),
        first_factors.PASSKEY: bool(account.passkeys) and first_factors.PASSKEY in first,
        "SOFTWARE_TOKEN": software_tokens.is_ready(account) and TOTP in second,
    }
    return [factor for factor, is_there in has.items() if is_there]
