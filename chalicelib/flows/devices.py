"""Devices of users: given a key at sign-in, confirmed by their owner, remembered or not, forgotten.

Owns what a pool's settings mean for a device, and the life of one. Proving a device's secret is in `device_exchange`,
whose steps are named here too, so that the sign-in has one door to devices. Leaves look-ups and writes to
`table.devices`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chalicelib import errors
from chalicelib.call import Call
from chalicelib.flows import paging, vault
from chalicelib.flows.access import Access
from chalicelib.flows.device_exchange import awaited, begun, gone, proved, standing, well_formed
from chalicelib.rules import devices as rule
from chalicelib.rules import srp
from chalicelib.settings import current
from chalicelib.table import devices, riders, store
from chalicelib.table.factors import Device
from chalicelib.table.items import Pool, User
from chalicelib.table.users import Account

__all__ = [
    "awaited", "begun", "confirm", "described", "forget", "is_tracking", "named", "new_metadata", "page", "presented",
    "proved", "replaces_second_factor", "require_tracking", "set_status", "standing",
]  # fmt: skip

Answer = dict[str, Any]

_STATUS = "valid"


def is_tracking(pool: Pool) -> bool:
    """Whether the pool keeps track of devices."""
    return rule.is_tracking(pool.document)


def require_tracking(pool: Pool) -> None:
    """Raises InvalidUserPoolConfigurationException for a pool that does not."""
    if not is_tracking(pool):
        raise errors.InvalidUserPoolConfigurationException("User pool does not have device tracking enabled.")


def replaces_second_factor(pool: Pool, device: Device) -> bool:
    """Whether proving this device takes the place of a second factor: it is remembered, and the pool wants it so.

    The attack: a device that its owner confirmed but does not trust is presented to leave the second factor out.
    """
    return rule.replaces_second_factor(pool.document, is_remembered=device.is_remembered)


def presented(call: Call, account: Account, device_key: str) -> Device:
    """The device that a client says it is. To be asked behind a right password, since it tells what a user has.

    Raises ResourceNotFoundException and, for what is no device key, InvalidParameterException.
    """
    return _found(call.pool.id, account.user.sub, well_formed(device_key))


def new_metadata() -> dict[str, str]:
    """NewDeviceMetadata: a fresh device key and the group key that goes with it."""
    key = rule.new_key(current().region)
    return {"DeviceKey": key, "DeviceGroupKey": _group_key(key)}


def confirm(call: Call, who: Access) -> bool:
    """Confirm the device that the bearer's sign-in was given a key for; whether the person has to say more.

    Attack: the key of a device that somebody else was given is confirmed with a verifier of one's own, or that of a
    device forgotten; so the key counts only with tokens of the sign-in that it came with. Raises
    ResourceNotFoundException, DeviceKeyExistsException, InvalidParameterException and, for a bearer who was signed out
    or deleted in that moment, NotAuthorizedException and UserNotFoundException.
    """
    if who.session.device_key != call["DeviceKey"]:
        raise gone()
    device = _new(call, who)
    if devices.has_as_many(who.pool.id, who.user.sub, rule.MOST):
        # The attack: a user fills the table. Signing in at the same moment gets in a few more, never many.
        raise errors.InvalidParameterException("The user has too many devices; forget one first.")
    try:
        store.together(*devices.added(device, who.user, who.session))
    except store.Conflict as conflict:
        raise _not_confirmed(conflict.names) from None
    return rule.waits_for_person(who.pool.document)


def named(pool: Pool, user: User, device_key: str) -> Device:
    """A confirmed device of a user. Raises ResourceNotFoundException."""
    return _found(pool.id, user.sub, device_key)


def page(call: Call, user: User) -> Answer:
    """A page of a user's devices in the order of their keys. Raises InvalidParameterException for a token."""
    part = paging.Part(*devices.part(user.pool_id, user.sub))
    found = paging.page_of(part, call.get("Limit"), call.get("PaginationToken"))
    shown = [described(item) for item in found.items if isinstance(item, Device)]
    return {"Devices": shown} | ({"PaginationToken": found.cursor} if found.cursor else {})


def described(device: Device) -> Answer:
    """A DeviceType."""
    attributes = {
        "device_status": _STATUS,
        "device_name": device.name,
        "last_ip_used": device.source_ip,
        "dev:device_remembered_status": rule.REMEMBERED if device.is_remembered else rule.NOT_REMEMBERED,
    }
    return {
        "DeviceKey": device.key,
        "DeviceAttributes": [{"Name": name, "Value": value} for name, value in attributes.items() if value],
        "DeviceCreateDate": device.created_at,
        "DeviceLastModifiedDate": device.modified_at,
        "DeviceLastAuthenticatedDate": device.authenticated_at,
    }


def set_status(call: Call, user: User) -> None:
    """Remember a device or do not any more, as the input says; without a status nothing changes.

    Raises ResourceNotFoundException.
    """
    device = named(call.pool, user, call["DeviceKey"])
    status = call.get("DeviceRememberedStatus")
    if status is None:
        return
    values = {"is_remembered": status == rule.REMEMBERED, "modified_at": call.now}
    try:
        store.together(devices.changed(device, values))
    except store.Conflict:
        raise gone() from None


def forget(call: Call, user: User) -> None:
    """Forget a device and end every session that was begun with it. Raises ResourceNotFoundException.

    Sessions end before the device goes, so that whoever repeats this after a crash still finds it; and once more
    after, since only then no sign-in can be completed by it.
    """
    device = named(call.pool, user, call["DeviceKey"])
    with riders.left_behind():
        devices.end_sessions(device, user, call.now)
    store.together(devices.removed(device))
    devices.end_sessions(device, user, call.now)


def _found(pool_id: str, sub: str, device_key: str) -> Device:
    device = devices.of(pool_id, sub, device_key)
    if device is None:
        raise gone()
    return device


def _new(call: Call, who: Access) -> Device:
    """The device that is to be confirmed, not yet written; the verifier is sealed for its place."""
    key = call["DeviceKey"]
    kept = rule.registered(call.get("DeviceSecretVerifierConfig") or {})
    device = Device.new(
        {"pool": who.pool.id, "sub": who.user.sub, "key": key},
        key=key,
        group_key=_group_key(key),
        salt=srp.hexadecimal(kept.salt),
        name=call.get("DeviceName"),
        is_remembered=not rule.waits_for_person(who.pool.document),
        created_at=call.now,
        modified_at=call.now,
        authenticated_at=call.now,
        source_ip=call.origin.source_ip or None,
    )
    device.verifier = vault.seal_for(device, srp.pad(kept.verifier))
    return device


def _group_key(device_key: str) -> str:
    """What a device is told beside its key. It enters the verifier, but ConfirmDevice does not say it again.

    So it follows from the key, and nothing has to be kept for devices that are never confirmed.
    """
    return rule.group_key(vault.mac("device group key", device_key.encode()))


def _not_confirmed(failed: Sequence[str]) -> errors.AwsError:
    if devices.NAME in failed:
        return errors.DeviceKeyExistsException()
    if "user" in failed:
        return errors.UserNotFoundException()
    return errors.NotAuthorizedException("Access Token has been revoked")
