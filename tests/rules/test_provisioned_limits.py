"""Provisioned limits of request rates."""

import pytest

from chalicelib.errors import InvalidParameterException, ResourceNotFoundException, ServiceQuotaExceededException
from chalicelib.rules import provisioned_limits


def definition(**attributes):
    return {"LimitClass": "API_CATEGORY", "Attributes": attributes}


class TestCategory:
    @pytest.mark.parametrize("name", sorted(provisioned_limits.FREE))
    def test_is_what_the_definition_names(self, name):
        assert provisioned_limits.category(definition(Category=name)) == name

    @pytest.mark.parametrize("given", [definition(), definition(Category="UserRead", Pool="x")], ids=["none", "more"])
    def test_must_stand_alone(self, given):
        with pytest.raises(InvalidParameterException):
            provisioned_limits.category(given)

    def test_must_be_known(self):
        with pytest.raises(ResourceNotFoundException) as refusal:
            provisioned_limits.category(definition(Category="x" * 1000))

        assert len(refusal.value.message) < 200


class TestRefuseOutOfRange:
    @pytest.mark.parametrize("value", [120, 121, 10_000])
    def test_takes_the_free_value_up_to_the_quota(self, value):
        provisioned_limits.refuse_out_of_range("UserRead", value)

    def test_refuses_less_than_is_free(self):
        with pytest.raises(InvalidParameterException):
            provisioned_limits.refuse_out_of_range("UserRead", 119)

    def test_refuses_more_than_the_quota(self):
        with pytest.raises(ServiceQuotaExceededException):
            provisioned_limits.refuse_out_of_range("UserRead", 10_001)


class TestShown:
    @pytest.mark.parametrize(("stored", "told"), [(None, 120), (300.0, 300)])
    def test_tells_the_free_value_beside_the_provisioned_one(self, stored, told):
        assert provisioned_limits.shown("UserRead", stored) == {
            "LimitDefinition": definition(Category="UserRead"),
            "ProvisionedLimitValue": told,
            "FreeLimitValue": 120,
        }
