"""Devices of users in the hands of administrators: shown, remembered, forgotten."""

from __future__ import annotations

from typing import Any

from chalicelib import errors
from chalicelib.call import Call
from chalicelib.flows import devices
from chalicelib.operations.registry import operation
from chalicelib.table.items import User

Answer = dict[str, Any]


@operation
def admin_get_device(call: Call) -> Answer:
    """A device of a user. Raises ResourceNotFoundException, also for an unknown user."""
    return {"Device": devices.described(devices.named(call.pool, _found(call), call["DeviceKey"]))}


@operation
def admin_list_devices(call: Call) -> Answer:
    """A page of a user's devices. Raises ResourceNotFoundException for an unknown user."""
    return devices.page(call, _found(call))


@operation
def admin_update_device_status(call: Call) -> Answer:
    """Remember a device of a user, or do not any more. Raises ResourceNotFoundException and UserNotFoundException."""
    devices.set_status(call, _user(call))
    return {}


@operation
def admin_forget_device(call: Call) -> None:
    """Forget a device of a user, whose sessions end. Raises ResourceNotFoundException and UserNotFoundException."""
    devices.forget(call, _user(call))


def _user(call: Call) -> User:
    devices.require_tracking(call.pool)
    return call.account.user


def _found(call: Call) -> User:
    """As `_user`, where the model declares no UserNotFoundException."""
    try:
        return _user(call)
    except errors.UserNotFoundException as unknown:
        raise errors.ResourceNotFoundException(unknown.message) from None
