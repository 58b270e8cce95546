"""A device proves its secret: DEVICE_SRP_AUTH, then DEVICE_PASSWORD_VERIFIER, both behind a password that was proved.

Owns the device's half of the SRP exchange, and how a sign-in goes on without a `Session`, which some clients do not
send back. Leaves what is common with passwords to `srp_exchange`, and what a proved device is good for to the sign-in.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any, Final

from chalicelib import errors, journal
from chalicelib.call import Call
from chalicelib.flows import challenges, client_secrets, lockout, srp_exchange, unknown_users, vault
from chalicelib.flows.challenges import State
from chalicelib.flows.srp_exchange import Exchange, Opening, Signer
from chalicelib.rules import devices as rule
from chalicelib.table import devices, store
from chalicelib.table.factors import Device
from chalicelib.table.items import Pool
from chalicelib.table.users import Account
from chalicelib.table.writes import Write

Answer = dict[str, Any]
Responses = Mapping[str, str]

CHALLENGE: Final = "DEVICE_SRP_AUTH"
VERIFIER: Final = "DEVICE_PASSWORD_VERIFIER"
PURPOSE: Final = "device srp"
CLIENT_VALUE: Final = "srp_a"
"""In the data of a state: the client's public value, in hex, of the SRP exchange that proved the password."""

_WRONG = "Incorrect username or password."


def gone() -> errors.AwsError:
    """The refusal of a device that is not there; clients look for the word and sign in without it."""
    return errors.ResourceNotFoundException("Device does not exist.")


def awaited(call: Call, account: Account, state: State, device: Device) -> Answer:
    """The challenge DEVICE_SRP_AUTH. The password must have been proved, and the count of wrong ones cleared.

    Where it was proved by SRP, the device keeps what a client needs that will not send the Session back; see `begun`.
    Raises ResourceNotFoundException for a device that was forgotten meanwhile.
    """
    data = {name: value for name, value in state.data.items() if name != CLIENT_VALUE}
    asking = replace(state, challenge=CHALLENGE, device_key=device.key, data=data)
    proved_with = state.data.get(CLIENT_VALUE)
    if proved_with:
        until = call.now + challenges.lifetime(call)
        record = {"state": asdict(asking), "srp_a": _digest(int(proved_with, 16)), "until": until}
        _keep(device, record)
    return challenges.issued(call, asking, {"USERNAME": state.username, "DEVICE_KEY": device.key})


def begun(call: Call, responses: Responses) -> Answer:
    """Answer DEVICE_SRP_AUTH: the challenge DEVICE_PASSWORD_VERIFIER, with salt and public value for the device.

    Without a Session nothing in the call tells that the password was proved. The attack: somebody has a stolen device
    with its secret, and leaves the password out by beginning here. So the device must be awaited, by a sign-in whose
    password was proved within the lifetime of a challenge with the very public value that is sent here again; who does
    not know the private one behind it cannot go on. Such a record serves once. Raises NotAuthorizedException for
    whatever is wrong with all that, ResourceNotFoundException when the device is not remembered any more.
    """
    a_public = srp_exchange.client_value(_required(responses, "SRP_A"))
    device_key = required_key(responses)
    _required(responses, "USERNAME")
    state = _opened(call, responses) if call.get("Session") else _resumed(call, responses, a_public)
    if state.device_key != device_key:
        raise challenges.not_for_this()
    device = _remembered(call.pool, state)
    answering = replace(state, challenge=VERIFIER)
    opening = Opening(answering, a_public, int(device.salt, 16), _verifier(device))
    parameters = srp_exchange.values(call, PURPOSE, opening)
    return challenges.issued(call, answering, parameters | {"USERNAME": state.username, "DEVICE_KEY": device.key})


def proved(call: Call, responses: Responses) -> tuple[Account, State, list[Write]]:
    """Check the answer to DEVICE_PASSWORD_VERIFIER: the user, the state with the device in it, and the writes to make.

    They are called "device" and fail when it was forgotten meanwhile. A wrong proof counts like a wrong password, or
    a stolen device could be guessed at without end. Raises NotAuthorizedException and ResourceNotFoundException.
    """
    for name in ("USERNAME", "PASSWORD_CLAIM_SIGNATURE", "TIMESTAMP"):
        _required(responses, name)
    device_key = required_key(responses)
    exchange = _exchange(call, responses)
    state = exchange.state
    account = challenges.account(call, state)
    lockout.require_open(account, call.now)
    device = _remembered(call.pool, state)
    is_named = challenges.is_named(call, state, responses) and state.device_key == device_key
    signer = Signer(device.group_key, device.key, _verifier(device))
    is_right = srp_exchange.is_signed(call, exchange, signer, responses)
    if not (is_right and is_named) or unknown_users.is_nobody(account):
        journal.note(reason=journal.noted("reason") or "wrong device proof")
        lockout.count(account, call.now)
        raise errors.NotAuthorizedException(_WRONG)
    seen = {"authenticated_at": call.now, "source_ip": call.origin.source_ip or None}
    return account, replace(state, is_device_proved=True), [devices.touched(device, seen)]


