"""The secrets of an app client: made, sealed, opened, and compared with what a caller proves.

A client has at most two active secrets and either is good everywhere. Nobody signs the calls that this guards, so every
answer depends on the client alone, never on whether a user exists. Leaves the arithmetic to `rules.secret_hash`.
"""

from __future__ import annotations

import hmac
import secrets
import string
from collections.abc import Iterable

from chalicelib import errors, journal
from chalicelib.flows import vault
from chalicelib.rules import secret_hash
from chalicelib.table.items import ClientSecret
from chalicelib.table.pools import ClientRecord

_ALPHABET = string.ascii_lowercase + string.digits
_LENGTH = 52  # 268 bits
_JOINT = "--"
_PLACE = ClientSecret.at(client="", id="").sk


def generated() -> str:
    """A fresh secret of 52 lower-case letters and digits."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))


def sealed(client_id: str, value: str, now: float, held: Iterable[ClientSecret] = ()) -> ClientSecret:
    """A secret as an item, not yet written; its id carries the moment in milliseconds, later than of those it joins.

    A clock that stands still or is set back gives no id twice.
    """
    moment = max([int(now * 1000), *(_moment(item) + 1 for item in held)])
    item = ClientSecret.new({"client": client_id, "id": f"{client_id}{_JOINT}{moment}"}, created_at=now)
    item.secret = vault.seal_for(item, value.encode())
    return item


def id_of(item: ClientSecret) -> str:
    """The id of a secret, `<client id>--<milliseconds since the epoch>`."""
    return item.sk.removeprefix(_PLACE)


def by_age(items: Iterable[ClientSecret]) -> list[ClientSecret]:
    """The secrets, oldest first."""
    return sorted(items, key=_age)


def opened(items: list[ClientSecret]) -> list[str]:
    """The secrets in the clear, oldest first."""
    return [vault.open_for(item, item.secret).decode() for item in by_age(items)]


def require_hash(client: ClientRecord, given: str | None, *usernames: str) -> None:
    """Check the SECRET_HASH of a call over one of the names that the client may have hashed.

    Raises NotAuthorizedException; a hash sent to a client without a secret cannot be verified either.
    """
    if given is None:
        if client.secrets:
            journal.note(reason="secret hash")
            raise errors.NotAuthorizedException(
                f"Client {client.id} is configured with secret but SECRET_HASH was not received"
            )
        return
    if not secret_hash.is_match(given, opened(client.secrets), usernames, client.id):
        journal.note(reason="secret hash")
        raise errors.NotAuthorizedException(f"Unable to verify secret hash for client {client.id}")


def require_secret(client: ClientRecord, given: str | None) -> None:
    """Check the secret itself, where a call carries it in place of a hash. Raises NotAuthorizedException."""
    if not client.secrets:
        return
    if given is None:
        journal.note(reason="client secret")
        raise errors.NotAuthorizedException(f"Client {client.id} is configured for secret but secret was not received")
    # All are compared, each in constant time: the clock tells neither a beginning of a secret nor which one it was.
    matches = [hmac.compare_digest(_octets(given), _octets(secret)) for secret in opened(client.secrets)]
    if not any(matches):
        journal.note(reason="client secret")
        raise errors.NotAuthorizedException(f"Unable to verify secret for client {client.id}")


def _age(item: ClientSecret) -> tuple[int, str]:
    return len(item.sk), item.sk  # numbers as text: the longer is the greater


def _moment(item: ClientSecret) -> int:
    return int(item.sk.rpartition(_JOINT)[2])


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
