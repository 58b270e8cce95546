"""Log delivery, risk configuration, replicas, provisioned limits and the signing certificate, through operations."""

import base64
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA256

from chalicelib.flows import signing_certificates
from chalicelib.table import store
from chalicelib.table.documents import Certificate, ProvisionedLimit
from tests.application import Cognito, Fault

NOWHERE = "us-east-1_Unknown00"
NOBODY = "unknownunknownunknownunkn1"
LOG_GROUP = {"LogGroupArn": "arn:aws:logs:us-east-1:123456789012:log-group:/aws/cognito/pool"}
NOTIFICATIONS = {"LogLevel": "ERROR", "EventSource": "userNotification", "CloudWatchLogsConfiguration": LOG_GROUP}
EVENTS = {
    "LogLevel": "INFO",
    "EventSource": "userAuthEvents",
    "FirehoseConfiguration": {"StreamArn": "arn:aws:firehose:us-east-1:123456789012:deliverystream/events"},
}
RISK = {
    "CompromisedCredentialsRiskConfiguration": {"EventFilter": ["SIGN_IN"], "Actions": {"EventAction": "BLOCK"}},
    "AccountTakeoverRiskConfiguration": {
        "NotifyConfiguration": {
            "From": "Example <noreply@example.com>",
            "SourceArn": "arn:aws:ses:us-east-1:123456789012:identity/example.com",
            "BlockEmail": {"Subject": "Blocked", "TextBody": "You were blocked.", "HtmlBody": "<p>Blocked.</p>"},
        },
        "Actions": {"HighAction": {"Notify": True, "EventAction": "BLOCK"}},
    },
    "RiskExceptionConfiguration": {"BlockedIPRangeList": ["192.0.2.0/24", "2001:db8::/32"]},
}


@pytest.fixture(scope="module")
def pool_id(application):
    """A pool with threat protection, for all tests that need any: making one costs two RSA keys."""
    return Cognito(*application).pool(UserPoolAddOns={"AdvancedSecurityMode": "ENFORCED"})


def refusal(cognito, operation, **given):
    with pytest.raises(Fault) as refused:
        cognito.call(operation, **given)
    return refused.value.code


class TestLogDeliveryConfiguration:
    def test_is_empty_until_it_is_set(self, cognito):
        pool_id = cognito.pool()

        assert cognito.call("GetLogDeliveryConfiguration", UserPoolId=pool_id) == {
            "LogDeliveryConfiguration": {"UserPoolId": pool_id, "LogConfigurations": []}
        }

    def test_is_replaced_as_a_whole(self, cognito, pool_id):
        for configurations in ([NOTIFICATIONS, EVENTS], [EVENTS], []):
            given = {"UserPoolId": pool_id, "LogConfigurations": configurations}

            answer = cognito.call("SetLogDeliveryConfiguration", **given)

            assert answer == {"LogDeliveryConfiguration": given}
            assert cognito.call("GetLogDeliveryConfiguration", UserPoolId=pool_id) == answer

    @pytest.mark.parametrize(
        "configurations",
        [
            [EVENTS, EVENTS],
            [NOTIFICATIONS | {"LogLevel": "INFO"}],
            [EVENTS | {"CloudWatchLogsConfiguration": LOG_GROUP}],
        ],
        ids=["twice", "level", "two places"],
    )
    def test_refuses_what_does_not_fit(self, cognito, pool_id, configurations):
        given = {"UserPoolId": pool_id, "LogConfigurations": configurations}

        assert refusal(cognito, "SetLogDeliveryConfiguration", **given) == "InvalidParameterException"

    def test_refuses_an_unknown_pool(self, cognito):
        given = {"UserPoolId": NOWHERE, "LogConfigurations": []}

        assert refusal(cognito, "SetLogDeliveryConfiguration", **given) == "ResourceNotFoundException"
        assert refusal(cognito, "GetLogDeliveryConfiguration", UserPoolId=NOWHERE) == "ResourceNotFoundException"


