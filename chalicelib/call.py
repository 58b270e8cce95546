"""One request to one operation: the checked input, who calls, the clock, and the pool, client and user it names.

Owns the look-ups that nearly every operation begins with, made at first use and with the service's own not-found
errors, so that no operation repeats them. Leaves to `flows` all that decides: secrets, passwords, tokens, hidden users.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from chalicelib import errors, journal
from chalicelib.settings import current
from chalicelib.table import pools, users
from chalicelib.table.items import Pool
from chalicelib.table.pools import ClientRecord
from chalicelib.table.users import Account

_POOL_ID = re.compile(r"[\w-]{1,55}", re.ASCII)  # what is longer makes no key


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: the access key id of an operator, or nobody ("") for what the model marks as unsigned."""

    operator: str = ""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from: our own base URL, the caller's address, the id under which it is logged, its SDK.

    `user_agent` is the field of that name alone, which browsers write; both are the caller's own word, of any length.
    """

    base_url: str = ""
    source_ip: str = ""
    request_id: str = ""
    agent: str = ""
    user_agent: str = ""


class Call:
    """One request to one operation; reads like a dict of its input, in the wire's spelling."""

    def __init__(self, given: Mapping[str, Any], caller: Caller, origin: Origin, now: float) -> None:
        self.given = given
        self.caller = caller
        self.origin = origin
        self.now = now

    def __getitem__(self, member: str) -> Any:
        return self.given[member]

    def __contains__(self, member: str) -> bool:
        return member in self.given

    def get(self, member: str, default: Any = None) -> Any:
        """A member of the input, or the default when it is absent."""
        return self.given.get(member, default)

    @cached_property
    def pool(self) -> Pool:
        """The pool that the input names, else the client's. Not to be changed: it is shared with other requests.

        Raises ResourceNotFoundException.
        """
        if "UserPoolId" not in self.given:
            return pool_of(self.client.pool_id)
        found = pool_of(self["UserPoolId"])
        journal.note(pool=found.id)
        return found

    @cached_property
    def client(self) -> ClientRecord:
        """The app client that the input names; one of another pool is as unknown as none. Not to be changed.

        Raises ResourceNotFoundException.
        """
        found = pools.client(self["ClientId"])
        if found is None or found.pool_id != self.get("UserPoolId", found.pool_id):
            raise errors.ResourceNotFoundException(f"User pool client {self['ClientId']} does not exist.")
        journal.note(pool=found.pool_id, client=found.id)
        return found

    @cached_property
    def account(self) -> Account:
        """The user that an administrator names by any sign-in name or by sub. Raises UserNotFoundException."""
        found = users.by_name(self.pool, self["Username"]) or users.by_sub_text(self.pool.id, self["Username"])
        if found is None:
            raise errors.UserNotFoundException
        journal.note(sub=found.user.sub)
        return found

    def issuer(self, pool_id: str) -> str:
        """The `iss` of a pool's tokens: our own address and the pool's id."""
        return f"{self.origin.base_url}/{pool_id}"


def pool_of(pool_id: str) -> Pool:
    """The pool of an id, as remembered for at most a minute. Raises ResourceNotFoundException."""
    found = pools.pool(pool_id)
    if found is None:
        raise errors.ResourceNotFoundException(f"User pool {pool_id} does not exist.")
    return found


def fresh_pool_of(pool_id: str) -> Pool:
    """The pool of an id, read now. Raises ResourceNotFoundException."""
    found = pools.fresh_pool(pool_id)
    if found is None:
        raise errors.ResourceNotFoundException(f"User pool {pool_id} does not exist.")
    journal.note(pool=pool_id)
    return found


def arn(pool_id: str) -> str:
    """The ARN of a pool in this account."""
    return f"arn:aws:cognito-idp:{current().region}:{current().account_id}:userpool/{pool_id}"


def pool_in(resource: str) -> str | None:
    """The pool id in an ARN of this account and region, whether there is such a pool or not; None for other texts.

    Attack: another spelling of a pool that the operator's policy was not asked about. So only `arn`'s own counts.
    """
    pool_id = resource.rpartition("/")[2]
    return pool_id if _POOL_ID.fullmatch(pool_id) and resource == arn(pool_id) else None
