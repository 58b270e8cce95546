"""Risk configurations."""

import pytest

from chalicelib.errors import InvalidParameterException, UserPoolAddOnNotEnabledException
from chalicelib.rules import risk

ARN = "arn:aws:ses:us-east-1:123456789012:identity/example.com"


def takeover(notify=None, **action):
    actions = {"LowAction": {"Notify": False, "EventAction": "NO_ACTION"} | action}
    part = {"Actions": actions} | ({"NotifyConfiguration": {"SourceArn": ARN} | notify} if notify is not None else {})
    return {"AccountTakeoverRiskConfiguration": part}


def exceptions(*ranges):
    return {"RiskExceptionConfiguration": {"SkippedIPRangeList": list(ranges)}}


class TestRefuseOff:
    @pytest.mark.parametrize("mode", ["AUDIT", "ENFORCED"])
    def test_takes_pools_with_threat_protection(self, mode):
        risk.refuse_off({"UserPoolAddOns": {"AdvancedSecurityMode": mode}})

    @pytest.mark.parametrize(
        "pool", [{}, {"UserPoolAddOns": {}}, {"UserPoolAddOns": {"AdvancedSecurityMode": "OFF"}}], ids=str
    )
    def test_refuses_all_others(self, pool):
        with pytest.raises(UserPoolAddOnNotEnabledException):
            risk.refuse_off(pool)


class TestConfigured:
    def test_is_nothing_without_any_part(self):
        assert risk.configured({"UserPoolId": "x", "ClientId": "y"}, 1) is None

    def test_holds_for_every_event_without_a_filter(self):
        actions = {"Actions": {"EventAction": "BLOCK"}}
        given = {"CompromisedCredentialsRiskConfiguration": actions}

        document = risk.configured(given, 12.3456)

        events = {"EventFilter": ["SIGN_IN", "PASSWORD_CHANGE", "SIGN_UP"]}
        assert document == {
            "CompromisedCredentialsRiskConfiguration": events | actions, "LastModifiedDate": 12.346,
        }  # fmt: skip
        assert "EventFilter" not in actions

    def test_keeps_the_filter_that_is_given(self):
        part = {"EventFilter": ["SIGN_UP"], "Actions": {"EventAction": "BLOCK"}}
        given = {"CompromisedCredentialsRiskConfiguration": part}

        assert risk.configured(given, 1)["CompromisedCredentialsRiskConfiguration"] == part

    @pytest.mark.parametrize(
        "notify",
        [{}, {"From": "a@example.com"}, {"From": "Example <a@example.com>", "ReplyTo": "<b@example.com>"}],
        ids=str,
    )
    def test_takes_senders(self, notify):
        assert risk.configured(takeover(notify, Notify=True), 1)

    @pytest.mark.parametrize(
        "given",
        [
            takeover(Notify=True),
            takeover({"SourceArn": "arn:aws:sns:us-east-1:123456789012:identity/example.com"}),
            takeover({"From": "nobody"}),
            takeover({"From": "a@example.com\r\nBcc: b@example.com"}),
            takeover({"From": "Example\r\nBcc: b@example.com <a@example.com>"}),
            takeover({"ReplyTo": "Example <a@example.com> <b@example.com>"}),
            takeover({"ReplyTo": ""}),
        ],
        ids=["no notification", "no identity", "no address", "header", "header in a name", "two", "empty"],
    )
    def test_refuses_notifications_that_cannot_be_sent(self, given):
        with pytest.raises(InvalidParameterException):
            risk.configured(given, 1)

    def test_needs_no_sender_where_nobody_is_notified(self):
        assert risk.configured(takeover(), 1)

    @pytest.mark.parametrize("one", ["192.0.2.0/24", "192.0.2.7/24", "0.0.0.0/0", "2001:db8::/32", "::1/128"])
    def test_takes_ranges(self, one):
        assert risk.configured(exceptions(one), 1) == exceptions(one) | {"LastModifiedDate": 1}

    @pytest.mark.parametrize(
        "one",
        ["", "192.0.2.1", "192.0.2.0/33", "192.0.2.0/255.255.255.0", "192.0.2.0/", "/24", "192.0.2/24", "x/24",
         "192.0.2.0/٢٤", "١٩٢.0.2.0/24", "fe80::%1/64", "192.0.2.0/24 ", "2001:db8::/129"],
    )  # fmt: skip
    def test_refuses_what_is_no_range(self, one):
        with pytest.raises(InvalidParameterException, match="CIDR"):
            risk.configured(exceptions(one), 1)

    def test_bounds_the_whole(self):
        body = {"Subject": "x", "HtmlBody": "ä" * 20_000, "TextBody": "ä" * 20_000}

        with pytest.raises(InvalidParameterException, match="too large"):
            risk.configured(takeover({"BlockEmail": body, "MfaEmail": body}), 1)