class TestRiskConfiguration:
    def test_is_kept_for_the_pool_and_for_a_client_apart(self, cognito, pool_id):
        client_id = cognito.client(pool_id)
        of_pool, of_client = {"UserPoolId": pool_id}, {"UserPoolId": pool_id, "ClientId": client_id}

        set_of_pool = cognito.call("SetRiskConfiguration", **of_pool, **RISK)["RiskConfiguration"]

        assert set_of_pool.items() >= (of_pool | RISK).items()
        assert "ClientId" not in set_of_pool
        assert cognito.call("DescribeRiskConfiguration", **of_pool)["RiskConfiguration"] == set_of_pool
        assert cognito.call("DescribeRiskConfiguration", **of_client)["RiskConfiguration"] == of_client

        ranges = {"RiskExceptionConfiguration": {"SkippedIPRangeList": ["198.51.100.7/32"]}}
        set_of_client = cognito.call("SetRiskConfiguration", **of_client, **ranges)["RiskConfiguration"]

        assert set_of_client == of_client | ranges | {"LastModifiedDate": set_of_client["LastModifiedDate"]}
        assert cognito.call("DescribeRiskConfiguration", **of_client)["RiskConfiguration"] == set_of_client
        assert cognito.call("DescribeRiskConfiguration", **of_pool)["RiskConfiguration"] == set_of_pool

    def test_is_removed_when_no_part_is_given(self, cognito, pool_id):
        names = {"UserPoolId": pool_id, "ClientId": cognito.client(pool_id)}
        cognito.call("SetRiskConfiguration", **names, **RISK)

        assert cognito.call("SetRiskConfiguration", **names) == {"RiskConfiguration": names}

        assert cognito.call("DescribeRiskConfiguration", **names) == {"RiskConfiguration": names}

    @pytest.mark.parametrize("settings", [{}, {"UserPoolAddOns": {"AdvancedSecurityMode": "OFF"}}], ids=str)
    def test_needs_threat_protection(self, cognito, settings):
        pool_id = cognito.pool(**settings)

        for operation in ("SetRiskConfiguration", "DescribeRiskConfiguration"):
            assert refusal(cognito, operation, UserPoolId=pool_id) == "UserPoolAddOnNotEnabledException"

    def test_refuses_an_unknown_pool_or_client(self, cognito, pool_id):
        for operation in ("SetRiskConfiguration", "DescribeRiskConfiguration"):
            for names in ({"UserPoolId": NOWHERE}, {"UserPoolId": pool_id, "ClientId": NOBODY}):
                assert refusal(cognito, operation, **names) == "ResourceNotFoundException"