def standing(call: Call, state: State) -> list[Write]:
    """The write, named "device", without which no sign-in ends that has proved a device some challenges ago.

    The attack: a thief proves a stolen device, and its owner forgets it before the last challenge is answered. Raises
    ResourceNotFoundException.
    """
    if not state.is_device_proved or state.challenge == VERIFIER:
        return []
    return [devices.touched(_remembered(call.pool, state), {"authenticated_at": call.now})]


def required_key(responses: Responses) -> str:
    """The DEVICE_KEY of an answer. Raises InvalidParameterException."""
    return well_formed(_required(responses, "DEVICE_KEY"))


def well_formed(device_key: str) -> str:
    """A device key as it was given, if it has the form of one. Raises InvalidParameterException."""
    if not rule.is_key(device_key):
        raise errors.InvalidParameterException("Invalid device key given.")
    return device_key


def _keep(device: Device, record: dict[str, Any]) -> None:
    try:
        devices.keep(device, record)
    except store.Conflict:
        raise gone() from None


def _opened(call: Call, responses: Responses) -> State:
    state = challenges.opened(call, CHALLENGE)
    if not challenges.is_named(call, state, responses):
        raise challenges.not_for_this()
    return state


def _resumed(call: Call, responses: Responses, a_public: int) -> State:
    """The sign-in that awaits the device, spent. Everything that is wrong gets one sentence; see `begun`."""
    named = responses["USERNAME"]
    client_secrets.require_hash(call.client, responses.get("SECRET_HASH"), named)
    account = unknown_users.found(call, named, "User does not exist.")
    device = devices.of(call.pool.id, account.user.sub, responses["DEVICE_KEY"])
    record = (device.awaited if device else None) or {"srp_a": "", "until": 0.0}
    is_same = hmac.compare_digest(record["srp_a"], _digest(a_public))
    if device is None or not is_same or record["until"] <= call.now:
        raise challenges.not_for_this()
    state = challenges.restored(record["state"])
    if (state.pool_id, state.client_id) != (call.pool.id, call.client.id):
        raise challenges.not_for_this()
    if not challenges.is_named(call, state, responses):
        raise challenges.not_for_this()
    device.awaited = None
    try:
        store.save(device, devices.NAME)  # of two calls with the same record one is refused
    except store.Conflict:
        raise challenges.spent() from None
    return state


def _exchange(call: Call, responses: Responses) -> Exchange:
    """The exchange of the answer's block. A Session beside it must be of the same sign-in, or is another's."""
    exchange = srp_exchange.opened(call, _required(responses, "PASSWORD_CLAIM_SECRET_BLOCK"), PURPOSE)
    if exchange is None:
        journal.note(reason="session foreign or expired")
        raise errors.NotAuthorizedException(_WRONG)
    if call.get("Session") and challenges.opened(call, VERIFIER).session_id != exchange.state.session_id:
        raise challenges.not_for_this()
    return exchange


def _remembered(pool: Pool, state: State) -> Device:
    """The device of a sign-in as it is now.

    The attack: a device that was stolen is forgotten by its owner, or no longer trusted by the pool, while the thief
    is between two answers. Raises ResourceNotFoundException.
    """
    device = devices.of(pool.id, state.sub, state.device_key)
    if device is None or not rule.replaces_second_factor(pool.document, is_remembered=device.is_remembered):
        raise gone()
    return device


def _verifier(device: Device) -> int:
    return int.from_bytes(vault.open_for(device, device.verifier), "big")


def _digest(a_public: int) -> str:
    return hashlib.sha256(f"{a_public:x}".encode()).hexdigest()


def _required(responses: Responses, name: str) -> str:
    if not responses.get(name):
        raise errors.InvalidParameterException(f"Missing required parameter {name}")
    return responses[name]
