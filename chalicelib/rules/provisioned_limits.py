"""Limits of request rates that an account may provision: their categories, free values and range.

Owns the numbers, in requests a second. Leaves counting requests to whoever throttles them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.errors import InvalidParameterException, ResourceNotFoundException, ServiceQuotaExceededException

FREE: Final[Mapping[str, int]] = {
    "UserAuthentication": 120,
    "UserCreation": 50,
    "UserFederation": 25,
    "UserAccountRecovery": 30,
    "UserRead": 120,
    "UserUpdate": 25,
    "UserToken": 120,
    "UserResourceRead": 50,
    "UserResourceUpdate": 25,
    "UserList": 30,
    "UserPoolRead": 15,
    "UserPoolUpdate": 15,
    "UserPoolResourceRead": 20,
    "UserPoolResourceUpdate": 15,
    "UserPoolClientRead": 15,
    "UserPoolClientUpdate": 15,
    "ClientAuthentication": 150,
    "LimitManagement": 1,
}
"""What each category has without provisioning: the service's default quotas."""

QUOTA: Final = 10_000
"""The most that any category can be provisioned to. AWS keeps this per account; here it is one number for all."""


def category(definition: Mapping[str, Any]) -> str:
    """The category that a LimitDefinition names.

    Raises InvalidParameterException for a definition without one, ResourceNotFoundException for an unknown one.
    """
    attributes = definition["Attributes"]
    if set(attributes) != {"Category"}:
        raise InvalidParameterException("The Attributes of a LimitDefinition must be Category alone.")
    name: str = attributes["Category"]
    if name not in FREE:
        raise ResourceNotFoundException(f"There is no limit of the category {name[:64]}.")
    return name


def refuse_out_of_range(name: str, value: int) -> None:
    """Raise InvalidParameterException below the free value, ServiceQuotaExceededException above the quota."""
    if value < FREE[name]:
        raise InvalidParameterException(f"The limit of {name} cannot be less than {FREE[name]}, which is free.")
    if value > QUOTA:
        raise ServiceQuotaExceededException(f"The limit of {name} cannot be more than {QUOTA}.")


def shown(name: str, provisioned: float | None) -> dict[str, Any]:
    """LimitType of a category; what was never provisioned stands at its free value."""
    return {
        "LimitDefinition": {"LimitClass": "API_CATEGORY", "Attributes": {"Category": name}},
        "ProvisionedLimitValue": int(provisioned) if provisioned is not None else FREE[name],
        "FreeLimitValue": FREE[name],
    }