class TestReplicas:
    def test_are_recorded_as_serving_nobody(self, cognito):
        pool_id = cognito.pool()
        names = {"UserPoolId": pool_id, "RegionName": "eu-west-1"}

        made = cognito.call("CreateUserPoolReplica", **names, UserPoolTags={"team": "a"})["UserPoolReplica"]

        assert made["Status"] == "CREATING"
        listed = cognito.call("ListUserPoolReplicas", UserPoolId=pool_id)
        assert listed == {
            "UserPoolReplicas": [
                {
                    "RegionName": "us-east-1",
                    "Status": "ACTIVE",
                    "Role": "PRIMARY",
                    "UserPoolArn": f"arn:aws:cognito-idp:us-east-1:000000000000:userpool/{pool_id}",
                },
                {
                    "RegionName": "eu-west-1",
                    "Status": "INACTIVE",
                    "Role": "SECONDARY",
                    "UserPoolArn": f"arn:aws:cognito-idp:eu-west-1:000000000000:userpool/{pool_id}",
                },
            ]
        }
        left = cognito.call("UpdateUserPoolReplica", **names, Status="INACTIVE")["UserPoolReplica"]
        assert left == listed["UserPoolReplicas"][1]

    def test_are_not_activated_because_nothing_is_copied(self, cognito):
        names = {"UserPoolId": cognito.pool(), "RegionName": "eu-west-1"}
        cognito.call("CreateUserPoolReplica", **names)

        assert refusal(cognito, "UpdateUserPoolReplica", **names, Status="ACTIVE") == "OperationNotEnabledException"

    def test_are_one_at_most_also_when_two_are_made_at_once(self, cognito):
        pool_id = cognito.pool()

        def create(region):
            try:
                return cognito.call("CreateUserPoolReplica", UserPoolId=pool_id, RegionName=region)["UserPoolReplica"]
            except Fault as fault:
                return fault.code

        with ThreadPoolExecutor(3) as threads:
            answers = list(threads.map(create, ["eu-west-1", "us-west-2", "ap-south-1"]))

        assert answers.count("LimitExceededException") == 2
        assert len(cognito.call("ListUserPoolReplicas", UserPoolId=pool_id)["UserPoolReplicas"]) == 2

    def test_are_deleted(self, cognito):
        names = {"UserPoolId": cognito.pool(), "RegionName": "eu-west-1"}
        cognito.call("CreateUserPoolReplica", **names)

        assert cognito.call("DeleteUserPoolReplica", **names)["UserPoolReplica"]["Status"] == "DELETING"

        assert len(cognito.call("ListUserPoolReplicas", UserPoolId=names["UserPoolId"])["UserPoolReplicas"]) == 1
        assert refusal(cognito, "DeleteUserPoolReplica", **names) == "ResourceNotFoundException"

    @pytest.mark.parametrize("region", ["us-east-1", "somewhere", "EU-WEST-1"])
    def test_are_refused_in_what_is_no_other_region(self, cognito, pool_id, region):
        given = {"UserPoolId": pool_id, "RegionName": region}

        assert refusal(cognito, "CreateUserPoolReplica", **given) == "InvalidParameterException"

    def test_refuse_reserved_tags(self, cognito, pool_id):
        given = {"UserPoolId": pool_id, "RegionName": "eu-west-1", "UserPoolTags": {"aws:x": "1"}}

        assert refusal(cognito, "CreateUserPoolReplica", **given) == "UserPoolTaggingException"

    def test_of_an_unknown_pool_or_region_are_not_found(self, cognito, pool_id):
        region = {"RegionName": "eu-west-1"}

        assert refusal(cognito, "CreateUserPoolReplica", UserPoolId=NOWHERE, **region) == "ResourceNotFoundException"
        assert refusal(cognito, "DeleteUserPoolReplica", UserPoolId=pool_id, **region) == "ResourceNotFoundException"
        own = {"UserPoolId": pool_id, "RegionName": "us-east-1"}
        assert refusal(cognito, "UpdateUserPoolReplica", **own, Status="INACTIVE") == "InvalidParameterException"

    def test_know_no_second_page(self, cognito, pool_id):
        given = {"UserPoolId": pool_id, "NextToken": "more"}

        assert refusal(cognito, "ListUserPoolReplicas", **given) == "InvalidParameterException"


def limit(category):
    return {"LimitDefinition": {"LimitClass": "API_CATEGORY", "Attributes": {"Category": category}}}


