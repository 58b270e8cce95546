"""A user's own devices, for whoever holds an access token: confirmed, shown, remembered, forgotten."""

from __future__ import annotations

from typing import Any

from chalicelib import errors
from chalicelib.call import Call
from chalicelib.flows import access, devices, reproof
from chalicelib.flows.access import Access
from chalicelib.operations.registry import operation
from chalicelib.rules.devices import REMEMBERED

Answer = dict[str, Any]


@operation
def confirm_device(call: Call) -> Answer:
    """Keep track of the device that the bearer's sign-in was given a key for, with the verifier of its own secret.

    Raises ResourceNotFoundException for any other key, DeviceKeyExistsException, InvalidParameterException,
    InvalidUserPoolConfigurationException, NotAuthorizedException and PasswordResetRequiredException.
    """
    who = _bearer(call)
    reproof.require(who, call.now)
    return {"UserConfirmationNecessary": devices.confirm(call, who)}


@operation
def get_device(call: Call) -> Answer:
    """A device of the bearer. Raises ResourceNotFoundException and what `confirm_device` raises of the bearer."""
    who = _bearer(call)
    return {"Device": devices.described(devices.named(who.pool, who.user, call["DeviceKey"]))}


@operation
def list_devices(call: Call) -> Answer:
    """A page of the bearer's devices. Raises InvalidParameterException for a token."""
    return devices.page(call, _bearer(call).user)


@operation
def update_device_status(call: Call) -> Answer:
    """Remember a device of the bearer, or do not any more. Raises ResourceNotFoundException."""
    who = _bearer(call)
    if call.get("DeviceRememberedStatus") == REMEMBERED:
        reproof.require(who, call.now)
    devices.set_status(call, who.user)
    return {}


@operation
def forget_device(call: Call) -> None:
    """Forget a device of the bearer, whose sessions end. Raises ResourceNotFoundException."""
    devices.forget(call, _bearer(call).user)


def _bearer(call: Call) -> Access:
    """The bearer, in a pool that keeps track of devices. The model asks not everywhere for the token."""
    if "AccessToken" not in call:
        raise errors.InvalidParameterException("Missing required parameter AccessToken")
    who = access.owner(call)
    access.require_no_reset(who.user)
    devices.require_tracking(who.pool)
    return who
