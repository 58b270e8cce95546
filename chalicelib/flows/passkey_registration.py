"""Registering and deleting passkeys of whoever holds an access token.

Owns the ceremony: one for each user, begun with a challenge and ended by the passkey that it allows, both in one write.
So passkeys of a user are added one after the other, and the limit of them holds whatever is sent at once.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final

from chalicelib import errors, journal
from chalicelib.call import Call
from chalicelib.flows import access, passkeys, reproof, user_changes
from chalicelib.flows.access import Access
from chalicelib.rules import credential_parts, webauthn
from chalicelib.rules.credential_parts import ALGORITHMS, Refused
from chalicelib.rules.webauthn import Credential
from chalicelib.table import store
from chalicelib.table.factors import Ceremony, Passkey
from chalicelib.table.items import User
from chalicelib.table.users import Account
from chalicelib.table.writes import Check, Remove, Save, Write, key_of

Options = dict[str, Any]

MOST: Final = 20
"""Passkeys of a user."""

LASTS: Final = 300
"""Seconds in which a registration has to be completed; browsers are told to wait for one minute."""

_TIMEOUT: Final = 60_000  # milliseconds
_NAMES: Final = {"platform": "Platform passkey", "cross-platform": "Roaming passkey"}


def begun(call: Call, who: Access) -> Options:
    """CredentialCreationOptions of a registration that begins; it replaces one that was begun before.

    Raises WebAuthnNotEnabledException, WebAuthnConfigurationMissingException and LimitExceededException.
    """
    _require_offered(who)
    host = passkeys.relying_party(who.pool)
    if host is None:
        raise errors.WebAuthnConfigurationMissingException
    reproof.require(who, call.now)  # here, because nobody completes what another's token has begun: see the challenge
    account = access.account_of(who)
    _require_room(account)
    challenge = passkeys.new_challenge()
    values = {"challenge": challenge, "client_id": who.client.id, "relying_party_id": host, "expires": call.now + LASTS}
    store.change(Ceremony.at(pool=who.pool.id, sub=who.user.sub), Ceremony, set=values, upsert=True)
    return _options(account, challenge, host, passkeys.user_verification(who.pool))


def completed(call: Call, who: Access) -> None:
    """Keep the passkey of the registration that the bearer has begun.

    Raises the faults of WebAuthn, InvalidParameterException and LimitExceededException.
    """
    _require_offered(who)
    ceremony = _ceremony(call, who)
    host = ceremony.relying_party_id
    if host != passkeys.relying_party(who.pool):
        raise errors.WebAuthnRelyingPartyMismatchException
    try:
        found = webauthn.registered(call["Credential"], passkeys.expected(who.pool, ceremony.challenge, host))
    except Refused as refused:
        journal.note(reason=refused.reason)
        raise refused.fault from None
    _keep(who, ceremony, _passkey(who.user, found, host, call.now))


def delete(call: Call, who: Access) -> None:
    """Delete a passkey, with the last one its part in the user's MFA. Raises ResourceNotFoundException.

    The user is written in any case: of two who delete the last two at once, the second knows that his is the last.
    """
    reproof.require(who, call.now)

    def decided(account: Account) -> list[Write]:
        access.require_no_reset(account.user)
        gone = [one for one in account.passkeys if one.credential_id == call["CredentialId"]]
        if not gone:
            raise errors.ResourceNotFoundException("The passkey does not exist.")
        user = account.user
        if len(gone) == len(account.passkeys):
            user.mfa = {name: value for name, value in (user.mfa or {}).items() if name != "passkey"} or None
        user.modified_at = call.now
        return [Remove(key_of(gone[0]), "passkey"), Save(user, "user")]

    user_changes.carry_out(access.account_of(who), decided)


def described(passkey: Passkey) -> dict[str, Any]:
    """A WebAuthnCredentialDescription."""
    shown = {
        "CredentialId": passkey.credential_id,
        "FriendlyCredentialName": passkey.name,
        "RelyingPartyId": passkey.relying_party_id,
        "AuthenticatorTransports": passkey.transports,
        "CreatedAt": passkey.created_at,
    }
    return shown | ({"AuthenticatorAttachment": passkey.attachment} if passkey.attachment else {})


def _require_offered(who: Access) -> None:
    if not passkeys.is_offered(who.pool):
        raise errors.WebAuthnNotEnabledException


def _require_room(account: Account) -> None:
    if len(account.passkeys) >= MOST:
        raise errors.LimitExceededException(f"A user can have {MOST} passkeys.")


def _options(account: Account, challenge: str, host: str, user_verification: str) -> Options:
    user = account.user
    return {
        "authenticatorSelection": {
            "requireResidentKey": True,
            "residentKey": "required",
            "userVerification": user_verification,
        },
        "challenge": challenge,
        "excludeCredentials": passkeys.descriptors(account.passkeys),
        "pubKeyCredParams": [{"alg": number, "type": "public-key"} for number in ALGORITHMS],
        "rp": {"id": host, "name": host},
        "timeout": _TIMEOUT,
        "user": {
            "displayName": user.username,
            "id": credential_parts.encoded(passkeys.handle(user)),
            "name": user.username,
        },
    }


def _ceremony(call: Call, who: Access) -> Ceremony:
    found = store.get(Ceremony, pool=who.pool.id, sub=who.user.sub)
    if found is None or found.is_expired(call.now):
        raise errors.WebAuthnChallengeNotFoundException
    if found.client_id != who.client.id:
        raise errors.WebAuthnClientMismatchException
    return found


def _passkey(user: User, found: Credential, host: str, now: float) -> Passkey:
    digest = hashlib.sha256(credential_parts.decoded(found.id)).hexdigest()
    return Passkey.new(
        {"pool": user.pool_id, "sub": user.sub, "id": digest},
        credential_id=found.id,
        public_key=found.public_key,
        sign_count=found.proof.sign_count,
        relying_party_id=host,
        transports=found.transports,
        attachment=found.attachment,
        aaguid=found.aaguid,
        name=_NAMES.get(found.attachment or "", "Passkey"),
        is_backup_eligible=found.proof.is_backup_eligible,
        is_backed_up=found.proof.is_backed_up,
        created_at=now,
    )


def _keep(who: Access, ceremony: Ceremony, passkey: Passkey) -> None:
    """The passkeys are counted behind the reading of the ceremony, and no other was added while it still stands."""
    is_same = Ceremony.challenge == ceremony.challenge  # versions of ceremonies begin anew with each

    def decided(account: Account) -> list[Write]:
        access.require_no_reset(account.user)
        _require_room(account)
        if any(one.credential_id == passkey.credential_id for one in account.passkeys):
            raise errors.InvalidParameterException("The passkey is registered already.")
        ended = Remove(key_of(ceremony), "ceremony", condition=is_same)
        return [Save(passkey, "passkey"), ended, Check(account.user, "user")]

    try:
        user_changes.carry_out(access.account_of(who), decided)
    except store.Conflict:
        raise errors.WebAuthnChallengeNotFoundException from None
