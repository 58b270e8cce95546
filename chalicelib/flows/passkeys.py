"""Passkeys at sign-in, and what registration shares with it: the pool's relying party, what is asked, what is believed.

Owns the options that a browser is given, the choice of the credentials in them, and what a proof does to the passkey it
came from. Leaves the checks to `rules.webauthn`, the ceremony of registration to `passkey_registration`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from secrets import token_bytes
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from chalicelib import errors, journal
from chalicelib.call import Call
from chalicelib.flows import unknown_users, vault
from chalicelib.rules import credential_parts, defaults, mfa_settings, relying_parties, webauthn
from chalicelib.rules.credential_parts import Expected, Refused
from chalicelib.rules.webauthn import Known, Proof
from chalicelib.settings import current
from chalicelib.table.factors import Passkey
from chalicelib.table.items import Pool, User
from chalicelib.table.users import Account
from chalicelib.table.writes import Change, Write, key_of

_FACTOR = "WEB_AUTHN"
_TIMEOUT: Final = 180_000  # milliseconds
_WRONG: Final = "Incorrect username or password."
"""What the service says of every first factor that is not proved; its word on passkeys alone is not known."""

_USUAL: Final = ((20, ["hybrid", "internal"]), (16, ["hybrid", "internal"]), (32, ["internal"]))
"""Length of the id (bytes) and transports of the passkeys that most people have."""


@dataclass(frozen=True, slots=True)
class Assertion:
    """A passkey that was proved. `writes` go into the transaction of what it allows; `factor` is its word in `amr`."""

    writes: list[Write]
    factor: Literal["swk", "hwk"]
    is_user_verified: bool


def is_offered(pool: Pool) -> bool:
    """Whether the pool lets people sign in with passkeys."""
    return _FACTOR in pool.document["Policies"]["SignInPolicy"]["AllowedFirstAuthFactors"]


def relying_party(pool: Pool) -> str | None:
    """The host that new passkeys of the pool are bound to; None when it has neither a setting nor a domain."""
    own_host = urlsplit(current().base_url).hostname or ""
    return relying_parties.host(pool.document, pool.mfa or {}, own_host)


def is_ready(pool: Pool, account: Account) -> bool:
    """Whether the user has a passkey of the pool's present relying party."""
    return bool(_usable(account, relying_party(pool) or ""))


def user_verification(pool: Pool) -> str:
    """The pool's UserVerification: "required" or "preferred"."""
    given = (pool.mfa or {}).get(mfa_settings.PASSKEY, {})
    return str(defaults.passkey(given)["UserVerification"])


def expected(pool: Pool, challenge: str, host: str) -> Expected:
    """What an authenticator has to have been asked."""
    return Expected(challenge, host, requires_verification=user_verification(pool) == "required")


def new_challenge() -> str:
    """32 random bytes as base64url."""
    return credential_parts.encoded(token_bytes(32))


def handle(user: User) -> bytes:
    """What authenticators know the user by: the sub, which never changes and says nothing of the person."""
    return user.sub.encode()


def descriptors(passkeys: Iterable[Passkey]) -> list[dict[str, Any]]:
    """Passkeys as options name them, to be allowed or excluded."""
    return [_descriptor(one.credential_id, one.transports) for one in passkeys]


def request(call: Call, account: Account) -> tuple[str, str]:
    """A fresh challenge and CREDENTIAL_REQUEST_OPTIONS with it. Raises InvalidUserPoolConfigurationException."""
    host = relying_party(call.pool)
    if host is None:
        raise errors.InvalidUserPoolConfigurationException("The user pool has neither a relying party nor a domain.")
    challenge = new_challenge()
    options = {
        "challenge": challenge,
        "timeout": _TIMEOUT,
        "rpId": host,
        "allowCredentials": descriptors(_usable(account, host)) or [_invented(account.user)],
        "userVerification": user_verification(call.pool),
    }
    return challenge, json.dumps(options, separators=(",", ":"))


def asserted(call: Call, account: Account, challenge: str, credential_text: str) -> Assertion:
    """What a CREDENTIAL proves that answers a challenge of `request`.

    Nobody's credential is checked like anybody's, against a key that nobody has. Raises InvalidParameterException for
    what is no credential, and NotAuthorizedException with one sentence for whatever else is wrong with it.
    """
    credential = credential_parts.parsed(credential_text)
    found = credential_parts.credential_id(credential)
    host = relying_party(call.pool) or ""
    passkey = next((one for one in _usable(account, host) if one.credential_id == found), None)
    try:
        proof = webauthn.asserted(credential, expected(call.pool, challenge, host), _known(passkey, account.user))
    except Refused as refused:
        raise _refusal(refused.reason if passkey else "passkey unknown") from None
    if passkey is None or unknown_users.is_nobody(account) or not is_offered(call.pool):
        raise _refusal("passkey unknown")
    factor: Literal["swk", "hwk"] = "swk" if proof.is_backup_eligible else "hwk"
    return Assertion([_used(passkey, proof, call.now)], factor, proof.is_user_verified)


def _descriptor(credential_id: str, transports: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {"id": credential_id, "type": "public-key"}
    return found | ({"transports": transports} if transports else {})


def _usable(account: Account, host: str) -> list[Passkey]:
    return [one for one in account.passkeys if one.relying_party_id == host]


def _invented(user: User) -> dict[str, Any]:
    """A credential for a user who has none, or who does not exist: the same one each time, as a real one would be.

    Attack: names are tried, and an empty list tells who has no passkey, or is nobody at all. A list that is empty for
    everybody would tell as little, but a person with several accounts on one device would then be asked which.
    """
    message = json.dumps([user.pool_id, user.sub]).encode()
    drawn = vault.mac("passkey simulation", message)
    length, transports = _USUAL[drawn[0] % len(_USUAL)]
    return _descriptor(credential_parts.encoded(vault.mac("passkey simulation id", message)[:length]), transports)


def _known(passkey: Passkey | None, user: User) -> Known:
    if passkey is None:
        return Known(webauthn.DECOY, 0, is_backup_eligible=False, user_handle=handle(user))
    return Known(passkey.public_key, int(passkey.sign_count), passkey.is_backup_eligible, handle(user))


def _used(passkey: Passkey, proof: Proof, now: float) -> Change:
    """The mark of a use, refused when the passkey has gone or has counted on meanwhile.

    Attack: a copied key signs in at the same moment as the original, so that neither sees the other's count. Passkeys
    that do not count may sign in twice at once, as people with several devices do.
    """
    is_behind = Passkey.sign_count < proof.sign_count
    is_uncounted = Passkey.sign_count == 0
    return Change(
        key=key_of(passkey),
        kind=Passkey,
        set={"sign_count": proof.sign_count, "used_at": now, "is_backed_up": proof.is_backed_up},
        condition=is_behind if proof.sign_count else is_uncounted,
        name="passkey",
    )


def _refusal(reason: str) -> errors.NotAuthorizedException:
    journal.note(reason=reason)
    return errors.NotAuthorizedException(_WRONG)
