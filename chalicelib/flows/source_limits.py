"""Wrong passwords and other first factors, counted by the client address that they come from, in each pool.

Owns the count, one item for each address and window, and whose address it is. The item is not contended for: only one
address writes it, once a failure, and not at all over the limit; what is under way when the limit is reached is still
heard, and counted. Leaves the numbers to `rules.security_settings`, the lock of a single user to `lockout`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from chalicelib import errors, journal
from chalicelib.call import Call
from chalicelib.rules import security_settings, source_limits
from chalicelib.table import store
from chalicelib.table.beside import Beside, read
from chalicelib.table.items import Item
from chalicelib.table.keys import Key
from chalicelib.table.upkeep import Counter

T = TypeVar("T")

REFUSED: Final = "Too many failed sign-ins from this address; try again later."


def require_open(call: Call) -> None:
    """Raises TooManyRequestsException while the pool hears no first factor from the caller's address; one read.

    The attack: one password is tried on thousands of users ("spraying"), or leaked pairs of names and passwords are
    ("stuffing"); the lock of a user sees one failure, and the next a day later. So even a right password is refused,
    or the spray would learn by it, and known names like unknown ones.

    Nobody is shut out for good by a stranger: a user's own address elsewhere is free, what is refused does not count,
    and a window ends after an hour at most.
    """
    if beside := watched(call):
        beside.seen(store.get_many(beside.key)[0])


def alongside(call: Call, look_up: Callable[[], T]) -> T:
    """What a look-up finds, the count being read at the same time. Raises as `require_open`.

    For answers to challenges. The attack: thousands of challenges are collected while the address is open, and answered
    when it no longer is.
    """
    return read(watched(call), look_up)


def watched(call: Call) -> Beside | None:
    """The count to be read along with a look-up by name, which `seen` ends as `require_open` does; None: no count."""
    source = _source(call)
    if not source:
        return None
    most = security_settings.of(call.pool.ours).source_failures

    def seen(item: Item | None) -> None:
        if isinstance(item, Counter) and item.total >= most:
            journal.note(reason="source limit")
            raise errors.TooManyRequestsException(REFUSED)

    return Beside(_place(call, source)[0], seen)


def count(call: Call) -> None:
    """Count one wrong first factor of the caller's address: one write, which needs no read."""
    if source := _source(call):
        key, end = _place(call, source)
        store.change(key, Counter, set={"expires": end}, add={"total": 1}, upsert=True)


def _place(call: Call, source: str) -> tuple[Key, int]:
    """The counter of the present window, and when that ends."""
    end = source_limits.window_end(call.now, security_settings.of(call.pool.ours).source_window)
    return Counter.at(pool=call.pool.id, name=f"source#{end}#{source}"), end


def _source(call: Call) -> str:
    """The address that counts; "" where none does.

    The attack: a stranger fails through the sign-in page of somebody's server until its one address is shut out, and
    everybody with it. So an owner's server does not count: calls of administrators, and those that prove the client's
    secret, count by the address that they vouch for, or not at all. A secret in an app that people hold is none; there
    the lock of each user is all there is.
    """
    if call.caller.operator:
        return source_limits.source(_address(call, "ContextData"))
    if not _has_secret(call):
        return source_limits.source(call.origin.source_ip)
    is_vouched = call.client.document.get("EnablePropagateAdditionalUserContextData", False)
    return source_limits.source(_address(call, "UserContextData") if is_vouched else "")


def _has_secret(call: Call) -> bool:
    """Whether the call brings a SECRET_HASH; one that is wrong is refused whatever is counted."""
    given: Mapping[str, Any] = call.get("AuthParameters") or call.get("ChallengeResponses") or {}
    return bool(call.client.secrets) and "SECRET_HASH" in given


def _address(call: Call, member: str) -> str:
    return str((call.get(member) or {}).get("IpAddress") or "")
