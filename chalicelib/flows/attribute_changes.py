"""Changes of a user's attributes, by administrators and by users, with the names and the proofs that hang on them.

Owns what a changed address brings about: unproved from then on, or waiting for its proof where the pool wants the proof
first; the code that proves it; the sign-in name that moves. Leaves who may change what to the operations, values and
schema to `rules.attributes`, names to `guards`, sending to `deliveries`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from chalicelib import errors
from chalicelib.call import Call
from chalicelib.flows import access, codes, deliveries, enrolment, profiles, user_changes
from chalicelib.flows.codes import Address
from chalicelib.rules import attributes, limits, recovery
from chalicelib.table import guards, store
from chalicelib.table.items import Pool, User
from chalicelib.table.store import Save, Write
from chalicelib.table.users import Account

Values = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The user as written, and the codes that are to be sent."""

    user: User
    issues: Sequence[codes.Issue]


def carry_out(call: Call, account: Account, values: Values, *, is_own: bool) -> Outcome:
    """Change attributes, an empty value deletes one; `is_own` when the user does it.

    An own change needs the account's codes only if it gives an address. Raises InvalidParameterException,
    AliasExistsException, PasswordResetRequiredException (own), UserNotFoundException, TooManyRequestsException.
    """
    changes = attributes.accepted_changes(call.pool.document["SchemaAttributes"], values)
    issues: list[codes.Issue] = []

    def decided(found: Account) -> list[Write]:
        if is_own:
            access.require_no_reset(found.user)
        issues[:] = _applied(call, found, changes)
        counted = codes.counted_changes(found, len(issues), call.now) if is_own else []
        sent = [Save(issue.item, "code") for issue in issues]
        return [Save(found.user, "user"), *sent, *counted, *_names(call.pool, found.user, changes)]

    with _names_free():
        written = user_changes.carry_out(account, decided)
    return Outcome(written.user, issues)


def prove(call: Call, account: Account, kind: Address, text: str) -> None:
    """Spend a code: the address that it went to is verified, and takes the place of the present one if it waited.

    While another user has proved the same alias nothing changes and the code stays good: it did prove the address, and
    the other may give it up. Raises CodeMismatchException, ExpiredCodeException, LimitExceededException,
    AliasExistsException, PasswordResetRequiredException, UserNotFoundException.
    """

    def decided(found: Account) -> list[Write]:
        user = found.user
        access.require_no_reset(user)
        spent = codes.spending(found, kind, text, call.now)
        proved = codes.destination(user, kind, kind)
        user.attributes = user.attributes | {kind: proved, f"{kind}_verified": "true"}
        user.pending = _without(user, kind) or None
        user.modified_at = call.now
        return [Save(user, "user"), spent, *guards.reguarded(call.pool, user)]

    with _names_free():
        user_changes.carry_out(account, decided)


@contextmanager
def _names_free() -> Iterator[None]:
    """A name that somebody else has is the caller's error."""
    try:
        yield
    except store.Conflict as conflict:
        raise enrolment.alias_taken(conflict) or conflict from None


def _applied(call: Call, account: Account, changes: Values) -> list[codes.Issue]:
    """Change the user that was read; the codes that come of it."""
    user = account.user
    unproved = _unproved(user, changes)
    held = [kind for kind in unproved if _is_held(call.pool, user, kind)]
    flags = {f"{kind}_verified": "false" for kind in unproved}
    later = {*held, *(f"{kind}_verified" for kind in held)}
    user.attributes = _merged(user, {name: value for name, value in {**changes, **flags}.items() if name not in later})
    user.pending = (_without(user, *changes) | {kind: changes[kind] for kind in held}) or None
    _require_sound(call.pool, user, changes)
    user.modified_at = call.now
    verified = call.pool.document.get("AutoVerifiedAttributes") or []
    return [_issue(call, account, kind) for kind in unproved if kind in held or kind in verified]


def _unproved(user: User, changes: Values) -> list[Address]:
    """The addresses that are to become others, and for which no administrator vouches."""
    return [
        kind
        for kind in codes.ADDRESSES
        if changes.get(kind, "") not in ("", user.attributes.get(kind)) and changes.get(f"{kind}_verified") != "true"
    ]


def _is_held(pool: Pool, user: User, kind: Address) -> bool:
    """Whether the pool wants an address proved before it replaces the present one.

    Not for an unconfirmed user, who cannot come in to prove it: who mistyped the address at sign-up would be lost.
    """
    settings = pool.document.get("UserAttributeUpdateSettings") or {}
    wanted = settings.get("AttributesRequireVerificationBeforeUpdate") or []
    return kind in wanted and user.status != "UNCONFIRMED"


def _merged(user: User, changes: Values) -> dict[str, str]:
    """The attributes after the change. An address that goes takes its proof along: the next one would inherit it."""
    merged = {name: value for name, value in {**user.attributes, **changes}.items() if value}
    for kind in codes.ADDRESSES:
        if changes.get(kind) == "":
            merged.pop(f"{kind}_verified", None)
    return merged


def _without(user: User, *settled: str) -> dict[str, str]:
    """What waits for its proof, less the attributes about which something else was said since."""
    return {name: value for name, value in (user.pending or {}).items() if name not in settled}


def _require_sound(pool: Pool, user: User, changes: Values) -> None:
    enrolment.require_address_of_flags(user.attributes)
    limits.refuse_too_large({"attributes": user.attributes, "pending": user.pending})
    for kind, factor in recovery.FACTORS.items():
        if changes.get(kind) == "" and factor in profiles.factors(user):
            raise errors.InvalidParameterException(f"{kind} cannot be deleted while the user has {factor} turned on.")
    is_alias = "preferred_username" in (pool.document.get("AliasAttributes") or [])
    if is_alias and changes.get("preferred_username") and user.status == "UNCONFIRMED":
        raise errors.InvalidParameterException("preferred_username cannot be set before the user is confirmed.")


def _issue(call: Call, account: Account, kind: Address) -> codes.Issue:
    deliveries.require_possible(call.pool, "verify_attribute", kind)
    return codes.unasked(account, kind, kind, call.now)


def _names(pool: Pool, user: User, changes: Values) -> list[Write]:
    """The writes that keep names unique: guards of those that the user has by now, and that nobody has one that waits.

    The latter only where addresses are names that no proof is needed for; elsewhere the first who proves an address
    owns it. Whoever has a name keeps one: nobody could sign in without.
    """
    had_name = bool(user.guards)
    waiting = {kind: value for kind, value in (user.pending or {}).items() if kind in changes}
    writes = [*guards.reguarded(pool, user), *guards.unclaimed(pool, user, waiting)]
    if had_name and not user.guards:
        raise errors.InvalidParameterException("The last address by which the user can sign in cannot be deleted.")
    return writes
