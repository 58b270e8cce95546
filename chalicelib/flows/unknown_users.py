"""Whether a caller may learn that a user does not exist, and what is answered instead.

Owns the pool client's PreventUserExistenceErrors for sign-up and passwords: a stand-in for whom the same items are read
and written, in a partition that no user has, and an invented place to which a code went, the same at each call. Leaves
the stand-in of SRP to the sign-in.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence

from chalicelib import journal
from chalicelib.call import Call
from chalicelib.errors import CodeDeliveryFailureException, UserNotFoundException
from chalicelib.flows import deliveries, source_limits, vault
from chalicelib.flows.codes import Issue
from chalicelib.rules import eras, names
from chalicelib.rules.texts import Kind
from chalicelib.table import users
from chalicelib.table.beside import Beside
from chalicelib.table.items import Pool, User
from chalicelib.table.pools import ClientRecord
from chalicelib.table.users import Account

NOT_FOUND = "Username/client id combination not found."

_LETTERS = "aaabbccddeefgghhijjkkllmmmnnoprrssttuvwyz"
_LONGEST_USERNAME = 128
_DOMAINS = "gggggghhhyyoommiiccabdefklnprstuw"


def are_hidden(client: ClientRecord) -> bool:
    """Whether answers to this client must not tell who exists."""
    return bool(client.document.get("PreventUserExistenceErrors") == "ENABLED")


def named(call: Call) -> Account:
    """The user whom the member Username names; where users are hidden a stand-in for one who is not there.

    Raises UserNotFoundException where they are not hidden.
    """
    account = _looked_up(call, call["Username"], None)
    if account is None:
        raise UserNotFoundException(NOT_FOUND)
    return _noted(account)


def found(call: Call, name: str, sentence: str) -> Account:
    """As `named`, for the first call of a sign-in: the client's address must be open to it, which costs no trip.

    A name that nobody has is a wrong first factor, like a wrong password. Raises TooManyRequestsException (see
    `source_limits`) and UserNotFoundException with the sentence.
    """
    account = _looked_up(call, name, source_limits.watched(call))
    if account is None:
        source_limits.count(call)
        raise UserNotFoundException(sentence)
    return _noted(account)


def _looked_up(call: Call, name: str, beside: Beside | None) -> Account | None:
    if are_hidden(call.client):
        return users.by_name_or(call.pool, name, _stand_in(call, name), beside)
    return users.by_name(call.pool, name, beside)


def _noted(account: Account) -> Account:
    journal.note(**({"reason": "unknown user"} if is_nobody(account) else {"sub": account.user.sub}))
    return account


def is_nobody(account: Account) -> bool:
    """Whether this is a stand-in, which was never written."""
    return account.user.version is None


def require_possible(call: Call, kind: Kind, attributes: Sequence[str]) -> None:
    """What the pool cannot send by every one of these attributes is refused, where users are hidden; to be asked first.

    Attack: a refusal that depends on the address of the user who was found tells which names are somebody's. Raises
    NotImplementedException and InvalidParameterException.
    """
    if are_hidden(call.client):
        for attribute in attributes:
            deliveries.require_possible(call.pool, kind, attribute)


def sent(call: Call, user: User, kind: Kind, issue: Issue) -> dict[str, str]:
    """Send a code as `deliveries.send` does; where users are hidden a failure is noted and not told.

    Attack: names are tried while the mail server is down, and only those that somebody has get its error.
    """
    try:
        return deliveries.send(call, user, kind, issue)
    except CodeDeliveryFailureException:
        if not are_hidden(call.client):
            raise
    journal.note(reason="not delivered")
    attribute = issue.item.attribute or ""
    return deliveries.details(attribute, user.attributes[attribute])


def invented_details(call: Call, kinds: Sequence[str], given: str | None = None) -> dict[str, str]:
    """CodeDeliveryDetails of a code that was not sent; `kinds` are the attributes that could have had it.

    `given` is the name that the caller used, where the input has no member Username.

    Where the name is an address, the real answer would show that address, so this one does.
    """
    name = names.folded(call.pool.document, call["Username"] if given is None else given)
    for kind, has_form in (("email", names.is_email), ("phone_number", names.is_phone_number)):
        if kind in kinds and has_form(name):
            return deliveries.details(kind, name)
    return _drawn(_simulated(call.pool, "destination", name), likely(call.pool, kinds))


def _drawn(drawn: bytes, kind: str) -> dict[str, str]:
    if kind == "email":
        local, domain = _LETTERS[drawn[0] % len(_LETTERS)], _DOMAINS[drawn[1] % len(_DOMAINS)]
        return deliveries.details(kind, f"{local}@{domain}")
    return deliveries.details(kind, f"{int.from_bytes(drawn[:8]) % 10_000:04}")


def seems(nobody: Account, trait: str) -> bool:
    """Whether a stand-in passes for somebody with a trait: by a coin that falls the same way each time."""
    return bool(vault.mac("simulation", json.dumps([trait, nobody.user.pool_id, nobody.user.sub]).encode())[0] & 1)


def likely(pool: Pool, kinds: Sequence[str]) -> str:
    """Which of these attributes most users of the pool have."""
    verified = pool.document.get("AutoVerifiedAttributes") or kinds
    usable = [kind for kind in kinds if kind in verified] or kinds
    return "email" if "email" in usable else "phone_number"


def _stand_in(call: Call, name: str) -> User:
    """A user who is never written, with a `sub` that no user has and that is the same for the same name.

    Where a `sub` signs in, an unknown one stands for itself; elsewhere it may be the `sub` of somebody. Its username is
    shown by SRP: a name that cannot be a username (an alias) must come out as another one, as a real alias does.
    """
    document = call.pool.document
    drawn = uuid.UUID(bytes=_simulated(call.pool, "sub", names.folded(document, name))[:16], version=4)
    is_generated = names.has_generated_usernames(document)
    user = users.new(call.pool, name, {}, call.now)
    user.sub = name if is_generated and names.is_sub(name) else str(drawn)
    user.pk, user.sk = User.at(pool=call.pool.id, sub=user.sub)
    user.username = names.folded(document, name) if _may_be_username(call.pool, name, drawn) else user.sub
    return user


def _may_be_username(pool: Pool, name: str, drawn: uuid.UUID) -> bool:
    """Whether an unknown name passes for a username. In a pool whose names were changed some usernames are addresses.

    There half of the unknown addresses do, or an address that is shown as a username would be known for an old user's.
    Longer names are nobody's username, and would not fit into the sessions of a sign-in.
    """
    if len(name) > _LONGEST_USERNAME:
        return False
    is_generated = names.has_generated_usernames(pool.document)
    keeps_usernames = eras.of(pool.document, pool.ours)[0].keeps_usernames
    is_address = (names.username_problem(pool.document, name) is None) == is_generated
    if is_address:
        return keeps_usernames and bool(drawn.int & 1)
    return not is_generated or (keeps_usernames and not names.is_sub(name))


def _simulated(pool: Pool, purpose: str, name: str) -> bytes:
    return vault.mac("simulation", json.dumps([purpose, pool.id, name]).encode())
