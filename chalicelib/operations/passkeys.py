"""Passkeys of whoever holds an access token: registered, listed, deleted. Nobody else can do that, no administrator."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from chalicelib import errors
from chalicelib.call import Call
from chalicelib.flows import access, paging, passkey_registration
from chalicelib.flows.access import Access
from chalicelib.operations.registry import operation
from chalicelib.table.factors import Passkey

Answer = dict[str, Any]


@operation
def start_web_authn_registration(call: Call) -> Answer:
    """Begin to register a passkey: the options for the browser's `navigator.credentials.create`.

    Raises WebAuthnNotEnabledException, WebAuthnConfigurationMissingException, LimitExceededException,
    PasswordResetRequiredException and NotAuthorizedException.
    """
    with _gone():
        return {"CredentialCreationOptions": passkey_registration.begun(call, _owner(call))}


@operation
def complete_web_authn_registration(call: Call) -> Answer:
    """Keep the passkey that the browser has made.

    Raises the faults of WebAuthn, InvalidParameterException, LimitExceededException, PasswordResetRequiredException and
    NotAuthorizedException.
    """
    with _gone():
        passkey_registration.completed(call, _owner(call))
    return {}


@operation
def list_web_authn_credentials(call: Call) -> Answer:
    """The bearer's passkeys, in no order that means anything.

    Raises InvalidParameterException, PasswordResetRequiredException and NotAuthorizedException.
    """
    with _gone():
        who = _owner(call)
    place = Passkey.at(pool=who.pool.id, sub=who.user.sub, id="")
    limit = call.get("MaxResults") or passkey_registration.MOST
    found = paging.page_of(paging.Part(*place), limit, call.get("NextToken"))
    listed = [passkey_registration.described(one) for one in found.items if isinstance(one, Passkey)]
    return {"Credentials": listed} | ({"NextToken": found.cursor} if found.cursor else {})


@operation
def delete_web_authn_credential(call: Call) -> Answer:
    """Delete one of the bearer's passkeys.

    Raises ResourceNotFoundException, PasswordResetRequiredException and NotAuthorizedException.
    """
    with _gone():
        passkey_registration.delete(call, _owner(call))
    return {}


@contextmanager
def _gone() -> Iterator[None]:
    """These operations know no error for a user who was deleted; no token of such a user stands."""
    try:
        yield
    except errors.UserNotFoundException:
        raise errors.NotAuthorizedException("Access Token has been revoked") from None


def _owner(call: Call) -> Access:
    who = access.owner(call)
    access.require_no_reset(who.user)
    return who
