"""What the right answer to a code proves about the address that it went to: it is verified, and may be a name now."""

from __future__ import annotations

from chalicelib.call import Call
from chalicelib.flows import sign_in_codes, triggers
from chalicelib.flows.challenges import State
from chalicelib.table import guards, search
from chalicelib.table.users import Account
from chalicelib.table.writes import Save, Write


def proved(call: Call, account: Account, state: State, attribute: str) -> list[Write]:
    """The writes that mark the address as verified, add it where it was being set up, and confirm the user.

    None where nothing changes. Conflicts of a name that somebody else has are those of `guards`.
    """
    user, flag, added = account.user, f"{attribute}_verified", state.data.get(sign_in_codes.ADDRESS)
    is_confirming = user.status == "UNCONFIRMED"
    if user.attributes.get(flag) == "true" and not added and not is_confirming:
        return []
    before = search.entries(call.pool, user)
    user.attributes = user.attributes | ({attribute: str(added)} if added else {}) | {flag: "true"}
    if is_confirming:
        triggers.require_unset(call.pool, "PostConfirmation")
        user.status = "CONFIRMED"
    user.modified_at = call.now
    return [*guards.reguarded(call.pool, user), Save(user, "user"), *search.changes(call.pool, user, before)]