class TestProvisionedLimits:
    @pytest.fixture(autouse=True)
    def as_it_was(self, application):
        """The limits are the account's, not a pool's."""
        yield
        store.remove_all([ProvisionedLimit.at(category="UserCreation")])

    def test_stand_at_their_free_value_until_they_are_set(self, cognito):
        shown = cognito.call("GetProvisionedLimit", **limit("UserCreation"))["Limit"]

        assert shown == limit("UserCreation") | {"ProvisionedLimitValue": 50, "FreeLimitValue": 50}

    def test_are_set(self, cognito):
        for value in (400, 50):
            answer = cognito.call("UpdateProvisionedLimit", **limit("UserCreation"), RequestedLimitValue=value)

            assert answer["Limit"] == limit("UserCreation") | {"ProvisionedLimitValue": value, "FreeLimitValue": 50}
            assert cognito.call("GetProvisionedLimit", **limit("UserCreation")) == answer

    @pytest.mark.parametrize(
        ("value", "code"),
        [
            (49, "InvalidParameterException"),
            (-1, "InvalidParameterException"),
            (10_001, "ServiceQuotaExceededException"),
        ],
    )
    def test_have_a_range(self, cognito, value, code):
        given = limit("UserCreation") | {"RequestedLimitValue": value}

        assert refusal(cognito, "UpdateProvisionedLimit", **given) == code

    def test_of_an_unknown_category_are_not_found(self, cognito):
        assert refusal(cognito, "GetProvisionedLimit", **limit("Nothing")) == "ResourceNotFoundException"

    @pytest.mark.parametrize("attributes", [{}, {"Category": "UserCreation", "Pool": "x"}], ids=str)
    def test_need_a_category_alone(self, cognito, attributes):
        given = {"LimitDefinition": {"LimitClass": "API_CATEGORY", "Attributes": attributes}}

        assert refusal(cognito, "GetProvisionedLimit", **given) == "InvalidParameterException"


def certificate(cognito, pool_id):
    return cognito.call("GetSigningCertificate", UserPoolId=pool_id)["Certificate"]


class TestGetSigningCertificate:
    def test_is_der_in_base64_without_the_lines_of_pem(self, cognito, pool_id):
        text = certificate(cognito, pool_id)

        assert "-----BEGIN" not in text
        assert "\n" not in text
        read = x509.load_der_x509_certificate(base64.b64decode(text, validate=True))
        assert read.subject == read.issuer
        assert read.subject.rfc4514_string() == f"CN={pool_id}"
        assert read.public_key().key_size == 2048
        lifetime = read.not_valid_after_utc - read.not_valid_before_utc
        assert timedelta(days=3652) <= lifetime <= timedelta(days=3653)

    def test_stays_the_same(self, cognito, pool_id):
        assert certificate(cognito, pool_id) == certificate(cognito, pool_id)

    def test_belongs_to_the_key_that_is_sealed_beside_it(self, cognito, pool_id):
        read = x509.load_der_x509_certificate(base64.b64decode(certificate(cognito, pool_id)))
        item = store.get(Certificate, pool=pool_id, id="1")

        signature = signing_certificates.signing_key(item).sign(b"request", padding.PKCS1v15(), SHA256())

        read.public_key().verify(signature, b"request", padding.PKCS1v15(), SHA256())
        assert b"\x02\x01\x00" not in item.private_key[:40]

    def test_is_one_for_all_who_ask_first_at_once(self, cognito):
        pool_id = cognito.pool()

        with ThreadPoolExecutor(3) as threads:
            answers = set(threads.map(lambda _: certificate(cognito, pool_id), range(3)))

        assert len(answers) == 1

    def test_is_followed_by_another_in_its_last_year(self, cognito, monkeypatch):
        pool_id = cognito.pool()
        first = certificate(cognito, pool_id)
        item = store.get(Certificate, pool=pool_id, id="1")
        item.created_at -= 9.5 * 365 * 24 * 3600
        store.save(item)

        second = certificate(cognito, pool_id)

        assert second != first
        assert store.get(Certificate, pool=pool_id, id="2").certificate == base64.b64decode(second)
        assert store.get(Certificate, pool=pool_id, id="1").certificate == base64.b64decode(first)
        assert certificate(cognito, pool_id) == second

    def test_is_not_made_for_an_unknown_pool(self, cognito):
        assert refusal(cognito, "GetSigningCertificate", UserPoolId=NOWHERE) == "ResourceNotFoundException"
