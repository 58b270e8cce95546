"""Where a pool's logs go."""

import pytest

from chalicelib.errors import InvalidParameterException
from chalicelib.rules import log_delivery

LOGS = {"CloudWatchLogsConfiguration": {"LogGroupArn": "arn:aws:logs:us-east-1:123456789012:log-group:pool"}}
BUCKET = {"S3Configuration": {"BucketArn": "arn:aws-cn:s3:::my.bucket/prefix"}}
STREAM = {"FirehoseConfiguration": {"StreamArn": "arn:aws:firehose:us-east-1:123456789012:deliverystream/a"}}
NOTIFICATIONS = {"EventSource": "userNotification", "LogLevel": "ERROR"}
EVENTS = {"EventSource": "userAuthEvents", "LogLevel": "INFO"}


class TestRefuseBad:
    @pytest.mark.parametrize(
        "configurations",
        [[], [NOTIFICATIONS | LOGS], [EVENTS | LOGS], [EVENTS | BUCKET], [EVENTS | STREAM, NOTIFICATIONS | LOGS]],
        ids=["none", "notifications", "group", "bucket", "both"],
    )
    def test_takes_what_fits(self, configurations):
        log_delivery.refuse_bad(configurations)

    @pytest.mark.parametrize(
        "configurations",
        [
            [EVENTS | LOGS, EVENTS | BUCKET],
            [EVENTS | LOGS | {"LogLevel": "ERROR"}],
            [NOTIFICATIONS | LOGS | {"LogLevel": "INFO"}],
            [NOTIFICATIONS | BUCKET],
            [NOTIFICATIONS | STREAM],
            [EVENTS],
            [EVENTS | LOGS | BUCKET],
            [EVENTS | {"CloudWatchLogsConfiguration": {}}],
            [EVENTS | {"CloudWatchLogsConfiguration": {"LogGroupArn": BUCKET["S3Configuration"]["BucketArn"]}}],
            [EVENTS | {"S3Configuration": {"BucketArn": "arn:aws:sqs:::bucket"}}],
            [EVENTS | {"FirehoseConfiguration": {"StreamArn": "arn:aws:kinesis:us-east-1:123456789012:stream/a"}}],
        ],
        ids=["source twice", "level", "other level", "notifications to a bucket", "notifications to a stream",
             "nowhere", "two places", "no ARN", "ARN of another kind", "no bucket", "no stream"],
    )  # fmt: skip
    def test_refuses_what_does_not(self, configurations):
        with pytest.raises(InvalidParameterException):
            log_delivery.refuse_bad(configurations)
