"""What administrators do to people while those sign in; each changes the service and what the model knows."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import partial

from tests.machine.model import APP, EMAIL, METHODS, SMS
from tests.machine.people import PREFERENCES, Actor
from tests.machine.stage import Stage

Interference = Callable[[Stage, Actor], None]


def _password(stage: Stage, actor: Actor, *, is_lasting: bool) -> None:
    text = actor.next_password()
    stage.admin("AdminSetUserPassword", actor, Password=text, Permanent=is_lasting)
    actor.took(text)
    actor.is_.status = "CONFIRMED" if is_lasting else "FORCE_CHANGE_PASSWORD"


def _enable(stage: Stage, actor: Actor, *, is_on: bool) -> None:
    stage.admin("AdminEnableUser" if is_on else "AdminDisableUser", actor)
    actor.is_.enabled = is_on


def _reset(stage: Stage, actor: Actor) -> None:
    stage.admin("AdminResetUserPassword", actor)
    actor.is_.status = "RESET_REQUIRED"


def _switch_on(stage: Stage, actor: Actor, method: str) -> None:
    stage.admin("AdminSetUserMFAPreference", actor, **{PREFERENCES[method]: {"Enabled": True, "PreferredMfa": True}})
    actor.is_.switched_on.add(method)


def _switch_off(stage: Stage, actor: Actor, method: str) -> None:
    stage.admin("AdminSetUserMFAPreference", actor, **{PREFERENCES[method]: {"Enabled": False}})
    _dropped(actor, method)


def _dropped(actor: Actor, method: str) -> None:
    actor.is_.switched_on.discard(method)
    actor.is_.passkey_is_both &= bool(actor.is_.switched_on)


def _move(stage: Stage, actor: Actor, attribute: str) -> None:
    value = f"{uuid.uuid4().hex[:12]}@example.com" if attribute == "email" else f"+1556{uuid.uuid4().int % 10**7:07}"
    given = {attribute: value, f"{attribute}_verified": "true"}
    listed = [{"Name": name, "Value": text} for name, text in given.items()]
    stage.admin("AdminUpdateUserAttributes", actor, UserAttributes=listed)
    actor.is_.addresses[attribute] = value


def _drop_app(stage: Stage, actor: Actor) -> None:
    stage.admin("AdminDeleteSoftwareToken", actor)
    actor.is_.has_app = False
    _dropped(actor, APP)


def _forget_device(stage: Stage, actor: Actor) -> None:
    stage.admin("AdminForgetDevice", actor, DeviceKey=actor.device.key)
    actor.is_.trusts_device = False


def _delete(stage: Stage, actor: Actor) -> None:
    stage.admin("AdminDeleteUser", actor)
    actor.is_.exists = False


ALL: dict[str, Interference] = {
    "set a password": partial(_password, is_lasting=True),
    "set a temporary password": partial(_password, is_lasting=False),
    "disable": partial(_enable, is_on=False),
    "enable": partial(_enable, is_on=True),
    "reset the password": _reset,
    "change the email": partial(_move, attribute="email"),
    "change the phone": partial(_move, attribute="phone_number"),
    "delete the app": _drop_app,
    "forget the device": _forget_device,
    "delete": _delete,
    **{f"switch on {method}": partial(_switch_on, method=method) for method in METHODS},
    **{f"switch off {method}": partial(_switch_off, method=method) for method in (SMS, APP, EMAIL)},
}

MILD = {name: one for name, one in ALL.items() if not name.startswith(("delete", "disable", "reset", "set a temp"))}
"""What leaves people able to sign in."""
