"""What the tests of this folder share."""

from __future__ import annotations

import json

import pytest

from tests.contract import packaged
from tests.contract.packaged import Json


@pytest.fixture(scope="module")
def template() -> Json:
    """The template of a deployment, merged."""
    made: Json = json.loads(packaged.made())
    return made


@pytest.fixture(scope="module")
def properties(template: Json) -> dict[str, Json]:
    """The properties of every resource by its name."""
    return {name: resource.get("Properties", {}) for name, resource in template["Resources"].items()}
