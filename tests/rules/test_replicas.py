"""Records of replicas."""

import pytest

from chalicelib.errors import InvalidParameterException, OperationNotEnabledException, UserPoolTaggingException
from chalicelib.rules import replicas

ARN = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_x"


class TestPrimary:
    def test_is_the_pool_itself(self):
        assert replicas.primary(ARN) == {
            "RegionName": "us-east-1", "Status": "ACTIVE", "Role": "PRIMARY", "UserPoolArn": ARN,
        }  # fmt: skip


class TestSecondary:
    @pytest.mark.parametrize("region", ["eu-west-1", "us-gov-east-1", "ap-southeast-10", "us-iso-east-1"])
    def test_keeps_the_pool_id_in_another_region(self, region):
        record = replicas.secondary(ARN, region, {"a": "b"})

        assert record == {
            "RegionName": region,
            "Status": "INACTIVE",
            "Role": "SECONDARY",
            "UserPoolArn": f"arn:aws:cognito-idp:{region}:123456789012:userpool/us-east-1_x",
            "UserPoolTags": {"a": "b"},
        }

    @pytest.mark.parametrize("region", ["us-east-1", "europe", "eu-west", "EU-WEST-1", "eu-west-1\n", "eu:west-1"])
    def test_refuses_what_is_no_other_region(self, region):
        with pytest.raises(InvalidParameterException):
            replicas.secondary(ARN, region, {})

    @pytest.mark.parametrize("tags", [{"AWS:x": "1"}, {str(n): "1" for n in range(51)}], ids=["reserved", "too many"])
    def test_refuses_tags_that_a_pool_may_not_have(self, tags):
        with pytest.raises(UserPoolTaggingException):
            replicas.secondary(ARN, "eu-west-1", tags)


class TestRefuseStatus:
    def test_takes_the_truth_alone(self):
        replicas.refuse_status("INACTIVE")
        with pytest.raises(OperationNotEnabledException):
            replicas.refuse_status("ACTIVE")
